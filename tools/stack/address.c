/*
 * address - where a port of a container can be reached from here.
 *
 * First its own addresses on the container networks. Where the daemon is
 * rootless they lead nowhere, and the published port is what is left.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/stack/probe.h"

struct addresses {
	struct address *list;
	size_t count;
};

static void
add(struct addresses *to, const char *ip, int port, bool published)
{
	struct address *address = &to->list[to->count];

	if (to->count == ADDRESSES || ip == NULL || *ip == '\0' ||
	    strlen(ip) >= sizeof(address->ip))
		return;
	*address = (struct address){ .port = port, .published = published };
	memcpy(address->ip, ip, strlen(ip) + 1);
	to->count++;
}

static const char *
mode_of(const struct container *container)
{
	const char *mode = ak_json_str(ak_json_at(container->inspect,
	    "HostConfig.NetworkMode"));

	return mode != NULL ? mode : "";
}

/* The one whose network is shared: "container:ID". */
static const struct container *
owner_of(const struct container *container, const struct probe_target others[],
    size_t count)
{
	const char *mode = mode_of(container);

	if (!ak_starts(mode, "container:"))
		return container;
	mode += strlen("container:");
	for (size_t i = 0; i < count; i++)
		if (others[i].container != NULL &&
		    (ak_streq(others[i].container->id, mode) ||
			ak_streq(others[i].container->name, mode)))
			return others[i].container;
	return container;
}

static void
add_own(struct addresses *to, const struct container *container, int port)
{
	if (ak_streq(mode_of(container), "host"))
		add(to, "127.0.0.1", port, false);
	ak_json_each(network,
	    ak_json_at(container->inspect, "NetworkSettings.Networks")) {
		add(to, ak_json_str(ak_json_get(network, "IPAddress")), port,
		    false);
		add(to, ak_json_str(ak_json_get(network, "GlobalIPv6Address")),
		    port, false);
	}
}

static int
port_of(const char *text)
{
	long port = text != NULL ? strtol(text, NULL, 10) : 0;

	return port > 0 && port < 65536 ? (int)port : 0;
}

static void
add_published(struct addresses *to, const struct container *container, int port)
{
	const struct ak_json *ports = ak_json_at(container->inspect,
	    "NetworkSettings.Ports");
	char key[16];

	snprintf(key, sizeof(key), "%d/tcp", port);
	ak_json_each(bound, ak_json_get(ports, key)) {
		const char *ip = ak_json_str(ak_json_get(bound, "HostIp"));
		int there = port_of(ak_json_str(ak_json_get(bound,
		    "HostPort")));

		if (ak_streq(ip, "0.0.0.0") || ak_streq(ip, ""))
			ip = "127.0.0.1";
		else if (ak_streq(ip, "::"))
			ip = "::1";
		if (there != 0)
			add(to, ip, there, true);
	}
}

size_t
address_list(const struct container *container, int port,
    const struct probe_target others[], size_t count,
    struct address list[ADDRESSES])
{
	const struct container *owner = owner_of(container, others, count);
	struct addresses to = { list, 0 };

	add_own(&to, owner, port);
	add_published(&to, owner, port);
	return to.count;
}

/* What an image merely exposes it need not serve in this container. */
int
address_port(const struct container *container)
{
	ak_json_each(port,
	    ak_json_at(container->inspect, "NetworkSettings.Ports"))
		if (ak_ends(ak_json_name(port), "/tcp") &&
		    ak_json_count(port) > 0)
			return port_of(ak_json_name(port));
	return 0;
}
