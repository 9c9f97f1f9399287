/*
 * restore_delete - what is in the target and not in the snapshot goes.
 *
 * The target is walked beside the tree, so that neither is in memory. Only
 * below what is wanted, never into another file system, and never the
 * repository.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tools/backup/beneath.h"
#include "tools/backup/records.h"
#include "tools/backup/restore.h"
#include "tools/backup/walk.h"

struct sweep {
	struct restore *restore;
	struct tree_reader *reader;
	struct entry *entry; /* where the tree is; NULL at its end */
	bool list;
	char *gone; /* a directory that is not in the tree */
	/* The tree is damaged: what is not in it may have been. */
	bool blind;
};

static int
next_entry(struct sweep *sweep, struct ak_err *err)
{
	int got = tree_reader_next(sweep->reader, &sweep->entry, err);

	if (got == -1 && err->code == AK_DATA)
		sweep->blind = true;
	if (got != 1)
		sweep->entry = NULL;
	return got == -1 && !sweep->blind ? -1 : 0;
}

/* 1 the snapshot has it, 0 it has not, -1. */
static int
is_known(struct sweep *sweep, const struct walk_place *place,
    struct ak_err *err)
{
	while (sweep->entry) {
		int order = tree_compare(sweep->entry->path,
		    sweep->entry->path_len, (const uint8_t *)place->path,
		    place->path_len);

		if (order >= 0)
			return order == 0;
		if (next_entry(sweep, err) == -1)
			return -1;
	}
	return 0;
}

static bool
inside_gone(const struct sweep *sweep, const char *path)
{
	size_t len = sweep->gone ? strlen(sweep->gone) : 0;

	return sweep->gone && strncmp(path, sweep->gone, len) == 0 &&
	    path[len] == '/';
}

/* Wanted, and not what another source has below this one. */
static bool
is_wanted(struct sweep *sweep, const char *path)
{
	const struct restore *restore = sweep->restore;
	AK_BUF struct ak_buf whole = { 0 };
	struct wanted copy = restore->wanted;
	AK_FREE bool *found = ak_calloc(copy.count + 1, sizeof(*found));

	copy.found = found;
	path_join(&whole, restore->source->prefix, path);
	return wanted_has(&copy, ak_buf_text(&whole)) &&
	    !restore_is_others(restore, ak_buf_text(&whole));
}

static void
remove_place(struct sweep *sweep, const struct walk_place *place)
{
	struct restore *restore = sweep->restore;
	AK_BUF struct ak_buf path = { 0 };
	struct ak_err err = { 0 };

	path_join(&path, restore->target.base, place->path);
	free(sweep->gone);
	sweep->gone = ak_strdup(place->path);
	restore->removed++;
	if (sweep->list) {
		record_action(restore->ctx->out, "remove", ak_buf_text(&path),
		    place->stat->type == ENTRY_FILE ? (int64_t)place->stat->size
						    : -1);
		return;
	}
	if (beneath_remove(place->dir, place->name) == -1) {
		ak_err_set_sys(&err, AK_NOPERM, "not removed");
		restore_failed(restore, ak_buf_text(&path), &err);
	}
}

static void
on_trouble(void *arg, enum walk_trouble what, const char *path,
    const struct ak_err *why)
{
	struct sweep *sweep = arg;

	/* What was removed is not there to be entered. */
	if (what == WALK_UNREADABLE)
		restore_failed(sweep->restore, path, why);
}

static int
sweep_all(struct sweep *sweep, struct walk *walk, struct ak_err *err)
{
	struct walk_place place;
	int got, known;

	if (next_entry(sweep, err) == -1)
		return -1;
	while ((got = walk_next(walk, &place, err)) == 1) {
		if (inside_gone(sweep, place.path) ||
		    !is_wanted(sweep, place.path))
			continue;
		known = is_known(sweep, &place, err);
		if (known == -1)
			return -1;
		if (sweep->blind)
			return ak_fail(err, AK_DATA,
			    "nothing is deleted: the snapshot is damaged, and "
			    "what is not seen may have been there");
		if (known == 0)
			remove_place(sweep, &place);
	}
	return got;
}

int
restore_delete(struct restore *restore, bool list, struct ak_err *err)
{
	struct sweep sweep = { .restore = restore, .list = list };
	struct walk_options options = { .one_file_system = true,
		.prefix = "",
		.trouble = on_trouble,
		.arg = &sweep };
	AK_CLOSE int fd = beneath_open(restore->target.root,
	    restore->target.base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	struct walk *walk;
	struct stat st;
	int got;

	/* Only of a directory is it known that it was taken whole. */
	if (!ak_streq(restore->source->type, "dir"))
		return 0;
	if (fd == -1)
		return errno == ENOENT
		    ? 0
		    : beneath_fail(err, restore->target.base);
	if (stat(restore->session.repo->path, &st) == 0) {
		options.skip_dev = st.st_dev;
		options.skip_ino = st.st_ino;
	}
	sweep.reader = tree_reader_new(restore->session.loader,
	    &restore->source->tree);
	walk = walk_new(fd, &options);
	got = sweep_all(&sweep, walk, err);
	walk_free(walk);
	tree_reader_free(sweep.reader);
	free(sweep.gone);
	return got;
}
