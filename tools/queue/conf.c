/*
 * conf - items of files and of the command line, put where their keys say.
 *
 * A configuration is built whole and looked at whole before anything uses it:
 * one that is wrong changes nothing of the process that runs.
 */
#include <fcntl.h>
#include <string.h>

#include "lib/conf.h"
#include "lib/file.h"
#include "lib/near.h"
#include "tools/queue/conf.h"

/* How many of each section there may be. */
static const size_t most[CONF_OFS] = {
	[CONF_OF_QUEUE] = 1,
	[CONF_OF_LISTEN] = CONF_LISTENS,
	[CONF_OF_BACKEND] = SCHED_BACKENDS,
	[CONF_OF_CLASS] = SCHED_CLASSES,
	[CONF_OF_RULE] = CONF_RULES,
	[CONF_OF_CLIENT] = 65536,
	[CONF_OF_MODEL] = 4096,
};

static size_t
count_of(const struct config *config, enum conf_of of)
{
	size_t count = 0;

	for (size_t i = 0; i < config->part_count; i++)
		count += config->parts[i].of == of;
	return count;
}

static int
check_name(enum conf_of of, const char *name, struct ak_err *err)
{
	size_t max = of == CONF_OF_CLASS
	    ? sizeof(((struct sched_class *)0)->name)
	    : SCHED_NAME;

	if (strlen(name) >= max)
		return ak_fail(err, AK_CONFIG, "%s: longer than %zu bytes",
		    name, max - 1);
	return 0;
}

static int
part_make(struct config *config, enum conf_of of, const char *name,
    struct conf_part **part, struct ak_err *err)
{
	size_t index = count_of(config, of);

	if (check_name(of, name, err) == -1)
		return -1;
	if (index == most[of])
		return ak_fail(err, AK_CONFIG,
		    "more than %zu sections [%s ...]", most[of],
		    conf_sections[of].name);
	name = conf_keep(config, name, strlen(name));
	conf_make(config, of, index, name);
	config->parts = ak_resize(config->parts, config->part_count + 1,
	    sizeof(*config->parts));
	*part = &config->parts[config->part_count++];
	**part = (struct conf_part){ .of = of, .name = name, .index = index };
	return 0;
}

static int
no_such_section(const char *word, struct ak_err *err)
{
	const char *names[CONF_OFS + 1] = { NULL };
	const char *near;

	for (size_t i = 0; i < CONF_OFS; i++)
		names[i] = conf_sections[i].name;
	near = ak_near(word, names);
	ak_err_set(err, AK_CONFIG, "[%s]: no such section", word);
	if (near != NULL)
		ak_err_help(err, "did you mean %s?", near);
	return -1;
}

/* "backend fast" -> which kind, and the name behind it. */
static int
section_of(const char *section, enum conf_of *of, const char **name,
    struct ak_err *err)
{
	size_t len = strcspn(section, " \t");
	AK_FREE char *word = ak_strndup(section, len);

	*name = section + len + strspn(section + len, " \t");
	for (int i = 0; i < CONF_OFS; i++)
		if (ak_streq(word, conf_sections[i].name)) {
			*of = (enum conf_of)i;
			if (conf_sections[i].named == (**name != '\0'))
				return 0;
			return ak_fail(err, AK_CONFIG,
			    conf_sections[i].named
				? "[%s]: without a name behind it"
				: "[%s]: takes no name",
			    word);
		}
	return no_such_section(word, err);
}

static int
part_get(struct config *config, const char *section, struct conf_part **part,
    struct ak_err *err)
{
	enum conf_of of = CONF_OF_QUEUE;
	const char *name = "";

	if (*section == '\0')
		return ak_fail(err, AK_CONFIG, "a key before any section");
	if (section_of(section, &of, &name, err) == -1)
		return -1;
	for (size_t i = 0; i < config->part_count; i++)
		if (config->parts[i].of == of &&
		    ak_streq(config->parts[i].name, name)) {
			*part = &config->parts[i];
			return 0;
		}
	return part_make(config, of, name, part, err);
}

