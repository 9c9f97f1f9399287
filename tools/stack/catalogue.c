/*
 * catalogue - settings.ini: what settings there are.
 *
 * A section is a setting, and its keys may come in any order. So the text of
 * each is kept with its line, and made sense of when all are read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/conf.h"
#include "lib/near.h"
#include "lib/str.h"
#include "tools/stack/settings.h"

enum key {
	KEY_GROUP,
	KEY_TYPE,
	KEY_UNIT,
	KEY_DEFAULT,
	KEY_MIN,
	KEY_MAX,
	KEY_PATTERN,
	KEY_VALUES,
	KEY_SERVICES,
	KEY_REQUIRED,
	KEY_HELP,
	KEY_BYTES,
	KEY_ENCODING,
	KEY_OWNER,
	KEYS
};

static const char *const key_names[KEYS + 1] = {
	[KEY_GROUP] = "group",
	[KEY_TYPE] = "type",
	[KEY_UNIT] = "unit",
	[KEY_DEFAULT] = "default",
	[KEY_MIN] = "min",
	[KEY_MAX] = "max",
	[KEY_PATTERN] = "pattern",
	[KEY_VALUES] = "values",
	[KEY_SERVICES] = "services",
	[KEY_REQUIRED] = "required",
	[KEY_HELP] = "help",
	[KEY_BYTES] = "bytes",
	[KEY_ENCODING] = "encoding",
	[KEY_OWNER] = "owner",
};

const char *const setting_types[SET_TYPES + 1] = {
	[SET_BOOL] = "bool",
	[SET_INT] = "int",
	[SET_SIZE] = "size",
	[SET_DURATION] = "duration",
	[SET_PORT] = "port",
	[SET_HOST] = "host",
	[SET_URL] = "url",
	[SET_ENUM] = "enum",
	[SET_STRING] = "string",
	[SET_PATH] = "path",
	[SET_SECRET] = "secret",
};

/* Random bytes of a secret when the catalogue does not say. */
enum { SECRET_BYTES = 24, SECRET_BYTES_MIN = 16, SECRET_BYTES_MAX = 1024 };

struct raw {
	char *text; /* NULL: not given */
	int line;
};

/* One section, as it is read. */
struct section {
	struct raw keys[KEYS];
};

struct catalogue {
	struct settings *settings;
	struct section *sections; /* one a setting */
};

static bool
is_name(const char *s)
{
	return *s >= 'A' && *s <= 'Z' &&
	    s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] == '\0';
}

static int
add_setting(struct catalogue *c, const char *name, int line, struct ak_err *err)
{
	struct settings *s = c->settings;
	const struct setting *old = settings_find(s, name);

	if (old != NULL)
		return ak_fail(err, AK_CONFIG, "[%s]: defined on line %d", name,
		    old->defined);
	if (!is_name(name))
		return ak_fail(err, AK_CONFIG,
		    "[%s]: a name is of A-Z, 0-9 and _", name);
	if (s->count == s->cap) {
		s->cap = s->cap == 0 ? 128 : s->cap * 2;
		s->items = ak_resize(s->items, s->cap, sizeof(*s->items));
		c->sections = ak_resize(c->sections, s->cap,
		    sizeof(*c->sections));
	}
	c->sections[s->count] = (struct section){ 0 };
	s->items[s->count++] = (struct setting){
		.name = ak_strdup(name),
		.defined = line,
	};
	return 0;
}

static int
find_key(const char *name, struct ak_err *err)
{
	const char *near;

	for (int i = 0; i < KEYS; i++)
		if (ak_streq(key_names[i], name))
			return i;
	near = ak_near(name, key_names);
	ak_err_set(err, AK_CONFIG, "%s: no such key", name);
	if (near != NULL)
		ak_err_help(err, "did you mean %s?", near);
	return -1;
}

static int
take_item(void *arg, const struct ak_conf_item *item, struct ak_err *err)
{
	struct catalogue *c = arg;
	struct settings *s = c->settings;
	struct raw *raw;
	int key;

	if (*item->section == '\0')
		return ak_fail(err, AK_CONFIG, "%s: before the first [NAME]",
		    item->key);
	if ((s->count == 0 ||
		!ak_streq(s->items[s->count - 1].name, item->section)) &&
	    add_setting(c, item->section, item->line, err) == -1)
		return -1;
	key = find_key(item->key, err);
	if (key == -1)
		return -1;
	raw = &c->sections[s->count - 1].keys[key];
	if (raw->text != NULL)
		return ak_fail(err, AK_CONFIG, "%s: given on line %d already",
		    item->key, raw->line);
	*raw = (struct raw){ ak_strdup(item->value), item->line };
	return 0;
}

/* Which keys a type has besides those that all have. */
static bool
key_fits(enum key key, enum setting_type type)
{
	bool secret = type == SET_SECRET;

	switch (key) {
	case KEY_MIN:
	case KEY_MAX:
		return type == SET_INT || type == SET_PORT ||
		    type == SET_SIZE || type == SET_DURATION;
	case KEY_VALUES:
		return type == SET_ENUM;
	case KEY_BYTES:
	case KEY_ENCODING:
	case KEY_OWNER:
		return secret;
	case KEY_DEFAULT:
	case KEY_PATTERN:
	case KEY_UNIT:
		return !secret;
	default:
		return true;
	}
}

static int
take_type(struct setting *setting, const struct raw *raw, struct ak_err *err)
{
	const char *near;

	if (raw->text == NULL)
		return ak_fail(err, AK_CONFIG, "no type");
	for (int i = 0; i < SET_TYPES; i++)
		if (ak_streq(setting_types[i], raw->text)) {
			setting->type = (enum setting_type)i;
			return 0;
		}
	near = ak_near(raw->text, setting_types);
	ak_err_set(err, AK_CONFIG, "%s: no such type", raw->text);
	if (near != NULL)
		ak_err_help(err, "did you mean %s?", near);
	return -1;
}

