/*
 * check - is a configuration right? And sim, which takes the scheduler's part
 * of one.
 */
#include "tools/queue/ask.h"
#include "tools/queue/conf.h"
#include "tools/queue/sim.h"

static bool all;

const struct ak_opt check_options[] = {
	{ 'a', "all", NULL, "every key with its value", AK_FLAG(&all) },
	{ 0 },
};

static void
setting(void *arg, const char *section, const char *key, const char *value,
    bool given)
{
	struct ak_out *out = arg;

	ak_out_begin(out, ask_view("queue_key"));
	ak_out_str(out, "section", section);
	ak_out_str(out, "key", key);
	ak_out_str(out, "value", value);
	ak_out_bool(out, "default", !given);
	ak_out_end(out);
}

static int
no_file(struct ak_err *err)
{
	ak_err_set(err, AK_USAGE, "no file is named");
	ak_err_help(err, "aikit-queue check FILE");
	return -1;
}

int
check_run(struct ak_ctx *ctx, int count, char *operands[])
{
	CONFIG struct config *config = conf_new();
	const char *file = count > 0 ? operands[0] : ask_options.file;

	if (file == NULL)
		return no_file(&ctx->err);
	if (conf_file(config, file, &ctx->err) == -1 ||
	    conf_finish(config, &ctx->err) == -1)
		return -1;
	conf_each(config, all, setting, ctx->out);
	ak_out_note(ctx->out, "%s is right: %zu listeners, %zu backends", file,
	    config->settings.listen_count, config->settings.backend_count);
	return 0;
}

static struct sim_options sim = { .seed = 1, .hours = 6 };

const struct ak_opt sim_options[] = {
	{ 'p', "policy", "name", "only ours, fifo, ollama or tiers",
	    AK_STRING(&sim.policy) },
	{ 'w', "workload", "name", "heavy (the default) or moderate",
	    AK_STRING(&sim.workload) },
	{ 't', "trace", "file", "a CSV file instead", AK_STRING(&sim.trace) },
	{ 0, "seed", "n", "another workload of the same kind",
	    AK_INT(&sim.seed, 0, INT64_MAX) },
	{ 0, "hours", "n", "how long it goes on (6)",
	    AK_INT(&sim.hours, 1, 1000) },
	{ 0 },
};

int
sim_command_run(struct ak_ctx *ctx, int count AK_UNUSED,
    char *operands[] AK_UNUSED)
{
	CONFIG struct config *config = conf_new();

	if (ask_options.file != NULL &&
	    conf_file(config, ask_options.file, &ctx->err) == -1)
		return -1;
	if (sched_config_check(&config->settings.sched, &ctx->err) == -1)
		return -1;
	sim.config = &config->settings.sched;
	return sim_run(&sim, ctx->out, &ctx->err);
}
