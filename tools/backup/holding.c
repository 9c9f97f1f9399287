/*
 * holding - what the services of a kit hold, and what their labels say of it.
 */
#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "tools/backup/kit.h"

const char *const keep_names[KEEP_HOWS] = {
	[KEEP_UNSAID] = "uncovered",
	[KEEP_LIVE] = "live",
	[KEEP_PAUSE] = "pause",
	[KEEP_STOP] = "stop",
	[KEEP_POSTGRES] = "postgres",
	[KEEP_MODELS] = "models",
	[KEEP_NONE] = "none",
};

#define NONE "none:"
#define LABEL "aikit.backup"

static bool
with_time(const char *label, size_t len, struct keep *keep)
{
	struct ak_err ignored = { 0 };

	return label[len] == ' ' &&
	    ak_str_duration(label + len + 1, &keep->max_ms, &ignored) == 0 &&
	    keep->max_ms > 0;
}

int
keep_parse(const char *label, struct keep *keep, struct ak_err *err)
{
	*keep = (struct keep){ 0 };
	if (ak_starts(label, NONE)) {
		keep->how = KEEP_NONE;
		keep->reason = label + strlen(NONE);
		keep->reason += strspn(keep->reason, " ");
		if (*keep->reason != '\0')
			return 0;
	}
	for (int how = KEEP_LIVE; how < KEEP_NONE; how++) {
		size_t len = strlen(keep_names[how]);

		if (strncmp(label, keep_names[how], len) != 0)
			continue;
		keep->how = (enum keep_how)how;
		if (how == KEEP_PAUSE || how == KEEP_STOP
			? with_time(label, len, keep)
			: label[len] == '\0')
			return 0;
	}
	ak_err_set(err, AK_CONFIG, "label " LABEL ": %s: not known", label);
	ak_err_help(err,
	    "live, pause 10s, stop 60s, postgres, models, none: REASON");
	return -1;
}

static struct holding *
find(struct holdings *holdings, const char *volume, const char *name)
{
	struct holding *made;

	for (size_t i = 0; i < holdings->count; i++)
		if (ak_streq(holdings->items[i].name, name))
			return &holdings->items[i];
	holdings->items = ak_resize(holdings->items, holdings->count + 1,
	    sizeof(*holdings->items));
	made = &holdings->items[holdings->count++];
	*made = (struct holding){ .volume = volume, .name = ak_strdup(name) };
	return made;
}

static bool
same_keep(const struct keep *a, const struct keep *b)
{
	return a->how == b->how && a->max_ms == b->max_ms &&
	    ak_streq(a->reason, b->reason);
}

/* What this service says of it, beside what others have said. */
static int
say(struct holding *holding, const struct ak_json *service, struct ak_err *err)
{
	AK_FREE char *own = ak_printf(LABEL ".%s",
	    holding->volume != NULL ? holding->volume : "folder");
	const char *label = kit_label(service, own);
	struct keep keep;

	if (holding->service == NULL)
		holding->service = ak_json_name(service);
	if (label == NULL)
		label = kit_label(service, LABEL);
	if (label == NULL)
		return 0;
	if (keep_parse(label, &keep, err) == -1)
		return ak_fail_in(err, "service %s", ak_json_name(service));
	if (holding->keep.how != KEEP_UNSAID &&
	    !same_keep(&holding->keep, &keep))
		return ak_fail(err, AK_CONFIG,
		    "services %s and %s say different things of %s in their "
		    "labels " LABEL,
		    holding->service, ak_json_name(service), holding->name);
	if (holding->keep.how == KEEP_UNSAID)
		holding->service = ak_json_name(service);
	holding->keep = keep;
	return 0;
}

/* The name that the engine has for a volume of the files. */
static const char *
volume_name(const struct kit *kit, const char *volume)
{
	return ak_json_str(ak_json_get(ak_json_get(ak_json_get(kit->model,
						       "volumes"),
					   volume),
	    "name"));
}

/* A socket or a device that is mounted holds no data of its own. */
static bool
is_folder(const char *path)
{
	struct stat status;

	return stat(path, &status) == -1 || S_ISDIR(status.st_mode) ||
	    S_ISREG(status.st_mode);
}

static int
take_mount(const struct kit *kit, const struct ak_json *service,
    const struct ak_json *mount, struct holdings *holdings, struct ak_err *err)
{
	const char *type = ak_json_str(ak_json_get(mount, "type"));
	const char *source = ak_json_str(ak_json_get(mount, "source"));
	AK_FREE char *nameless = NULL;

	if (ak_json_bool(ak_json_get(mount, "read_only"), false))
		return 0;
	if (ak_streq(type, "bind"))
		return source == NULL || !is_folder(source)
		    ? 0
		    : say(find(holdings, NULL, source), service, err);
	if (!ak_streq(type, "volume"))
		return 0;
	if (source != NULL && volume_name(kit, source) != NULL)
		return say(find(holdings, source, volume_name(kit, source)),
		    service, err);
	nameless = ak_printf("%s:%s", ak_json_name(service),
	    ak_json_str(ak_json_get(mount, "target")));
	return say(find(holdings, "", nameless), service, err);
}

static int
compare(const void *a, const void *b)
{
	const struct holding *one = a, *two = b;

	if ((one->volume == NULL) != (two->volume == NULL))
		return one->volume == NULL ? 1 : -1;
	return strcmp(one->name, two->name);
}

int
kit_holdings(const struct kit *kit, struct holdings *holdings,
    struct ak_err *err)
{
	*holdings = (struct holdings){ 0 };
	ak_json_each(service, ak_json_get(kit->model, "services"))
		ak_json_each(mount, ak_json_get(service, "volumes"))
			if (take_mount(kit, service, mount, holdings, err) ==
			    -1)
				return -1;
	if (holdings->count > 1)
		qsort(holdings->items, holdings->count,
		    sizeof(*holdings->items), compare);
	return 0;
}

void
holdings_free(struct holdings *holdings)
{
	for (size_t i = 0; i < holdings->count; i++)
		free(holdings->items[i].name);
	free(holdings->items);
	*holdings = (struct holdings){ 0 };
}
