/*
 * cmd_import - a snapshot of what is in a tar archive.
 *
 * An archive has its own order, a tree has its own: entries are kept in memory
 * until the end, without their bytes, and sorted then.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "lib/str.h"
#include "tools/backup/archive.h"
#include "tools/backup/care.h"
#include "tools/backup/commands.h"
#include "tools/backup/records.h"
#include "tools/backup/session.h"
#include "tools/backup/source.h"

static struct {
	struct ak_opt_list tags;
	bool plan;
} o;

const struct ak_opt import_options[] = {
	{ 0, "tag", "tag", "a word to find it by", AK_LIST(&o.tags) },
	{ 0, "plan", NULL, "what is in it", AK_FLAG(&o.plan) },
	{ 0 },
};

/* An entry of the archive, and the other name it says it is of. */
struct member {
	struct entry entry;
	char *first;
	size_t number; /* of its place in the archive */
};

struct import {
	struct ak_ctx *ctx;
	struct session session;
	struct saver *saver;
	struct tar_in *in;
	struct member *members;
	size_t count, cap;
	struct snap *snap;
};

/* What is left of the bytes that libarchive has given last. */
struct source_bytes {
	struct tar_in *in;
	const uint8_t *data;
	size_t len;
};

static ssize_t
read_bytes(void *arg, void *data, size_t len, struct ak_err *err)
{
	struct source_bytes *bytes = arg;

	while (bytes->len == 0) {
		const void *got;

		if (tar_in_data(bytes->in, &got, &bytes->len, err) == -1)
			return -1;
		if (bytes->len == 0)
			return 0;
		bytes->data = got;
	}
	len = len < bytes->len ? len : bytes->len;
	memcpy(data, bytes->data, len);
	bytes->data += len;
	bytes->len -= len;
	return (ssize_t)len;
}

/* Without "./" and slashes in front; "" for the root; NULL with "..". */
static char *
clean_path(const char *path)
{
	AK_BUF struct ak_buf buf = { 0 };

	while (*path != '\0') {
		size_t len = strcspn(path, "/");

		if (len == 2 && memcmp(path, "..", 2) == 0)
			return NULL;
		if (len > 0 && !(len == 1 && *path == '.')) {
			if (buf.len > 0)
				ak_buf_char(&buf, '/');
			ak_buf_add(&buf, path, len);
		}
		path += len + (path[len] == '/');
	}
	return ak_buf_take(&buf);
}

static void
no_progress(void *arg AK_UNUSED, const char *path AK_UNUSED,
    uint64_t bytes AK_UNUSED)
{
}

/* The chunks of what follows; only its list is taken from the intake. */
static int
take_bytes(struct import *import, struct entry *entry, struct ak_err *err)
{
	struct source_bytes bytes = { .in = import->in };
	struct snap_source nobody = { 0 };
	struct intake in = { .repo = import->session.repo,
		.saver = import->saver,
		.about = &nobody,
		.progress = no_progress };
	struct intake_stream stream = { .path = (const char *)entry->path,
		.size = entry->size,
		.read = read_bytes,
		.arg = &bytes };
	uint64_t size = 0;

	if (intake_chunks(&in, &stream, &entry->chunks, err) == -1)
		return -1;
	for (size_t i = 0; i < entry->chunks.count; i++)
		size += entry->chunks.items[i].len;
	for (size_t i = 0; i < entry->hole_count; i++)
		size += entry->holes[i].len;
	return size == entry->size
	    ? 0
	    : ak_fail(err, AK_DATA, "archive: %s: not as long as it says",
		  entry->path);
}

static struct member *
add_member(struct import *import)
{
	if (import->count == import->cap) {
		import->cap = import->cap * 2 + 64;
		import->members = ak_resize(import->members, import->cap,
		    sizeof(*import->members));
	}
	import->members[import->count] = (struct member){
		.number = import->count
	};
	return &import->members[import->count++];
}

static int
take_member(struct import *import, struct entry *entry, const char *path,
    const char *first, struct ak_err *err)
{
	struct member *member = add_member(import);

	member->entry = *entry;
	member->entry.path = (uint8_t *)clean_path(path);
	if (first)
		member->first = clean_path(first);
	if (!member->entry.path || (first && !member->first))
		return ak_fail(err, AK_DATA,
		    "archive: %s: a path that leads out of it", path);
	member->entry.path_len = strlen((const char *)member->entry.path);
	if (member->entry.type != ENTRY_FILE || first || o.plan)
		return 0;
	return take_bytes(import, &member->entry, err);
}

static int
take_all(struct import *import, struct ak_err *err)
{
	for (;;) {
		AK_FREE char *path = NULL, *first = NULL;
		struct entry entry = { 0 };
		int got = tar_in_next(import->in, &entry, &path, &first, err);

		if (got != 1)
			return got;
		if (take_member(import, &entry, path, first, err) == -1)
			return -1;
	}
}

/* Of the same name, the one that came last stands behind. */
static int
order_members(const void *a, const void *b)
{
	const struct member *one = a, *other = b;
	int order = tree_compare(one->entry.path, one->entry.path_len,
	    other->entry.path, other->entry.path_len);

	if (order != 0)
		return order;
	return (one->number > other->number) - (one->number < other->number);
}

