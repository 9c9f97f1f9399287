/*
 * machine - has it what the chosen services need?
 *
 * Ports, disk, memory, accelerator, and a daemon of a version that will do.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "tools/stack/findings.h"

/* Debian 12's; older ones lack what health checks and cgroup v2 need. */
enum { DOCKER_MAJOR = 20, DOCKER_MINOR = 10 };

/* Where it gets narrow: a database that cannot write stops. */
enum { DISK_FREE_PERCENT = 10 };
static const int64_t disk_free_least = INT64_C(2) << 30;

/* The first two numbers of a version; false when it has none. */
static bool
parse_version(const char *text, long *major, long *minor)
{
	char *end;

	*major = strtol(text, &end, 10);
	if (end == text || *end != '.')
		return false;
	*minor = strtol(end + 1, NULL, 10);
	return true;
}

void
machine_docker(const struct machine *m)
{
	const char *version = ak_json_str(ak_json_get(m->info,
	    "ServerVersion"));
	struct ak_err err = { 0 };
	AK_FREE char *compose = compose_version(&err);
	long major, minor;

	if (version == NULL || !parse_version(version, &major, &minor))
		findings_add(m->findings, "docker-version", SEV_NOTE, "docker",
		    NULL, "the daemon does not tell its version");
	else if (major < DOCKER_MAJOR ||
	    (major == DOCKER_MAJOR && minor < DOCKER_MINOR))
		findings_add(m->findings, "docker-version", SEV_ERROR, "docker",
		    "install docker.io of Debian 12 or later",
		    "Docker %s is too old: %d.%d is needed", version,
		    DOCKER_MAJOR, DOCKER_MINOR);
	else
		findings_add(m->findings, "docker-version", SEV_OK, "docker",
		    NULL, "Docker %s, Compose %s", version,
		    compose != NULL ? compose : "of an unknown version");
}

/* A port that a container of this very project publishes is its own. */
static bool
is_ours(const struct containers *containers, const char *published)
{
	for (size_t i = 0; i < containers->count; i++) {
		const struct container *c = &containers->items[i];
		const struct ak_json *ports = ak_json_at(c->inspect,
		    "NetworkSettings.Ports");

		ak_json_each(port, ports)
			ak_json_each(binding, port)
				if (ak_streq(ak_json_str(ak_json_get(binding,
						 "HostPort")),
					published))
					return true;
	}
	return false;
}

static void
check_port(const struct machine *m, const struct service *service,
    const struct ak_json *port, size_t *count)
{
	const char *address = ak_json_str(ak_json_get(port, "host_ip"));
	const char *published = ak_json_str(ak_json_get(port, "published"));
	AK_FREE char *who = NULL;
	struct ak_err ignored = { 0 };
	int64_t number;

	if (published == NULL ||
	    ak_str_int(published, 1, 65535, &number, &ignored) == -1 ||
	    !ak_streq(ak_json_str(ak_json_get(port, "protocol")), "tcp"))
		return;
	++*count;
	if (is_ours(&m->containers, published))
		return;
	if (host_port_holder(address, (int)number, &who) == 1)
		findings_add(m->findings, "port-taken", SEV_ERROR,
		    service->name,
		    "stop it, or choose another port in local.ini",
		    "port %s is taken by %s", published, who);
}

void
machine_ports(const struct machine *m)
{
	size_t bad = findings_bad(m->findings), count = 0;

	for (size_t i = 0; i < m->selection->count; i++) {
		const struct service *s = m->selection->picks[i].service;

		ak_json_each(port, ak_json_get(s->json, "ports"))
			check_port(m, s, port, &count);
	}
	if (findings_bad(m->findings) == bad)
		findings_add(m->findings, "port-taken", SEV_OK, "ports", NULL,
		    "%zu free, or our own", count);
}

/* Of images that are not here, each once, by the kit's own estimate. */
static int64_t
disk_needed(const struct machine *m, size_t *unknown)
{
	const struct selection *all = m->selection;
	int64_t sum = 0;

	for (size_t i = 0; i < all->count; i++) {
		const struct service *s = all->picks[i].service;
		const char *label = service_label(s, "aikit.disk");
		struct ak_err ignored = { 0 };
		int64_t bytes;
		size_t k = 0;

		while (!ak_streq(all->picks[k].service->image, s->image))
			k++;
		if (m->images[i].present || k < i)
			continue;
		if (label == NULL || ak_str_size(label, &bytes, &ignored) == -1)
			++*unknown;
		else
			sum += bytes;
	}
	return sum;
}

static enum severity
judge_disk(int64_t needed, int64_t free_bytes, int64_t size)
{
	if (needed > free_bytes)
		return SEV_ERROR;
	return free_bytes - needed < disk_free_least ||
		free_bytes - needed < size / 100 * DISK_FREE_PERCENT
	    ? SEV_WARNING
	    : SEV_OK;
}

