/*
 * table - unit test: records drawn as columns.
 */
#include "lib/table.h"

#include <string.h>
#include <time.h>

#include "tests/unit/tap.h"

static const struct ak_view service_view = {
	"service",
	AK_COLUMNS({ "name", "NAME", AK_SHOW_TEXT, 0, NULL },
	    { "state", "STATE", AK_SHOW_TEXT, 0,
		"healthy=green unhealthy=red" },
	    { "size_bytes", "SIZE", AK_SHOW_SIZE, 0, NULL },
	    { "note", "NOTE", AK_SHOW_TEXT, 0, NULL }),
	false,
};

static const struct ak_view log_view = {
	"line",
	AK_COLUMNS({ "service", "SERVICE", AK_SHOW_TEXT, 10, NULL },
	    { "text", "TEXT", AK_SHOW_TEXT, 0, NULL }),
	true,
};

static const struct ak_view time_view = {
	"time",
	AK_COLUMNS({ "at", "AT", AK_SHOW_TIME, 0, NULL },
	    { "age", "AGE", AK_SHOW_AGE, 0, NULL }),
	false,
};

static void
text(struct ak_table *table, const char *key, const char *value)
{
	ak_table_text(table, key, value, strlen(value));
}

static void
row(struct ak_table *table, const char *name, const char *state, int64_t size,
    const char *note)
{
	ak_table_begin(table, &service_view);
	text(table, "name", name);
	text(table, "state", state);
	if (size >= 0)
		ak_table_int(table, "size_bytes", size);
	text(table, "note", note);
	ak_table_end(table);
}

static void
columns(void)
{
	static const char override[] = { '\xe2', '\x80', '\xae' };
	AK_BUF struct ak_buf out = { 0 };
	struct ak_table table = { .out = &out };

	row(&table, "ollama", "healthy", 20 << 20, "");
	row(&table, "\xe6\xbc\xa2\xe5\xad\x97", "", 512, "a note");
	row(&table, "e\xcc\x81", "unhealthy", -1, "");
	is_str(ak_buf_text(&out), "", "rows wait for their widths");
	ak_table_draw(&table);
	is_str(out.data,
	    "NAME    STATE       SIZE  NOTE\n"
	    "ollama  healthy    20.0M\n"
	    "\xe6\xbc\xa2\xe5\xad\x97                 512  a note\n"
	    "e\xcc\x81       unhealthy\n",
	    "two blanks between columns, numbers to the right, "
	    "no blanks at the end");
	ak_buf_reset(&out);
	row(&table, "n8n", "healthy", -1, "");
	ak_table_draw(&table);
	is_str(out.data, "NAME  STATE\nn8n   healthy\n",
	    "columns without a value are left out");
	ak_buf_reset(&out);
	ak_table_draw(&table);
	is_str(out.data, "", "no rows are no table");
	row(&table, "", "", -1, "");
	ak_table_draw(&table);
	is_str(out.data, "", "nor are rows without a value");
	ak_table_plain(&out, override, sizeof(override));
	is_str(out.data, "?", "a change of direction shows");
	ak_table_free(&table);
}

static void
colours(void)
{
	AK_BUF struct ak_buf out = { 0 };
	struct ak_table table = { .out = &out, .colour = true };

	row(&table, "a", "healthy", -1, "x");
	row(&table, "b", "unhealthy", -1, "x");
	row(&table, "c", "health", -1, "x");
	ak_table_draw(&table);
	is_str(out.data,
	    "NAME  STATE      NOTE\n"
	    "a     \033[32mhealthy\033[m    x\n"
	    "b     \033[31munhealthy\033[m  x\n"
	    "c     health     x\n",
	    "a cell has the colour of its text, if that has one");
	ak_table_free(&table);
}

