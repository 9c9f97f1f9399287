/*
 * drift_net - the networks of a container against the model.
 */
#include "tools/stack/drift.h"

/* The daemon's name of a network of the model. */
static const char *
network_name(const struct kit *kit, const char *key)
{
	const struct ak_json *network = ak_json_get(
	    ak_json_get(kit->model, "networks"), key);
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

void
drift_networks(struct diff *diff)
{
	const struct ak_json *wanted = ak_json_get(diff->model, "networks");
	const struct ak_json *found = ak_json_at(diff->inspect,
	    "NetworkSettings.Networks");
	const char *mode = ak_json_str(
	    ak_json_get(diff->model, "network_mode"));
	size_t known = 0;

	if (mode != NULL) {
		compare_mode(diff, mode);
		return;
	}
	ak_json_each(item, wanted) {
		const char *name = network_name(diff->kit, ak_json_name(item));
		const struct ak_json *has = ak_json_get(found, name);

		known += has != NULL;
		if (!network_fits(item, has))
			drift_add(diff, "network %s", ak_json_name(item));
	}
	if (known != ak_json_count(found))
		drift_add(diff, "networks");
}
