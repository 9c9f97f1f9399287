/*
 * drift - containers as they were recorded against the model they were made
 * from, and against models in which one setting is another.
 *
 * tests/golden/drift/ holds docker compose config, the inspected containers
 * and their images, of Compose 2.26 and Docker 20.10.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "tests/unit/tap.h"
#include "tools/stack/stack.h"

struct stack_options stack_options;

#define GOLDEN "tests/golden/drift/"

static const struct {
	const char *service;
	const char *from, *to; /* in the text of the model */
	const char *drift;     /* joined by ", " */
} changes[] = {
	{ "envs", "\"PLAIN\": \"1\"", "\"PLAIN\": \"2\"", "environment PLAIN" },
	{ "envs", "\"EMPTY\": \"\"", "\"EMPTY\": \"x\"", "environment EMPTY" },
	{ "envs", "\"NUM\": \"5\",", "", "environment NUM" },
	{ "envs", "\"NUM\": \"5\"", "\"NUM\": \"5\", \"NEW\": \"1\"",
	    "environment NEW" },
	{ "envs", "\"WITH_DOLLAR\": \"a$$b\"", "\"WITH_DOLLAR\": \"a$$$$b\"",
	    "environment WITH_DOLLAR" },
	{ "envs", "\"INHERITED\": null", "\"INHERITED\": \"yes\"",
	    "environment INHERITED" },
	{ "envs", "echo $$1", "echo $$2", "command" },
	{ "envs", "\"hosty\"", "\"hostz\"", "hostname" },
	{ "envs", "\"init\": true", "\"init\": false", "init" },
	{ "vols", "\"target\": \"/data\"", "\"target\": \"/other\"",
	    "volume /other, volume /data" },
	{ "vols", "\"source\": \"/srv/kit/conf\"",
	    "\"source\": \"/srv/kit/conf2\"", "volume /conf" },
	{ "vols", "\"source\": \"/srv/kit/conf\"",
	    "\"source\": \"/srv/kit/conf/\"", "" },
	{ "vols", "\"name\": \"kit_data\"", "\"name\": \"mine\"",
	    "volume /data, volume /data2" },
	{ "vols", "\"/run/x\"", "\"/run/y\"", "volume /run/y, volume /run/x" },
	{ "vols", "\"file\": \"/srv/kit/sec.txt\"",
	    "\"file\": \"/srv/kit/sec2.txt\"", "volume /run/secrets/sec" },
	{ "vols", "\"read_only\": true,\n      \"secrets\"",
	    "\"read_only\": false,\n      \"secrets\"", "read_only" },
	{ "vols", "\"shm_size\": \"33554432\"", "\"shm_size\": \"67108864\"",
	    "shm_size" },
	{ "ports", "\"published\": \"28080\"", "\"published\": \"28099\"",
	    "port 80/tcp" },
	{ "ports", "\"target\": 82", "\"target\": 83",
	    "port 83/tcp, port 82/tcp" },
	{ "ports", "\"protocol\": \"udp\"", "\"protocol\": \"tcp\"",
	    "port 81/tcp, port 81/udp" },
	{ "ports", "\"portal\"", "\"gate\"", "network front" },
	{ "ports", "\"back\": {},\n        \"front\"", "\"front\"",
	    "network kit-real-back" },
	{ "ports", "\"back\": {},\n        \"front\"",
	    "\"back\": {}, \"side\": {}, \"front\"", "network side" },
	{ "ports", "\"1.1.1.1\"", "\"8.8.8.8\"", "dns" },
	{ "limits", "\"cpus\": 0.35", "\"cpus\": 0.4", "cpu limit" },
	{ "limits", "\"memory\": \"50331648\"", "\"memory\": \"50331649\"",
	    "memory limit" },
	{ "limits", "\"pids\": 100", "\"pids\": 101", "pids limit" },
	{ "limits", "\"memory\": \"16777216\"", "\"memory\": \"1\"",
	    "memory reservation" },
	{ "limits", "\"max_attempts\": 4", "\"max_attempts\": 5",
	    "restart policy" },
	{ "limits", "\"condition\": \"on-failure\"", "\"condition\": \"any\"",
	    "restart policy" },
	{ "limits", "\"SIGINT\"", "\"SIGQUIT\"", "stop_signal" },
	{ "limits", "\"CHOWN\"", "\"KILL\"", "cap_add" },
	{ "limits", "\"soft\": 1000", "\"soft\": 1001", "ulimits" },
	{ "limits", "\"net.core.somaxconn\": \"1024\"",
	    "\"net.core.somaxconn\": \"1\"", "sysctls" },
	{ "limits", "\"tty\": true", "\"tty\": false", "tty" },
	{ "limits2", "\"mem_limit\": \"67108864\"", "\"mem_limit\": \"1\"",
	    "memory limit" },
	{ "limits2", "\"cpus\": 0.7", "\"cpus\": 0.70000001", "" },
	{ "limits2", "\"on-failure:3\"", "\"unless-stopped\"",
	    "restart policy" },
	{ "limits2", "\"n\": \"5\"", "\"n\": \"6\"", "label n" },
	{ "limits2", ",\n        \"n\": \"5\"", "", "label n" },
	{ "limits2", "\"disable\": true", "\"test\": [\"CMD\", \"x\"]",
	    "health check" },
	{ "limits2", "\"tag\": \"app.x\"", "\"tag\": \"app.y\"", "logging" },
	{ "builtover", "\"interval\": \"1m30s\"", "\"interval\": \"90s\"", "" },
	{ "builtover", "\"interval\": \"1m30s\"", "\"interval\": \"91s\"",
	    "health check" },
	{ "builtover", "\"retries\": 5", "\"retries\": 6", "health check" },
	{ "builtover", "\"user\": \"0:0\"", "\"user\": \"1\"", "user" },
	{ "builtover", "\"user\": \"0:0\",", "", "user" },
	{ "builtover", "\"entrypoint\": [\n        \"/bin/sh\"",
	    "\"entrypoint\": [\n        \"/bin/bash\"", "entrypoint" },
	{ "sidecar", "\"network_mode\": \"service:envs\"",
	    "\"network_mode\": \"host\"", "network_mode" },
};