void
machine_disk(const struct machine *m)
{
	const char *root = ak_json_str(ak_json_get(m->info, "DockerRootDir"));
	AK_BUF struct ak_buf text = { 0 };
	int64_t needed, free_bytes, size;
	struct ak_err err = { 0 };
	size_t unknown = 0;
	enum severity severity;

	if (root == NULL || host_disk(root, &free_bytes, &size, &err) == -1) {
		findings_add(m->findings, "disk", SEV_NOTE,
		    root != NULL ? root : "docker", NULL, "not checked: %s",
		    root != NULL ? err.text : "the daemon names no directory");
		return;
	}
	needed = m->images != NULL ? disk_needed(m, &unknown) : 0;
	severity = judge_disk(needed, free_bytes, size);
	ak_str_from_size(&text, free_bytes);
	ak_buf_str(&text, " free of ");
	ak_str_from_size(&text, size);
	if (needed > 0) {
		ak_buf_str(&text, ", images that are not here need ");
		ak_str_from_size(&text, needed);
	}
	if (unknown > 0)
		ak_buf_printf(&text, ", %zu more of unknown size", unknown);
	findings_add(m->findings, "disk", severity, root,
	    severity == SEV_OK ? NULL : "docker system df, and make room", "%s",
	    ak_buf_text(&text));
}

/* Compose gives a limit in bytes, as a string. */
static int64_t
memory_limit(const struct service *service)
{
	const char *limit = ak_json_str(ak_json_at(service->json,
	    "deploy.resources.limits.memory"));
	struct ak_err ignored = { 0 };
	int64_t bytes = 0;

	if (limit == NULL)
		limit = ak_json_str(ak_json_get(service->json, "mem_limit"));
	if (limit == NULL || ak_str_size(limit, &bytes, &ignored) == -1)
		return 0;
	return bytes;
}

void
machine_memory(const struct machine *m)
{
	int64_t all = ak_json_int(ak_json_get(m->info, "MemTotal"), 0);
	AK_BUF struct ak_buf text = { 0 };
	int64_t sum = 0;

	if (all == 0)
		all = host_memory();
	/* A one-shot has ended before the others need their share. */
	for (size_t i = 0; i < m->selection->count; i++)
		if (!m->selection->picks[i].service->one_shot)
			sum += memory_limit(m->selection->picks[i].service);
	ak_buf_str(&text, "limits of ");
	ak_str_from_size(&text, sum);
	ak_buf_str(&text, " on a machine of ");
	ak_str_from_size(&text, all);
	findings_add(m->findings, "memory", sum > all ? SEV_WARNING : SEV_OK,
	    "memory",
	    sum > all ? "start fewer services, or lower their *_MEMORY" : NULL,
	    "%s", ak_buf_text(&text));
}

static bool
wants_nvidia(const struct service *service)
{
	const struct ak_json *devices = ak_json_at(service->json,
	    "deploy.resources.reservations.devices");

	ak_json_each(device, devices)
		if (ak_streq(ak_json_str(ak_json_get(device, "driver")),
			"nvidia"))
			return true;
	return ak_streq(ak_json_str(ak_json_get(service->json, "runtime")),
	    "nvidia");
}

static bool
wants_amd(const struct service *service)
{
	ak_json_each(device, ak_json_get(service->json, "devices")) {
		const char *source = ak_json_str(device);

		if (source == NULL)
			source = ak_json_str(ak_json_get(device, "source"));
		if (source != NULL && ak_starts(source, "/dev/kfd"))
			return true;
	}
	return false;
}

static void
check_gpu(const struct machine *m, const struct service *service,
    const char *have)
{
	bool nvidia = wants_nvidia(service), amd = wants_amd(service);

	if (nvidia && !ak_streq(have, "gpu-nvidia"))
		findings_add(m->findings, "accelerator", SEV_ERROR,
		    service->name, "name another, such as cpu",
		    "needs an NVIDIA GPU: /dev/nvidiactl is missing");
	else if (nvidia && ak_json_at(m->info, "Runtimes.nvidia") == NULL)
		findings_add(m->findings, "accelerator", SEV_ERROR,
		    service->name,
		    "install nvidia-container-toolkit, then nvidia-ctk "
		    "runtime configure --runtime=docker",
		    "Docker has no runtime nvidia");
	if (amd && !ak_streq(have, "gpu-amd"))
		findings_add(m->findings, "accelerator", SEV_ERROR,
		    service->name, "name another, such as cpu",
		    "needs an AMD GPU: /dev/kfd or /dev/dri is missing");
}

void
machine_accelerator(const struct machine *m)
{
	const char *have = host_accelerator();
	const char *chosen = m->selection->accelerator;
	size_t bad = findings_bad(m->findings);

	for (size_t i = 0; i < m->selection->count; i++)
		check_gpu(m, m->selection->picks[i].service, have);
	if (findings_bad(m->findings) != bad || chosen == NULL)
		return;
	if (ak_streq(chosen, "cpu") && !ak_streq(have, "cpu"))
		findings_add(m->findings, "accelerator", SEV_NOTE, chosen, NULL,
		    "the CPU is chosen, and there is a %s", have);
	else
		findings_add(m->findings, "accelerator", SEV_OK, chosen, NULL,
		    "it is there");
}
