/*
 * settings - one catalogue, and what may stand in local.ini.
 */
#include "tools/stack/settings.h"

#include <string.h>

#include "tests/unit/tap.h"

struct stack_options stack_options;

static const char catalogue[] =
    "[FLAG]\ntype = bool\ndefault = false\n"
    "[COUNT]\ntype = int\ndefault = 5\nmin = 1\nmax = 10\nunit = jobs\n"
    "[MEMORY]\ntype = size\ndefault = 256m\nmin = 64m\nmax = 1g\n"
    "[CACHE]\ntype = size\ndefault = 256MB\npattern = [0-9]+(kB|MB)\n"
    "[PAUSE]\ntype = duration\ndefault = 10s\nmin = 1s\nmax = 1h\n"
    "[LIMIT]\ntype = duration\ndefault = -1\n"
    "pattern = -1|[0-9]+(s|min)?\n"
    "[DOOR]\ntype = port\ndefault = 80\n"
    "[HOST]\ntype = host\ndefault = localhost\n"
    "[LINK]\ntype = url\ndefault = http://localhost\n"
    "[MODE]\ntype = enum\nvalues = fast slow\ndefault = fast\n"
    "[NAME]\ntype = string\ndefault = x\n"
    "[MAIL]\ntype = string\nrequired = false\ndefault =\n"
    "pattern = [^@ ]+@[^@ ]+\n"
    "[PLACE]\ntype = path\ndefault = /srv\n"
    "[DB_PASSWORD]\ntype = secret\nbytes = 32\nencoding = base64url\n"
    "owner = 999\n";

#define GOOD(name, text)               \
	{                              \
		name, text, text, NULL \
	}

/* A line of local.ini: the value it gives, or what it is refused with. */
static const struct {
	const char *name, *text, *value, *refusal;
} rows[] = {
	GOOD("FLAG", "true"),
	{ "FLAG", "yes", NULL, "yes: neither true nor false" },
	{ "FLAG", "True", NULL, "True: neither true nor false" },
	{ "FLAG", "", NULL, "empty, but it must be set" },
	GOOD("COUNT", "1"),
	GOOD("COUNT", "10"),
	{ "COUNT", "0", NULL, "0: not a whole number from 1 to 10" },
	{ "COUNT", "11", NULL, "11: not a whole number from 1 to 10" },
	{ "COUNT", "3.5", NULL, "3.5: not a whole number from 1 to 10" },
	{ "COUNT", "5x", NULL, "5x: not a whole number from 1 to 10" },
	GOOD("MEMORY", "64m"),
	GOOD("MEMORY", "1024M"),
	{ "MEMORY", "63m", NULL, "63m: less than 64.0M" },
	{ "MEMORY", "2g", NULL, "2g: more than 1.00G" },
	{ "MEMORY", "big", NULL,
	    "big: not a size such as 512, 20m or 4g, from 0 to 8388607t" },
	GOOD("CACHE", "8MB"),
	{ "CACHE", "8m", NULL, "8m: not of the form [0-9]+(kB|MB)" },
	{ "CACHE", "8MBx", NULL, "8MBx: not of the form [0-9]+(kB|MB)" },
	GOOD("PAUSE", "1h"),
	{ "PAUSE", "2h", NULL, "2h: more than 1h" },
	{ "PAUSE", "500ms", NULL, "500ms: less than 1s" },
	GOOD("LIMIT", "10min"),
	{ "LIMIT", "10m", NULL, "10m: not of the form -1|[0-9]+(s|min)?" },
	GOOD("DOOR", "1"),
	GOOD("DOOR", "65535"),
	{ "DOOR", "0", NULL, "0: not a whole number from 1 to 65535" },
	{ "DOOR", "65536", NULL, "65536: not a whole number from 1 to 65535" },
	GOOD("HOST", "ai.example.org"),
	GOOD("HOST", "0.0.0.0"),
	GOOD("HOST", "::1"),
	{ "HOST", "a b", NULL, "a b: neither a host name nor an address" },
	{ "HOST", "-a", NULL, "-a: neither a host name nor an address" },
	{ "HOST", "a..b", NULL, "a..b: neither a host name nor an address" },
	{ "HOST", "http://a", NULL,
	    "http://a: neither a host name nor an address" },
	GOOD("LINK", "https://ai.example.org:8443/x?y#z"),
	{ "LINK", "ai.example.org", NULL,
	    "ai.example.org: not a URL such as https://host" },
	{ "LINK", "http://", NULL, "http://: not a URL such as https://host" },
	{ "LINK", "http://a b", NULL,
	    "http://a b: not a URL such as https://host" },
	GOOD("MODE", "slow"),
	{ "MODE", "slo", NULL, "slo: not one of fast slow" },
	{ "MODE", "fast slow", NULL, "fast slow: not one of fast slow" },
	GOOD("NAME", "& | \\ $HOME ' ` # = x"),
	{ "NAME", "\" a \\; \\\" \\\\ \"", " a ; \" \\ ", NULL },
	{ "NAME", "\"a", NULL,
	    "a quoted value ends in one \" (a ; or \" in it is written \\; or "
	    "\\\")" },
	{ "NAME", "\"a\" b", NULL,
	    "a quoted value ends in one \" (a ; or \" in it is written \\; or "
	    "\\\")" },
	{ "NAME", "", NULL, "empty, but it must be set" },
	GOOD("MAIL", ""),
	GOOD("MAIL", "a@b"),
	{ "MAIL", "a", NULL, "a: not of the form [^@ ]+@[^@ ]+" },
	GOOD("PLACE", "relative/path"),
	{ "DB_PASSWORD", "x", NULL, NULL },
};

