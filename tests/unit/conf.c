/*
 * conf - unit test: INI files, one item at a time.
 */
#include "lib/conf.h"

#include <string.h>

#include "tests/unit/tap.h"

/* Writes each item as "line:section.key=value;"; the key "stop" fails. */
static int
collect(void *arg, const struct ak_conf_item *item, struct ak_err *err)
{
	if (ak_streq(item->key, "stop"))
		return ak_fail(err, AK_CONFIG, "stop: unknown key");
	ak_buf_printf(arg, "%d:%s.%s=%s;", item->line, item->section, item->key,
	    item->value);
	return 0;
}

static const struct {
	const char *claim;
	const char *text;
	const char *items; /* or the error */
} cases[] = {
	{ "an empty file has no items", "", "" },
	{ "keys before the first section have none", "a = 1\n", "1:.a=1;" },
	{ "a section holds what follows", "[s]\na=1\n[t]\nb = two words\n",
	    "2:s.a=1;4:t.b=two words;" },
	{ "the last line needs no line feed", "[s]\na=1", "2:s.a=1;" },
	{ "blanks around are dropped", "[s]\n\t a  =  1 \t\n", "2:s.a=1;" },
	{ "a line that begins with blanks is a line of its own",
	    "[s]\na = 1\n  b = 2\n", "2:s.a=1;3:s.b=2;" },
	{ "comments and empty lines count as lines",
	    "# one\n; two\n\n[s]\na = 1\n", "5:s.a=1;" },
	{ "a comment begins behind a blank", "a = b;c ; d\n", "1:.a=b;c;" },
	{ "a number sign in a value is part of it", "a = b #c\n",
	    "1:.a=b #c;" },
	{ "a comment may stand behind a section", "[s] ; why\na=1\n",
	    "2:s.a=1;" },
	{ "a value may be empty", "a =\n", "1:.a=;" },
	{ "a value may hold =", "a = b=c\n", "1:.a=b=c;" },
	{ "a colon serves as well", "a: b\n", "1:.a=b;" },
	{ "lines may end in CR LF", "[s]\r\na = 1\r\n", "2:s.a=1;" },
	{ "a byte order mark is passed over", "\xef\xbb\xbf[s]\na=1\n",
	    "2:s.a=1;" },
	{ "values may be UTF-8", "a = \xc3\xa4\n", "1:.a=\xc3\xa4;" },
	{ "a key may come twice, which is for the caller to judge",
	    "a = 1\na = 2\n", "1:.a=1;2:.a=2;" },
	{ "a line without = is refused", "[s]\nwhat\na=1\n",
	    "f.ini:2: neither [section] nor key = value" },
	{ "so is a continuation", "a = 1\n  more\n",
	    "f.ini:2: neither [section] nor key = value" },
	{ "a value without a key is refused", "= 1\n",
	    "f.ini:1: a value without a key" },
	{ "a section without its end is refused", "[s\n",
	    "f.ini:1: a section without its ]" },
	{ "a section without a name is refused", "[]\n",
	    "f.ini:1: a section's name has 1 to 49 bytes" },
	{ "a section of 50 bytes is refused, not cut",
	    "[12345678901234567890123456789012345678901234567890]\n",
	    "f.ini:1: a section's name has 1 to 49 bytes" },
	{ "text behind a section is refused", "[s] a = 1\n",
	    "f.ini:1: text behind a section's ]" },
	{ "what is not UTF-8 is refused", "a = \xff\n",
	    "f.ini:1: a control byte, or one that is not UTF-8" },
	{ "a control byte is refused", "a = \x1b[2J\n",
	    "f.ini:1: a control byte, or one that is not UTF-8" },
	{ "a CR within a line is refused", "a = b\rc\n",
	    "f.ini:1: a control byte, or one that is not UTF-8" },
	{ "the caller's refusal is named by file and line",
	    "a = 1\nstop = 2\nb = 3\n", "f.ini:2: stop: unknown key" },
	{ "the first of two faults is told", "what\nstop = 2\n",
	    "f.ini:1: neither [section] nor key = value" },
};

static void
long_lines(void)
{
	AK_BUF struct ak_buf text = { 0 }, items = { 0 };
	struct ak_err err = { 0 };

	ak_buf_str(&text, "[s]\na=");
	while (text.len < 4 + 4096)
		ak_buf_char(&text, 'x');
	ak_buf_str(&text, "\n");
	is_int(ak_conf_parse("f.ini", text.data, collect, &items, &err), 0,
	    "a line of 4096 bytes is read");
	ok(items.len == strlen("2:s.a=;") + 4094 && ak_ends(items.data, "xx;"),
	    "all of it");
	text.len--;
	ak_buf_str(&text, "x\n");
	is_int(ak_conf_parse("f.ini", text.data, collect, &items, &err), -1,
	    "a line of 4097 bytes is refused");
	is_str(err.text, "f.ini:2: longer than 4096 bytes", "by name");
	is_int(err.code, AK_CONFIG, "as configuration");
}

int
main(void)
{
	for (size_t i = 0; i < AK_COUNT(cases); i++) {
		AK_BUF struct ak_buf items = { 0 };
		struct ak_err err = { 0 };
		int result = ak_conf_parse("f.ini", cases[i].text, collect,
		    &items, &err);

		is_str(result == 0 ? ak_buf_text(&items) : err.text,
		    cases[i].items, "%s", cases[i].claim);
		ok(result == 0 || err.code == AK_CONFIG,
		    "case %zu fails as configuration", i);
	}
	long_lines();
	return done_testing();
}
