/*
 * drift_host - ports, mounts, limits, restart policy, log and health check of
 * a container against the model.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "tools/stack/drift.h"

#define NANO 1e9
#define MS_NS INT64_C(1000000)

static const char *
text_of(const struct ak_json *json, const char *key)
{
	const char *text = ak_json_str(ak_json_get(json, key));

	return text != NULL ? text : "";
}

static void
take_model_ports(const struct ak_json *ports, struct pairs *pairs)
{
	ak_json_each(port, ports) {
		const char *protocol = text_of(port, "protocol");

		pairs_add(pairs,
		    ak_printf("%lld/%s",
			(long long)ak_json_int(ak_json_get(port, "target"), 0),
			*protocol != '\0' ? protocol : "tcp"),
		    ak_printf("%s:%s", text_of(port, "host_ip"),
			text_of(port, "published")));
	}
}

static void
take_bound_ports(const struct ak_json *ports, struct pairs *pairs)
{
	ak_json_each(port, ports)
		ak_json_each(bound, port)
			pairs_add(pairs, ak_strdup(ak_json_name(port)),
			    ak_printf("%s:%s", text_of(bound, "HostIp"),
				text_of(bound, "HostPort")));
}

void
drift_ports(struct diff *diff)
{
	PAIRS struct pairs wanted = { 0 };
	PAIRS struct pairs found = { 0 };

	take_model_ports(ak_json_get(diff->model, "ports"), &wanted);
	take_bound_ports(ak_json_get(diff->host, "PortBindings"), &found);
	pairs_compare(diff, "port", &wanted, &found);
}

/* "TYPE SOURCE ro", without a slash at the end of the source. */
static char *
mount_text(const char *type, const char *source, bool writable)
{
	size_t len = strlen(source);

	while (len > 1 && source[len - 1] == '/')
		len--;
	return ak_printf("%s %.*s %s", type, (int)len, source,
	    writable ? "rw" : "ro");
}

static const char *
volume_name(const struct kit *kit, const char *key)
{
	const struct ak_json *volume = ak_json_get(ak_json_get(kit->model,
						       "volumes"),
	    key);
	const char *name = ak_json_str(ak_json_get(volume, "name"));

	return name != NULL ? name : key;
}

/* A volume without a name, and a tmpfs, have no source to compare. */
static void
take_volumes(const struct diff *diff, struct pairs *pairs)
{
	ak_json_each(volume, ak_json_get(diff->model, "volumes")) {
		const char *type = text_of(volume, "type");
		const char *source = text_of(volume, "source");
		bool writable = !ak_json_bool(ak_json_get(volume, "read_only"),
		    false);

		if (ak_streq(type, "volume"))
			source = volume_name(diff->kit, source);
		pairs_add(pairs, ak_strdup(text_of(volume, "target")),
		    *source == '\0' || ak_streq(type, "tmpfs")
			? NULL
			: mount_text(type, source, writable));
	}
	ak_json_each(item, ak_json_get(diff->model, "tmpfs")) {
		const char *text = ak_json_str(item);

		if (text != NULL)
			pairs_add(pairs, ak_strndup(text, strcspn(text, ":")),
			    NULL);
	}
}

/* Secrets and configs kept in files are bind mounts; the rest is copied in. */
static void
take_files(const struct diff *diff, const char *kind, const char *below,
    struct pairs *pairs)
{
	const struct ak_json *known = ak_json_get(diff->kit->model, kind);

	ak_json_each(use, ak_json_get(diff->model, kind)) {
		const char *source = text_of(use, "source");
		const char *target = text_of(use, "target");
		const char *file = text_of(ak_json_get(known, source), "file");

		if (*target == '\0')
			target = source;
		pairs_add(pairs,
		    *target == '/' ? ak_strdup(target)
				   : ak_printf("%s%s", below, target),
		    *file == '\0' ? NULL : mount_text("bind", file, false));
	}
}

/* The daemon gives volumes without a name 64 hexadecimal digits. */
static bool
is_anonymous(const char *name)
{
	return strlen(name) == 64 &&
	    strspn(name, "0123456789abcdef") == strlen(name);
}

