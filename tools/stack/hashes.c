/*
 * hashes - the hash that Compose gives to the configuration of a service.
 *
 * Compose keeps it as a label of the container and recreates what has another.
 * Some versions count depends_on in, as it was after services that were not
 * asked for had been left out; that is no reason to recreate anything. Which
 * dependencies were counted is another label, so the model is hashed with just
 * those. It is the rendered model that is hashed: up does so once env_file has
 * become environment, config --hash of the files before.
 */
#include <string.h>

#include "lib/crypt.h"
#include "tools/stack/model.h"

#define SEEN "com.docker.compose.depends_on"

/* "NAME HASH" a line becomes an object. */
static void
hashes_to_json(const char *lines, struct ak_buf *json)
{
	const char *comma = "";

	ak_buf_char(json, '{');
	while (*lines != '\0') {
		size_t name = strcspn(lines, " \n");
		size_t skip = strspn(lines + name, " ");
		const char *hash = lines + name + skip;
		size_t len = strcspn(hash, "\n");

		if (name > 0 && len > 0) {
			ak_buf_str(json, comma);
			ak_json_quote(json, lines, name);
			ak_buf_char(json, ':');
			ak_json_quote(json, hash, len);
			comma = ",";
		}
		lines = hash + len + (hash[len] == '\n');
	}
	ak_buf_char(json, '}');
}

/* In a label "NAME:CONDITION:RESTART,...". */
static bool
seen_has(const char *seen, const char *name)
{
	size_t len = strlen(name);

	while (*seen != '\0') {
		if (strncmp(seen, name, len) == 0 && seen[len] == ':')
			return true;
		seen += strcspn(seen, ",");
		seen += *seen == ',';
	}
	return false;
}

static void
print_key(struct ak_buf *buf, const char **comma, const char *key)
{
	ak_buf_str(buf, *comma);
	ak_json_quote(buf, key, strlen(key));
	ak_buf_char(buf, ':');
	*comma = ",";
}

static void
print_depends(struct ak_buf *buf, const struct ak_json *depends,
    const char *seen)
{
	const char *comma = "";

	ak_buf_char(buf, '{');
	ak_json_each(need, depends) {
		if (!seen_has(seen, ak_json_name(need)))
			continue;
		print_key(buf, &comma, ak_json_name(need));
		ak_json_print(need, buf);
	}
	ak_buf_char(buf, '}');
}

/* A service as it was when its container was made. */
static void
print_service(struct ak_buf *buf, const struct ak_json *service,
    const struct container *container)
{
	const struct ak_json *labels = container == NULL
	    ? NULL
	    : ak_json_at(container->inspect, "Config.Labels");
	const char *seen = ak_json_str(ak_json_get(labels, SEEN));
	const char *comma = "";

	ak_buf_char(buf, '{');
	ak_json_each(item, service) {
		print_key(buf, &comma, ak_json_name(item));
		if (seen != NULL && ak_streq(ak_json_name(item), "depends_on"))
			print_depends(buf, item, seen);
		else
			ak_json_print(item, buf);
	}
	ak_buf_char(buf, '}');
}

static void
print_model(struct ak_buf *buf, const struct kit *kit,
    const struct containers *containers)
{
	const char *comma = "", *inner = "";

	ak_buf_char(buf, '{');
	ak_json_each(part, kit->model) {
		print_key(buf, &comma, ak_json_name(part));
		if (!ak_streq(ak_json_name(part), "services")) {
			ak_json_print(part, buf);
			continue;
		}
		ak_buf_char(buf, '{');
		ak_json_each(service, part) {
			print_key(buf, &inner, ak_json_name(service));
			print_service(buf, service,
			    containers_find(containers, ak_json_name(service)));
		}
		ak_buf_char(buf, '}');
	}
	ak_buf_char(buf, '}');
}

static char *
hash_key(const struct ak_buf *model)
{
	struct ak_sha256 *hash = ak_sha256_new();
	uint8_t digest[AK_SHA256_SIZE];
	AK_BUF struct ak_buf key = { 0 };

	if (compose_program() != NULL)
		ak_sha256_add(hash, compose_program(),
		    strlen(compose_program()));
	ak_sha256_add(hash, model->data, model->len);
	ak_sha256_end(hash, digest);
	ak_crypt_hex(&key, digest, sizeof(digest));
	return ak_buf_take(&key);
}

int
model_hashes(struct kit *kit, const struct containers *containers,
    struct ak_err *err)
{
	static const char *const words[] = { "-f", "-", "config", "--hash=*",
		NULL };
	AK_BUF struct ak_buf model = { 0 };
	AK_BUF struct ak_buf lines = { 0 };
	AK_BUF struct ak_buf json = { 0 };
	AK_FREE char *key = NULL;

	if (kit->hashes != NULL)
		return 0;
	print_model(&model, kit, containers);
	key = hash_key(&model);
	if (model_cached(key, ".hash.json", &kit->hashes))
		return 0;
	if (model_ask(kit, words, model.data, &lines, err) == -1)
		return -1;
	hashes_to_json(ak_buf_text(&lines), &json);
	if (ak_json_parse(&kit->hashes, json.data, json.len, err) == -1)
		return ak_fail_in(err, "docker compose config --hash");
	model_keep(key, ".hash.json", &json);
	return 0;
}

const char *
model_hash(const struct kit *kit, const struct service *service)
{
	return ak_json_str(ak_json_get(kit->hashes, service->name));
}
