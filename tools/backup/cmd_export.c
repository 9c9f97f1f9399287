/*
 * cmd_export - a snapshot as one tar archive, with every attribute.
 *
 * In the order of the tree, so that it is read in the order it was stored, and
 * nothing is held in memory but names of files that have several.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/backup/archive.h"
#include "tools/backup/commands.h"
#include "tools/backup/links.h"
#include "tools/backup/records.h"
#include "tools/backup/session.h"

#define FRAMES 16

static struct {
	const char *output;
} o;

const struct ak_opt export_options[] = {
	{ 'o', "output", "file", "write it there, not to standard output",
	    AK_STRING(&o.output) },
	{ 0 },
};

struct export
{
	struct ak_ctx *ctx;
	struct session session;
	struct tar_out *out;
	struct links *links;
	uint64_t entries, sockets, damaged;
};

/* Bytes of holes are passed on as zeros, which the format leaves out. */
static int
put_zeros(struct tar_out *out, uint64_t len, struct ak_err *err)
{
	static const uint8_t zeros[65536];

	while (len > 0) {
		size_t n = len < sizeof(zeros) ? (size_t)len : sizeof(zeros);

		if (tar_out_data(out, zeros, n, err) == -1)
			return -1;
		len -= n;
	}
	return 0;
}

/* A chunk may go around holes: at the offset, the next hole of the file. */
static int
put_chunk(struct tar_out *out, const struct entry *entry, size_t *hole,
    uint64_t *at, const struct ak_buf *data, struct ak_err *err)
{
	size_t done = 0;

	while (done < data->len) {
		size_t n = data->len - done;

		if (*hole < entry->hole_count &&
		    entry->holes[*hole].offset == *at) {
			if (put_zeros(out, entry->holes[*hole].len, err) == -1)
				return -1;
			*at += entry->holes[(*hole)++].len;
			continue;
		}
		if (*hole < entry->hole_count &&
		    entry->holes[*hole].offset - *at < n)
			n = (size_t)(entry->holes[*hole].offset - *at);
		if (tar_out_data(out, data->data + done, n, err) == -1)
			return -1;
		done += n;
		*at += n;
	}
	return 0;
}

/*
 * The header is out when a chunk turns out to be lost: zeros stand for it, and
 * the file is named.
 */
static int
put_bytes(struct export *export, const char *path, const struct entry *entry,
    struct ak_err *err)
{
	AK_BUF struct ak_buf data = { 0 };
	size_t hole = 0;
	uint64_t at = 0;
	bool lost = false;

	for (size_t i = 0; i < entry->chunks.count; i++) {
		const struct chunk *chunk = &entry->chunks.items[i];
		const uint8_t *bytes;

		ak_buf_reset(&data);
		ak_buf_grow(&data, chunk->len);
		if (loader_get(export->session.loader, chunk, &bytes, err) == 0)
			ak_buf_add(&data, bytes, chunk->len);
		else {
			if (err->code != AK_DATA)
				return -1;
			if (!lost)
				ak_cmd_warn(export->ctx, "%s: %s", path,
				    err->text);
			lost = true;
			memset(data.data, 0, chunk->len);
			data.len = chunk->len;
		}
		if (put_chunk(export->out, entry, &hole, &at, &data, err) == -1)
			return -1;
	}
	export->damaged += lost;
	return hole < entry->hole_count
	    ? put_zeros(export->out, entry->size - at, err)
	    : 0;
}

static const char *
first_name(struct export *export, const char *path, const struct entry *entry)
{
	const char *first;

	if (entry->link_group == 0)
		return NULL;
	first = links_get(export->links, entry->dev, entry->link_group);
	if (!first)
		links_put(export->links, entry->dev, entry->link_group, path);
	return first;
}

static int
put_entry(void *arg, const struct snap_source *source AK_UNUSED,
    const char *path, const struct entry *entry, struct ak_err *err)
{
	struct export *export = arg;
	const char *name = *path ? path : ".";
	const char *first = first_name(export, name, entry);
	int got = tar_out_entry(export->out, name, entry, first, err);

	export->entries += got == 0;
	export->sockets += got == 1;
	if (got != 0)
		return got == 1 ? 0 : -1;
	return entry->type == ENTRY_FILE && !first
	    ? put_bytes(export, name, entry, err)
	    : 0;
}

