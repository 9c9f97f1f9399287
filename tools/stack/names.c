/*
 * names - operands that come as records.
 *
 * So that "aikit-stack status | jq -c 'select(.well == \"ill\")' | aikit-stack
 * restart -" restarts what is ill: each service once, in the order they came.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/rec.h"
#include "tools/stack/stack.h"

/* Live as long as the process, as argv does. */
static struct {
	char **items;
	size_t count;
} names;

static bool
names_have(const char *name)
{
	for (size_t i = 0; i < names.count; i++)
		if (ak_streq(names.items[i], name))
			return true;
	return false;
}

static void
names_add(const char *name)
{
	if (name == NULL || names_have(name))
		return;
	names.items = ak_resize(names.items, names.count + 2,
	    sizeof(*names.items));
	names.items[names.count++] = ak_strdup(name);
	names.items[names.count] = NULL;
}

static int
names_take(struct ak_rec *rec, struct ak_err *err)
{
	const struct ak_json *json;
	int more;

	while ((more = ak_rec_next(rec, &json, err)) == 1)
		names_add(ak_json_str(ak_json_get(json, "service")));
	return more;
}

int
names_read(int *count, char ***operands, struct ak_err *err)
{
	struct ak_rec rec = { .fd = STDIN_FILENO };
	int failed;

	if (*count != 1 || !ak_streq((*operands)[0], "-"))
		return 0;
	failed = names_take(&rec, err);
	ak_rec_close(&rec);
	if (failed == -1)
		return ak_fail_in(err, "standard input");
	/* No name would mean every service. */
	if (names.count == 0)
		return ak_fail(err, AK_NOINPUT,
		    "standard input: no record names a service");
	*count = (int)names.count;
	*operands = names.items;
	return 0;
}
