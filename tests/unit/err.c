/*
 * err - unit test: what went wrong, and what is shown of it.
 */
#include "lib/err.h"

#include <errno.h>
#include <string.h>

#include "lib/utf8.h"
#include "tests/unit/tap.h"

static struct ak_err err;

static int
leaf(void)
{
	return ak_fail(&err, AK_DATA, "%s: no such realm", "staff");
}

static int
caller(void)
{
	if (leaf() == -1)
		return ak_fail_in(&err, "import");
	return 0;
}

static void
chain(void)
{
	is_int(caller(), -1, "a failure is -1 all the way up");
	is_str(err.text, "import: staff: no such realm",
	    "the caller's place stands before the leaf's reason");
	is_int(err.code, AK_DATA, "and the leaf's code stays");
	ak_err_help(&err, "aikit-kc realms %s", "list");
	is_str(err.help, "aikit-kc realms list", "help is kept apart");
	leaf();
	is_str(err.help, "", "a new failure has no help yet");
}

static void
system_text(void)
{
	errno = ENOSPC;
	is_int(ak_fail_sys(&err, AK_IO, "%s", "model"), -1,
	    "a system's failure is -1");
	is_str(err.text, "model: no space left on device",
	    "the system's reason stands behind the name");
	is_int(errno, ENOSPC, "errno is kept");
}

static void
itself(void)
{
	leaf();
	ak_err_set(&err, AK_IO, "again: %s", err.text);
	is_str(err.text, "again: staff: no such realm",
	    "a text may be made from the one it replaces");
	err = (struct ak_err){ 0 };
	ak_err_in(&err, "up");
	is_str(err.text, "up", "a place before no text stands alone");
}

static void
long_texts(void)
{
	char name[3000];
	size_t len;

	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	ak_err_set(&err, AK_DATA, "%s: bad", name);
	is_int((long long)strlen(err.text), sizeof(err.text) - 1,
	    "a text that is too long fills its room");
	ok(ak_ends(err.text, "nnn..."), "and ends in three dots");
	for (size_t i = 0; i + 1 < sizeof(name); i++)
		name[i] = i % 2 == 0 ? '\xc3' : '\xa4';
	for (size_t shift = 0; shift < 2; shift++) {
		ak_err_set(&err, AK_DATA, "%.*s%s", (int)shift, "x", name);
		len = strlen(err.text);
		ok(ak_utf8_valid(err.text, len) && ak_ends(err.text, "..."),
		    "no character is cut in two, %zu byte off", shift);
	}
}

int
main(void)
{
	chain();
	system_text();
	itself();
	long_texts();
	return done_testing();
}