static void
take_mounts(const struct diff *diff, const struct pairs *wanted,
    struct pairs *pairs)
{
	ak_json_each(mount, ak_json_get(diff->inspect, "Mounts")) {
		const char *type = text_of(mount, "Type");
		const char *name = text_of(mount, "Name");
		bool volume = ak_streq(type, "volume");
		struct pair pair = { NULL, NULL };

		pair.name = ak_strdup(text_of(mount, "Destination"));
		if (volume && is_anonymous(name) &&
		    !pairs_have(wanted, &pair)) {
			free(pair.name); /* the image's own */
			continue;
		}
		pair.value = mount_text(type,
		    volume ? name : text_of(mount, "Source"),
		    ak_json_bool(ak_json_get(mount, "RW"), true));
		pairs_add(pairs, pair.name, pair.value);
	}
	ak_json_each(item, ak_json_get(diff->host, "Tmpfs"))
		pairs_add(pairs, ak_strdup(ak_json_name(item)), NULL);
}

/* What was copied in need not be a mount. */
static void
forgive_copies(const struct pairs *wanted, struct pairs *found)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (wanted->items[i].value == NULL &&
		    !pairs_have(found, &wanted->items[i]))
			pairs_add(found, ak_strdup(wanted->items[i].name),
			    NULL);
}

void
drift_mounts(struct diff *diff)
{
	PAIRS struct pairs wanted = { 0 };
	PAIRS struct pairs found = { 0 };
	PAIRS struct pairs files = { 0 };

	if (ak_json_count(ak_json_get(diff->model, "volumes_from")) > 0)
		return;
	take_files(diff, "secrets", "/run/secrets/", &files);
	take_files(diff, "configs", "/", &files);
	take_volumes(diff, &wanted);
	take_mounts(diff, &wanted, &found);
	forgive_copies(&files, &found);
	for (size_t i = 0; i < files.count; i++)
		pairs_add(&wanted, ak_take(&files.items[i].name),
		    ak_take(&files.items[i].value));
	pairs_compare(diff, "volume", &wanted, &found);
}

/* A number, also one written as a string of bytes; absent is 0. */
static double
number_of(const struct ak_json *json)
{
	const char *text = ak_json_str(json);
	double number = text != NULL ? strtod(text, NULL)
				     : ak_json_number(json, 0);

	return number < 0 ? 0 : number; /* -1 is no limit */
}

/* One limit: in deploy.resources, else beside it; and in HostConfig. */
static const struct limit {
	const char *deploy;
	const char *plain;
	const char *host;
	const char *name;
	double factor;
} limits[] = {
	{ "limits.cpus", "cpus", "NanoCpus", "cpu limit", NANO },
	{ "limits.memory", "mem_limit", "Memory", "memory limit", 1 },
	{ "limits.pids", "pids_limit", "PidsLimit", "pids limit", 1 },
	{ "reservations.memory", "mem_reservation", "MemoryReservation",
	    "memory reservation", 1 },
};

void
drift_limits(struct diff *diff)
{
	const struct ak_json *resources = ak_json_at(diff->model,
	    "deploy.resources");

	for (size_t i = 0; i < AK_COUNT(limits); i++) {
		const struct limit *limit = &limits[i];
		double wanted = number_of(ak_json_at(resources, limit->deploy));
		double found = number_of(ak_json_get(diff->host, limit->host));

		if (wanted == 0)
			wanted = number_of(ak_json_get(diff->model,
			    limit->plain));
		/* Compose reads processors as a float of 24 bits. */
		if (fabs(wanted * limit->factor - found) >
		    (limit->factor > 1 ? found * 1e-6 : 0) + 0.5)
			drift_add(diff, "%s", limit->name);
	}
}

static const struct {
	const char *condition; /* of deploy.restart_policy */
	const char *policy;
} policies[] = {
	{ "none", "no" },
	{ "any", "always" },
};

/* "on-failure:3" as Compose makes it of either way to write it. */
static char *
restart_wanted(const struct ak_json *model)
{
	const struct ak_json *deploy = ak_json_at(model,
	    "deploy.restart_policy");
	const char *policy = text_of(model, "restart");
	const char *condition = text_of(deploy, "condition");
	int64_t tries = ak_json_int(ak_json_get(deploy, "max_attempts"), 0);

	if (*policy != '\0' || deploy == NULL)
		return ak_strdup(*policy != '\0' ? policy : "no");
	for (size_t i = 0; i < AK_COUNT(policies); i++)
		if (ak_streq(condition, policies[i].condition))
			condition = policies[i].policy;
	if (*condition == '\0')
		condition = "always";
	return tries > 0 ? ak_printf("%s:%lld", condition, (long long)tries)
			 : ak_strdup(condition);
}

