/*
 * intake - a directory taken in: walked beside the tree of the snapshot before,
 * so that what has not changed is not read.
 *
 * Entries wait in a ring until their chunks are stored, and leave it in their
 * order: the workers have thousands of small files at hand, and the tree is
 * written as it is sorted.
 */
#include "tools/backup/intake.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tools/backup/walk.h"

#define WAITING 8192
#define NS INT64_C(1000000000)

struct work {
	struct intake *in;
	struct pending ring[WAITING];
	size_t head, count;
};

static void
warn_path(struct intake *in, const char *path, const char *what)
{
	const char *prefix = in->about->prefix ? in->about->prefix : "";
	AK_FREE char *text = ak_printf("%s%s%s: %s", prefix,
	    *prefix && *path ? "/" : "", path, what);

	in->warn(in->arg, text);
}

static void
on_trouble(void *arg, enum walk_trouble what, const char *path,
    const struct ak_err *why)
{
	struct intake *in = arg;

	if (what == WALK_VANISHED && in->may_vanish &&
	    in->may_vanish(in->instead_arg, path))
		return;
	if (what == WALK_VANISHED)
		in->about->vanished++;
	warn_path(in, path, what == WALK_VANISHED ? "vanished" : why->text);
}

static int
store_head(struct work *work, struct ak_err *err)
{
	struct intake *in = work->in;
	struct pending *p = &work->ring[work->head];
	const char *path = (const char *)p->entry.path;
	int put;

	if (p->reading) {
		p->entry.chunks = p->item.chunks;
		p->item.chunks = (struct chunks){ 0 };
		if (p->hashed && !intake_hash_holds(path, p->item.whole))
			warn_path(in, path,
			    "its bytes are not what its name says");
		item_free(&p->item);
	}
	put = tree_writer_add(in->tree, &p->entry, err);
	entry_free(&p->entry);
	*p = (struct pending){ 0 };
	work->head = (work->head + 1) % WAITING;
	work->count--;
	return put;
}

/* Writes what is done; with all, waits for the rest. */
static int
drain(struct work *work, bool all, struct ak_err *err)
{
	while (work->count > 0) {
		struct pending *p = &work->ring[work->head];
		bool full = all || work->count == WAITING;

		if (p->reading && !item_done(work->in->saver, &p->item)) {
			if (!full)
				return 0;
			if (item_wait(work->in->saver, &p->item, err) == -1)
				return -1;
		}
		if (store_head(work, err) == -1)
			return -1;
	}
	return 0;
}

static void
count(struct intake *in, const struct entry *entry)
{
	if (entry->type == ENTRY_DIR)
		return;
	in->about->files++;
	in->about->bytes += entry->size;
	in->about->changed += entry->changed;
}

static int
push(struct work *work, struct ak_err *err)
{
	struct pending *p = &work->ring[(work->head + work->count) % WAITING];

	count(work->in, &p->entry);
	if (p->entry.changed)
		warn_path(work->in, (const char *)p->entry.path,
		    "changed while it was read");
	work->count++;
	if (drain(work, false, err) == -1)
		return -1;
	return work->in->checkpoint ? work->in->checkpoint(work->in->arg, err)
				    : 0;
}

static void
set_path(struct entry *entry, const struct walk_place *place)
{
	entry->path = (uint8_t *)ak_strdup(place->path);
	entry->path_len = place->path_len;
}

/* What it is now, with the chunks it had. */
static int
keep(struct work *work, const struct walk_place *place,
    const struct entry *before, struct ak_err *err)
{
	struct entry *entry = &work->ring[(work->head + work->count) % WAITING]
				   .entry;

	entry_copy(entry, before);
	entry->dev = place->stat->dev;
	entry->link_group = place->stat->link_group;
	work->in->progress(work->in->arg, place->path, 0);
	return push(work, err);
}

static int
keep_blob(struct work *work, const struct walk_place *place,
    const struct entry *before, struct ak_err *err)
{
	struct entry *entry = &work->ring[(work->head + work->count) % WAITING]
				   .entry;

	*entry = *place->stat;
	set_path(entry, place);
	if (meta_attributes(place->dir, place->name, entry, err) == -1) {
		warn_path(work->in, place->path, err->text);
		entry_free(entry);
		return 0;
	}
	chunks_copy(&entry->chunks, &before->chunks);
	return push(work, err);
}

