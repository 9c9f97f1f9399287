/*
 * layers - the keys of a tool, from its configuration files and environment.
 */
#include "lib/layers.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "lib/conf.h"
#include "lib/file.h"
#include "lib/near.h"

#define FILE_MAX ((size_t)1 << 20)
#define KEYS_MAX 64

/* The sections there are: one a tool of the suite. */
#ifndef AK_TOOLS
#define AK_TOOLS ""
#endif
static const char sections[] = AK_TOOLS;

struct layer {
	const char *section;
	const struct ak_opt *keys;
};

/* Values that options point to: they live as long as the process. */
static const char *
keep(const char *value)
{
	static struct kept {
		struct kept *next;
		char *value;
	} * all;
	struct kept *new = ak_malloc(sizeof(*new));

	new->next = all;
	new->value = ak_strdup(value);
	all = new;
	return new->value;
}

static int
no_such_key(const struct ak_opt *keys, const char *key, struct ak_err *err)
{
	const char *names[KEYS_MAX + 1] = { NULL };
	const char *near;

	for (size_t i = 0; i < KEYS_MAX && keys && keys[i].name; i++)
		names[i] = keys[i].name;
	near = ak_near(key, names);
	ak_err_set(err, AK_CONFIG, "%s: no such key", key);
	if (near)
		ak_err_help(err, "did you mean %s?", near);
	return -1;
}

static int
set_key(const struct ak_opt *keys, const char *key, const char *value,
    struct ak_err *err)
{
	const struct ak_opt *opt = keys;

	while (opt && opt->name && !ak_streq(opt->name, key))
		opt++;
	if (!opt || !opt->name)
		return no_such_key(keys, key, err);
	if (ak_opt_set(opt, keep(value), err) == 0)
		return 0;
	err->code = AK_CONFIG;
	return ak_fail_in(err, "%s", key);
}

static bool
is_section(const char *name)
{
	const char *at = sections;
	size_t len = strlen(name);

	while ((at = strstr(at, name))) {
		if ((at == sections || at[-1] == ' ') &&
		    (at[len] == ' ' || at[len] == '\0'))
			return true;
		at += len;
	}
	return false;
}

/* An ak_conf_fn. */
static int
take_item(void *arg, const struct ak_conf_item *item, struct ak_err *err)
{
	const struct layer *layer = arg;
	const char *own[] = { layer->section, NULL };

	if (ak_streq(item->section, layer->section))
		return set_key(layer->keys, item->key, item->value, err);
	if (*item->section == '\0')
		return ak_fail(err, AK_CONFIG, "%s: before the first [section]",
		    item->key);
	if (is_section(item->section))
		return 0;
	ak_err_set(err, AK_CONFIG, "[%s]: no such section", item->section);
	if (ak_near(item->section, own))
		ak_err_help(err, "did you mean [%s]?", layer->section);
	return -1;
}

/* Through symbolic links, which people keep their configuration behind. */
static int
read_file(struct layer *layer, const char *path, bool must, struct ak_err *err)
{
	AK_BUF struct ak_buf text = { 0 };
	AK_FREE char *real = realpath(path, NULL);

	if (!real && !must && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (!real)
		return ak_fail_sys(err,
		    errno == EACCES ? AK_NOPERM : AK_NOINPUT, "%s", path);
	if (ak_file_read(AT_FDCWD, real, FILE_MAX, &text, err) == -1)
		return -1;
	return ak_conf_parse(path, ak_buf_text(&text), take_item, layer, err);
}

/* The key that the rest of a variable's name stands for. */
static char *
key_of(const char *rest, size_t len)
{
	char *key = ak_strndup(rest, len);

	for (char *c = key; *c != '\0'; c++)
		*c = (char)(*c == '_' ? '-' : tolower((unsigned char)*c));
	return key;
}

static int
read_environment(const struct layer *layer, struct ak_err *err)
{
	AK_FREE char *prefix = ak_printf("AIKIT_%s_", layer->section);
	size_t skip = strlen(prefix);

	for (char *c = prefix; *c != '\0'; c++)
		*c = (char)toupper((unsigned char)*c);
	for (char **variable = environ; variable && *variable; variable++) {
		size_t len = strcspn(*variable, "=");
		AK_FREE char *key = NULL;

		if (!ak_starts(*variable, prefix) || len < skip ||
		    (*variable)[len] == '\0' || (*variable)[len + 1] == '\0')
			continue;
		key = key_of(*variable + skip, len - skip);
		if (set_key(layer->keys, key, *variable + len + 1, err) == -1)
			return ak_fail_in(err, "%.*s", (int)len, *variable);
	}
	return 0;
}

char *
ak_layers_home(const char *variable, const char *below_home)
{
	const char *path = getenv(variable), *home = getenv("HOME");

	/* A relative one is invalid (XDG base directories), and not used. */
	if (path && *path == '/')
		return ak_strdup(path);
	return home && *home == '/' ? ak_printf("%s/%s", home, below_home)
				    : NULL;
}

int
ak_layers_read(const char *section, const struct ak_opt *keys, const char *file,
    struct ak_err *err)
{
	struct layer layer = { section, keys };
	AK_FREE char *home = ak_layers_home("XDG_CONFIG_HOME", ".config");
	AK_FREE char *own = home ? ak_printf("%s/aikit/aikit.conf", home)
				 : NULL;

	if (read_file(&layer, "/etc/aikit/aikit.conf", false, err) == -1)
		return -1;
	if (own && read_file(&layer, own, false, err) == -1)
		return -1;
	if (file && read_file(&layer, file, true, err) == -1)
		return -1;
	return read_environment(&layer, err);
}
