/*
 * opt - options as GNU has them, from one table.
 */
#include "lib/opt.h"

#include <string.h>

#include "lib/buf.h"
#include "tests/unit/tap.h"

static struct {
	bool plan, all;
	const char *kit;
	int64_t priority, size, wait;
	struct ak_opt_list only;
} o;

static const struct ak_opt command_options[] = {
	{ 'p', "priority", "n", "higher runs first",
	    AK_INT(&o.priority, 0, 9) },
	{ 0, "plan", NULL, "show what would change", AK_FLAG(&o.plan) },
	{ 'a', "all", NULL, "all of them", AK_FLAG(&o.all) },
	{ 'o', "only", "name", "only these", AK_LIST(&o.only) },
	{ 0 },
};
static const struct ak_opt tool_options[] = {
	{ 'k', "kit", "dir", "the kit", AK_STRING(&o.kit) },
	{ 0, "size", "bytes", "at most", AK_SIZE(&o.size) },
	{ 0, "wait", "time", "at most", AK_DURATION(&o.wait, 1000, 60000) },
	{ 0 },
};
static const struct ak_opt *const tables[] = { command_options, tool_options,
	NULL };

/* Splits at blanks; what was parsed as one line: values, then operands. */
static int
parse(const char *line, struct ak_buf *result, struct ak_err *err)
{
	AK_FREE char *words = ak_strdup(line);
	char *argv[32], *at = words, *word;
	int argc = 0, operands;

	memset(&o, 0, sizeof(o));
	while ((word = strsep(&at, " ")))
		if (*word != '\0')
			argv[argc++] = word;
	if (ak_opt_parse(argc, argv, tables, &operands, err) == -1)
		return -1;
	ak_buf_printf(result, "p%d%s%s", (int)o.priority, o.plan ? " plan" : "",
	    o.all ? " all" : "");
	if (o.kit)
		ak_buf_printf(result, " kit=%s", o.kit);
	if (o.size || o.wait)
		ak_buf_printf(result, " %lld %lld", (long long)o.size,
		    (long long)o.wait);
	for (size_t i = 0; i < o.only.count; i++)
		ak_buf_printf(result, " o:%s", o.only.items[i]);
	for (int i = 0; i < operands; i++)
		ak_buf_printf(result, " [%s]", argv[i]);
	return 0;
}

static void
test_good(void)
{
	static const struct {
		const char *claim, *line, *result;
	} rows[] = {
		{ "nothing", "", "p0" },
		{ "a long option and its value", "--priority 3", "p3" },
		{ "joined by =", "--priority=3", "p3" },
		{ "a letter and its value", "-p 3", "p3" },
		{ "in one word", "-p3", "p3" },
		{ "letters together", "-ap3", "p3 all" },
		{ "a flag", "--plan", "p0 plan" },
		{ "options behind operands", "x --plan y -p 1",
		    "p1 plan [x] [y]" },
		{ "-- ends them", "x -- --plan -a", "p0 [x] [--plan] [-a]" },
		{ "-- is taken once", "-- --", "p0 [--]" },
		{ "- is an operand", "-", "p0 [-]" },
		{ "the later one wins", "-p1 -p2", "p2" },
		{ "a value may look like an option", "--kit --plan",
		    "p0 kit=--plan" },
		{ "an empty value", "--kit= x", "p0 kit= [x]" },
		{ "the second table", "-k /d --size 2k --wait 1m",
		    "p0 kit=/d 2048 60000" },
		{ "a list", "-o a x --only b -oc", "p0 o:a o:b o:c [x]" },
	};

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		AK_BUF struct ak_buf result = { 0 };
		struct ak_err err = { 0 };

		ok(parse(rows[i].line, &result, &err) == 0, "%s: parses (%s)",
		    rows[i].claim, err.text);
		is_str(ak_buf_text(&result), rows[i].result, "%s",
		    rows[i].claim);
	}
}