static void
could_not(struct work *work, const char *path, const struct ak_err *why)
{
	on_trouble(work->in,
	    why->code == AK_NOINPUT ? WALK_VANISHED : WALK_UNREADABLE, path,
	    why);
}

/* fd: of a stand-in for it, or -1. */
static int
take_new(struct work *work, const struct walk_place *place, int fd,
    struct ak_err *err)
{
	struct pending *p = &work->ring[(work->head + work->count) % WAITING];
	struct reading reading = { place->dir, place->name, fd };
	int got;

	p->entry = *place->stat;
	set_path(&p->entry, place);
	work->in->progress(work->in->arg, place->path, 0);
	got = p->entry.type == ENTRY_FILE
	    ? intake_read(work->in, &reading, p, err)
	    : -meta_attributes(place->dir, place->name, &p->entry, err);
	if (got == 0)
		return push(work, err);
	if (got == 1)
		could_not(work, place->path, err);
	entry_free(&p->entry);
	*p = (struct pending){ 0 };
	return got == 1 ? 0 : -1;
}

static struct stat
stat_of(const struct entry *entry)
{
	return (struct stat){ .st_mode = S_IFREG | entry->mode,
		.st_uid = entry->uid,
		.st_gid = entry->gid,
		.st_size = (off_t)entry->size,
		.st_ino = entry->ino,
		.st_dev = entry->dev,
		.st_nlink = entry->link_group ? 2 : 1,
		.st_mtim = { entry->mtime / NS, entry->mtime % NS },
		.st_ctim = { entry->ctime / NS, entry->ctime % NS } };
}

static enum instead
ask_instead(struct work *work, const struct walk_place *place, bool same,
    int *fd, struct ak_err *err)
{
	struct intake *in = work->in;
	struct stat status;
	struct instead_ask ask = { place->dir, place->name, &status, same };

	if (!in->instead || place->stat->type != ENTRY_FILE)
		return INSTEAD_NOT;
	status = stat_of(place->stat);
	return in->instead(in->instead_arg, &ask, fd, err);
}

static int
take_place(struct work *work, const struct walk_place *place,
    struct ak_err *err)
{
	bool same;
	const struct entry *before = intake_before(work->in, place, &same);
	int fd = -1;

	switch (ask_instead(work, place, same, &fd, err)) {
	case INSTEAD_SKIP:
		return 0;
	case INSTEAD_FAILED:
		could_not(work, place->path, err);
		return 0;
	case INSTEAD_FD:
		return take_new(work, place, fd, err);
	case INSTEAD_NOT:
		break;
	}
	if (same)
		return keep(work, place, before, err);
	if (intake_same_blob(work->in, place, before))
		return keep_blob(work, place, before, err);
	return take_new(work, place, -1, err);
}

/* What the saver still holds must not go before it has let go of it. */
static void
abandon(struct work *work)
{
	for (; work->count > 0; work->count--) {
		struct pending *p = &work->ring[work->head];

		if (p->reading)
			item_drop(work->in->saver, &p->item);
		item_free(&p->item);
		entry_free(&p->entry);
		work->head = (work->head + 1) % WAITING;
	}
}

static int
take_all(struct work *work, struct walk *walk, struct ak_err *err)
{
	struct walk_place place;
	int got;

	intake_before_begin(work->in);
	while ((got = walk_next(walk, &place, err)) == 1)
		if (take_place(work, &place, err) == -1)
			return -1;
	return got == -1 ? -1 : drain(work, true, err);
}

static void
skip_repository(const struct repo *repo, struct walk_options *options)
{
	struct stat st;

	if (repo->path && stat(repo->path, &st) == 0) {
		options->skip_dev = st.st_dev;
		options->skip_ino = st.st_ino;
	}
}

int
intake_directory(struct intake *in, int fd, struct ak_err *err)
{
	struct work *work = ak_calloc(1, sizeof(*work));
	struct walk_options options = { .excludes = in->excludes,
		.prefix = in->about->prefix ? in->about->prefix : "",
		.one_file_system = in->one_file_system,
		.exclude_caches = in->exclude_caches,
		.trouble = on_trouble,
		.arg = in };
	struct walk *walk;
	int got;

	skip_repository(in->repo, &options);
	walk = walk_new(fd, &options);
	work->in = in;
	got = take_all(work, walk, err);
	abandon(work);
	walk_free(walk);
	free(work);
	return got;
}