static void
cutting(void)
{
	static const struct {
		int columns;
		const char *line;
	} cases[] = {
		{ 0, "a     b      some words" },
		{ 23, "a     b      some words" },
		{ 22, "a     b      some wor\xe2\x80\xa6" },
		{ 15, "a     b      s\xe2\x80\xa6" },
		{ 14, "a     b      some words" },
	};

	for (size_t i = 0; i < AK_COUNT(cases); i++) {
		AK_BUF struct ak_buf out = { 0 };
		struct ak_table table = { .out = &out,
			.columns = cases[i].columns };

		row(&table, "a", "b", -1, "some words");
		ak_table_draw(&table);
		ak_buf_drop(&out, strcspn(out.data, "\n") + 1);
		out.data[out.len - 1] = '\0';
		is_str(out.data, cases[i].line,
		    "the last column is cut to %d columns", cases[i].columns);
		ak_table_free(&table);
	}
}

static void
streams(void)
{
	AK_BUF struct ak_buf out = { 0 };
	struct ak_table table = { .out = &out, .columns = 20 };

	ak_table_begin(&table, &log_view);
	text(&table, "service", "n8n");
	text(&table, "text", "a line that is longer than that");
	ak_table_end(&table);
	is_str(out.data,
	    "SERVICE     TEXT\n"
	    "n8n         a line that is longer than that\n",
	    "a stream is drawn at once, in its own widths, and not cut");
	ak_buf_reset(&out);
	ak_table_begin(&table, &log_view);
	text(&table, "service", "a-long-service");
	text(&table, "text", "x");
	ak_table_end(&table);
	is_str(out.data, "a-long-service  x\n",
	    "its header comes once, and a wide cell moves the rest");
	ak_buf_reset(&out);
	row(&table, "a", "b", -1, "");
	ak_table_begin(&table, &log_view);
	text(&table, "service", "s");
	ak_table_end(&table);
	is_str(out.data, "NAME  STATE\na     b\nSERVICE     TEXT\ns\n",
	    "another view ends a table and begins its own");
	ak_table_free(&table);
}

static void
times(void)
{
	AK_BUF struct ak_buf out = { 0 };
	struct ak_table table = { .out = &out };
	int64_t now = (int64_t)time(NULL) * 1000000000;

	setenv("TZ", "UTC-2", 1);
	tzset();
	ak_table_begin(&table, &time_view);
	ak_table_time(&table, "at", 1769860800999999999);
	ak_table_time(&table, "age", now - 446400 * INT64_C(1000000000));
	ak_table_end(&table);
	ak_table_begin(&table, &time_view);
	ak_table_time(&table, "at", -500000000);
	ak_table_end(&table);
	ak_table_draw(&table);
	is_str(out.data,
	    "AT                    AGE\n"
	    "2026-01-31 14:00:00  5d4h\n"
	    "1970-01-01 01:59:59\n",
	    "a time is local, an age is how long ago");
	ak_table_free(&table);
}

static const struct ak_view number_view = {
	"n",
	AK_COLUMNS({ "n", "N", AK_SHOW_NUMBER, 0, NULL },
	    { "p", "P", AK_SHOW_PERCENT, 0, NULL },
	    { "s", "S", AK_SHOW_SECONDS, 0, NULL },
	    { "b", "B", AK_SHOW_SIZE, 0, NULL }),
	false,
};

static void
numbers(void)
{
	AK_BUF struct ak_buf out = { 0 };
	struct ak_table table = { .out = &out };

	ak_table_begin(&table, &number_view);
	ak_table_number(&table, "n", 0.25);
	ak_table_number(&table, "p", 99.96);
	ak_table_number(&table, "s", 1e300);
	ak_table_number(&table, "b", 1024.0);
	ak_table_end(&table);
	ak_table_begin(&table, &number_view);
	ak_table_int(&table, "n", INT64_MIN);
	ak_table_int(&table, "p", 7);
	ak_table_int(&table, "s", 3600);
	ak_table_number(&table, "b", -1e300);
	ak_table_int(&table, "unknown", 1);
	ak_table_end(&table);
	ak_table_draw(&table);
	is_str(out.data,
	    "                   N       P                S       B\n"
	    "                0.25  100.0%  106751991167d7h   1.00K\n"
	    "-9223372036854775808      7%               1h  -8.00E\n",
	    "numbers are shown as their column says");
	ak_table_free(&table);
}

int
main(void)
{
	columns();
	colours();
	cutting();
	streams();
	times();
	numbers();
	return done_testing();
}
