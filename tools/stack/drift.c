/*
 * drift - a container against the model, naming what differs.
 *
 * Compose keeps a hash of the service in a label of the container. When that
 * is the model's hash nothing that was fixed at its creation differs, and only
 * what can change later is looked at: the image behind the tag, limits, the
 * restart policy, networks. Values are never named: they may be secrets.
 */
#include "tools/stack/drift.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL "com.docker.compose."

/* Put into every container by docker itself, from its settings. */
static const char *const proxies[] = {
	"HTTP_PROXY",
	"HTTPS_PROXY",
	"FTP_PROXY",
	"NO_PROXY",
	"ALL_PROXY",
};

void
drift_add(struct diff *diff, const char *format, ...)
{
	struct drift *drift = diff->drift;
	AK_BUF struct ak_buf text = { 0 };
	va_list args;

	va_start(args, format);
	ak_buf_vprintf(&text, format, args);
	va_end(args);
	for (size_t i = 0; i < drift->count; i++)
		if (ak_streq(drift->items[i], text.data))
			return;
	drift->items = ak_resize(drift->items, drift->count + 1,
	    sizeof(*drift->items));
	drift->items[drift->count++] = ak_buf_take(&text);
}

bool
drift_same(const char *model, const char *text)
{
	if (model == NULL)
		model = "";
	if (text == NULL)
		text = "";
	while (*model != '\0' && *model == *text) {
		model += model[0] == '$' && model[1] == '$' ? 2 : 1;
		text++;
	}
	return *model == *text;
}

/* A value of the model as the container has it. */
static char *
undollar(const char *model)
{
	AK_BUF struct ak_buf text = { 0 };

	for (; *model != '\0'; model++) {
		ak_buf_char(&text, *model);
		model += model[0] == '$' && model[1] == '$';
	}
	return ak_buf_take(&text);
}

void
pairs_add(struct pairs *pairs, char *name, char *value)
{
	pairs->items = ak_resize(pairs->items, pairs->count + 1,
	    sizeof(*pairs->items));
	pairs->items[pairs->count++] = (struct pair){ name, value };
}

void
pairs_free(struct pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		free(pairs->items[i].name);
		free(pairs->items[i].value);
	}
	free(pairs->items);
}

bool
pairs_have(const struct pairs *pairs, const struct pair *pair)
{
	for (size_t i = 0; i < pairs->count; i++) {
		const struct pair *other = &pairs->items[i];

		if (ak_streq(other->name, pair->name) &&
		    (other->value == NULL || pair->value == NULL ||
			ak_streq(other->value, pair->value)))
			return true;
	}
	return false;
}

void
pairs_compare(struct diff *diff, const char *kind, const struct pairs *wanted,
    const struct pairs *found)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (!pairs_have(found, &wanted->items[i]))
			drift_add(diff, "%s %s", kind, wanted->items[i].name);
	for (size_t i = 0; i < found->count; i++)
		if (!pairs_have(wanted, &found->items[i]))
			drift_add(diff, "%s %s", kind, found->items[i].name);
}

/* Compose keeps the image's id too, which counts where ids are of an index. */
static void
compare_image(struct diff *diff, const struct image *image)
{
	const struct ak_json *labels = ak_json_get(diff->config, "Labels");
	const char *id = ak_json_str(ak_json_get(diff->inspect, "Image"));

	if (image == NULL || !image->present)
		return;
	if (ak_streq(image->id, id) ||
	    ak_streq(image->id,
		ak_json_str(ak_json_get(labels, LABEL "image"))))
		diff->image = ak_json_get(image->inspect, "Config");
	else
		drift_add(diff, "image");
}

static bool
is_list(const struct ak_json *json)
{
	return ak_json_kind(json) == AK_JSON_LIST;
}

static bool
lists_same(const struct ak_json *model, const struct ak_json *list)
{
	const struct ak_json *a = ak_json_first(model);
	const struct ak_json *b = ak_json_first(list);

	for (; a != NULL && b != NULL; a = ak_json_next(a), b = ak_json_next(b))
		if (!drift_same(ak_json_str(a), ak_json_str(b)))
			return false;
	return a == NULL && b == NULL;
}

/* As the model has it, or else as the image has it, dollars and all. */
static bool
values_same(const struct ak_json *a, const struct ak_json *b)
{
	AK_BUF struct ak_buf left = { 0 };
	AK_BUF struct ak_buf right = { 0 };

	if (ak_json_count(a) == 0 && ak_json_count(b) == 0)
		return true;
	ak_json_print(a, &left);
	ak_json_print(b, &right);
	return ak_streq(left.data, right.data);
}

/* An entrypoint of the model's own makes the daemon forget the image's Cmd. */
static void
compare_command(struct diff *diff)
{
	const struct ak_json *entry = ak_json_get(diff->model, "entrypoint");
	const struct ak_json *command = ak_json_get(diff->model, "command");
	const struct ak_json *has = ak_json_get(diff->config, "Entrypoint");
	const struct ak_json *does = ak_json_get(diff->config, "Cmd");

	if (is_list(entry) ? !lists_same(entry, has)
			   : diff->image != NULL &&
		    !values_same(ak_json_get(diff->image, "Entrypoint"), has))
		drift_add(diff, "entrypoint");
	if (ak_json_count(command) > 0 || ak_json_count(entry) > 0) {
		if (!lists_same(command, does))
			drift_add(diff, "command");
	} else if (diff->image != NULL &&
	    !values_same(ak_json_get(diff->image, "Cmd"), does)) {
		drift_add(diff, "command");
	}
}

