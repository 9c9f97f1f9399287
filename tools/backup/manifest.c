/*
 * manifest - what a snapshot says of its kit: what ran, which volumes and
 * databases there are, and the fingerprints of its keys.
 *
 *	{"kit":{"project":"aikit","dir":"/srv/kit","services":["postgres"],
 *	"volumes":[{"volume":"redis_data","name":"aikit_redis_data",
 *	"service":"redis","image":"redis:8.0.2","how":"pause"}],"keys":
 *	{"n8n_encryption_key":"SHA-256
 *..."},"hostname":"http://localhost/keycloak", "models":["smollm2:135m"]}}
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/crypt.h"
#include "lib/file.h"
#include "lib/secret.h"
#include "tools/backup/exec.h"
#include "tools/backup/stack.h"

enum { LIST_MS = 20000 };

static void
quote(struct ak_buf *json, const char *text)
{
	ak_json_quote(json, text, strlen(text));
}

static void
member(struct ak_buf *json, const char *key, const char *value)
{
	if (value == NULL)
		return;
	if (json->len > 0 && json->data[json->len - 1] != '{')
		ak_buf_char(json, ',');
	quote(json, key);
	ak_buf_char(json, ':');
	quote(json, value);
}

int
manifest_fingerprint(int kit_fd, const char *name, char digits[65],
    struct ak_err *err)
{
	AK_CLOSE int dir = -1;
	AK_SECRET struct ak_buf secret = { 0 };
	AK_BUF struct ak_buf hex = { 0 };
	uint8_t digest[AK_SHA256_SIZE];
	struct ak_sha256 *hash;

	if (ak_dir_open(kit_fd, "secrets", &dir, err) == -1 ||
	    ak_file_read(dir, name, AK_SECRET_MAX, &secret, err) == -1)
		return -1;
	while (secret.len > 0 && secret.data[secret.len - 1] == '\n')
		secret.len--;
	hash = ak_sha256_new();
	ak_sha256_add(hash, secret.data, secret.len);
	ak_sha256_end(hash, digest);
	ak_crypt_hex(&hex, digest, sizeof(digest));
	memcpy(digits, hex.data, 65);
	return 0;
}

static void
add_key(const struct kit *kit, const char *name, struct ak_buf *json)
{
	AK_FREE char *known = ak_printf("\"%s\":", name);
	struct ak_err ignored = { 0 };
	char digits[65];

	if (strstr(ak_buf_text(json), known) == NULL &&
	    manifest_fingerprint(kit->fd, name, digits, &ignored) == 0)
		member(json, name, digits);
}

/* The secrets that labels name: without them data is there, and not readable.
 */
static void
add_keys(const struct kit *kit, struct ak_buf *json)
{
	AK_BUF struct ak_buf keys = { 0 };

	ak_buf_char(&keys, '{');
	ak_json_each(service, ak_json_get(kit->model, "services")) {
		const char *label = kit_label(service, "aikit.backup.keys");
		AK_FREE char *names = ak_strdup(label != NULL ? label : "");
		char *save = NULL;

		for (char *name = strtok_r(names, " ", &save); name != NULL;
		     name = strtok_r(NULL, " ", &save))
			add_key(kit, name, &keys);
	}
	ak_buf_printf(json, ",\"keys\":%s}", keys.data);
}

static void
add_services(const struct boxes *boxes, struct ak_buf *json)
{
	const char *last = NULL;

	ak_buf_str(json, ",\"services\":[");
	for (size_t i = 0; i < boxes->count; i++) {
		const struct box *box = &boxes->items[i];

		if (!box->running || box->one_off || box->service == NULL ||
		    ak_streq(box->service, last))
			continue;
		if (last != NULL)
			ak_buf_char(json, ',');
		quote(json, box->service);
		last = box->service;
	}
	ak_buf_char(json, ']');
}

static void
add_volumes(const struct kit *kit, const struct holdings *holdings,
    struct ak_buf *json)
{
	bool first = true;

	ak_buf_str(json, ",\"volumes\":[");
	for (size_t i = 0; i < holdings->count; i++) {
		const struct holding *holding = &holdings->items[i];

		if (holding->volume == NULL || *holding->volume == '\0')
			continue;
		ak_buf_str(json, first ? "{" : ",{");
		member(json, "volume", holding->volume);
		member(json, "name", holding->name);
		member(json, "service", holding->service);
		member(json, "image",
		    ak_json_str(ak_json_get(kit_service(kit, holding->service),
			"image")));
		member(json, "how", keep_names[holding->keep.how]);
		ak_buf_char(json, '}');
		first = false;
	}
	ak_buf_char(json, ']');
}

/* "NAME ID SIZE ..." a line below a head. */
static void
add_models_of(const struct box *box, struct ak_buf *json, struct sources *to)
{
	const char *argv[] = { "docker", "exec", box->name, "ollama", "list",
		NULL };
	AK_BUF struct ak_buf out = { 0 };
	struct ak_err err = { 0 };
	char *save = NULL;

	if (exec_run(argv, 0, LIST_MS, &out, &err) == -1) {
		AK_FREE char *text = ak_printf("models: %s", err.text);

		if (to->warn != NULL)
			to->warn(to->arg, text);
		return;
	}
	for (char *line = strtok_r(out.data, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		line[strcspn(line, " \t")] = '\0';
		if (ak_streq(line, "NAME") || *line == '\0')
			continue;
		if (json->data[json->len - 1] != '[')
			ak_buf_char(json, ',');
		quote(json, line);
	}
}

static void
add_models(struct sources *sources, const struct holdings *holdings,
    struct ak_buf *json)
{
	ak_buf_str(json, ",\"models\":[");
	for (size_t i = 0; i < sources->ran->count; i++) {
		const struct box *box = &sources->ran->items[i];

		for (size_t j = 0; box->running && j < holdings->count; j++)
			if (holdings->items[j].keep.how == KEEP_MODELS &&
			    box_mounts(box, holdings->items[j].name))
				add_models_of(box, json, sources);
	}
	ak_buf_char(json, ']');
}

int
manifest_make(struct sources *sources, const struct holdings *holdings,
    char **json, struct ak_err *err AK_UNUSED)
{
	const struct kit *kit = sources->kit;
	AK_BUF struct ak_buf text = { 0 };

	ak_buf_str(&text, "{\"kit\":{");
	member(&text, "project", kit->project);
	member(&text, "dir", kit->dir);
	member(&text, "hostname",
	    ak_json_str(ak_json_at(kit_service(kit, "keycloak"),
		"environment.KC_HOSTNAME")));
	add_services(sources->ran, &text);
	add_volumes(kit, holdings, &text);
	add_keys(kit, &text);
	add_models(sources, holdings, &text);
	ak_buf_str(&text, "}}");
	*json = ak_buf_take(&text);
	return 0;
}