static char *
golden(const char *name)
{
	AK_FREE char *path = ak_printf(GOLDEN "%s", name);
	AK_BUF struct ak_buf text = { 0 };
	struct ak_err err = { 0 };

	if (ak_file_read(AT_FDCWD, path, 1 << 20, &text, &err) == -1)
		ok(false, "%s", err.text);
	return ak_buf_take(&text);
}

static struct ak_json *
parse(const char *text)
{
	struct ak_json *json = NULL;
	struct ak_err err = { 0 };

	if (ak_json_parse(&json, text, strlen(text), &err) == -1)
		ok(false, "%s", err.text);
	return json;
}

/* The container of a service, or its image, in a list of JSON. */
static const struct ak_json *
inspect_of(const struct ak_json *list, const char *service)
{
	ak_json_each(item, list) {
		const char *name = ak_json_str(ak_json_get(ak_json_at(item,
							       "Config.Labels"),
		    "com.docker.compose.service"));

		if (ak_streq(name, service))
			return item;
	}
	return NULL;
}

static struct image
image_of(const struct ak_json *list, const struct ak_json *inspect)
{
	const char *id = ak_json_str(ak_json_get(inspect, "Image"));

	ak_json_each(item, list)
		if (ak_streq(ak_json_str(ak_json_get(item, "Id")), id))
			return (struct image){ .present = true,
				.id = ak_strdup(id),
				.inspect = (struct ak_json *)(void *)item };
	return (struct image){ 0 };
}

