/*
 * settings - what holds: settings.ini, local.ini, the environment; and .env.
 *
 * .env is made of the two files alone. A variable of the environment wins over
 * both, as it does for Compose, but what one shell happened to hold is not
 * written down for the next.
 */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/conf.h"
#include "lib/file.h"
#include "lib/near.h"
#include "tools/stack/settings.h"

static const char env_head[] =
    "# Made by aikit-stack from settings.ini and local.ini.\n"
    "# Change those: this file is written anew.\n";

/* The first word of env_head, in whatever version made the file. */
static const char env_mark[] = "# Made by aikit-stack ";

size_t
settings_count(const struct settings *settings)
{
	return settings->count;
}

const struct setting *
settings_at(const struct settings *settings, size_t i)
{
	return &settings->items[i];
}

const struct setting *
settings_find(const struct settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->count; i++)
		if (strcmp(settings->items[i].name, name) == 0)
			return &settings->items[i];
	return NULL;
}

void
settings_suggest(const struct settings *settings, const char *name,
    struct ak_err *err)
{
	AK_FREE const char **names = ak_calloc(settings->count + 1,
	    sizeof(*names));
	const char *near;

	for (size_t i = 0; i < settings->count; i++)
		names[i] = settings->items[i].name;
	near = ak_near(name, names);
	if (near != NULL)
		ak_err_help(err, "did you mean %s?", near);
	else
		ak_err_help(err, "aikit-stack config list");
}

static void
setting_free(struct setting *setting)
{
	free(setting->name);
	free(setting->group);
	free(setting->unit);
	free(setting->fallback);
	free(setting->stored);
	free(setting->value);
	free(setting->pattern);
	free(setting->values);
	free(setting->services);
	free(setting->help);
}

void
settings_clear(struct settings *settings)
{
	for (size_t i = 0; i < settings->count; i++)
		setting_free(&settings->items[i]);
	free(settings->items);
	patterns_free(settings->patterns);
	*settings = (struct settings){ 0 };
}

void
settings_free(struct settings *settings)
{
	if (settings == NULL)
		return;
	settings_clear(settings);
	free(settings);
}

/*
 * What stands between double quotes, with \ before any character that is meant
 * as it is; so a value can begin with a blank, or hold " ;". Else as it is.
 */
static int
unquote(const char *text, char **value, struct ak_err *err)
{
	AK_BUF struct ak_buf plain = { 0 };
	const char *p = text + 1;

	if (*text != '"') {
		*value = ak_strdup(text);
		return 0;
	}
	for (; *p != '\0' && *p != '"'; p++) {
		p += *p == '\\' && p[1] != '\0';
		ak_buf_char(&plain, *p);
	}
	if (*p != '"' || p[1] != '\0')
		return ak_fail(err, AK_CONFIG,
		    "a quoted value ends in one \" (a ; or \" in it is "
		    "written \\; or \\\")");
	*value = ak_buf_take(&plain);
	return 0;
}

static int
local_check(const struct settings *settings, const struct ak_conf_item *item,
    const struct setting *setting, struct ak_err *err)
{
	if (*item->section != '\0')
		return ak_fail(err, AK_CONFIG,
		    "[%s]: local.ini has no sections", item->section);
	if (setting == NULL) {
		ak_err_set(err, AK_CONFIG, "%s: no such setting", item->key);
		settings_suggest(settings, item->key, err);
		return -1;
	}
	if (setting->type == SET_SECRET) {
		AK_FREE char *file = secret_name(setting);

		return ak_fail(err, AK_CONFIG,
		    "%s: a secret: it belongs in the file secrets/%s",
		    item->key, file);
	}
	if (setting->line != 0)
		return ak_fail(err, AK_CONFIG, "%s: set on line %d already",
		    item->key, setting->line);
	return 0;
}

static struct setting *
find_mutable(struct settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->count; i++)
		if (strcmp(settings->items[i].name, name) == 0)
			return &settings->items[i];
	return NULL;
}

static int
take_local(void *arg, const struct ak_conf_item *item, struct ak_err *err)
{
	struct settings *settings = arg;
	struct setting *setting = find_mutable(settings, item->key);
	AK_FREE char *value = NULL;

	if (local_check(settings, item, setting, err) == -1)
		return -1;
	if (unquote(item->value, &value, err) == -1 ||
	    setting_check(setting, value, err) == -1)
		return ak_fail_in(err, "%s", item->key);
	free(setting->stored);
	setting->stored = ak_take(&value);
	setting->source = "local.ini";
	setting->line = item->line;
	return 0;
}

/* What it sets holds for this run only: settings_render() does not see it. */
static int
take_environment(struct setting *setting, struct ak_err *err)
{
	const char *value = getenv(setting->name);

	if (setting->type == SET_SECRET)
		return 0;
	if (value == NULL) {
		setting->value = ak_strdup(setting->stored);
		return 0;
	}
	if (setting_check(setting, value, err) == -1) {
		ak_err_in(err, "environment: %s", setting->name);
		ak_err_help(err, "unset %s", setting->name);
		return -1;
	}
	setting->value = ak_strdup(value);
	setting->source = "environment";
	setting->line = 0;
	return 0;
}

