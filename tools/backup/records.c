/*
 * records - the records that several commands write.
 */
#include "tools/backup/records.h"

#include <stdio.h>
#include <string.h>

static const struct ak_view snapshot_view = {
	"snapshot",
	AK_COLUMNS({ "snapshot", "SNAPSHOT", AK_SHOW_TEXT, 0, NULL },
	    { "age", "AGE", AK_SHOW_AGE, 0, NULL },
	    { "host", "HOST", AK_SHOW_TEXT, 0, NULL },
	    { "files", "FILES", AK_SHOW_NUMBER, 0, NULL },
	    { "total_bytes", "SIZE", AK_SHOW_SIZE, 0, NULL },
	    { "stored_bytes", "ADDED", AK_SHOW_SIZE, 0, NULL },
	    { "seconds", "TOOK", AK_SHOW_SECONDS, 0, NULL },
	    { "failed", "FAILED", AK_SHOW_NUMBER, 0, NULL },
	    { "tags", "TAGS", AK_SHOW_TEXT, 0, NULL },
	    { "sources", "SOURCES", AK_SHOW_TEXT, 0, NULL }),
	false,
};

static const struct ak_view source_view = {
	"source",
	AK_COLUMNS({ "source", "SOURCE", AK_SHOW_TEXT, 0, NULL },
	    { "path", "PATH", AK_SHOW_TEXT, 0, NULL },
	    { "consistency", "CONSISTENCY", AK_SHOW_TEXT, 0, NULL },
	    { "files", "FILES", AK_SHOW_NUMBER, 0, NULL },
	    { "total_bytes", "SIZE", AK_SHOW_SIZE, 0, NULL },
	    { "changed", "CHANGED", AK_SHOW_NUMBER, 0, NULL },
	    { "vanished", "VANISHED", AK_SHOW_NUMBER, 0, NULL },
	    { "problem", "PROBLEM", AK_SHOW_TEXT, 0, NULL }),
	false,
};

/* The first is of what is found in many snapshots. */
static const struct ak_column entry_columns[] = {
	{ "snapshot", "SNAPSHOT", AK_SHOW_TEXT, 33, NULL },
	{ "mode", "MODE", AK_SHOW_TEXT, 10, NULL },
	{ "uid", "UID", AK_SHOW_NUMBER, 5, NULL },
	{ "gid", "GID", AK_SHOW_NUMBER, 5, NULL },
	{ "size_bytes", "SIZE", AK_SHOW_SIZE, 6, NULL },
	{ "mtime", "MODIFIED", AK_SHOW_TIME, 19, NULL },
	{ "path", "PATH", AK_SHOW_TEXT, 0, NULL },
	{ "target", "TARGET", AK_SHOW_TEXT, 0, NULL },
	{ 0 },
};

static const struct ak_view found_view = { "entry", entry_columns, true };
static const struct ak_view entry_view = { "entry", entry_columns + 1, true };

static const struct ak_view action_view = {
	"restore",
	AK_COLUMNS({ "action", "ACTION", AK_SHOW_TEXT, 8, NULL },
	    { "size_bytes", "SIZE", AK_SHOW_SIZE, 6, NULL },
	    { "path", "PATH", AK_SHOW_TEXT, 0, NULL }),
	true,
};

static const char *
consistency_name(enum consistency consistency)
{
	static const char *const names[] = {
		[CONSISTENT_NONE] = "none",
		[CONSISTENT_CRASH] = "crash",
		[CONSISTENT_APP] = "app",
		[CONSISTENT_CLEAN] = "clean",
	};

	return (size_t)consistency < AK_COUNT(names) ? names[consistency]
						     : "unknown";
}

static void
add_list(struct ak_out *out, const char *key, size_t count, char *const items[])
{
	if (count == 0)
		return;
	ak_out_list(out, key);
	for (size_t i = 0; i < count; i++)
		ak_out_item(out, items[i]);
	ak_out_list_end(out);
}

static void
add_sources(struct ak_out *out, const struct snap *snap)
{
	uint64_t files = 0, bytes = 0, failed = 0;

	ak_out_list(out, "sources");
	for (size_t i = 0; i < snap->source_count; i++) {
		const struct snap_source *source = &snap->sources[i];

		ak_out_item(out, source->name);
		files += source->files;
		bytes += source->bytes;
		failed += source->failed;
	}
	ak_out_list_end(out);
	ak_out_int(out, "files", (int64_t)files);
	ak_out_int(out, "total_bytes", (int64_t)bytes);
	if (failed > 0)
		ak_out_int(out, "failed", (int64_t)failed);
}

