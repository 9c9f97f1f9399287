/*
 * graph - what depends on what, as records or for dot(1).
 */
#include <stdlib.h>

#include "tools/stack/stack.h"

static bool dot;

const struct ak_opt graph_options[] = {
	{ 0, "dot", NULL, "write a graph for dot(1) in place of records",
	    AK_FLAG(&dot) },
	{ 0 },
};

static const struct ak_view edge_view = {
	.type = "edge",
	.columns = AK_COLUMNS({ "service", "SERVICE", AK_SHOW_TEXT, 0, NULL },
	    { "needs", "NEEDS", AK_SHOW_TEXT, 0, NULL },
	    { "condition", "UNTIL IT IS", AK_SHOW_TEXT, 0, NULL }),
};

static const char *const condition_names[] = {
	[NEED_STARTED] = "started",
	[NEED_HEALTHY] = "healthy",
	[NEED_COMPLETED] = "done",
};

static void
print_edge(struct ak_out *out, const char *service, const struct need *need)
{
	ak_out_begin(out, &edge_view);
	ak_out_str(out, "service", service);
	if (need != NULL) {
		ak_out_str(out, "needs", need->service);
		ak_out_str(out, "condition", condition_names[need->condition]);
		ak_out_bool(out, "required", need->required);
	}
	ak_out_end(out);
}

static void
print_dot(struct ak_out *out, const struct selection *selection)
{
	ak_out_raw(out, "digraph kit {\n\trankdir=LR;\n\tnode [shape=box];\n");
	for (size_t i = 0; i < selection->count; i++) {
		const struct service *service = selection->picks[i].service;

		ak_out_raw(out, "\t\"%s\"%s;\n", service->name,
		    service->one_shot ? " [style=rounded]" : "");
		for (size_t k = 0; k < service->need_count; k++)
			if (selection_has(selection, service->needs[k].service))
				ak_out_raw(out, "\t\"%s\" -> \"%s\"%s;\n",
				    service->name, service->needs[k].service,
				    service->needs[k].required
					? ""
					: " [style=dashed]");
	}
	ak_out_raw(out, "}\n");
}

/* A service without needs has a record too, so that none is missed. */
static void
print_edges(struct ak_out *out, const struct selection *selection)
{
	for (size_t i = 0; i < selection->count; i++) {
		const struct service *service = selection->picks[i].service;
		size_t shown = 0;

		for (size_t k = 0; k < service->need_count; k++)
			if (selection_has(selection,
				service->needs[k].service)) {
				print_edge(out, service->name,
				    &service->needs[k]);
				shown++;
			}
		if (shown == 0)
			print_edge(out, service->name, NULL);
	}
}

int
graph_run(struct ak_ctx *ctx, int count, char *operands[])
{
	KIT struct kit kit = { .fd = -1 };
	SELECTION struct selection selection = { 0 };

	if (names_read(&count, &operands, &ctx->err) == -1 ||
	    kit_open(&kit, stack_options.kit, &ctx->err) == -1 ||
	    (count > 0 ? resolve(&kit, operands, (size_t)count, &selection,
			     &ctx->err)
		       : resolve_all(&kit, &selection, &ctx->err)) == -1)
		return -1;
	if (dot)
		print_dot(ctx->out, &selection);
	else
		print_edges(ctx->out, &selection);
	return 0;
}