/* 1 and the text, 0 when there is no such file. */
static int
read_file(int dir, const char *name, struct ak_buf *text, struct ak_err *err)
{
	if (ak_file_read(dir, name, SETTINGS_FILE_MAX, text, err) == 0)
		return 1;
	if (err->code != AK_NOINPUT)
		return -1;
	*err = (struct ak_err){ 0 };
	return 0;
}

int
settings_take(struct settings *settings, const char *catalogue,
    const char *local, struct ak_err *err)
{
	if (catalogue_parse(settings, catalogue, err) == -1 ||
	    (local != NULL &&
		ak_conf_parse("local.ini", local, take_local, settings, err) ==
		    -1))
		return -1;
	for (size_t i = 0; i < settings->count; i++)
		if (take_environment(&settings->items[i], err) == -1)
			return -1;
	return 0;
}

int
settings_load(struct settings **settings, int kit_fd, struct ak_err *err)
{
	AK_BUF struct ak_buf catalogue = { 0 };
	AK_BUF struct ak_buf local = { 0 };
	struct settings *new;
	int there = read_file(kit_fd, "settings.ini", &catalogue, err), also;

	if (there == -1)
		return -1;
	*settings = NULL;
	if (there == 0)
		return 0;
	also = read_file(kit_fd, "local.ini", &local, err);
	if (also == -1)
		return -1;
	new = ak_calloc(1, sizeof(*new));
	new->kit_fd = kit_fd;
	if (settings_take(new, ak_buf_text(&catalogue),
		also == 1 ? ak_buf_text(&local) : NULL, err) == -1) {
		settings_free(new);
		return -1;
	}
	*settings = new;
	return 0;
}

/*
 * Compose takes single quotes literally but for \', and so cannot end such a
 * value in a backslash. With one in it, double quotes and their escapes serve.
 */
static void
render_value(struct ak_buf *env, const char *value)
{
	bool twice = strchr(value, '\\') != NULL;
	const char *special = twice ? "\\\"$" : "'";

	ak_buf_char(env, twice ? '"' : '\'');
	for (; *value != '\0'; value++) {
		if (strchr(special, *value) != NULL)
			ak_buf_char(env, '\\');
		ak_buf_char(env, *value);
	}
	ak_buf_char(env, twice ? '"' : '\'');
}

void
settings_render(const struct settings *settings, struct ak_buf *env)
{
	ak_buf_str(env, env_head);
	for (size_t i = 0; i < settings->count; i++) {
		const struct setting *setting = &settings->items[i];

		if (setting->type == SET_SECRET)
			continue;
		ak_buf_printf(env, "%s=", setting->name);
		render_value(env, setting->stored);
		ak_buf_char(env, '\n');
	}
}

/* One rendered file a kit, by the identity of its directory. */
static int
env_to_cache(int kit_fd, const struct ak_buf *env, char **path,
    struct ak_err *err)
{
	AK_FREE char *dir = ak_cmd_dir("cache", "stack");
	AK_FREE char *name = NULL;
	AK_CLOSE int fd = -1;
	struct stat status;

	if (fstat(kit_fd, &status) == -1)
		return ak_fail_sys(err, AK_IO, "kit");
	name = ak_printf("%llx-%llx.env", (unsigned long long)status.st_dev,
	    (unsigned long long)status.st_ino);
	if (ak_dir_make(dir, 0700, &fd, err) == -1)
		return -1;
	AK_BUF struct ak_buf old = { 0 };
	int there = read_file(fd, name, &old, err);

	if (there == -1 ||
	    ((there == 0 || !ak_streq(ak_buf_text(&old), env->data)) &&
		ak_file_replace(fd, name, env->data, env->len, 0600, err) ==
		    -1))
		return ak_fail_in(err, "%s", dir);
	*path = ak_printf("%s/%s", dir, name);
	return 0;
}

int
settings_env(const struct settings *settings, int kit_fd, bool dry, char **path,
    struct ak_err *err)
{
	AK_BUF struct ak_buf env = { 0 };
	AK_BUF struct ak_buf old = { 0 };
	int there = read_file(kit_fd, ".env", &old, err);

	if (there == -1)
		return -1;
	*path = NULL;
	settings_render(settings, &env);
	if (there == 1 && ak_streq(ak_buf_text(&old), env.data))
		return 0;
	if (dry)
		return env_to_cache(kit_fd, &env, path, err) == -1 ? -1 : 1;
	if (there == 1 && !ak_starts(ak_buf_text(&old), env_mark)) {
		ak_err_set(err, AK_CONFIG, ".env: not made by aikit-stack");
		ak_err_help(err, "move its values to local.ini and remove it");
		return -1;
	}
	return ak_file_replace(kit_fd, ".env", env.data, env.len, 0644, err) ==
		-1
	    ? -1
	    : 1;
}