static void
test_row(size_t i)
{
	AK_FREE char *local = ak_printf("%s = %s\n", rows[i].name,
	    rows[i].text);
	AK_FREE char *refusal = NULL;
	struct settings settings = { 0 };
	struct ak_err err = { 0 };
	int failed = settings_take(&settings, catalogue, local, &err);

	if (rows[i].value != NULL &&
	    ok(failed == 0, "%s = %s is taken", rows[i].name, rows[i].text))
		is_str(settings_find(&settings, rows[i].name)->value,
		    rows[i].value, "as it is meant");
	if (rows[i].refusal != NULL) {
		refusal = ak_printf("local.ini:1: %s: %s", rows[i].name,
		    rows[i].refusal);
		is_int(failed, -1, "%s = %s is refused", rows[i].name,
		    rows[i].text);
		is_str(err.text, refusal, "by file and line, with the reason");
		is_int(err.code, AK_CONFIG, "as configuration");
	}
	settings_clear(&settings);
}

/* What is wrong with a pair of files. */
static const struct {
	const char *catalogue, *local, *text, *help;
} failures[] = {
	{ "[A]\ntype = int\ndefault = 5\nmin = 6\n", NULL,
	    "settings.ini:3: A: default: 5: not a whole number from 6 to "
	    "9223372036854775807",
	    "" },
	{ "[A]\ntype = int\ndefualt = 5\n", NULL,
	    "settings.ini:3: defualt: no such key", "did you mean default?" },
	{ "[A]\ntype = itn\ndefault = 5\n", NULL,
	    "settings.ini:2: A: itn: no such type", "did you mean int?" },
	{ "[A]\ndefault = 5\n", NULL, "settings.ini:2: A: no type", "" },
	{ "[A]\ntype = int\n", NULL, "settings.ini:2: A: no default", "" },
	{ "[A]\ntype = int\ntype = int\n", NULL,
	    "settings.ini:3: type: given on line 2 already", "" },
	{ "[A]\ntype = bool\ndefault = true\n[B]\ntype = bool\n"
	  "default = true\n[A]\ntype = bool\n",
	    NULL, "settings.ini:8: [A]: defined on line 2", "" },
	{ "type = int\n", NULL, "settings.ini:1: type: before the first [NAME]",
	    "" },
	{ "[a]\ntype = int\n", NULL,
	    "settings.ini:2: [a]: a name is of A-Z, 0-9 and _", "" },
	{ "[A]\ntype = bool\ndefault = true\nmin = 3\n", NULL,
	    "settings.ini:4: A: min: not for type bool", "" },
	{ "[A]\ntype = secret\ndefault = hunter2\n", NULL,
	    "settings.ini:3: A: default: not for type secret", "" },
	{ "[A]\ntype = string\ndefault = x\npattern = [x\n", NULL, NULL, "" },
	{ "[A]\ntype = int\ndefault = 5\nmin = 9\nmax = 8\n", NULL,
	    "settings.ini:2: A: min is above max", "" },
	{ "[A]\ntype = enum\ndefault = x\n", NULL,
	    "settings.ini:3: A: an enum without values", "" },
	{ "[A]\ntype = secret\nbytes = 2\n", NULL,
	    "settings.ini:2: A: bytes: 2: not a whole number from 16 to 1024",
	    "" },
	{ "[A]\nnonsense\n", NULL,
	    "settings.ini:2: neither [section] nor key = value", "" },
	{ catalogue, "COUNT = 3\nCUONT = 4\n",
	    "local.ini:2: CUONT: no such setting", "did you mean COUNT?" },
	{ catalogue, "COUNT = 3\n\nCOUNT = 4\n",
	    "local.ini:3: COUNT: set on line 1 already", "" },
	{ catalogue, "[COUNT]\ndefault = 3\n",
	    "local.ini:2: [COUNT]: local.ini has no sections", "" },
	{ catalogue, "DB_PASSWORD = hunter2\n",
	    "local.ini:1: DB_PASSWORD: a secret: it belongs in the file "
	    "secrets/db_password",
	    "" },
};

