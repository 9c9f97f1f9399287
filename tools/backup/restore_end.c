/*
 * restore_end - what must come after all files: further names, what directories
 * have, and flags.
 *
 * From the deepest up, since a directory that nobody may enter is closed when
 * all in it is done; those that are open are a stack as deep as the path.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tools/backup/beneath.h"
#include "tools/backup/restore.h"

struct ending {
	struct restore *restore;
	struct entry *stack;
	size_t count, cap;
};

static void
close_dir(struct restore *restore, const struct entry *entry)
{
	AK_BUF struct ak_buf path = { 0 };
	AK_CLOSE int fd = -1;
	struct ak_err err = { 0 };
	unsigned missed = 0;
	int got = 0;

	restore_path(restore, entry, &path);
	fd = beneath_open(restore->target.root, ak_buf_text(&path),
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (fd == -1)
		got = beneath_fail(&err, ak_buf_text(&path));
	else if (meta_apply(fd, entry, &missed, &err) == -1)
		got = -1;
	/* One that could not be made was told of then. */
	if (got == -1 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
		restore_failed(restore, ak_buf_text(&path), &err);
	restore_missed(restore, missed);
}

static bool
is_inside(const struct entry *entry, const struct entry *dir)
{
	return dir->path_len == 0 ||
	    (entry->path_len > dir->path_len &&
		memcmp(entry->path, dir->path, dir->path_len) == 0 &&
		entry->path[dir->path_len] == '/');
}

static void
pop(struct ending *ending)
{
	struct entry *top = &ending->stack[--ending->count];

	close_dir(ending->restore, top);
	entry_free(top);
}

static void
push(struct ending *ending, const struct entry *entry)
{
	if (ending->count == ending->cap) {
		ending->cap = ending->cap * 2 + 16;
		ending->stack = ak_resize(ending->stack, ending->cap,
		    sizeof(*ending->stack));
	}
	entry_copy(&ending->stack[ending->count++], entry);
}

static bool
same_file(int root, const char *a, int dir, const char *name)
{
	const char *other;
	AK_CLOSE int parent = beneath_parent(root, a, &other);
	struct stat one, two;

	return parent >= 0 &&
	    fstatat(parent, other, &one, AT_SYMLINK_NOFOLLOW) == 0 &&
	    fstatat(dir, name, &two, AT_SYMLINK_NOFOLLOW) == 0 &&
	    one.st_ino == two.st_ino && one.st_dev == two.st_dev;
}

static int
link_once(int root, const char *first, int dir, const char *name)
{
	const char *other;
	AK_CLOSE int parent = beneath_parent(root, first, &other);

	return parent == -1 ? -1 : linkat(parent, other, dir, name, 0);
}

static int
add_name(const struct restore *restore, const char *first, const char *path,
    struct ak_err *err)
{
	const char *name;
	int root = restore->target.root;
	AK_CLOSE int dir = beneath_make_parent(root, path, &name);

	if (dir == -1)
		return beneath_fail(err, path);
	if (link_once(root, first, dir, name) == 0)
		return 0;
	if (errno == ENOENT)
		return ak_fail(err, AK_NOINPUT,
		    "%s: a name of %s, which is not there", path, first);
	if (errno != EEXIST)
		return beneath_fail(err, path);
	if (same_file(root, first, dir, name))
		return 0;
	errno = EEXIST;
	if (!restore->options.in_place || unlinkat(dir, name, 0) == -1 ||
	    link_once(root, first, dir, name) == -1)
		return beneath_fail(err, path);
	return 0;
}

static void
further_name(struct restore *restore, const struct entry *entry)
{
	AK_BUF struct ak_buf path = { 0 };
	struct ak_err err = { 0 };
	const char *first;

	first = links_get(restore->links, entry->dev, entry->link_group);
	restore_path(restore, entry, &path);
	if (!first || ak_streq(first, ak_buf_text(&path)))
		return;
	if (add_name(restore, first, ak_buf_text(&path), &err) == 0)
		restore->files++;
	else if (err.code == AK_NOINPUT)
		restore_lost(restore, ak_buf_text(&path), &err);
	else
		restore_failed(restore, ak_buf_text(&path), &err);
}

static int
end_entry(void *arg, const struct snap_source *source AK_UNUSED,
    const char *path, const struct entry *entry, struct ak_err *err AK_UNUSED)
{
	struct ending *ending = arg;

	if (restore_is_others(ending->restore, path))
		return 0;
	while (ending->count > 0 &&
	    !is_inside(entry, &ending->stack[ending->count - 1]))
		pop(ending);
	if (entry->type == ENTRY_DIR)
		push(ending, entry);
	else if (entry->link_group != 0)
		further_name(ending->restore, entry);
	return 0;
}

static int
set_flags(void *arg, const struct snap_source *source AK_UNUSED,
    const char *path, const struct entry *entry, struct ak_err *err AK_UNUSED)
{
	struct restore *restore = arg;
	AK_BUF struct ak_buf below = { 0 };
	AK_CLOSE int fd = -1;
	unsigned missed = 0;

	if (entry->flags == 0 || restore_is_others(restore, path) ||
	    (entry->type != ENTRY_FILE && entry->type != ENTRY_DIR))
		return 0;
	restore_path(restore, entry, &below);
	fd = beneath_open(restore->target.root, ak_buf_text(&below),
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	if (fd >= 0)
		meta_apply_flags(fd, entry, &missed);
	restore_missed(restore, missed);
	return 0;
}

/* Told of in the first pass. */
static void
lost_again(void *arg AK_UNUSED, const struct snap_source *source AK_UNUSED,
    const struct ak_err *why AK_UNUSED)
{
}

int
restore_end_source(struct restore *restore, struct ak_err *err)
{
	struct ending ending = { .restore = restore };
	struct visit visit = { &restore->session, restore->snap,
		&restore->wanted, end_entry, lost_again, &ending };
	int got = visit_source(&visit, restore->source, err);

	while (ending.count > 0)
		pop(&ending);
	free(ending.stack);
	if (got == -1 || !restore->any_flags)
		return got;
	visit.entry = set_flags;
	visit.arg = restore;
	return visit_source(&visit, restore->source, err);
}