static void
on_lost(void *arg, const struct snap_source *source, const struct ak_err *why)
{
	struct export *export = arg;

	export->damaged++;
	ak_cmd_warn(export->ctx, "%s: %s", source->name, why->text);
}

static int
put_all(struct export *export, const struct snap *snap, int fd)
{
	struct ak_err *err = &export->ctx->err, last;
	struct wanted all = { 0 };
	struct visit visit = { &export->session, snap, &all, put_entry, on_lost,
		export };
	int level = export->session.repo->level, got;

	if (tar_out_open(fd, level > 0 ? level : 3, &export->out, err) == -1)
		return -1;
	got = visit_all(&visit, err);
	if (tar_out_close(export->out, got == -1 ? &last : err) == -1)
		return -1;
	if (got == -1)
		return -1;
	if (export->sockets > 0)
		ak_cmd_warn(export->ctx,
		    "%llu sockets are left out: tar has no such thing",
		    (unsigned long long)export->sockets);
	if (export->damaged > 0)
		return ak_fail(err, AK_DATA,
		    "%llu damaged, zeros stand for what is lost",
		    (unsigned long long)export->damaged);
	return 0;
}

/* A device or a pipe is written to; a file is a draft until it is whole. */
static int
open_output(char **draft, struct ak_err *err)
{
	struct stat st;
	int fd;

	if (!o.output) {
		if (isatty(STDOUT_FILENO))
			return ak_fail(err, AK_USAGE,
			    "an archive is not for a terminal: -o FILE");
		return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	}
	if (stat(o.output, &st) == 0 && !S_ISREG(st.st_mode))
		fd = open(o.output, O_WRONLY | O_CLOEXEC);
	else {
		*draft = ak_printf("%s.part", o.output);
		unlink(*draft);
		fd = open(*draft,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	}
	return fd == -1 ? ak_fail_sys(err, AK_CANTCREATE, "%s", o.output) : fd;
}

static int
sync_parent(const char *path, struct ak_err *err)
{
	const char *slash = strrchr(path, '/');
	AK_FREE char *parent = slash
	    ? ak_strndup(path, (size_t)(slash - path) + 1)
	    : ak_strdup(".");
	AK_CLOSE int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1 || (fsync(fd) == -1 && errno != EINVAL))
		return ak_fail_sys(err, AK_IO, "%s", parent);
	return 0;
}

/* Damage is in it and was told; anything else and it is not there. */
static int
end_output(int fd, const char *draft, int got, struct ak_err *err)
{
	struct ak_err other = { 0 };

	if (got == -1 && err->code != AK_DATA) {
		unlink(draft);
		return -1;
	}
	if (fsync(fd) == -1 || rename(draft, o.output) == -1) {
		ak_err_set_sys(err, AK_IO, "%s", o.output);
		unlink(draft);
		return -1;
	}
	if (sync_parent(o.output, got == -1 ? &other : err) == -1)
		return -1;
	return got;
}

static int
export_snap(struct export *export, const char *which)
{
	struct ak_err *err = &export->ctx->err;
	AK_FREE char *draft = NULL;
	AK_CLOSE int fd = -1;
	struct snap *snap = NULL;
	int got;

	if (session_open(&export->session, export->ctx, FRAMES) == -1 ||
	    snap_find(export->session.repo, which, &snap, err) == -1)
		return -1;
	fd = open_output(&draft, err);
	got = fd == -1 ? -1 : put_all(export, snap, fd);
	if (fd != -1 && draft)
		got = end_output(fd, draft, got, err);
	snap_free(snap);
	return got;
}

int
export_run(struct ak_ctx *ctx, int count AK_UNUSED, char *operands[])
{
	struct export export = { .ctx = ctx, .links = links_new() };
	int got = export_snap(&export, operands[0]);

	links_free(export.links);
	session_close(&export.session);
	return got;
}
