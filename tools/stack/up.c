/*
 * up - from a plan to a kit that is well.
 *
 * The lock is held from before the plan is made until all is well. What can be
 * known beforehand is told before anything is pulled or stopped: a missing
 * secret, a port that another holds.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/str.h"
#include "tools/stack/change.h"

static bool no_build;

const struct ak_opt up_options[] = {
	{ 0, "plan", NULL, "only show what would change",
	    AK_FLAG(&stack_options.plan) },
	{ 'w', "wait", "time", "how long to wait for health (5m), 0: not",
	    AK_DURATION(&stack_options.wait_ms, 0, 86400000) },
	{ 0, "no-build", NULL, "fail where an image would have to be built",
	    AK_FLAG(&no_build) },
	{ 0 },
};

/* Without its secret files Compose would mount directories in their place. */
static int
secrets_there(const struct kit *kit, struct ak_err *err)
{
	for (size_t i = 0; kit->settings && i < settings_count(kit->settings);
	     i++) {
		const struct setting *setting = settings_at(kit->settings, i);

		if (setting->type != SET_SECRET)
			continue;
		AK_FREE char *name = secret_name(setting);
		AK_FREE char *path = ak_printf("secrets/%s", name);

		if (faccessat(kit->fd, path, F_OK, 0) == 0)
			continue;
		ak_err_set(err, AK_CONFIG, "%s/%s: no such file", kit->dir,
		    path);
		ak_err_help(err, "aikit-stack init");
		return -1;
	}
	return 0;
}

/* A port that another holds is told before anything is pulled or stopped. */
static int
port_free(const struct step *step, const struct ak_json *port,
    struct ak_err *err)
{
	const char *address = ak_json_str(ak_json_get(port, "host_ip"));
	const char *published = ak_json_str(ak_json_get(port, "published"));
	AK_FREE char *who = NULL;
	struct ak_err range = { 0 }; /* 8000-8010: Compose chooses */
	int64_t number;

	if (published == NULL ||
	    !ak_streq(ak_json_str(ak_json_get(port, "protocol")), "tcp") ||
	    ak_str_int(published, 1, 65535, &number, &range) == -1 ||
	    host_port_holder(address, (int)number, &who) != 1)
		return 0;
	ak_err_set(err, AK_UNAVAILABLE, "%s: port %s is taken by %s",
	    step->pick->service->name, published, who);
	ak_err_help(err, "stop it, or choose another port in local.ini");
	return -1;
}

static int
ports_free(const struct plan *plan, struct ak_err *err)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->steps[i];

		if (step->action != PLAN_CREATE && step->action != PLAN_START)
			continue;
		ak_json_each(port,
		    ak_json_get(step->pick->service->json, "ports"))
			if (port_free(step, port, err) == -1)
				return -1;
	}
	return 0;
}

static void
up_words(struct words *words, const struct plan *plan)
{
	words_add(words, "up");
	words_add(words, "--detach");
	words_add(words, "--no-deps");
	if (no_build)
		words_add(words, "--no-build");
	words_add(words, "--");
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->steps[i];

		/* A one-shot that is done would be run again. */
		if (step->action != PLAN_KEEP || !step->pick->service->one_shot)
			words_add(words, step->pick->service->name);
	}
}

static int
up_change(struct ak_ctx *ctx, const struct kit *kit, struct ak_docker *engine,
    const struct selection *selection, const struct plan *plan)
{
	struct words words = { 0 };
	struct ak_child child = { 0 };
	int failed = -1;

	if (words_begin(&words, kit, plan->count, &ctx->err) == 0) {
		up_words(&words, plan);
		struct ak_proc proc = { .argv = words.argv,
			.directory = kit->dir,
			.timeout_ms = COMPOSE_MS,
			.max_output = COMPOSE_SAYS };

		failed = ak_proc_start(&proc, &child, &ctx->err);
		if (failed == 0) {
			struct wait wait = { kit, engine, selection,
				stack_options.wait_ms, plan, &child };

			failed = wait_well(ctx, &wait);
			ak_proc_close(&child);
		}
	}
	free(words.argv);
	return failed;
}

static int
up_do(struct ak_ctx *ctx, struct kit *kit, struct ak_docker *engine,
    const struct selection *selection)
{
	PLAN struct plan plan = { 0 };

	if (plan_make(kit, engine, selection, &plan, &ctx->err) == -1)
		return -1;
	if (stack_options.plan) {
		plan_print(ctx->out, &plan);
		plan_print_sum(ctx->out, engine, selection, &plan);
		return plan.changes > 0 ? 1 : 0;
	}
	if (secrets_there(kit, &ctx->err) == -1 ||
	    ports_free(&plan, &ctx->err) == -1)
		return -1;
	chosen_add(kit, selection);
	if (plan.changes == 0) {
		struct wait wait = { kit, engine, selection,
			stack_options.wait_ms, NULL, NULL };

		return wait_well(ctx, &wait);
	}
	return up_change(ctx, kit, engine, selection, &plan);
}

/* .env is what Compose reads; from here on it is what the settings say. */
static int
env_write(struct kit *kit, struct ak_err *err)
{
	AK_FREE char *path = NULL;

	if (kit->settings == NULL || kit->env_file == NULL)
		return 0;
	if (settings_env(kit->settings, kit->fd, false, &path, err) == -1)
		return -1;
	free(kit->env_file);
	kit->env_file = NULL;
	return 0;
}

int
up_run(struct ak_ctx *ctx, int count, char *operands[])
{
	KIT struct kit kit = { .fd = -1 };
	AK_DOCKER struct ak_docker *engine = NULL;
	SELECTION struct selection selection = { 0 };
	AK_CLOSE int lock = -1;

	if (names_read(&count, &operands, &ctx->err) == -1 ||
	    kit_open(&kit, stack_options.kit, &ctx->err) == -1 ||
	    resolve(&kit, operands, (size_t)count, &selection, &ctx->err) ==
		-1 ||
	    engine_open(&engine, &ctx->err) == -1)
		return -1;
	if (!stack_options.plan &&
	    (lock_take(ctx, &kit, &lock) == -1 ||
		env_write(&kit, &ctx->err) == -1))
		return -1;
	return up_do(ctx, &kit, engine, &selection);
}
