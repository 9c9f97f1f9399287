/*
 * level - how grave a line is, by its own words.
 */
#include <string.h>

#include "tests/unit/tap.h"
#include "tools/stack/logs.h"

struct stack_options stack_options;

static const struct {
	const char *text;
	const char *level; /* NULL: it does not say */
} rows[] = {
	{ "{\"level\":\"warn\",\"msg\":\"x\"}", "warning" },
	{ "{\"msg\":\"x\", \"level\": \"ERROR\"}", "error" },
	{ "{\"level\":30,\"time\":1}", "info" },
	{ "{\"severity\":\"CRITICAL\"}", "critical" },
	{ "ts=2026-01-01T00:00:00Z caller=main.go level=info msg=x", "info" },
	{ "level=debug", "debug" },
	{ "time=\"x\" level=fatal msg=\"no\"", "critical" },
	{ "ERROR: relation \"x\" does not exist", "error" },
	{ "2026-01-01 10:00:00.123 UTC [7] LOG:  ready", "info" },
	{ "2026-01-01 10:00:00.123 UTC [7] FATAL:  no", "critical" },
	{ "[warn] 12#12: something", "warning" },
	{ "[NOTICE]   (1) : New worker", "notice" },
	{ "2026-01-01 10:00:00,1 INFO  [org.x] started", "info" },
	{ "error: no such file", "error" },
	{ "Warning: deprecated", "warning" },
	{ "no error here", NULL },
	{ "the level of information is low", NULL },
	{ "sea level=12 metres", NULL },
	{ "GET /error HTTP/1.1", NULL },
	{ "X-ERROR-Y", NULL },
	{ "log file opened", NULL },
	{ "", NULL },
	{ "{\"level\":", NULL },
	{ "level=", NULL },
};

int
main(void)
{
	for (size_t i = 0; i < AK_COUNT(rows); i++)
		is_str(level_of(rows[i].text, strlen(rows[i].text)),
		    rows[i].level, "%s", rows[i].text);
	return done_testing();
}