static bool
is_proxy(const char *name)
{
	for (size_t i = 0; i < AK_COUNT(proxies); i++)
		if (strcasecmp(name, proxies[i]) == 0)
			return true;
	return false;
}

/* "NAME=VALUE" items; without a value, those of no interest. */
static void
take_environment(const struct ak_json *list, struct pairs *pairs)
{
	ak_json_each(item, list) {
		const char *text = ak_json_str(item);
		const char *equals = text != NULL ? strchr(text, '=') : NULL;

		if (equals != NULL)
			pairs_add(pairs,
			    ak_strndup(text, (size_t)(equals - text)),
			    ak_strdup(equals + 1));
	}
}

/* Variables of the model, then those of the image that it does not set. */
static void
compare_environment(struct diff *diff)
{
	PAIRS struct pairs wanted = { 0 };
	PAIRS struct pairs found = { 0 };
	PAIRS struct pairs image = { 0 };

	take_environment(ak_json_get(diff->config, "Env"), &found);
	take_environment(ak_json_get(diff->image, "Env"), &image);
	ak_json_each(item, ak_json_get(diff->model, "environment"))
		if (ak_json_str(item) != NULL)
			pairs_add(&wanted, ak_strdup(ak_json_name(item)),
			    undollar(ak_json_str(item)));
	for (size_t i = 0; i < wanted.count; i++)
		if (!pairs_have(&found, &wanted.items[i]))
			drift_add(diff, "environment %s", wanted.items[i].name);
	for (size_t i = 0; i < found.count && diff->image != NULL; i++) {
		const struct pair *pair = &found.items[i];

		if (!pairs_have(&wanted, pair) && !pairs_have(&image, pair) &&
		    !is_proxy(pair->name))
			drift_add(diff, "environment %s", pair->name);
	}
}

static void
take_labels(const struct ak_json *labels, bool model, struct pairs *pairs)
{
	ak_json_each(item, labels) {
		const char *name = ak_json_name(item);
		const char *value = ak_json_str(item);

		if (value != NULL && !ak_starts(name, LABEL))
			pairs_add(pairs, ak_strdup(name),
			    model ? undollar(value) : ak_strdup(value));
	}
}

static void
compare_labels(struct diff *diff)
{
	PAIRS struct pairs wanted = { 0 };
	PAIRS struct pairs found = { 0 };
	PAIRS struct pairs image = { 0 };

	take_labels(ak_json_get(diff->model, "labels"), true, &wanted);
	take_labels(ak_json_get(diff->config, "Labels"), false, &found);
	take_labels(ak_json_get(diff->image, "Labels"), false, &image);
	for (size_t i = 0; i < wanted.count; i++)
		if (!pairs_have(&found, &wanted.items[i]))
			drift_add(diff, "label %s", wanted.items[i].name);
	for (size_t i = 0; i < found.count && diff->image != NULL; i++)
		if (!pairs_have(&wanted, &found.items[i]) &&
		    !pairs_have(&image, &found.items[i]))
			drift_add(diff, "label %s", found.items[i].name);
}

/*
 * up puts the id of the container in place of "service:NAME" before it
 * hashes; config --hash does not.
 */
static bool
refers_to_service(const struct ak_json *model)
{
	static const char *const keys[] = { "network_mode", "ipc", "pid" };

	for (size_t i = 0; i < AK_COUNT(keys); i++) {
		const char *mode = ak_json_str(ak_json_get(model, keys[i]));

		if (mode != NULL && ak_starts(mode, "service:"))
			return true;
	}
	return ak_json_count(ak_json_get(model, "volumes_from")) > 0;
}

static void
compare_fixed(struct diff *diff)
{
	compare_command(diff);
	compare_environment(diff);
	compare_labels(diff);
	drift_ports(diff);
	drift_mounts(diff);
	drift_health(diff);
	drift_logging(diff);
	drift_plain(diff);
}

void
drift_find(const struct kit *kit, const struct service *service,
    const struct container *container, const struct image *image,
    struct drift *drift)
{
	const struct ak_json *inspect = container->inspect;
	const char *hash = model_hash(kit, service);
	struct diff diff = { .kit = kit,
		.model = service->json,
		.config = ak_json_get(inspect, "Config"),
		.host = ak_json_get(inspect, "HostConfig"),
		.inspect = inspect,
		.drift = drift };

	*drift = (struct drift){ 0 };
	if (refers_to_service(service->json))
		hash = NULL;
	drift->hash_differs = hash != NULL && !ak_streq(hash, container->hash);
	compare_image(&diff, image);
	if (hash == NULL || drift->hash_differs)
		compare_fixed(&diff);
	drift_limits(&diff);
	drift_restart(&diff);
	drift_networks(&diff);
}

void
drift_free(struct drift *drift)
{
	for (size_t i = 0; i < drift->count; i++)
		free(drift->items[i]);
	free(drift->items);
	*drift = (struct drift){ 0 };
}
