/*
 * json - unit test: values read, with limits and typed access.
 */
#include "lib/json.h"

#include <math.h>
#include <string.h>

#include "tests/unit/tap.h"

static const struct {
	const char *text;
	const char *error;
} refused[] = {
	{ "", "not JSON, at byte " },
	{ "  ", "not JSON, at byte " },
	{ "{\"a\":1", "not JSON, at byte " },
	{ "{'a':1}", "not JSON, at byte " },
	{ "{\"a\":1,}", "not JSON, at byte " },
	{ "nul", "not JSON, at byte " },
	{ "\"\\ud800\"", "not JSON, at byte " },
	{ "\"\\x\"", "a bad escape in a string, at byte 1" },
	{ "\"open", "not JSON, at byte " },
	{ "1 2", "text behind the value, at byte 1" },
	{ "{} x", "text behind the value, at byte 2" },
	{ "{\"a\":1,\"b\":2,\"a\":3}", "duplicate key a" },
	{ "[{\"x\":{\"b\":1,\"b\":1}}]", "duplicate key b" },
	{ "{\"\\u0061\":1,\"a\":3}", "duplicate key a" },
	{ "[1e999]", "a number too large" },
	{ "01", "not a number, at byte 0" },
	{ "\"\xc0\xaf\"", "not UTF-8" },
};

static void
refusals(void)
{
	for (size_t i = 0; i < AK_COUNT(refused); i++) {
		AK_JSON struct ak_json *json = NULL;
		struct ak_err err = { 0 };
		const char *text = refused[i].text;
		int result = ak_json_parse(&json, text, strlen(text), &err);

		ok(result == -1 && !json && err.code == AK_DATA,
		    "case %zu is bad data, and sets nothing", i);
		ok(ak_starts(err.text, refused[i].error), "case %zu: %s", i,
		    err.text);
	}
}

static struct ak_json *
parse(const char *text)
{
	struct ak_json *json = NULL;
	struct ak_err err = { 0 };

	if (ak_json_parse(&json, text, strlen(text), &err) == -1)
		ok(false, "%s is JSON: %s", text, err.text);
	return json;
}

static void
access(void)
{
	AK_JSON struct ak_json *json =
	    parse("{\"Config\":{\"Image\":\"a:1\"},"
		  "\"n\":3,\"yes\":true,\"none\":null,\"list\":[1,\"b\",{}],"
		  "\"N\":4,\"Config.x\":5}");
	const struct ak_json *list = ak_json_get(json, "list");

	is_str(ak_json_str(ak_json_at(json, "Config.Image")), "a:1",
	    "a path leads through objects");
	ok(!ak_json_at(json, "Config.Other") && !ak_json_at(json, "n.x") &&
		!ak_json_at(json, "Conf") && !ak_json_at(json, ""),
	    "a path that leads nowhere is absent");
	is_int(ak_json_int(ak_json_get(json, "Config.x"), 0), 5,
	    "a key with a dot is got whole");
	is_int(ak_json_int(ak_json_get(json, "n"), 0), 3, "case of a key");
	is_int(ak_json_int(ak_json_get(json, "N"), 0), 4, "counts");
	ok(ak_json_bool(ak_json_get(json, "yes"), false), "true is true");
	is_int(ak_json_kind(ak_json_get(json, "none")), AK_JSON_NULL,
	    "null is a value");
	is_int(ak_json_kind(ak_json_get(json, "nothing")), AK_JSON_ABSENT,
	    "a key that is not there is absent");
	is_int((long long)ak_json_count(list), 3, "a list has its items");
	is_int(ak_json_kind(ak_json_first(list)), AK_JSON_NUMBER,
	    "the first comes first");
	is_int(ak_json_kind(ak_json_next(ak_json_next(ak_json_first(list)))),
	    AK_JSON_OBJECT, "and the last comes last");
	is_str(ak_json_name(ak_json_first(json)), "Config", "a member's key");
	is_str(ak_json_name(ak_json_first(list)), NULL, "an item has none");
}

static void
absent(void)
{
	ok(!ak_json_get(NULL, "a") && !ak_json_at(NULL, "a.b") &&
		!ak_json_str(NULL) && !ak_json_first(NULL) &&
		!ak_json_next(NULL) && !ak_json_name(NULL),
	    "of what is absent all is absent");
	is_int(ak_json_int(NULL, 7), 7, "its integer is the other");
	ok(ak_json_number(NULL, 0.5) == 0.5, "its number is the other");
	ok(ak_json_bool(NULL, true), "its truth is the other");
	is_int((long long)ak_json_count(NULL), 0, "it has no members");
	is_int(ak_json_kind(NULL), AK_JSON_ABSENT, "its kind is absence");
}

