/*
 * halt - stop, down and restart: only what is named, and for the first two
 * what then nothing else needs.
 *
 * A dependency goes along when every service that needs it stops, and it was
 * not itself asked for (chosen.c).
 */
#include <stdlib.h>
#include <string.h>

#include "tools/stack/change.h"

const struct ak_opt stop_options[] = {
	{ 0, "plan", NULL, "only show what would change",
	    AK_FLAG(&stack_options.plan) },
	{ 0 },
};

/* One service that stops. */
struct halt {
	const struct service *service;
	const char *reason;
};

struct halts {
	struct halt *items;
	size_t count;
	size_t named; /* the first ones were named */
};

static bool
halts_have(const struct halts *halts, const char *service)
{
	for (size_t i = 0; i < halts->count; i++)
		if (ak_streq(halts->items[i].service->name, service))
			return true;
	return false;
}

static bool
is_running(const struct containers *containers, const char *service)
{
	const struct container *c = containers_find(containers, service);

	return c != NULL &&
	    (ak_streq(c->state, "running") ||
		ak_streq(c->state, "restarting") ||
		ak_streq(c->state, "paused"));
}

/* The first running service that stays and needs this one; NULL for none. */
static const struct service *
still_needed(const struct kit *kit, const struct containers *containers,
    const struct halts *halts, const char *name)
{
	for (size_t i = 0; i < kit->service_count; i++) {
		const struct service *other = &kit->services[i];

		if (!is_running(containers, other->name) ||
		    halts_have(halts, other->name))
			continue;
		for (size_t k = 0; k < other->need_count; k++)
			if (ak_streq(other->needs[k].service, name))
				return other;
	}
	return NULL;
}

static bool
needed_by_halted(const struct halts *halts, const char *name)
{
	for (size_t i = 0; i < halts->count; i++)
		for (size_t k = 0; k < halts->items[i].service->need_count; k++)
			if (ak_streq(halts->items[i].service->needs[k].service,
				name))
				return true;
	return false;
}

/* One more service that nothing needs any longer; false when there is none. */
static bool
halts_more(const struct kit *kit, const struct containers *containers,
    const char *chosen, struct halts *halts)
{
	for (size_t i = 0; i < kit->service_count; i++) {
		const struct service *service = &kit->services[i];

		if (!halts_have(halts, service->name) &&
		    containers_find(containers, service->name) != NULL &&
		    !chosen_has(chosen, service->name) &&
		    needed_by_halted(halts, service->name) &&
		    still_needed(kit, containers, halts, service->name) ==
			NULL) {
			halts->items[halts->count++] = (struct halt){ service,
				"nothing else needs it" };
			return true;
		}
	}
	return false;
}

/* Last in starting order first: what needs another goes before it. */
static void
halts_name(const struct containers *containers,
    const struct selection *selection, struct halts *halts)
{
	for (size_t i = selection->count; i-- > 0;) {
		const struct service *service = selection->picks[i].service;

		if (containers_find(containers, service->name) != NULL)
			halts->items[halts->count++] = (struct halt){ service,
				"named" };
	}
	halts->named = halts->count;
}

/* chosen: what is not to go along; NULL: nothing goes along. */
static void
halts_find(const struct kit *kit, const struct containers *containers,
    const struct selection *named, const char *chosen, struct halts *halts)
{
	halts->items = ak_calloc(kit->service_count + 1, sizeof(*halts->items));
	halts_name(containers, named, halts);
	while (chosen != NULL && halts_more(kit, containers, chosen, halts))
		continue;
}

static const struct ak_view halt_view = {
	.type = "step",
	.columns = AK_COLUMNS({ "action", "ACTION", AK_SHOW_TEXT, 8, NULL },
	    { "service", "SERVICE", AK_SHOW_TEXT, 0, NULL },
	    { "reason", "REASON", AK_SHOW_TEXT, 0, NULL }),
};

static void
print_halts(struct ak_ctx *ctx, const struct halts *halts)
{
	for (size_t i = 0; i < halts->count; i++) {
		ak_out_begin(ctx->out, &halt_view);
		ak_out_str(ctx->out, "service", halts->items[i].service->name);
		ak_out_str(ctx->out, "action", ctx->cmd->name);
		ak_out_str(ctx->out, "reason", halts->items[i].reason);
		ak_out_end(ctx->out);
	}
}

/* Who is left without something it needs is told, and left alone. */
static void
warn_needed(struct ak_ctx *ctx, const struct kit *kit,
    const struct containers *containers, const struct halts *halts)
{
	for (size_t i = 0; i < halts->named; i++) {
		const char *name = halts->items[i].service->name;
		const struct service *other = still_needed(kit, containers,
		    halts, name);

		if (other != NULL)
			ak_cmd_warn(ctx, "%s: %s still runs and needs it", name,
			    other->name);
	}
}

