/*
 * aikit-queue - the proxy that decides who gets the GPU next.
 *
 * Only the table is here; each command stands in the file of its concern.
 */
#include "lib/cmd.h"
#include "tools/queue/ask.h"

struct ask_options ask_options;

static const struct ak_opt options[] = {
	{ 's', "admin", "path", "the admin socket",
	    AK_STRING(&ask_options.admin) },
	{ 0 },
};

static const struct ak_opt config[] = {
	{ 0, "admin", "path", "the admin socket",
	    AK_STRING(&ask_options.admin) },
	{ 0, "file", "path", "the configuration of run and check",
	    AK_STRING(&ask_options.file) },
	{ 0 },
};

static const struct ak_cmd commands[] = {
	{ "run", "[file]", "serve until told to end", 0, 1, run_options,
	    run_run },
	{ "check", "[file]", "look whether a configuration is right", 0, 1,
	    check_options, check_run },
	{ "status", "", "backends, classes and models as they are", 0, 0,
	    status_options, status_run },
	{ "top", "", "live: who waits, who runs, how fast", 0, 0, top_options,
	    top_run },
	{ "ps", "", "requests that wait and run", 0, 0, ps_options, ps_run },
	{ "explain", "id", "why a request waited, step by step", 1, 1, NULL,
	    explain_run },
	{ "events", "", "follow requests that end and backends that change", 0,
	    0, NULL, events_run },
	{ "pause", "[scope name]", "start nothing more, but let it queue", 0, 2,
	    NULL, pause_run },
	{ "resume", "[scope name]", "undo pause and drain", 0, 2, NULL,
	    resume_run },
	{ "drain", "[scope name]", "take nothing more, finish what waits", 0, 2,
	    NULL, drain_run },
	{ "cancel", "id ...", "end requests, waiting or running", 1, -1, NULL,
	    cancel_run },
	{ "promote", "id ...", "let requests go first", 1, -1, NULL,
	    promote_run },
	{ "set", "[key=value ...]", "change keys until the next reload", 0, -1,
	    NULL, set_run },
	{ "reload", "", "read the configuration anew", 0, 0, NULL, reload_run },
	{ "load", "model", "load a model now", 1, 1, load_options, load_run },
	{ "unload", "model", "unload a model now", 1, 1, load_options,
	    unload_run },
	{ "keys", "add|list|rm [name]", "keys of clients", 1, 2, keys_options,
	    keys_run },
	{ "sim", "", "the scheduler on a trace, beside others", 0, 0,
	    sim_options, sim_command_run },
	{ 0 },
};

static const struct ak_tool tool = {
	.name = "aikit-queue",
	.summary = "the proxy that decides who gets the GPU next",
	.section = "queue",
	.commands = commands,
	.options = options,
	.config = config,
};

int
main(int argc, char *argv[])
{
	return ak_cmd_main(&tool, argc, argv);
}