static void
integers(void)
{
	static const struct {
		const char *text;
		int64_t value; /* -1: none */
	} cases[] = {
		{ "0", 0 },
		{ "-5", -5 },
		{ "5.0", 5 },
		{ "1e3", 1000 },
		{ "9007199254740992", INT64_C(9007199254740992) },
		{ "-9007199254740992", INT64_C(-9007199254740992) },
		{ "9007199254740994", -1 },
		{ "1e300", -1 },
		{ "0.5", -1 },
		{ "\"5\"", -1 },
		{ "true", -1 },
	};

	for (size_t i = 0; i < AK_COUNT(cases); i++) {
		AK_JSON struct ak_json *json = parse(cases[i].text);

		is_int(ak_json_int(json, -1), cases[i].value,
		    "%s is %s integer", cases[i].text,
		    cases[i].value == -1 ? "no" : "an");
	}
}

/* Objects of few and of many members are searched in two ways. */
static void
duplicates(void)
{
	for (int members = 1; members < 40; members++) {
		AK_BUF struct ak_buf text = { 0 };
		struct ak_err err = { 0 };
		AK_JSON struct ak_json *good = NULL, *bad = NULL;

		ak_buf_str(&text, "{\"k\":0");
		for (int i = 1; i < members; i++)
			ak_buf_printf(&text, ",\"k%d\":%d", i, i);
		ak_buf_char(&text, '}');
		if (ak_json_parse(&good, text.data, text.len, &err) == -1)
			ok(false, "%d members are fine", members);
		text.len--;
		ak_buf_str(&text, ",\"k\":1}");
		if (ak_json_parse(&bad, text.data, text.len, &err) == 0)
			ok(false, "one of %d twice is found", members);
	}
	ok(true, "a key that comes twice is found among 2 to 40");
}

static void
printing(void)
{
	static const char text[] =
	    "{\"type\":\"job\",\"n\":-12,\"f\":0.1,"
	    "\"big\":1e+300,\"list\":[true,false,null],"
	    "\"empty\":{},\"s\":\"a\\\"\\\\\\n\\u001b\"}";
	AK_JSON struct ak_json *json = parse(text);
	AK_BUF struct ak_buf buf = { 0 };

	ak_json_print(json, &buf);
	is_str(buf.data, text, "what was read compact is printed the same");
	ak_buf_reset(&buf);
	ak_json_print(NULL, &buf);
	is_str(buf.data, "null", "what is absent prints as null");
}

static void
quoting(void)
{
	static const struct {
		const char *claim, *bytes, *json;
	} cases[] = {
		{ "text is quoted", "a b", "\"a b\"" },
		{ "nothing is an empty string", "", "\"\"" },
		{ "quotes and backslashes are escaped", "\"\\",
		    "\"\\\"\\\\\"" },
		{ "control bytes are escaped", "\b\f\n\r\t\x01\x1b\x7f",
		    "\"\\b\\f\\n\\r\\t\\u0001\\u001b\\u007f\"" },
		{ "control characters above ASCII are, too", "\xc2\x9b",
		    "\"\\u009b\"" },
		{ "characters stay", "\xc3\xa4\xf0\x9f\x98\x80",
		    "\"\xc3\xa4\xf0\x9f\x98\x80\"" },
		{ "each byte that is none becomes U+FFFD", "a\xff\xc3",
		    "\"a\xef\xbf\xbd\xef\xbf\xbd\"" },
	};
	AK_BUF struct ak_buf buf = { 0 };

	for (size_t i = 0; i < AK_COUNT(cases); i++) {
		ak_buf_reset(&buf);
		ak_json_quote(&buf, cases[i].bytes, strlen(cases[i].bytes));
		is_str(buf.data, cases[i].json, "%s", cases[i].claim);
	}
	ak_buf_reset(&buf);
	ak_json_quote(&buf, "\0", 1);
	is_str(buf.data, "\"\\u0000\"", "a NUL is escaped");
}

int
main(void)
{
	refusals();
	access();
	absent();
	integers();
	duplicates();
	printing();
	quoting();
	return done_testing();
}
