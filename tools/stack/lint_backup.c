/*
 * lint_backup - is all that services hold kept by a backup, or left out for a
 * reason?
 *
 * The labels are those that aikit-backup goes by: aikit.backup of a service for
 * each volume and writable folder that it mounts, aikit.backup.VOLUME for one.
 * It is enough that one of those who mount it says how, and none may differ.
 */
#include <string.h>

#include "lib/str.h"
#include "tools/stack/lint.h"

#define LABEL "aikit.backup"

static bool
is_time(const char *text)
{
	struct ak_err ignored = { 0 };
	int64_t ms;

	return ak_str_duration(text, &ms, &ignored) == 0 && ms > 0;
}

/* One of: live, postgres, models, pause TIME, stop TIME, none: REASON. */
static bool
is_known(const char *how)
{
	static const char *const words[] = { "live", "postgres", "models" };
	static const char *const timed[] = { "pause ", "stop " };

	for (size_t i = 0; i < AK_COUNT(words); i++)
		if (ak_streq(how, words[i]))
			return true;
	for (size_t i = 0; i < AK_COUNT(timed); i++)
		if (ak_starts(how, timed[i]))
			return is_time(how + strlen(timed[i]));
	return ak_starts(how, "none:") && how[strspn(how + 5, " ") + 5] != '\0';
}

static const char *
how_of(const struct service *service, const char *volume)
{
	AK_FREE char *own = ak_printf(LABEL ".%s", volume);
	const char *how = service_label(service, own);

	return how != NULL ? how : service_label(service, LABEL);
}

/* The name of what a mount holds for good; NULL: nothing. */
static const char *
held(const struct ak_json *mount, const char **label)
{
	const char *type = ak_json_str(ak_json_get(mount, "type"));
	const char *source = ak_json_str(ak_json_get(mount, "source"));
	bool bind = ak_streq(type, "bind");

	if (ak_json_bool(ak_json_get(mount, "read_only"), false) ||
	    (!bind && !ak_streq(type, "volume")))
		return NULL;
	*label = bind ? "folder" : source;
	/* A socket is no data. */
	if (source != NULL && ak_ends(source, ".sock"))
		return NULL;
	return source;
}

static bool
mounts(const struct service *service, const char *source)
{
	const char *label;

	ak_json_each(mount, ak_json_get(service->json, "volumes"))
		if (ak_streq(held(mount, &label), source))
			return true;
	return false;
}

/* What the services say of it, told by the first of those that mount it. */
static void
check_held(const struct kit *kit, const struct service *service,
    const char *source, const char *label, struct ak_buf *evidence)
{
	const char *said = NULL, *how;
	bool first = true;

	for (size_t i = 0; i < kit->service_count; i++) {
		const struct service *other = &kit->services[i];

		if (!mounts(other, source))
			continue;
		if (first && other != service)
			return;
		first = false;
		how = how_of(other, label);
		if (how != NULL && said != NULL && !ak_streq(how, said))
			lint_add(evidence, "%s of %s differs: %s and %s", LABEL,
			    source, said, how);
		said = how != NULL ? how : said;
	}
	if (said == NULL)
		lint_add(evidence, "%s is in no backup", source);
	else if (!is_known(said))
		lint_add(evidence, LABEL ": %s says nothing known", said);
}

void
lint_backup(const struct kit *kit, const struct service *service,
    struct ak_buf *evidence)
{
	const char *label;

	ak_json_each(mount, ak_json_get(service->json, "volumes")) {
		const char *type = ak_json_str(ak_json_get(mount, "type"));
		const char *source = held(mount, &label);

		if (source != NULL)
			check_held(kit, service, source, label, evidence);
		else if (ak_streq(type, "volume") &&
		    ak_json_str(ak_json_get(mount, "source")) == NULL &&
		    how_of(service, "") == NULL)
			lint_add(evidence, "its volume at %s has no name",
			    ak_json_str(ak_json_get(mount, "target")));
	}
}
