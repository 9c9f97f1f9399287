/*
 * snap_parse - a snapshot as JSON, read.
 */
#include <stdio.h>
#include <string.h>

#include "lib/str.h"
#include "tools/backup/pack.h"
#include "tools/backup/repo_config.h"
#include "tools/backup/snap_text.h"

static const char *const consistencies[] = {
	[CONSISTENT_NONE] = "none",
	[CONSISTENT_CRASH] = "crash",
	[CONSISTENT_APP] = "application",
	[CONSISTENT_CLEAN] = "stopped",
};

const char *
snap_consistency_name(enum consistency consistency)
{
	return consistency < AK_COUNT(consistencies)
	    ? consistencies[consistency]
	    : consistencies[CONSISTENT_NONE];
}

static char *
text_of(const struct ak_json *json, const char *key)
{
	const char *value = ak_json_str(ak_json_get(json, key));

	return value ? ak_strdup(value) : NULL;
}

static uint64_t
count_of(const struct ak_json *json, const char *key)
{
	int64_t value = ak_json_int(ak_json_get(json, key), 0);

	return value > 0 ? (uint64_t)value : 0;
}

static bool
flag_of(const struct ak_json *json, const char *key)
{
	return ak_json_bool(ak_json_get(json, key), false);
}

static char **
list_of(const struct ak_json *json, const char *key, size_t *count)
{
	const struct ak_json *list = ak_json_get(json, key);
	char **items = ak_calloc(ak_json_count(list) + 1, sizeof(*items));

	ak_json_each(item, list)
		if (ak_json_str(item))
			items[(*count)++] = ak_strdup(ak_json_str(item));
	return items;
}

static int
parse_tree(const struct ak_json *list, struct chunks *tree, struct ak_err *err)
{
	if (ak_json_kind(list) != AK_JSON_LIST)
		return ak_fail(err, AK_DATA, "damaged: a source has no tree");
	tree->cap = ak_json_count(list) + 1;
	tree->items = ak_calloc(tree->cap, sizeof(*tree->items));
	ak_json_each(pair, list) {
		struct chunk *chunk = &tree->items[tree->count++];
		const struct ak_json *id = ak_json_first(pair);
		int64_t len = ak_json_int(ak_json_next(id), -1);

		if (ak_json_kind(pair) != AK_JSON_LIST ||
		    !hex_read(ak_json_str(id), chunk->id, ID_SIZE) || len < 0 ||
		    len > PACK_FRAME_MAX)
			return ak_fail(err, AK_DATA, "damaged: its tree");
		chunk->len = (uint32_t)len;
	}
	return 0;
}

static int
parse_source(const struct ak_json *json, struct snap_source *source,
    struct ak_err *err)
{
	const char *name = ak_json_str(ak_json_get(json, "consistency"));

	source->type = text_of(json, "type");
	source->name = text_of(json, "name");
	source->prefix = text_of(json, "prefix");
	source->problem = text_of(json, "problem");
	for (size_t i = 0; i < AK_COUNT(consistencies); i++)
		if (ak_streq(name, consistencies[i]))
			source->consistency = (enum consistency)i;
	source->exit_status = (int)ak_json_int(ak_json_get(json, "exit_status"),
	    0);
	source->failed = flag_of(json, "failed");
	source->files = count_of(json, "files");
	source->bytes = count_of(json, "bytes");
	source->changed = count_of(json, "changed");
	source->vanished = count_of(json, "vanished");
	if (!source->type)
		return ak_fail(err, AK_DATA, "damaged: a source has no type");
	if (!source->name)
		source->name = ak_strdup("");
	if (!source->prefix)
		source->prefix = ak_strdup("");
	return parse_tree(ak_json_get(json, "tree"), &source->tree, err);
}

static int
parse_sources(const struct ak_json *list, struct snap *snap, struct ak_err *err)
{
	size_t count = ak_json_count(list);

	if (ak_json_kind(list) != AK_JSON_LIST || count > SNAP_SOURCES)
		return ak_fail(err, AK_DATA, "damaged: its sources");
	snap->sources = ak_calloc(count + 1, sizeof(*snap->sources));
	ak_json_each(item, list)
		if (parse_source(item, &snap->sources[snap->source_count++],
			err) == -1)
			return -1;
	return 0;
}

static int
parse_time(const struct ak_json *json, const char *key, int64_t *ns,
    struct ak_err *err)
{
	const char *text = ak_json_str(ak_json_get(json, key));
	struct ak_err why = { 0 };

	if (text && ak_str_int(text, 0, INT64_MAX, ns, &why) == 0)
		return 0;
	return ak_fail(err, AK_DATA, "damaged: no %s", key);
}

/* A value of its own, that outlives the text. */
static int
parse_more(const struct ak_json *json, struct snap *snap, struct ak_err *err)
{
	AK_BUF struct ak_buf text = { 0 };

	if (!json)
		return 0;
	ak_json_print(json, &text);
	return ak_json_parse(&snap->more, text.data, text.len, err);
}

static int
parse_members(const struct ak_json *json, struct snap *snap, struct ak_err *err)
{
	const char *parent = ak_json_str(ak_json_get(json, "parent"));

	if (parse_time(json, "begin_ns", &snap->begin, err) == -1 ||
	    parse_time(json, "end_ns", &snap->end, err) == -1)
		return -1;
	snprintf(snap->parent, sizeof(snap->parent), "%s",
	    parent ? parent : "");
	snap->host = text_of(json, "host");
	snap->stack = text_of(json, "stack");
	snap->tool = text_of(json, "tool");
	snap->tags = list_of(json, "tags", &snap->tag_count);
	snap->warnings = list_of(json, "warnings", &snap->warning_count);
	snap->full = flag_of(json, "full");
	snap->independent = flag_of(json, "independent");
	snap->read_bytes = count_of(json, "read_bytes");
	snap->new_bytes = count_of(json, "new_bytes");
	snap->stored_bytes = count_of(json, "stored_bytes");
	if (parse_more(ak_json_get(json, "kit"), snap, err) == -1)
		return -1;
	return parse_sources(ak_json_get(json, "sources"), snap, err);
}

int
snap_parse(const char *text, size_t len, struct snap **snap, struct ak_err *err)
{
	AK_JSON struct ak_json *json = NULL;
	struct snap *new;
	int64_t version;

	if (ak_json_parse(&json, text, len, err) == -1)
		return -1;
	version = ak_json_int(ak_json_get(json, "aikit-backup-snapshot"), 0);
	if (version < 1)
		return ak_fail(err, AK_DATA, "damaged: no snapshot");
	if (version > 1)
		return ak_fail(err, AK_CONFIG,
		    "version %lld is not known to this program",
		    (long long)version);
	new = ak_calloc(1, sizeof(*new));
	if (parse_members(json, new, err) == 0) {
		*snap = new;
		return 0;
	}
	snap_free(new);
	return -1;
}
