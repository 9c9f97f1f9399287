/*
 * scan - unit test: is this a text that the JSON parser may have?
 */
#include "lib/scan.h"

#include <string.h>

#include "tests/unit/tap.h"

static const struct {
	const char *text;
	const char *error; /* NULL: let through */
} cases[] = {
	{ "{\"a\": [1, -2.5e+3, true, null, \"\\u00e4\"]}", NULL },
	{ "\"a quote \\\" and a bracket [ in a string\"", NULL },
	{ " \t\r\n0 ", NULL },
	{ "\"\xc3\xa4\"", NULL },
	{ "\"\\\\u0000\"", NULL },
	{ "-0", NULL },
	{ "1e9", NULL },
	{ "", NULL },
	{ "\"\xff\"", "not UTF-8" },
	{ "\"\\u0000\"", "a NUL in a string, at byte 1" },
	{ "\"\\u00zz\"", "a bad escape in a string, at byte 1" },
	{ "{\"a\\u00\":1}", "a bad escape in a string, at byte 3" },
	{ "\"\\x\"", "a bad escape in a string, at byte 1" },
	{ "\"a\nb\"", "a control byte in a string, at byte 2" },
	{ "1\v", "a control byte, at byte 1" },
	{ "01", "not a number, at byte 0" },
	{ "-", "not a number, at byte 0" },
	{ "-.5", "not a number, at byte 0" },
	{ "1.", "not a number, at byte 0" },
	{ "[1.e5]", "not a number, at byte 1" },
	{ "1e", "not a number, at byte 0" },
	{ "1e+", "not a number, at byte 0" },
	{ "1-2", "not a number, at byte 0" },
	{ "1.2.3", "not a number, at byte 0" },
};

static char *
nested(size_t depth)
{
	char *text = ak_malloc(2 * depth + 1);

	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	text[2 * depth] = '\0';
	return text;
}

static void
depth(void)
{
	AK_FREE char *good = nested(64), *bad = nested(65);
	AK_FREE char *worst = nested(1000000);
	struct ak_err err = { 0 };

	is_int(ak_scan_json(good, strlen(good), &err), 0, "64 levels pass");
	is_int(ak_scan_json(bad, strlen(bad), &err), -1, "65 do not");
	is_str(err.text, "more than 64 levels, at byte 64", "and it says so");
	is_int(ak_scan_json(worst, strlen(worst), &err), -1,
	    "nor do a million");
}

int
main(void)
{
	struct ak_err err = { 0 };

	for (size_t i = 0; i < AK_COUNT(cases); i++) {
		const char *text = cases[i].text, *error = cases[i].error;
		int result = ak_scan_json(text, strlen(text), &err);

		is_str(result == 0 ? NULL : err.text, error, "case %zu: %s", i,
		    error ? error : "passes");
		ok(result == 0 || err.code == AK_DATA, "case %zu is data", i);
	}
	is_int(ak_scan_json("1\0", 2, &err), -1, "a NUL byte does not pass");
	is_str(err.text, "a control byte, at byte 1", "and it says so");
	depth();
	return done_testing();
}
