/*
 * cmd_cat - the bytes of a file, to standard output as they are.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tools/backup/commands.h"
#include "tools/backup/session.h"

#define FRAMES 4

struct cat {
	struct session session;
	const char *path;
	bool found;
};

static int
put(const uint8_t *data, uint64_t len, struct ak_err *err)
{
	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, data, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return ak_fail_sys(err, AK_IO, "stdout: write");
		data += n;
		len -= (uint64_t)n;
	}
	return 0;
}

static int
put_zeros(uint64_t len, struct ak_err *err)
{
	static const uint8_t zeros[65536];

	while (len > 0) {
		uint64_t n = len < sizeof(zeros) ? len : sizeof(zeros);

		if (put(zeros, n, err) == -1)
			return -1;
		len -= n;
	}
	return 0;
}

/* Where the stream is, and the hole that comes next. */
struct spot {
	const struct entry *entry;
	size_t hole;
	uint64_t at;
};

static int
put_holes(struct spot *spot, struct ak_err *err)
{
	const struct entry *entry = spot->entry;

	while (spot->hole < entry->hole_count &&
	    entry->holes[spot->hole].offset == spot->at) {
		uint64_t len = entry->holes[spot->hole++].len;

		if (put_zeros(len, err) == -1)
			return -1;
		spot->at += len;
	}
	return 0;
}

static int
put_data(struct spot *spot, const uint8_t *data, uint64_t len,
    struct ak_err *err)
{
	const struct entry *entry = spot->entry;

	while (len > 0) {
		uint64_t n = len, left;

		if (put_holes(spot, err) == -1)
			return -1;
		if (spot->hole < entry->hole_count) {
			left = entry->holes[spot->hole].offset - spot->at;
			n = left < n ? left : n;
		}
		if (put(data, n, err) == -1)
			return -1;
		data += n;
		len -= n;
		spot->at += n;
	}
	return 0;
}

static int
put_file(struct cat *cat, const struct entry *entry, struct ak_err *err)
{
	struct spot spot = { .entry = entry };

	for (size_t i = 0; i < entry->chunks.count; i++) {
		const struct chunk *chunk = &entry->chunks.items[i];
		const uint8_t *data;

		if (loader_get(cat->session.loader, chunk, &data, err) == -1 ||
		    put_data(&spot, data, chunk->len, err) == -1)
			return -1;
	}
	return put_holes(&spot, err);
}

/* The first source that has it as it is asked for. */
static int
cat_entry(void *arg, const struct snap_source *source AK_UNUSED,
    const char *path, const struct entry *entry, struct ak_err *err)
{
	struct cat *cat = arg;

	if (cat->found || !ak_streq(path, cat->path))
		return 0;
	cat->found = true;
	if (entry->type != ENTRY_FILE)
		return ak_fail(err, AK_NOINPUT, "%s: no file but a %s", path,
		    entry_type_name(entry->type));
	return put_file(cat, entry, err);
}

static int
find(struct cat *cat, const struct snap *snap, struct wanted *wanted,
    struct ak_err *err)
{
	struct visit visit = { &cat->session, snap, wanted, cat_entry, NULL,
		cat };

	cat->path = wanted->paths[0];
	if (visit_all(&visit, err) == -1)
		return -1;
	return cat->found
	    ? 0
	    : ak_fail(err, AK_NOINPUT, "%s: not in the snapshot", cat->path);
}

int
cat_run(struct ak_ctx *ctx, int count AK_UNUSED, char *operands[])
{
	struct cat cat = { 0 };
	WANTED struct wanted wanted = { 0 };
	struct snap *snap = NULL;
	int got = wanted_set(&wanted, 1, operands + 1, &ctx->err);

	if (got == 0)
		got = session_open(&cat.session, ctx, FRAMES);
	if (got == 0)
		got = snap_find(cat.session.repo, operands[0], &snap,
		    &ctx->err);
	if (got == 0) {
		got = find(&cat, snap, &wanted, &ctx->err);
		snap_free(snap);
	}
	session_close(&cat.session);
	return got;
}