static void
forget_chosen(const struct kit *kit, const struct halts *halts)
{
	AK_FREE const char **names = ak_calloc(halts->count + 1,
	    sizeof(*names));

	for (size_t i = 0; i < halts->count; i++)
		names[i] = halts->items[i].service->name;
	chosen_remove(kit, names, halts->count);
}

/* verb: the words of Compose before the services, or for all of them. */
static int
halt_do(struct ak_ctx *ctx, const struct kit *kit, const struct halts *halts,
    const char *const verb[], bool with_names)
{
	struct words words = { 0 };
	int failed = words_begin(&words, kit, halts->count, &ctx->err);

	for (size_t i = 0; failed == 0 && verb[i] != NULL; i++)
		words_add(&words, verb[i]);
	for (size_t i = 0; failed == 0 && with_names && i < halts->count; i++)
		words_add(&words, halts->items[i].service->name);
	if (failed == 0)
		failed = compose_run(ctx, kit, &words);
	free(words.argv);
	if (failed == 0)
		print_halts(ctx, halts);
	return failed;
}

/* What a command hands to Compose. */
struct verb {
	const char *const *some; /* before the names of services */
	const char *const *all;	 /* for the whole kit; NULL: by names */
	bool deep;		 /* also what nothing else needs */
	bool starts;		 /* and then wait until all is well */
};

static int
well_again(struct ak_ctx *ctx, const struct kit *kit, struct ak_docker *engine,
    const struct halts *halts)
{
	struct pick *picks = ak_calloc(halts->count + 1, sizeof(*picks));
	SELECTION struct selection selection = { picks, halts->count, NULL };

	for (size_t i = 0; i < halts->count; i++)
		picks[i].service = halts->items[i].service;
	struct wait wait = { kit, engine, &selection, stack_options.wait_ms,
		NULL, NULL };

	return wait_well(ctx, &wait);
}

/* What is at work in a command. */
struct halting {
	struct kit *kit;
	struct ak_docker *engine;
	const struct containers *containers;
	const struct verb *verb;
	bool named; /* else the whole kit */
};

static int
halt_all(struct ak_ctx *ctx, const struct halting *h, const struct halts *halts)
{
	const struct verb *verb = h->verb;
	bool whole = !h->named && verb->all != NULL;

	if (stack_options.plan) {
		print_halts(ctx, halts);
		return halts->count > 0 ? 1 : 0;
	}
	if (halts->count == 0 && !whole)
		return 0;
	if (verb->deep) {
		warn_needed(ctx, h->kit, h->containers, halts);
		forget_chosen(h->kit, halts);
	}
	if (halt_do(ctx, h->kit, halts, whole ? verb->all : verb->some,
		!whole) == -1)
		return -1;
	return verb->starts ? well_again(ctx, h->kit, h->engine, halts) : 0;
}

static int
halt(struct ak_ctx *ctx, int count, char *operands[], const struct verb *verb)
{
	KIT struct kit kit = { .fd = -1 };
	AK_DOCKER struct ak_docker *engine = NULL;
	CONTAINERS struct containers containers = { 0 };
	SELECTION struct selection named = { 0 };
	AK_FREE char *chosen = NULL;
	struct halts halts = { 0 };
	AK_CLOSE int lock = -1;
	int result;

	if (names_read(&count, &operands, &ctx->err) == -1 ||
	    kit_open(&kit, stack_options.kit, &ctx->err) == -1 ||
	    engine_open(&engine, &ctx->err) == -1 ||
	    (!stack_options.plan && lock_take(ctx, &kit, &lock) == -1) ||
	    engine_containers(engine, kit.project, &containers, &ctx->err) ==
		-1 ||
	    (count > 0 ? resolve_named(&kit, operands, (size_t)count, &named,
			     &ctx->err)
		       : resolve_all(&kit, &named, &ctx->err)) == -1)
		return -1;
	if (verb->deep && count > 0)
		chosen = chosen_read(&kit);
	halts_find(&kit, &containers, &named, chosen, &halts);
	result = halt_all(ctx,
	    &(struct halting){ &kit, engine, &containers, verb, count > 0 },
	    &halts);
	free(halts.items);
	return result;
}

int
stop_run(struct ak_ctx *ctx, int count, char *operands[])
{
	static const char *const some[] = { "stop", "--", NULL };
	static const struct verb verb = { some, NULL, true, false };

	return halt(ctx, count, operands, &verb);
}

/* Volumes stay: what they hold is the one thing up cannot make again. */
int
down_run(struct ak_ctx *ctx, int count, char *operands[])
{
	static const char *const some[] = { "rm", "--stop", "--force", "--",
		NULL };
	static const char *const all[] = { "down", NULL };
	static const struct verb verb = { some, all, true, false };

	return halt(ctx, count, operands, &verb);
}

int
restart_run(struct ak_ctx *ctx, int count, char *operands[])
{
	static const char *const some[] = { "restart", "--no-deps", "--",
		NULL };
	static const struct verb verb = { some, NULL, false, true };

	return halt(ctx, count, operands, &verb);
}
