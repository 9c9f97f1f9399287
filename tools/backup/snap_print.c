/*
 * snap_print - a snapshot as JSON, written.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/crypt.h"
#include "tools/backup/snap_text.h"

void
snap_time(int64_t ns, char text[SNAP_TIME])
{
	time_t seconds = (time_t)(ns / 1000000000);
	struct tm utc;

	gmtime_r(&seconds, &utc);
	strftime(text, SNAP_TIME, "%Y%m%dT%H%M%SZ", &utc);
}

static void
add_text(struct ak_buf *buf, const char *key, const char *value)
{
	if (!value || !*value)
		return;
	ak_buf_printf(buf, ",\"%s\":", key);
	ak_json_quote(buf, value, strlen(value));
}

static void
add_list(struct ak_buf *buf, const char *key, char *const items[], size_t count)
{
	if (count == 0)
		return;
	ak_buf_printf(buf, ",\"%s\":[", key);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			ak_buf_char(buf, ',');
		ak_json_quote(buf, items[i], strlen(items[i]));
	}
	ak_buf_char(buf, ']');
}

static void
add_count(struct ak_buf *buf, const char *key, uint64_t value)
{
	ak_buf_printf(buf, ",\"%s\":%" PRIu64, key, value);
}

static void
add_flag(struct ak_buf *buf, const char *key, bool value)
{
	if (value)
		ak_buf_printf(buf, ",\"%s\":true", key);
}

static void
add_tree(struct ak_buf *buf, const struct chunks *tree)
{
	ak_buf_str(buf, ",\"tree\":[");
	for (size_t i = 0; i < tree->count; i++) {
		ak_buf_str(buf, i > 0 ? ",[\"" : "[\"");
		ak_crypt_hex(buf, tree->items[i].id, ID_SIZE);
		ak_buf_printf(buf, "\",%" PRIu32 "]", tree->items[i].len);
	}
	ak_buf_char(buf, ']');
}

static void
add_source(struct ak_buf *buf, const struct snap_source *source)
{
	const char *type = source->type ? source->type : "";

	ak_buf_str(buf, "{\"type\":");
	ak_json_quote(buf, type, strlen(type));
	add_text(buf, "name", source->name);
	add_text(buf, "prefix", source->prefix);
	add_text(buf, "consistency",
	    snap_consistency_name(source->consistency));
	ak_buf_printf(buf, ",\"exit_status\":%d", source->exit_status);
	add_flag(buf, "failed", source->failed);
	add_text(buf, "problem", source->problem);
	add_count(buf, "files", source->files);
	add_count(buf, "bytes", source->bytes);
	add_count(buf, "changed", source->changed);
	add_count(buf, "vanished", source->vanished);
	add_tree(buf, &source->tree);
	ak_buf_char(buf, '}');
}

void
snap_print(const struct snap *snap, const char *more_json, struct ak_buf *buf)
{
	ak_buf_printf(buf,
	    "{\"aikit-backup-snapshot\":1,\"begin_ns\":\"%" PRId64
	    "\",\"end_ns\":\"%" PRId64 "\"",
	    snap->begin, snap->end);
	add_text(buf, "parent", snap->parent);
	add_text(buf, "host", snap->host);
	add_text(buf, "stack", snap->stack);
	add_text(buf, "tool", snap->tool);
	add_list(buf, "tags", snap->tags, snap->tag_count);
	add_flag(buf, "full", snap->full);
	add_flag(buf, "independent", snap->independent);
	add_list(buf, "warnings", snap->warnings, snap->warning_count);
	add_count(buf, "read_bytes", snap->read_bytes);
	add_count(buf, "new_bytes", snap->new_bytes);
	add_count(buf, "stored_bytes", snap->stored_bytes);
	if (more_json)
		ak_buf_printf(buf, ",\"kit\":%s", more_json);
	ak_buf_str(buf, ",\"sources\":[");
	for (size_t i = 0; i < snap->source_count; i++) {
		if (i > 0)
			ak_buf_char(buf, ',');
		add_source(buf, &snap->sources[i]);
	}
	ak_buf_str(buf, "]}");
}
