/*
 * conf_finish - what only the whole shows: names that must be there, and what
 * is made of several sections; and the whole as text again.
 */
#include <stdio.h>
#include <string.h>

#include "lib/near.h"
#include "lib/str.h"
#include "tools/queue/conf.h"

/* NULL is fine: then another says the class. */
static int
check_class(const struct config *config, const char *section, const char *name,
    const char *key, const char *class, struct ak_err *err)
{
	const struct sched_class *classes = config->settings.sched.classes;
	const char *names[SCHED_CLASSES + 1] = { NULL };
	const char *near;

	if (class == NULL)
		return 0;
	for (size_t i = 0; i < SCHED_CLASSES && classes[i].name[0]; i++) {
		names[i] = classes[i].name;
		if (ak_streq(names[i], class))
			return 0;
	}
	near = ak_near(class, names);
	ak_err_set(err, AK_CONFIG, "[%s%s%s]: %s: %s: no such class", section,
	    *name ? " " : "", name, key, class);
	if (near != NULL)
		ak_err_help(err, "did you mean %s?", near);
	return -1;
}

/* Says where the part stands. */
static int
in_part(const struct conf_part *part, struct ak_err *err)
{
	if (part->file == NULL)
		return -1;
	return ak_fail_in(err, "%s:%d", part->file, part->line);
}

static int
missing(const struct conf_part *part, const char *key, struct ak_err *err)
{
	return ak_fail(err, AK_CONFIG, "[%s %s]: without %s",
	    conf_sections[part->of].name, part->name, key);
}

/* "127.0.0.1:80", "[::1]:80", "unix:/PATH" */
static int
check_address(const char *address, struct ak_err *err)
{
	const char *colon = strrchr(address, ':');
	struct ak_err number = { 0 };
	int64_t port;

	if (ak_starts(address, "unix:"))
		return address[5] == '/'
		    ? 0
		    : ak_fail(err, AK_CONFIG, "%s: not unix:/PATH", address);
	if (colon == NULL || colon == address ||
	    ak_str_int(colon + 1, 0, 65535, &port, &number) == -1 ||
	    (address[0] == '[') != (colon[-1] == ']') ||
	    (address[0] != '[' &&
		memchr(address, ':', (size_t)(colon - address)) != NULL))
		return ak_fail(err, AK_CONFIG,
		    "%s: not HOST:PORT, [HOST]:PORT or unix:/PATH", address);
	return 0;
}

static int
check_listen(const struct config *config, const struct conf_part *part,
    struct ak_err *err)
{
	const struct listen_conf *listen = conf_base(config, part);

	if (listen->address == NULL)
		return missing(part, "address", err);
	if (check_address(listen->address, err) == -1)
		return ak_fail_in(err, "[listen %s]: address", part->name);
	if (listen->need_key && config->keys == NULL)
		return ak_fail(err, AK_CONFIG,
		    "[listen %s]: need_key: there is no file of keys "
		    "([queue] keys)",
		    part->name);
	if (check_class(config, "listen", part->name, "class", listen->class,
		err) == -1)
		return -1;
	return check_class(config, "listen", part->name, "class_best",
	    listen->class_best, err);
}

static int
check_backend(const struct config *config, const struct conf_part *part,
    struct ak_err *err)
{
	const struct backend_conf *backend = conf_base(config, part);
	const char *url = backend->url;

	if (url == NULL)
		return missing(part, "url", err);
	if (ak_starts(url, "unix:/") && url[6] != '\0')
		return 0;
	if (ak_starts(url, "https://"))
		return ak_fail(err, AK_CONFIG,
		    "[backend %s]: url: %s: TLS is not spoken to backends",
		    part->name, url);
	if (!ak_starts(url, "http://") || url[7] == '\0' ||
	    strcspn(url + 7, "/?#@ ") != strcspn(url + 7, "/"))
		return ak_fail(err, AK_CONFIG,
		    "[backend %s]: url: %s: not http://HOST[:PORT] or "
		    "unix:/PATH",
		    part->name, url);
	if (url[7 + strcspn(url + 7, "/")] == '/' &&
	    url[7 + strcspn(url + 7, "/") + 1] != '\0')
		return ak_fail(err, AK_CONFIG,
		    "[backend %s]: url: %s: a path behind the host", part->name,
		    url);
	return 0;
}

static int
check_rule(const struct config *config, const struct conf_part *part,
    struct ak_err *err)
{
	const struct class_rule *rule = conf_base(config, part);

	if (rule->class == NULL)
		return missing(part, "class", err);
	if (rule->path == NULL && rule->model == NULL && rule->agent == NULL &&
	    rule->client == NULL)
		return missing(part, "path, model, agent or client", err);
	return check_class(config, "rule", part->name, "class", rule->class,
	    err);
}

/* Which bit a backend has in a mask; -1. */
static int
backend_bit(const struct config *config, const char *name, size_t len)
{
	for (size_t i = 0; i < config->settings.backend_count; i++) {
		const char *other = config->settings.backends[i].name;

		if (strlen(other) == len && memcmp(other, name, len) == 0)
			return (int)i;
	}
	return -1;
}

static int
model_backends(const struct config *config, struct conf_model *model,
    struct ak_err *err)
{
	const char *at = model->backends;

	for (size_t len; at != NULL && *(at += strspn(at, ", \t")) != '\0';
	     at += len) {
		int bit;

		len = strcspn(at, ", \t");
		bit = backend_bit(config, at, len);
		if (bit == -1)
			return ak_fail(err, AK_CONFIG,
			    "[model %s]: backends: %.*s: no such backend",
			    model->model.name, (int)len, at);
		model->model.sched.backends |= UINT32_C(1) << bit;
	}
	return 0;
}