void
drift_restart(struct diff *diff)
{
	const struct ak_json *policy = ak_json_get(diff->host, "RestartPolicy");
	const char *name = text_of(policy, "Name");
	int64_t tries = ak_json_int(ak_json_get(policy, "MaximumRetryCount"),
	    0);
	AK_FREE char *wanted = restart_wanted(diff->model);
	AK_FREE char *found = tries > 0
	    ? ak_printf("%s:%lld", name, (long long)tries)
	    : ak_strdup(*name != '\0' ? name : "no");

	if (!ak_streq(wanted, found))
		drift_add(diff, "restart policy");
}

/* Without logging in the model the daemon's own settings hold. */
void
drift_logging(struct diff *diff)
{
	const struct ak_json *wanted = ak_json_get(diff->model, "logging");
	const struct ak_json *found = ak_json_get(diff->host, "LogConfig");
	const struct ak_json *options = ak_json_get(found, "Config");
	const char *driver = text_of(wanted, "driver");
	bool same = *driver == '\0' || ak_streq(driver, text_of(found, "Type"));

	if (wanted == NULL)
		return;
	ak_json_each(option, ak_json_get(wanted, "options"))
		same = same &&
		    drift_same(ak_json_str(option),
			text_of(options, ak_json_name(option)));
	if (!same ||
	    ak_json_count(ak_json_get(wanted, "options")) !=
		ak_json_count(options))
		drift_add(diff, "logging");
}

static const struct {
	const char *model;
	const char *container;
} durations[] = {
	{ "interval", "Interval" },
	{ "timeout", "Timeout" },
	{ "start_period", "StartPeriod" },
	{ "start_interval", "StartInterval" },
};

static bool
check_fits(const struct ak_json *wanted, const struct ak_json *found)
{
	const struct ak_json *retries = ak_json_get(wanted, "retries");
	struct ak_err ignored = { 0 };

	for (size_t i = 0; i < AK_COUNT(durations); i++) {
		const char *text = ak_json_str(ak_json_get(wanted,
		    durations[i].model));
		double ns = ak_json_number(ak_json_get(found,
					       durations[i].container),
		    0);
		int64_t ms;

		if (text != NULL && ak_str_duration(text, &ms, &ignored) == 0 &&
		    (double)ms * (double)MS_NS != ns)
			return false;
	}
	return retries == NULL ||
	    ak_json_int(retries, 0) ==
	    ak_json_int(ak_json_get(found, "Retries"), 0);
}

static bool
test_fits(const struct ak_json *wanted, const struct ak_json *found)
{
	const struct ak_json *a = ak_json_first(wanted);
	const struct ak_json *b = ak_json_first(found);

	for (; a != NULL && b != NULL; a = ak_json_next(a), b = ak_json_next(b))
		if (!drift_same(ak_json_str(a), ak_json_str(b)))
			return false;
	return wanted == NULL || (a == NULL && b == NULL);
}

/* Without one in the model the image's own is used. */
void
drift_health(struct diff *diff)
{
	const struct ak_json *wanted = ak_json_get(diff->model, "healthcheck");
	const struct ak_json *found = ak_json_get(diff->config, "Healthcheck");
	const struct ak_json *test = ak_json_get(found, "Test");
	bool none = ak_streq(ak_json_str(ak_json_first(test)), "NONE");
	bool same;

	if (ak_json_bool(ak_json_get(wanted, "disable"), false))
		same = none;
	else if (wanted != NULL)
		same = test_fits(ak_json_get(wanted, "test"), test) &&
		    check_fits(wanted, found);
	else
		same = diff->image == NULL ||
		    test_fits(ak_json_at(diff->image, "Healthcheck.Test"),
			test);
	if (wanted == NULL && diff->image != NULL && found != NULL &&
	    ak_json_at(diff->image, "Healthcheck.Test") == NULL)
		same = false;
	if (!same)
		drift_add(diff, "health check");
}