/* The last of that name; NULL: there is none. */
static struct member *
find_member(struct import *import, const char *path)
{
	size_t low = 0, high = import->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct entry *e = &import->members[mid].entry;

		if (tree_compare(e->path, e->path_len, (const uint8_t *)path,
			strlen(path)) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == 0 ||
	    strcmp((const char *)import->members[low - 1].entry.path, path) !=
		0)
		return NULL;
	return &import->members[low - 1];
}

/* A further name is given all that the first one has. */
static int
join(struct import *import, struct member *member, struct ak_err *err)
{
	struct member *first = find_member(import, member->first);
	struct entry copy;

	if (!first || first->first)
		return ak_fail(err, AK_DATA,
		    "archive: %s: a name of %s, which is not there",
		    member->entry.path, member->first);
	first->entry.link_group = first->number + 1;
	entry_copy(&copy, &first->entry);
	free(copy.path);
	copy.path = member->entry.path;
	copy.path_len = member->entry.path_len;
	member->entry.path = NULL;
	entry_free(&member->entry);
	member->entry = copy;
	return 0;
}

/* Sorted, and each with all that is known of it. */
static int
settle(struct import *import, struct ak_err *err)
{
	if (import->count > 0)
		qsort(import->members, import->count, sizeof(*import->members),
		    order_members);
	for (size_t i = 0; i < import->count; i++)
		if (import->members[i].first &&
		    join(import, &import->members[i], err) == -1)
			return -1;
	return 0;
}

/* Of the ith, NULL when a later one has its name. */
static const struct entry *
entry_of(struct import *import, size_t i, struct snap_source *about)
{
	const struct entry *e = &import->members[i].entry;

	if (find_member(import, (const char *)e->path) != &import->members[i])
		return NULL;
	about->files += e->type != ENTRY_DIR;
	about->bytes += e->size;
	return e;
}

static int
write_tree(struct import *import, struct snap_source *about, struct ak_err *err)
{
	struct tree_writer *writer = tree_writer_new(import->saver);
	int put = 0;

	for (size_t i = 0; i < import->count && put == 0; i++) {
		const struct entry *e = entry_of(import, i, about);

		if (e != NULL)
			put = tree_writer_add(writer, e, err);
	}
	if (put == 0)
		return tree_writer_end(writer, &about->tree, err);
	tree_writer_free(writer);
	return -1;
}

static void
begin_snap(struct snap *snap, const char *file)
{
	char path[PATH_MAX];
	struct snap_source *about = ak_calloc(1, sizeof(*about));

	snap_begin(snap, &o.tags);
	about->type = ak_strdup("import");
	about->name = ak_printf("import:%s",
	    realpath(file, path) ? path : file);
	about->prefix = ak_strdup("");
	snap->sources = about;
	snap->source_count = 1;
}

static int
store(struct import *import, struct ak_err *err)
{
	struct snap *snap = import->snap;
	struct saver_stats stats;

	if (take_all(import, err) == -1 || settle(import, err) == -1 ||
	    write_tree(import, &snap->sources[0], err) == -1 ||
	    saver_finish(import->saver, err) == -1)
		return -1;
	stats = saver_stats(import->saver);
	snap->read_bytes = stats.read_bytes;
	snap->new_bytes = stats.new_bytes;
	snap->stored_bytes = stats.stored_bytes;
	snap->end = ak_str_now();
	if (snap_write(import->session.repo, snap, NULL, err) == -1)
		return -1;
	record_snapshot(import->ctx->out, snap);
	return 0;
}

/* What is in it, but for bytes of files, which are passed over. */
static int
would(struct import *import, struct ak_err *err)
{
	struct snap_source *about = &import->snap->sources[0];

	if (take_all(import, err) == -1 || settle(import, err) == -1)
		return -1;
	for (size_t i = 0; i < import->count; i++)
		(void)entry_of(import, i, about);
	record_source(import->ctx->out, about);
	return 1;
}

static int
import_file(struct import *import, const char *file)
{
	struct saver_options how = { 0 };
	struct ak_err *err = &import->ctx->err;
	AK_CLOSE int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int got;

	if (fd == -1)
		return ak_fail_sys(err,
		    errno == ENOENT ? AK_NOINPUT : AK_NOPERM, "%s", file);
	if (session_open(&import->session, import->ctx, 1) == -1 ||
	    (!o.plan &&
		saver_open(import->session.repo, import->session.index, &how,
		    &import->saver, err) == -1))
		return -1;
	begin_snap(import->snap, file);
	got = tar_in_open(fd, &import->in, err);
	if (got == -1)
		return -1;
	return o.plan ? would(import, err) : store(import, err);
}

int
import_run(struct ak_ctx *ctx, int count AK_UNUSED, char *operands[])
{
	struct import import = { .ctx = ctx };
	int got;

	import.snap = ak_calloc(1, sizeof(*import.snap));
	got = import_file(&import, operands[0]);
	if (import.in)
		tar_in_close(import.in);
	if (import.saver)
		saver_close(import.saver);
	for (size_t i = 0; i < import.count; i++) {
		entry_free(&import.members[i].entry);
		free(import.members[i].first);
	}
	free(import.members);
	snap_free(import.snap);
	session_close(&import.session);
	return got;
}
