/*
 * drift_net - the networks of a container against the model.
 */
#include <string.h>

#include "tools/stack/drift.h"

/* The daemon's name of a network of the model. */
static const char *
network_name(const struct kit *kit, const char *key)
{
	const struct ak_json *network = ak_json_get(ak_json_get(kit->model,
							"networks"),
	    key);
	const char *name = ak_json_str(ak_json_get(network, "name"));

	return name != NULL ? name : key;
}

static bool
has_item(const struct ak_json *list, const char *text)
{
	ak_json_each(item, list)
		if (drift_same(text, ak_json_str(item)))
			return true;
	return false;
}

static bool
network_fits(const struct ak_json *wanted, const struct ak_json *found)
{
	const char *address = ak_json_str(ak_json_get(wanted, "ipv4_address"));

	if (found == NULL)
		return false;
	ak_json_each(alias, ak_json_get(wanted, "aliases"))
		if (!has_item(ak_json_get(found, "Aliases"),
			ak_json_str(alias)))
			return false;
	return address == NULL ||
	    ak_streq(address,
		ak_json_str(ak_json_at(found, "IPAMConfig.IPv4Address")));
}

static void
compare_mode(struct diff *diff, const char *mode)
{
	const char *has = ak_json_str(ak_json_get(diff->host, "NetworkMode"));
	bool shared = ak_starts(mode, "service:") ||
	    ak_starts(mode, "container:");

	if (shared ? has == NULL || !ak_starts(has, "container:")
		   : !ak_streq(mode, has))
		drift_add(diff, "network_mode");
}

/* The model's key of a network it names; else its name in the daemon. */
static bool
is_wanted(const struct diff *diff, const char *name)
{
	ak_json_each(item, ak_json_get(diff->model, "networks"))
		if (ak_streq(name, network_name(diff->kit, ak_json_name(item))))
			return true;
	return false;
}

/* Compose puts the project's name before the key. */
static const char *
short_name(const struct diff *diff, const char *name)
{
	size_t len = strlen(diff->kit->project);

	return ak_starts(name, diff->kit->project) && name[len] == '_'
	    ? name + len + 1
	    : name;
}

void
drift_networks(struct diff *diff)
{
	const struct ak_json *found = ak_json_at(diff->inspect,
	    "NetworkSettings.Networks");
	const char *mode = ak_json_str(ak_json_get(diff->model,
	    "network_mode"));

	if (mode != NULL) {
		compare_mode(diff, mode);
		return;
	}
	ak_json_each(item, ak_json_get(diff->model, "networks")) {
		const char *name = network_name(diff->kit, ak_json_name(item));

		if (!network_fits(item, ak_json_get(found, name)))
			drift_add(diff, "network %s", ak_json_name(item));
	}
	ak_json_each(item, found)
		if (!is_wanted(diff, ak_json_name(item)))
			drift_add(diff, "network %s",
			    short_name(diff, ak_json_name(item)));
}