static void
test_bad(void)
{
	static const struct {
		const char *line, *text, *help;
	} rows[] = {
		{ "--plam", "--plam: no such option", "did you mean --plan?" },
		{ "--pla", "--pla: no such option", "did you mean --plan?" },
		{ "--prioritty=3", "--prioritty: no such option",
		    "did you mean --priority?" },
		{ "--quux", "--quux: no such option", "" },
		{ "-x", "-x: no such option", "" },
		{ "-ax", "-x: no such option", "" },
		{ "--plan=yes", "--plan: takes no value", "" },
		{ "--priority", "--priority: needs a value (n)", "" },
		{ "-ap", "-p: needs a value (n)", "" },
		{ "--wait 2m", "--wait: 2m: not a time from 1s to 1m", "" },
	};

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		AK_BUF struct ak_buf result = { 0 };
		struct ak_err err = { 0 };

		is_int(parse(rows[i].line, &result, &err), -1, "%s is refused",
		    rows[i].line);
		is_int(err.code, AK_USAGE, "%s: code", rows[i].line);
		is_str(err.text, rows[i].text, "%s: text", rows[i].line);
		is_str(err.help, rows[i].help, "%s: help", rows[i].line);
	}
}

static void
test_values(void)
{
	static const struct {
		const char *line, *begins;
	} rows[] = {
		{ "-p 10", "-p: 10: " },
		{ "--priority=-1", "--priority: -1: " },
		{ "--priority 3x", "--priority: 3x: " },
		{ "--size lots", "--size: lots: " },
		{ "--wait soon", "--wait: soon: " },
	};

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		AK_BUF struct ak_buf result = { 0 };
		struct ak_err err = { 0 };

		ok(parse(rows[i].line, &result, &err) == -1 &&
			ak_starts(err.text, rows[i].begins),
		    "%s: the error names option and value (%s)", rows[i].line,
		    err.text);
	}
}

static void
test_list_is_full(void)
{
	const size_t most = AK_COUNT(o.only.items);
	char *argv[AK_COUNT(o.only.items) + 1];
	struct ak_err err = { 0 };
	char word[] = "-ox";
	int operands;

	memset(&o, 0, sizeof(o));
	for (size_t i = 0; i <= most; i++)
		argv[i] = word;
	ok(ak_opt_parse((int)most, argv, tables, &operands, &err) == 0,
	    "a list holds 64");
	memset(&o, 0, sizeof(o));
	is_int(ak_opt_parse((int)most + 1, argv, tables, &operands, &err), -1,
	    "and no more");
	is_str(err.text, "-o: given more than 64 times", "and says so");
}

static void
test_leading(void)
{
	static const struct {
		const char *claim;
		const char *words[5];
		int leading;
	} rows[] = {
		{ "no option", { "up", "-k" }, 0 },
		{ "a flag", { "--plan", "up" }, 1 },
		{ "a value is passed over", { "-k", "dir", "up" }, 2 },
		{ "one in the word", { "-kdir", "--kit=x", "up" }, 2 },
		{ "letters with a value behind", { "-ak", "dir", "up" }, 2 },
		{ "unknown ones are one word", { "--quux", "up" }, 1 },
		{ "a value that is missing", { "-k" }, 1 },
	};

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		char *words[5];
		int count = 0;

		for (; count < 5 && rows[i].words[count]; count++)
			words[count] = (char *)(uintptr_t)rows[i].words[count];
		is_int(ak_opt_leading(count, words, tables), rows[i].leading,
		    "leading: %s", rows[i].claim);
	}
}

static void
test_set(void)
{
	static const struct {
		const char *text;
		int result;
		bool value;
	} rows[] = { { "true", 0, true }, { "yes", 0, true },
		{ "false", 0, false }, { "no", 0, false }, { "", -1, true },
		{ "2", -1, true }, { "TRUE", -1, true } };

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		struct ak_err err = { 0 };

		o.plan = true;
		is_int(ak_opt_set(&command_options[1], rows[i].text, &err),
		    rows[i].result, "a flag set to \"%s\"", rows[i].text);
		ok(o.plan == rows[i].value, "\"%s\": its value", rows[i].text);
	}
}

int
main(void)
{
	test_good();
	test_bad();
	test_values();
	test_list_is_full();
	test_leading();
	test_set();
	return done_testing();
}