/* The built-in classes as sections, so that they can be set and told. */
int
conf_classes(struct config *config, struct ak_err *err)
{
	struct sched_config built_in;
	struct conf_part *part;

	if (config->own_classes)
		return 0;
	sched_config_default(&built_in);
	for (size_t i = 0; i < SCHED_CLASSES && built_in.classes[i].name[0];
	     i++)
		if (part_make(config, CONF_OF_CLASS, built_in.classes[i].name,
			&part, err) == -1)
			return -1;
	return 0;
}

static int
no_such_key(const struct conf_key *keys, const char *word, struct ak_err *err)
{
	const char *names[65] = { NULL };
	const char *near;

	for (size_t i = 0; keys[i].name != NULL; i++)
		names[i] = keys[i].name;
	near = ak_near(word, names);
	ak_err_set(err, AK_CONFIG, "%s: no such key", word);
	if (near != NULL)
		ak_err_help(err, "did you mean %s?", near);
	return -1;
}

/* In a file a key that has come in this reading may not come again. */
static int
put(struct config *config, const struct ak_conf_item *item, struct ak_err *err)
{
	struct conf_part *part = NULL;
	const struct conf_key *keys;

	if (part_get(config, item->section, &part, err) == -1)
		return -1;
	keys = conf_sections[part->of].keys;
	for (size_t i = 0; keys[i].name != NULL; i++) {
		uint64_t bit = UINT64_C(1) << i;

		if (!ak_streq(keys[i].name, item->key))
			continue;
		if (item->line > 0 && (part->twice & bit) != 0)
			return ak_fail(err, AK_CONFIG, "%s: given twice",
			    item->key);
		if (conf_parse(config, &keys[i], conf_base(config, part),
			item->value, err) == -1)
			return ak_fail_in(err, "%s", item->key);
		part->given |= bit;
		part->twice |= item->line > 0 ? bit : 0;
		return 0;
	}
	return no_such_key(keys, item->key, err);
}

static int
each_item(void *arg, const struct ak_conf_item *item, struct ak_err *err)
{
	return put(arg, item, err);
}

/*
 * Sections are made where they begin: one without a key says something too,
 * "[class batch]" that there is such a class. The syntax is lib/conf's to
 * judge.
 */
static int
begin_sections(struct config *config, const char *text, struct ak_err *err)
{
	int line = 1;

	for (const char *at = text; *at != '\0'; line++) {
		size_t len = strcspn(at, "\n"), skip = strspn(at, " \t");
		const char *end = memchr(at, ']', len);
		struct conf_part *part;

		if (at[skip] == '[' && end != NULL) {
			AK_FREE char *name = ak_strndup(at + skip + 1,
			    (size_t)(end - at) - skip - 1);

			if (part_get(config, name, &part, err) == -1)
				return ak_fail_in(err, "%s:%d", config->file,
				    line);
			part->file = config->file;
			part->line = part->line == 0 ? line : part->line;
		}
		at += len + (at[len] == '\n');
	}
	return 0;
}

int
conf_text(struct config *config, const char *file, const char *text,
    struct ak_err *err)
{
	for (size_t i = 0; i < config->part_count; i++)
		config->parts[i].twice = 0;
	config->file = conf_keep(config, file, strlen(file));
	if (begin_sections(config, text, err) == -1)
		return -1;
	return ak_conf_parse(file, text, each_item, config, err);
}

int
conf_file(struct config *config, const char *path, struct ak_err *err)
{
	AK_BUF struct ak_buf text = { 0 };

	if (ak_file_read(AT_FDCWD, path, CONF_FILE_MAX, &text, err) == -1)
		return -1;
	return conf_text(config, path, ak_buf_text(&text), err);
}

int
conf_set(struct config *config, const char *where, const char *section,
    const char *key, const char *value, struct ak_err *err)
{
	struct ak_conf_item item = {
		.section = section,
		.key = key,
		.value = value,
	};

	if ((!ak_starts(section, "class ") || conf_classes(config, err) == 0) &&
	    put(config, &item, err) == 0)
		return 0;
	return where != NULL ? ak_fail_in(err, "%s", where) : -1;
}