static int
take_bounds(struct setting *setting, const struct section *section,
    struct ak_err *err)
{
	const struct raw *min = &section->keys[KEY_MIN];
	const struct raw *max = &section->keys[KEY_MAX];
	bool port = setting->type == SET_PORT;

	setting->min = port ? 1 : INT64_MIN;
	setting->max = port ? 65535 : INT64_MAX;
	if (min->text != NULL &&
	    value_number(setting->type, min->text, &setting->min, err) == -1)
		return ak_fail_in(err, "min");
	if (max->text != NULL &&
	    value_number(setting->type, max->text, &setting->max, err) == -1)
		return ak_fail_in(err, "max");
	if (setting->min > setting->max)
		return ak_fail(err, AK_CONFIG, "min is above max");
	return 0;
}

static int
take_number(const struct raw *raw, int64_t min, int64_t max, int64_t other,
    int64_t *number, struct ak_err *err)
{
	*number = other;
	if (raw->text == NULL ||
	    ak_str_int(raw->text, min, max, number, err) == 0)
		return 0;
	err->code = AK_CONFIG;
	return -1;
}

static int
take_secret(struct setting *setting, const struct section *section,
    struct ak_err *err)
{
	const char *encoding = section->keys[KEY_ENCODING].text;

	if (take_number(&section->keys[KEY_BYTES], SECRET_BYTES_MIN,
		SECRET_BYTES_MAX, SECRET_BYTES, &setting->bytes, err) == -1)
		return ak_fail_in(err, "bytes");
	if (take_number(&section->keys[KEY_OWNER], 0, UINT32_MAX - 1, 0,
		&setting->owner, err) == -1)
		return ak_fail_in(err, "owner");
	setting->base64 = ak_streq(encoding, "base64url");
	if (encoding != NULL && !setting->base64 && !ak_streq(encoding, "hex"))
		return ak_fail(err, AK_CONFIG,
		    "encoding: %s: neither hex nor base64url", encoding);
	return 0;
}

static int
take_required(struct setting *setting, const struct raw *raw,
    struct ak_err *err)
{
	setting->required = !ak_streq(raw->text, "false");
	if (raw->text != NULL && setting->required &&
	    !ak_streq(raw->text, "true"))
		return ak_fail(err, AK_CONFIG,
		    "required: %s: neither true nor false", raw->text);
	return 0;
}

static int
take_default(struct setting *setting, struct settings *settings,
    struct ak_err *err)
{
	if (setting->pattern != NULL &&
	    pattern_compile(&settings->patterns, setting->pattern,
		&setting->compiled, err) == -1)
		return -1;
	if (setting->type == SET_SECRET)
		return 0;
	if (setting->type == SET_ENUM && setting->values == NULL)
		return ak_fail(err, AK_CONFIG, "an enum without values");
	if (setting->fallback == NULL)
		return ak_fail(err, AK_CONFIG, "no default");
	if (setting_check(setting, setting->fallback, err) == -1)
		return ak_fail_in(err, "default");
	setting->stored = ak_strdup(setting->fallback);
	setting->source = "default";
	return 0;
}

/* The line that a reader has to look at: that of the key at fault. */
static int
take_section(struct setting *setting, struct section *section,
    struct settings *settings, int *line, struct ak_err *err)
{
	struct raw *keys = section->keys;

	*line = keys[KEY_TYPE].text ? keys[KEY_TYPE].line : setting->defined;
	if (take_type(setting, &keys[KEY_TYPE], err) == -1)
		return -1;
	for (int i = 0; i < KEYS; i++)
		if (keys[i].text != NULL &&
		    !key_fits((enum key)i, setting->type)) {
			*line = keys[i].line;
			return ak_fail(err, AK_CONFIG, "%s: not for type %s",
			    key_names[i], setting_types[setting->type]);
		}
	*line = setting->defined;
	if (take_bounds(setting, section, err) == -1 ||
	    take_required(setting, &keys[KEY_REQUIRED], err) == -1 ||
	    take_secret(setting, section, err) == -1)
		return -1;
	setting->group = ak_take(&keys[KEY_GROUP].text);
	setting->unit = ak_take(&keys[KEY_UNIT].text);
	setting->pattern = ak_take(&keys[KEY_PATTERN].text);
	setting->values = ak_take(&keys[KEY_VALUES].text);
	setting->services = ak_take(&keys[KEY_SERVICES].text);
	setting->help = ak_take(&keys[KEY_HELP].text);
	setting->fallback = ak_take(&keys[KEY_DEFAULT].text);
	if (setting->fallback != NULL)
		*line = keys[KEY_DEFAULT].line;
	return take_default(setting, settings, err);
}

static int
take_sections(struct catalogue *c, struct ak_err *err)
{
	for (size_t i = 0; i < c->settings->count; i++) {
		struct setting *setting = &c->settings->items[i];
		int line = 0;

		if (take_section(setting, &c->sections[i], c->settings, &line,
			err) == -1)
			return ak_fail_in(err, "settings.ini:%d: %s", line,
			    setting->name);
	}
	return 0;
}

int
catalogue_parse(struct settings *settings, const char *text, struct ak_err *err)
{
	struct catalogue c = { .settings = settings };
	int failed = ak_conf_parse("settings.ini", text, take_item, &c, err);

	if (failed == 0)
		failed = take_sections(&c, err);
	for (size_t i = 0; i < settings->count; i++)
		for (int k = 0; k < KEYS; k++)
			free(c.sections[i].keys[k].text);
	free(c.sections);
	return failed;
}