static void
test_failure(size_t i)
{
	struct settings settings = { 0 };
	struct ak_err err = { 0 };

	is_int(settings_take(&settings, failures[i].catalogue,
		   failures[i].local, &err),
	    -1, "refused: %s", failures[i].text ? failures[i].text : "");
	if (failures[i].text != NULL)
		is_str(err.text, failures[i].text, "by file and line");
	is_str(err.help, failures[i].help, "and what helps");
	is_int(err.code, AK_CONFIG, "as configuration");
	ok(strstr(err.text, "hunter2") == NULL, "without the secret");
	settings_clear(&settings);
}

static void
test_environment(void)
{
	struct settings settings = { 0 };
	struct settings wrong = { 0 };
	AK_BUF struct ak_buf env = { 0 };
	struct ak_err err = { 0 };

	setenv("COUNT", "7", 1);
	ok(settings_take(&settings, catalogue, "COUNT = 3\n", &err) == 0,
	    "a variable of the same name is fine");
	is_str(settings_find(&settings, "COUNT")->value, "7", "and wins");
	is_str(settings_find(&settings, "COUNT")->source, "environment",
	    "and is named as the source");
	settings_render(&settings, &env);
	ok(strstr(env.data, "\nCOUNT='3'\n") != NULL,
	    "and is not written down in .env");
	ok(strstr(env.data, "PASSWORD") == NULL, "which has no secrets");
	settings_clear(&settings);

	setenv("COUNT", "70", 1);
	is_int(settings_take(&wrong, catalogue, NULL, &err), -1,
	    "one out of bounds is refused");
	is_str(err.text,
	    "environment: COUNT: 70: not a whole number from 1 to 10",
	    "as the environment's");
	is_str(err.help, "unset COUNT", "and what helps");
	settings_clear(&wrong);
	unsetenv("COUNT");
}

static void
test_render(void)
{
	struct settings settings = { 0 };
	AK_BUF struct ak_buf env = { 0 };
	struct ak_err err = { 0 };

	ok(settings_take(&settings, catalogue,
	       "NAME = it's \\ \"$x\"\nMODE = slow\n", &err) == 0,
	    "quotes and a backslash are taken");
	settings_render(&settings, &env);
	ok(strstr(env.data, "\nNAME=\"it's \\\\ \\\"\\$x\\\"\"\n") != NULL,
	    "a backslash makes the quotes double");
	ok(strstr(env.data, "\nMODE='slow'\n") != NULL, "else they are single");
	settings_clear(&settings);
}

int
main(void)
{
	for (size_t i = 0; i < AK_COUNT(rows); i++)
		test_row(i);
	for (size_t i = 0; i < AK_COUNT(failures); i++)
		test_failure(i);
	test_environment();
	test_render();
	return done_testing();
}
