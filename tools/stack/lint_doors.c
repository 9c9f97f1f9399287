/*
 * lint_doors - what a service opens, and to whom: ports, the Docker socket,
 * privileges, secrets where others can read them.
 */
#include <ctype.h>
#include <string.h>

#include "tools/stack/lint.h"

static bool
is_loopback(const char *address)
{
	return address != NULL &&
	    (ak_starts(address, "127.") || strcmp(address, "::1") == 0);
}

void
lint_ports(const struct kit *kit AK_UNUSED, const struct service *service,
    struct ak_buf *evidence)
{
	if (service_flag(service, "aikit.edge"))
		return;
	ak_json_each(port, ak_json_get(service->json, "ports")) {
		AK_FREE char *text = NULL;

		if (is_loopback(ak_json_str(ak_json_get(port, "host_ip"))))
			continue;
		text = port_text(port);
		lint_add(evidence, "%s is open to every network", text);
	}
}

/* Two choices of a one-of never run together. */
static bool
are_choices(const struct kit *kit, const struct service *a,
    const struct service *b)
{
	ak_json_each(choice, ak_json_get(kit->x, "one-of")) {
		const char *of_a = NULL, *of_b = NULL;

		ak_json_each(item, choice) {
			const char *profile = ak_json_str(item);

			if (profile != NULL && service_in_profile(a, profile))
				of_a = profile;
			if (profile != NULL && service_in_profile(b, profile))
				of_b = profile;
		}
		if (of_a != NULL && of_b != NULL && !ak_streq(of_a, of_b))
			return true;
	}
	return false;
}

/* Elsewhere profiles that differ are how people write alternatives. */
static bool
are_apart(const struct kit *kit, const struct service *a,
    const struct service *b)
{
	if (lint_is_kit(kit))
		return are_choices(kit, a, b);
	for (size_t i = 0; i < a->profile_count; i++)
		if (service_in_profile(b, a->profiles[i]))
			return false;
	return a->profile_count > 0 && b->profile_count > 0;
}

static bool
is_any(const char *address)
{
	return address == NULL || *address == '\0' ||
	    strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0;
}

static bool
same_port(const struct ak_json *a, const struct ak_json *b)
{
	const char *port = ak_json_str(ak_json_get(a, "published"));
	const char *ip_a = ak_json_str(ak_json_get(a, "host_ip"));
	const char *ip_b = ak_json_str(ak_json_get(b, "host_ip"));

	return port != NULL &&
	    ak_streq(port, ak_json_str(ak_json_get(b, "published"))) &&
	    ak_streq(ak_json_str(ak_json_get(a, "protocol")),
		ak_json_str(ak_json_get(b, "protocol"))) &&
	    (is_any(ip_a) || is_any(ip_b) || ak_streq(ip_a, ip_b));
}

static void
compare_ports(const struct service *service, const struct service *other,
    struct ak_buf *evidence)
{
	ak_json_each(port, ak_json_get(service->json, "ports"))
		ak_json_each(theirs, ak_json_get(other->json, "ports"))
			if (same_port(port, theirs))
				lint_add(evidence,
				    "port %s is also published by %s",
				    ak_json_str(ak_json_get(port, "published")),
				    other->name);
}

/* Told once a pair, of the second. */
void
lint_port_twice(const struct kit *kit, const struct service *service,
    struct ak_buf *evidence)
{
	for (const struct service *other = kit->services; other < service;
	     other++)
		if (!are_apart(kit, service, other))
			compare_ports(service, other, evidence);
}

/* Only root and the group docker may use the socket. */
static bool
is_root(const struct service *service)
{
	const char *user = ak_json_str(ak_json_get(service->json, "user"));

	return user == NULL || *user == '\0' || ak_starts(user, "root") ||
	    (*user == '0' && strspn(user, "0") == strcspn(user, ":"));
}

/* To root, a folder that holds the socket is as good as the socket. */
static const char *
socket_source(const struct service *service)
{
	static const char *const folders[] = { "/", "/run", "/var/run",
		"/var" };

	ak_json_each(item, ak_json_get(service->json, "volumes")) {
		const char *source = ak_json_str(ak_json_get(item, "source"));

		if (source == NULL ||
		    !ak_streq(ak_json_str(ak_json_get(item, "type")), "bind"))
			continue;
		if (ak_ends(source, "/docker.sock") ||
		    ak_ends(source, "/containerd.sock") ||
		    ak_ends(source, "/podman.sock"))
			return source;
		for (size_t i = 0; is_root(service) && i < AK_COUNT(folders);
		     i++)
			if (strcmp(source, folders[i]) == 0)
				return source;
	}
	return NULL;
}

void
lint_socket(const struct kit *kit AK_UNUSED, const struct service *service,
    struct ak_buf *evidence)
{
	const char *source = socket_source(service);
	const char *reason = service_label(service, "aikit.socket");