void
record_snapshot(struct ak_out *out, const struct snap *snap)
{
	ak_out_begin(out, &snapshot_view);
	ak_out_str(out, "snapshot", snap->name);
	ak_out_str(out, "id", snap->id);
	ak_out_time(out, ak_out_is_table(out) ? "age" : "begin", snap->begin);
	ak_out_time(out, "end", snap->end);
	ak_out_str(out, "host", snap->host);
	ak_out_str(out, "stack", snap->stack);
	if (snap->parent[0] != '\0')
		ak_out_str(out, "parent", snap->parent);
	add_list(out, "tags", snap->tag_count, snap->tags);
	add_sources(out, snap);
	if (snap->full)
		ak_out_bool(out, "full", true);
	if (snap->independent)
		ak_out_bool(out, "independent", true);
	ak_out_int(out, "read_bytes", (int64_t)snap->read_bytes);
	ak_out_int(out, "new_bytes", (int64_t)snap->new_bytes);
	ak_out_int(out, "stored_bytes", (int64_t)snap->stored_bytes);
	if (snap->warning_count > 0)
		ak_out_int(out, "warnings", (int64_t)snap->warning_count);
	ak_out_number(out, "seconds", (double)(snap->end - snap->begin) / 1e9);
	ak_out_end(out);
}

void
record_source(struct ak_out *out, const struct snap_source *source)
{
	AK_FREE char *path = ak_printf("/%s",
	    source->prefix ? source->prefix : "");

	ak_out_begin(out, &source_view);
	ak_out_str(out, "source", source->name);
	ak_out_str(out, "kind", source->type);
	ak_out_str(out, "path", path);
	ak_out_str(out, "consistency", consistency_name(source->consistency));
	ak_out_int(out, "files", (int64_t)source->files);
	ak_out_int(out, "total_bytes", (int64_t)source->bytes);
	if (source->changed > 0)
		ak_out_int(out, "changed", (int64_t)source->changed);
	if (source->vanished > 0)
		ak_out_int(out, "vanished", (int64_t)source->vanished);
	if (source->exit_status != 0)
		ak_out_int(out, "exit_status", source->exit_status);
	if (source->failed)
		ak_out_str(out, "problem",
		    source->problem ? source->problem : "failed");
	ak_out_end(out);
}

/* As ls(1) has it. */
static void
mode_text(const struct entry *entry, char text[11])
{
	static const char types[] = "?-dlpscb";
	uint32_t mode = entry->mode;

	memcpy(text, "?rwxrwxrwx", 11);
	text[0] = types[entry->type < ENTRY_TYPES ? entry->type : 0];
	for (int i = 0; i < 9; i++)
		if (!(mode & (0400U >> i)))
			text[1 + i] = '-';
	if (mode & 04000)
		text[3] = text[3] == 'x' ? 's' : 'S';
	if (mode & 02000)
		text[6] = text[6] == 'x' ? 's' : 'S';
	if (mode & 01000)
		text[9] = text[9] == 'x' ? 't' : 'T';
}

void
record_entry(struct ak_out *out, const struct snap *snap, const char *path,
    const struct entry *entry)
{
	bool table = ak_out_is_table(out);
	char text[11];

	if (table)
		mode_text(entry, text);
	else
		snprintf(text, sizeof(text), "%04o", entry->mode);
	ak_out_begin(out, snap ? &found_view : &entry_view);
	if (snap)
		ak_out_str(out, "snapshot", snap->name);
	ak_out_str(out, "path", path);
	ak_out_str(out, "kind", entry_type_name(entry->type));
	ak_out_str(out, "mode", text);
	ak_out_int(out, "uid", entry->uid);
	ak_out_int(out, "gid", entry->gid);
	ak_out_int(out, "size_bytes", (int64_t)entry->size);
	ak_out_time(out, "mtime", entry->mtime);
	if (entry->type == ENTRY_LINK)
		ak_out_bytes(out, "target", entry->link, entry->link_len);
	if (entry->changed)
		ak_out_bool(out, "changed", true);
	ak_out_end(out);
}

void
record_action(struct ak_out *out, const char *action, const char *path,
    int64_t bytes)
{
	ak_out_begin(out, &action_view);
	ak_out_str(out, "action", action);
	ak_out_str(out, "path", path);
	if (bytes >= 0)
		ak_out_int(out, "size_bytes", bytes);
	ak_out_end(out);
}
