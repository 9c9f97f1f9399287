/*
 * state - what a container's state means, as a table.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/tap.h"
#include "tools/stack/stack.h"

struct stack_options stack_options;

#define STATE(text) "{\"Id\":\"c1\",\"RestartCount\":3,\"State\":{" text "}}"
#define RUNNING "\"Status\":\"running\",\"Running\":true"
#define HEALTH(status, output)                             \
	",\"Health\":{\"Status\":\"" status "\",\"Log\":[" \
	"{\"Output\":\"old\"},{\"Output\":\"" output "\"}]}"

static const struct {
	const char *claim;
	const char *inspect; /* NULL: no container */
	bool one_shot;
	enum wellness well;
	const char *text;
} rows[] = {
	{ "no container", NULL, false, WELL_ABSENT, "no container" },
	{ "runs without a check", STATE(RUNNING), false, WELL_OK, "" },
	{ "healthy", STATE(RUNNING HEALTH("healthy", "ok")), false, WELL_OK,
	    "" },
	{ "check not passed yet", STATE(RUNNING HEALTH("starting", "")), false,
	    WELL_STARTING, "its health check has not passed yet" },
	{ "unhealthy, with the last output's first line",
	    STATE(RUNNING HEALTH("unhealthy",
		"\\n curl: (7) Failed\\u001b[31m to connect \\nmore")),
	    false, WELL_ILL, "unhealthy: curl: (7) Failed[31m to connect" },
	{ "unhealthy without a word", STATE(RUNNING HEALTH("unhealthy", "")),
	    false, WELL_ILL, "unhealthy" },
	{ "no check is no health",
	    STATE(RUNNING ",\"Health\":{\"Status\":\"none\"}"), false, WELL_OK,
	    "" },
	{ "a one-shot that runs", STATE(RUNNING), true, WELL_STARTING,
	    "runs, is not done yet" },
	{ "a one-shot that ended with 0",
	    STATE("\"Status\":\"exited\",\"ExitCode\":0"), true, WELL_DONE,
	    "" },
	{ "a one-shot that failed",
	    STATE("\"Status\":\"exited\",\"ExitCode\":2"), true, WELL_ILL,
	    "exited 2" },
	{ "a service that ended with 0",
	    STATE("\"Status\":\"exited\",\"ExitCode\":0"), false, WELL_ILL,
	    "exited 0" },
	{ "killed for its memory",
	    STATE("\"Status\":\"exited\",\"ExitCode\":137,"
		  "\"OOMKilled\":true"),
	    false, WELL_ILL, "exited 137, out of memory" },
	{ "ended by a signal", STATE("\"Status\":\"exited\",\"ExitCode\":143"),
	    false, WELL_ILL, "exited 143, signal 15" },
	{ "starts over and over",
	    STATE("\"Status\":\"restarting\",\"ExitCode\":1"), false, WELL_ILL,
	    "restarting (3 times, last exit 1)" },
	{ "never started", STATE("\"Status\":\"created\""), false, WELL_ILL,
	    "created, never started" },
	{ "never started, and why",
	    STATE("\"Status\":\"created\",\"Error\":\"port is already "
		  "allocated\""),
	    false, WELL_ILL,
	    "created, never started: port is already allocated" },
	{ "paused", STATE("\"Status\":\"paused\",\"Running\":true"), false,
	    WELL_ILL, "paused" },
	{ "dead", STATE("\"Status\":\"dead\""), false, WELL_ILL, "dead" },
	{ "a state of the future", STATE("\"Status\":\"dreaming\""), false,
	    WELL_ILL, "dreaming" },
	{ "an answer without a state", "{\"Id\":\"c1\"}", false, WELL_ILL,
	    "unknown" },
};

static void
test_row(size_t i)
{
	AK_JSON struct ak_json *inspect = NULL;
	struct service service = { .name = "s", .one_shot = rows[i].one_shot };
	struct container container;
	struct ak_err err = { 0 };
	struct state state;

	if (rows[i].inspect != NULL) {
		if (ak_json_parse(&inspect, rows[i].inspect,
			strlen(rows[i].inspect), &err) == -1)
			ok(false, "%s: %s", rows[i].claim, err.text);
		container_take(&container, inspect);
	}
	state_judge(&service, inspect != NULL ? &container : NULL, &state);
	is_int(state.well, rows[i].well, "%s: %s", rows[i].claim,
	    wellness_names[rows[i].well]);
	is_str(state.text, rows[i].text, "%s: the reason", rows[i].claim);
	if (inspect != NULL) {
		free(container.id);
		free(container.name);
		free(container.service);
	}
}

static void
test_first_line(void)
{
	char line[8];

	is_int((long long)state_first_line("\t\n  \n", line, sizeof(line)), 0,
	    "blank lines are none");
	state_first_line("ab\xe2\x82\xac\xe2\x82\xac", line, sizeof(line));
	is_str(line, "ab\xe2\x82\xac", "no character is cut");
	state_first_line("a\xff\x80z", line, sizeof(line));
	is_str(line, "az", "what is no text goes");
}

int
main(void)
{
	for (size_t i = 0; i < AK_COUNT(rows); i++)
		test_row(i);
	test_first_line();
	return done_testing();
}
