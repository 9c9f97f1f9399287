/*
 * aikit-stack - start, stop, plan, check and watch a whole kit.
 *
 * Only the table is here; each command stands in the file of its concern.
 */
#include "tools/stack/stack.h"

struct stack_options stack_options = { .wait_ms = 300000 };

static const struct ak_opt options[] = {
	{ 'k', "kit", "dir", "the kit: a directory with a compose file",
	    AK_STRING(&stack_options.kit) },
	{ 0 },
};

static const struct ak_opt config[] = {
	{ 0, "kit", "dir", "the kit", AK_STRING(&stack_options.kit) },
	{ 0, "preset", "name", "what up takes without names",
	    AK_STRING(&stack_options.preset) },
	{ 0, "wait", "time", "how long up waits for health",
	    AK_DURATION(&stack_options.wait_ms, 0, 86400000) },
	{ 0 },
};

static const struct ak_cmd commands[] = {
	{ "up", "[name ...]", "start, and wait until all is well", 0, -1,
	    up_options, up_run },
	{ "down", "[name ...]", "stop and remove containers", 0, -1,
	    stop_options, down_run },
	{ "stop", "[name ...]", "stop containers, keep them", 0, -1,
	    stop_options, stop_run },
	{ "restart", "[name ...]", "stop and start again", 0, -1, stop_options,
	    restart_run },
	{ "plan", "[name ...]", "what up would do", 0, -1, NULL, plan_run },
	{ "why", "service", "who needs it, what it needs", 1, 1, NULL,
	    why_run },
	{ "status", "[name ...]", "the services as they are", 0, -1,
	    status_options, status_run },
	{ "wait", "name ...", "wait until they are well", 1, -1, wait_options,
	    wait_run },
	{ "health", "[name ...]", "ask every service from outside", 0, -1,
	    health_options, health_run },
	{ "list", "what", "presets, profiles, services, ...", 1, 1, NULL,
	    list_run },
	{ "graph", "[name ...]", "what depends on what", 0, -1, graph_options,
	    graph_run },
	{ "url", "service", "where to open it", 1, 1, NULL, url_run },
	{ "info", "", "addresses, credentials, versions", 0, 0, NULL,
	    info_run },
	{ "logs", "[name ...]", "log lines as records", 0, -1, logs_options,
	    logs_run },
	{ "events", "[name ...]", "container events as records", 0, -1,
	    events_options, events_run },
	{ "top", "[name ...]", "live use of CPU, memory, network, disk", 0, -1,
	    top_options, top_run },
	{ "validate", "[name ...]", "check settings, secrets, files, machine",
	    0, -1, validate_options, validate_run },
	{ "doctor", "", "findings, each with the next command", 0, 0,
	    doctor_options, doctor_run },
	{ "init", "", "make missing secrets and settings", 0, 0, stop_options,
	    init_run },
	{ "config", "list|get [setting]", "settings, and where each comes from",
	    1, 2, NULL, config_run },
	{ 0 },
};

static const struct ak_tool tool = {
	.name = "aikit-stack",
	.summary = "start, stop, plan, check and watch a whole kit",
	.section = "stack",
	.commands = commands,
	.options = options,
	.config = config,
	.complete = stack_complete,
};

int
main(int argc, char *argv[])
{
	return ak_cmd_main(&tool, argc, argv);
}
