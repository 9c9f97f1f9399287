/*
 * why - who pulled a service in, what it needs, what breaks without it.
 *
 * From the model alone: it is the same whether anything runs or not.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/stack/resolve.h"

static const struct ak_view reason_view = {
	.type = "reason",
	.columns = AK_COLUMNS({ "service", "SERVICE", AK_SHOW_TEXT, 0, NULL },
	    { "relation", "", AK_SHOW_TEXT, 0, NULL },
	    { "other", "OTHER", AK_SHOW_TEXT, 0, NULL },
	    { "condition", "UNTIL IT IS", AK_SHOW_TEXT, 0, NULL }),
};

static const char *const condition_names[] = {
	[NEED_STARTED] = "started",
	[NEED_HEALTHY] = "healthy",
	[NEED_COMPLETED] = "done",
};

static void
print_reason(struct ak_out *out, const char *service, const char *relation,
    const char *other, const char *condition)
{
	ak_out_begin(out, &reason_view);
	ak_out_str(out, "service", service);
	ak_out_str(out, "relation", relation);
	ak_out_str(out, "other", other);
	ak_out_str(out, "condition", condition);
	ak_out_end(out);
}

/* Each preset and profile whose closure has the service, and through whom. */
static int
print_chosen(struct ak_out *out, const struct kit *kit, const char *kind,
    const char *name, const struct service *service, struct ak_err *err)
{
	AK_FREE char *word = ak_printf("%s:%s", kind, name);
	SELECTION struct selection selection = { 0 };
	AK_BUF struct ak_buf how = { 0 };

	if (resolve(kit, &word, 1, &selection, err) == -1)
		return -1;
	for (size_t i = 0; i < selection.count; i++) {
		const struct pick *pick = &selection.picks[i];

		if (pick->service != service)
			continue;
		AK_FREE char *other = ak_printf("%s %s", kind, name);
		bool needed = pick->reason == PICK_NEEDED;

		print_reason(out, service->name, "chosen by", other,
		    needed ? pick_text(pick, &how) : NULL);
	}
	return 0;
}

static int
print_choosers(struct ak_out *out, const struct kit *kit,
    const struct service *service, struct ak_err *err)
{
	ak_json_each(item, ak_json_get(kit->x, "presets"))
		if (print_chosen(out, kit, "preset", ak_json_name(item),
			service, err) == -1)
			return -1;
	ak_json_each(item, ak_json_get(kit->x, "profiles"))
		if (print_chosen(out, kit, "profile", ak_json_name(item),
			service, err) == -1)
			return -1;
	for (size_t i = 0; i < service->profile_count; i++) {
		const struct ak_json *profiles = ak_json_get(kit->x,
		    "profiles");

		if (ak_json_get(profiles, service->profiles[i]) == NULL)
			print_reason(out, service->name, "chosen by",
			    service->profiles[i], NULL);
	}
	return 0;
}

static void
print_needs(struct ak_out *out, const struct service *service)
{
	for (size_t i = 0; i < service->need_count; i++)
		print_reason(out, service->name,
		    service->needs[i].required ? "needs"
					       : "waits for, if chosen",
		    service->needs[i].service,
		    condition_names[service->needs[i].condition]);
}

static const struct need *
need_of(const struct service *service, const char *other)
{
	for (size_t i = 0; i < service->need_count; i++)
		if (ak_streq(service->needs[i].service, other))
			return &service->needs[i];
	return NULL;
}

/* Marks whoever cannot be without a marked one; true when there are more. */
static bool
break_more(const struct kit *kit, bool *broken)
{
	bool more = false;

	for (size_t i = 0; i < kit->service_count; i++)
		for (size_t k = 0; k < kit->service_count; k++) {
			const struct need *need = need_of(&kit->services[i],
			    kit->services[k].name);

			if (!broken[i] && broken[k] && need != NULL &&
			    need->required)
				more = broken[i] = true;
		}
	return more;
}

static void
print_breaks(struct ak_out *out, const struct kit *kit,
    const struct service *service)
{
	AK_FREE bool *broken = ak_calloc(kit->service_count + 1,
	    sizeof(*broken));

	broken[service - kit->services] = true;
	while (break_more(kit, broken))
		continue;
	for (size_t i = 0; i < kit->service_count; i++) {
		const struct service *other = &kit->services[i];
		const struct need *need = need_of(other, service->name);

		if (need != NULL && !need->required)
			print_reason(out, service->name, "waited for by",
			    other->name, condition_names[need->condition]);
		else if (broken[i] && other != service)
			print_reason(out, service->name,
			    need != NULL ? "needed by" : "breaks", other->name,
			    need != NULL ? condition_names[need->condition]
					 : NULL);
	}
}

int
why_run(struct ak_ctx *ctx, int count AK_UNUSED, char *operands[])
{
	KIT struct kit kit = { .fd = -1 };
	const struct service *service;

	if (kit_open(&kit, stack_options.kit, &ctx->err) == -1 ||
	    kit_need_service(&kit, operands[0], &service, &ctx->err) == -1 ||
	    print_choosers(ctx->out, &kit, service, &ctx->err) == -1)
		return -1;
	print_needs(ctx->out, service);
	print_breaks(ctx->out, &kit, service);
	return 0;
}