	if (source == NULL)
		return;
	if (reason == NULL || *reason == '\0')
		lint_add(evidence, "it sees the Docker socket: mount %s",
		    source);
	else if (ak_json_count(ak_json_get(service->json, "ports")) > 0)
		lint_add(evidence,
		    "it sees the Docker socket (%s) and "
		    "publishes a port",
		    source);
	else if (ak_json_get(ak_json_get(service->json, "networks"), "edge"))
		lint_add(evidence,
		    "it sees the Docker socket (%s) and is on "
		    "network edge",
		    source);
}

void
lint_privileged(const struct kit *kit AK_UNUSED, const struct service *service,
    struct ak_buf *evidence)
{
	const char *reason = service_label(service, "aikit.privileged");

	if (ak_json_bool(ak_json_get(service->json, "privileged"), false) &&
	    (reason == NULL || *reason == '\0'))
		lint_add(evidence, "it is privileged: root of this machine");
}

void
lint_host_network(const struct kit *kit AK_UNUSED,
    const struct service *service, struct ak_buf *evidence)
{
	if (ak_streq(ak_json_str(ak_json_get(service->json, "network_mode")),
		"host"))
		lint_add(evidence, "it uses the network of this machine");
}

/* Words of a name that say its value is one to keep. */
static const char *const secret_words[] = { "PASSWORD", "PASSWD", "SECRET",
	"TOKEN", "APIKEY", "KEY", "CREDENTIAL" };

/*
 * One of them as a whole part of NAME, between underscores. KEY alone is too
 * common a word (KEY_PREFIX): it has to be the last.
 */
static bool
names_secret(const char *name)
{
	for (size_t i = 0; i < AK_COUNT(secret_words); i++) {
		const char *word = secret_words[i];
		size_t len = strlen(word);

		for (const char *p = name; (p = strcasestr(p, word)); p++) {
			bool begins = p == name || p[-1] == '_' ||
			    strcmp(word, "KEY") != 0;
			bool last = p[len] == '\0';

			if (begins &&
			    (last ||
				(p[len] == '_' && strcmp(word, "KEY") != 0)))
				return true;
		}
	}
	return false;
}

/* Neither a path, nor an address, nor empty, nor a number or a switch. */
static bool
is_literal(const char *name, const char *value)
{
	size_t len = strlen(name);

	return *value != '\0' && *value != '/' && !strstr(value, "://") &&
	    strcasecmp(value, "true") != 0 && strcasecmp(value, "false") != 0 &&
	    !ak_ends(name, "_FILE") && !ak_ends(name, "_PATH") &&
	    !(len > 5 && strcasecmp(name + len - 5, "_NAME") == 0) &&
	    value[strspn(value, "0123456789")] != '\0';
}

/* scheme://user:password@host */
static bool
url_has_password(const char *value)
{
	const char *host = strstr(value, "://");
	const char *at, *colon;

	if (host == NULL)
		return false;
	host += 3;
	at = memchr(host, '@', strcspn(host, "/ "));
	colon = at == NULL ? NULL : memchr(host, ':', (size_t)(at - host));
	return colon != NULL && colon + 1 < at;
}

/* The value is never shown. */
void
lint_secret_environment(const struct kit *kit AK_UNUSED,
    const struct service *service, struct ak_buf *evidence)
{
	ak_json_each(item, ak_json_get(service->json, "environment")) {
		const char *name = ak_json_name(item);
		const char *value = ak_json_str(item);

		if (name == NULL || value == NULL)
			continue;
		if (names_secret(name) && is_literal(name, value))
			lint_add(evidence,
			    "%s has its value in the compose "
			    "file or .env",
			    name);
		else if (url_has_password(value))
			lint_add(evidence, "%s is a URL with a password in it",
			    name);
	}
}

static void
secret_words_in(const struct ak_json *words, struct ak_buf *evidence)
{
	static const char *const options[] = { "--requirepass", "--password",
		"--masterauth", "--api-key", "--token", "--secret" };

	ak_json_each(item, words) {
		const char *word = ak_json_str(item);
		const char *next = ak_json_str(ak_json_next(item));

		for (size_t i = 0; word && i < AK_COUNT(options); i++) {
			size_t len = strlen(options[i]);
			const char *value = next;

			if (!ak_starts(word, options[i]))
				continue;
			if (word[len] == '=')
				value = word + len + 1;
			else if (word[len] != '\0')
				continue;
			if (value != NULL && *value != '\0' &&
			    strchr("/-$", *value) == NULL)
				lint_add(evidence, "option %s with its value",
				    options[i]);
		}
	}
}

void
lint_secret_command(const struct kit *kit AK_UNUSED,
    const struct service *service, struct ak_buf *evidence)
{
	secret_words_in(ak_json_get(service->json, "command"), evidence);
	secret_words_in(ak_json_get(service->json, "entrypoint"), evidence);
}
