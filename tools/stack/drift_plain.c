/*
 * drift_plain - settings of a container that are one word, one number, one
 * switch or one list, by a table.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/stack/drift.h"

enum kind {
	WORD,	/* absent in the model: the image's, if it has one */
	SWITCH, /* absent: false */
	NUMBER, /* absent: the daemon's default */
	LIST,	/* absent: empty; in any order */
	MAP,	/* absent: empty */
	LIMITS, /* absent: empty */
	KINDS
};

/* path is in the inspected container. */
static const struct plain {
	const char *key;
	const char *path;
	enum kind kind;
} plains[] = {
	{ "user", "Config.User", WORD },
	{ "working_dir", "Config.WorkingDir", WORD },
	{ "stop_signal", "Config.StopSignal", WORD },
	{ "hostname", "Config.Hostname", WORD },
	{ "pid", "HostConfig.PidMode", WORD },
	{ "ipc", "HostConfig.IpcMode", WORD },
	{ "userns_mode", "HostConfig.UsernsMode", WORD },
	{ "runtime", "HostConfig.Runtime", WORD },
	{ "cgroup_parent", "HostConfig.CgroupParent", WORD },
	{ "tty", "Config.Tty", SWITCH },
	{ "stdin_open", "Config.OpenStdin", SWITCH },
	{ "privileged", "HostConfig.Privileged", SWITCH },
	{ "read_only", "HostConfig.ReadonlyRootfs", SWITCH },
	{ "init", "HostConfig.Init", SWITCH },
	{ "shm_size", "HostConfig.ShmSize", NUMBER },
	{ "oom_score_adj", "HostConfig.OomScoreAdj", NUMBER },
	{ "cap_add", "HostConfig.CapAdd", LIST },
	{ "cap_drop", "HostConfig.CapDrop", LIST },
	{ "dns", "HostConfig.Dns", LIST },
	{ "group_add", "HostConfig.GroupAdd", LIST },
	{ "security_opt", "HostConfig.SecurityOpt", LIST },
	{ "sysctls", "HostConfig.Sysctls", MAP },
	{ "ulimits", "HostConfig.Ulimits", LIMITS },
};

static bool
word_same(const struct diff *diff, const struct plain *plain)
{
	const char *wanted = ak_json_str(ak_json_get(diff->model, plain->key));
	const char *found = ak_json_str(ak_json_at(diff->inspect, plain->path));

	if (wanted != NULL)
		return ak_starts(wanted, "service:") ||
		    drift_same(wanted, found);
	/* The host name and modes have defaults that no image says. */
	if (diff->image == NULL || !ak_starts(plain->path, "Config.") ||
	    ak_streq(plain->key, "hostname"))
		return true;
	wanted = ak_json_str(ak_json_get(diff->image,
	    plain->path + strlen("Config.")));
	return ak_streq(wanted != NULL ? wanted : "",
	    found != NULL ? found : "");
}

static bool
switch_same(const struct diff *diff, const struct plain *plain)
{
	return ak_json_bool(ak_json_get(diff->model, plain->key), false) ==
	    ak_json_bool(ak_json_at(diff->inspect, plain->path), false);
}

static bool
number_same(const struct diff *diff, const struct plain *plain)
{
	const struct ak_json *wanted = ak_json_get(diff->model, plain->key);
	const char *text = ak_json_str(wanted);
	double number = text != NULL ? strtod(text, NULL)
				     : ak_json_number(wanted, 0);

	return wanted == NULL ||
	    number == ak_json_number(ak_json_at(diff->inspect, plain->path), 0);
}

static bool
list_has(const struct ak_json *list, const char *text)
{
	ak_json_each(item, list)
		if (drift_same(text, ak_json_str(item)))
			return true;
	return false;
}

/* What the daemon adds by itself to a privileged container is no change. */
static bool
list_same(const struct diff *diff, const struct plain *plain)
{
	const struct ak_json *wanted = ak_json_get(diff->model, plain->key);
	const struct ak_json *found = ak_json_at(diff->inspect, plain->path);
	size_t extra = list_has(found, "label=disable") &&
	    !list_has(wanted, "label=disable");

	ak_json_each(item, wanted)
		if (!list_has(found, ak_json_str(item)))
			return false;
	return ak_json_count(found) - extra == ak_json_count(wanted);
}

static bool
map_same(const struct diff *diff, const struct plain *plain)
{
	const struct ak_json *wanted = ak_json_get(diff->model, plain->key);
	const struct ak_json *found = ak_json_at(diff->inspect, plain->path);

	ak_json_each(item, wanted)
		if (!drift_same(ak_json_str(item),
			ak_json_str(ak_json_get(found, ak_json_name(item)))))
			return false;
	return ak_json_count(found) == ak_json_count(wanted);
}

/* "nofile": 1024, or with a soft and a hard number; a list of the daemon's. */
static bool
ulimit_same(const struct ak_json *wanted, const struct ak_json *found)
{
	const struct ak_json *soft = ak_json_get(wanted, "soft");
	const struct ak_json *hard = ak_json_get(wanted, "hard");

	return ak_json_int(ak_json_get(found, "Soft"), 0) ==
	    ak_json_int(soft != NULL ? soft : wanted, 0) &&
	    ak_json_int(ak_json_get(found, "Hard"), 0) ==
	    ak_json_int(hard != NULL ? hard : wanted, 0);
}

static bool
ulimits_same(const struct diff *diff, const struct plain *plain)
{
	const struct ak_json *wanted = ak_json_get(diff->model, plain->key);
	const struct ak_json *found = ak_json_at(diff->inspect, plain->path);
	size_t same_count = 0;

	ak_json_each(limit, found) {
		const char *name = ak_json_str(ak_json_get(limit, "Name"));

		same_count += name != NULL &&
		    ulimit_same(ak_json_get(wanted, name), limit);
	}
	return same_count == ak_json_count(wanted) &&
	    same_count == ak_json_count(found);
}

static bool (*const same[])(const struct diff *, const struct plain *) = {
	[WORD] = word_same,
	[SWITCH] = switch_same,
	[NUMBER] = number_same,
	[LIST] = list_same,
	[MAP] = map_same,
	[LIMITS] = ulimits_same,
};
_Static_assert(AK_COUNT(same) == KINDS, "a kind without a comparison");

void
drift_plain(struct diff *diff)
{
	for (size_t i = 0; i < AK_COUNT(plains); i++)
		if (!same[plains[i].kind](diff, &plains[i]))
			drift_add(diff, "%s", plains[i].key);
}