/* As requests are known by, with the tag: "llama3" is "llama3:latest". */
static const char *
with_tag(struct config *config, const char *name)
{
	char tagged[SCHED_NAME];

	/* A pattern is of the whole name. */
	if (strpbrk(name, "*?[") != NULL)
		return name;
	(void)class_model(name, tagged);
	return conf_keep(config, tagged, strlen(tagged));
}

static int
finish_models(struct config *config, struct ak_err *err)
{
	struct settings *s = &config->settings;
	size_t count = 0;

	for (size_t i = 0; i < config->part_count; i++)
		count += config->parts[i].of == CONF_OF_MODEL;
	s->models = ak_calloc(count + 1, sizeof(*s->models));
	for (size_t i = 0; i < config->part_count; i++) {
		const struct conf_part *part = &config->parts[i];
		struct conf_model *model = conf_base(config, part);

		if (part->of != CONF_OF_MODEL)
			continue;
		if (model_backends(config, model, err) == -1)
			return in_part(part, err);
		model->model.name = with_tag(config, model->model.name);
		s->models[s->model_count++] = model->model;
	}
	return 0;
}

/* What the keys say of their clients goes where the file says it of others. */
static int
finish_keys(struct config *config, struct ak_err *err)
{
	struct settings *s = &config->settings;

	if (config->keys == NULL)
		return 0;
	if (keys_read(config->keys, &config->keyring, err) == -1)
		return -1;
	s->keys = config->keyring;
	s->identify = keys_identify;
	for (size_t i = 0; i < config->keyring->count; i++) {
		const struct key_entry *key = &config->keyring->entries[i];

		if (check_class(config, key->name, "", "class", key->class,
			err) == -1 ||
		    check_class(config, key->name, "", "class_best",
			key->class_best, err) == -1)
			return ak_fail_in(err, "%s", config->keys);
		if (key->weight == 0 && key->limit == 0)
			continue;
		s->clients = ak_resize(s->clients, s->client_count + 1,
		    sizeof(*s->clients));
		s->clients[s->client_count++] = (struct client_conf){
			key->name,
			key->weight,
			key->limit,
		};
	}
	return 0;
}

static int
check_queue(const struct config *config, struct ak_err *err)
{
	const struct settings *s = &config->settings;

	if (s->listen_count == 0)
		return ak_fail(err, AK_CONFIG,
		    "nothing to listen on: no [listen NAME] and no --listen");
	if (s->backend_count == 0)
		return ak_fail(err, AK_CONFIG,
		    "no backend: no [backend NAME] and no --backend");
	if (s->ctx_policy != CTX_PASS && s->num_ctx == 0)
		return ak_fail(err, AK_CONFIG,
		    "[queue]: ctx_policy: without num_ctx");
	if (s->class_default == NULL)
		return ak_fail(err, AK_CONFIG, "[queue]: class: is empty");
	if (config->metrics != NULL &&
	    check_address(config->metrics, err) == -1)
		return ak_fail_in(err, "[queue]: metrics");
	if (check_class(config, "queue", "", "class", s->class_default, err) ==
	    -1)
		return -1;
	return sched_config_check(&s->sched, err);
}

int
conf_finish(struct config *config, struct ak_err *err)
{
	static int (*const checks[CONF_OFS])(const struct config *,
	    const struct conf_part *, struct ak_err *) = {
		[CONF_OF_LISTEN] = check_listen,
		[CONF_OF_BACKEND] = check_backend,
		[CONF_OF_RULE] = check_rule,
	};

	if (conf_classes(config, err) == -1)
		return -1;
	if (check_queue(config, err) == -1)
		return config->file ? ak_fail_in(err, "%s", config->file) : -1;
	for (size_t i = 0; i < config->part_count; i++) {
		const struct conf_part *part = &config->parts[i];

		if (checks[part->of] != NULL &&
		    checks[part->of](config, part, err) == -1)
			return in_part(part, err);
	}
	if (finish_models(config, err) == -1)
		return -1;
	return finish_keys(config, err);
}

static void
each_of(const struct config *config, const struct conf_part *part, bool all,
    void (*each)(void *arg, const char *section, const char *key,
	const char *value, bool given),
    void *arg)
{
	const struct conf_section *section = &conf_sections[part->of];
	AK_FREE char *name = *part->name
	    ? ak_printf("%s %s", section->name, part->name)
	    : ak_strdup(section->name);
	const void *base = conf_base(config, part);

	for (size_t i = 0; section->keys[i].name != NULL; i++) {
		bool given = (part->given >> i & 1) != 0;
		AK_BUF struct ak_buf value = { 0 };

		if (!given && !all)
			continue;
		conf_print(&section->keys[i], base, &value);
		each(arg, name, section->keys[i].name, ak_buf_text(&value),
		    given);
	}
}

void
conf_each(const struct config *config, bool all,
    void (*each)(void *arg, const char *section, const char *key,
	const char *value, bool given),
    void *arg)
{
	static const struct conf_part queue = { .of = CONF_OF_QUEUE,
		.name = "" };
	bool own_queue = false;

	for (size_t i = 0; i < config->part_count; i++) {
		own_queue |= config->parts[i].of == CONF_OF_QUEUE;
		each_of(config, &config->parts[i], all, each, arg);
	}
	if (all && !own_queue)
		each_of(config, &queue, all, each, arg);
}