/* What differs, joined by ", ". */
static char *
drift_of(const char *model_text, const char *service_name,
    const struct ak_json *inspects, const struct ak_json *images)
{
	AK_JSON struct ak_json *model = parse(model_text);
	struct kit kit = { .model = model, .project = (char[]){ "kit" } };
	struct service service = { .name = service_name,
		.json = ak_json_get(ak_json_get(model, "services"),
		    service_name) };
	const struct ak_json *inspect = inspect_of(inspects, service_name);
	struct image image = image_of(images, inspect);
	struct container container = {
		.inspect = (struct ak_json *)(void *)inspect,
		.hash = "recorded",
	};
	AK_BUF struct ak_buf text = { 0 };
	struct drift drift;

	drift_find(&kit, &service, &container, &image, &drift);
	for (size_t i = 0; i < drift.count; i++)
		ak_buf_printf(&text, "%s%s", i > 0 ? ", " : "", drift.items[i]);
	drift_free(&drift);
	free(image.id);
	return ak_buf_take(&text);
}

static char *
replace(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	if (at == NULL) {
		ok(false, "not in the model: %s", from);
		return ak_strdup(text);
	}
	return ak_printf("%.*s%s%s", (int)(at - text), text, to,
	    at + strlen(from));
}

/* The replacement is made within the service, not in another before it. */
static char *
change(const char *model, const char *service, const char *from, const char *to)
{
	AK_FREE char *key = ak_printf("\n    \"%s\": {", service);
	const char *begin = strstr(model, key);
	AK_FREE char *rest = NULL;

	if (begin == NULL || strstr(begin, from) == NULL)
		return replace(model, from, to);
	rest = replace(begin, from, to);
	return ak_printf("%.*s%s", (int)(begin - model), model, rest);
}

/* What is beside the settings: the image behind the tag, and the hash. */
static void
test_image_and_hash(const char *model, const struct ak_json *inspects)
{
	AK_JSON struct ak_json *parsed = parse(model);
	AK_JSON struct ak_json *hashes = parse("{\"envs\":\"h2\"}");
	struct kit kit = {
		.model = parsed, .project = (char[]){ "kit" }, .hashes = hashes
	};
	struct service service = { .name = "envs",
		.json = ak_json_at(parsed, "services.envs") };
	struct image image = { .present = true, .id = (char[]){ "sha256:2" } };
	struct container container = {
		.inspect = (struct ak_json *)(void *)inspect_of(inspects,
		    "envs"),
		.hash = "h2",
	};
	struct drift drift;

	drift_find(&kit, &service, &container, &image, &drift);
	ok(drift.count == 1 && ak_streq(drift.items[0], "image"),
	    "another image behind the tag");
	ok(!drift.hash_differs, "the hash is the same");
	drift_free(&drift);
	container.hash = "h1";
	image.present = false;
	drift_find(&kit, &service, &container, &image, &drift);
	ok(drift.count == 0 && drift.hash_differs,
	    "another hash, of a setting without a name here");
	drift_free(&drift);
}

int
main(void)
{
	AK_FREE char *model = golden("model.json");
	AK_FREE char *inspects_text = golden("inspect.json");
	AK_FREE char *images_text = golden("images.json");
	AK_JSON struct ak_json *inspects = parse(inspects_text);
	AK_JSON struct ak_json *images = parse(images_text);
	AK_JSON struct ak_json *parsed = parse(model);

	ak_json_each(service, ak_json_get(parsed, "services")) {
		const char *name = ak_json_name(service);
		AK_FREE char *drift = drift_of(model, name, inspects, images);

		is_str(drift, "", "%s: as it was started", name);
	}
	for (size_t i = 0; i < AK_COUNT(changes); i++) {
		AK_FREE char *other = change(model, changes[i].service,
		    changes[i].from, changes[i].to);
		AK_FREE char *drift = drift_of(other, changes[i].service,
		    inspects, images);

		is_str(drift, changes[i].drift, "%s: %s", changes[i].service,
		    *changes[i].to != '\0' ? changes[i].to : changes[i].from);
	}
	test_image_and_hash(model, inspects);
	return done_testing();
}
