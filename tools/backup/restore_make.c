/*
 * restore_make - the first pass: directories, links and devices made, files
 * given to the workers.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tools/backup/beneath.h"
#include "tools/backup/restore.h"

/*
 * The parent of a path, kept open for its neighbours; missing parts of it are
 * made, since a part of a snapshot may be restored.
 */
static int
hold_parent(struct restore *restore, const char *path, const char **name,
    struct ak_err *err)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;
	int dir;

	*name = slash ? slash + 1 : path;
	if (restore->held_path && strlen(restore->held_path) == len &&
	    memcmp(restore->held_path, path, len) == 0)
		return restore->held_dir;
	dir = beneath_make_parent(restore->target.root, path, name);
	if (dir == -1)
		return beneath_fail(err, path);
	if (restore->held_dir >= 0)
		close(restore->held_dir);
	free(restore->held_path);
	restore->held_dir = dir;
	restore->held_path = ak_strndup(path, len);
	return dir;
}

static bool
same_link(int dir, const char *name, const struct entry *entry)
{
	AK_FREE char *target = ak_malloc(entry->link_len + 1);
	ssize_t len = readlinkat(dir, name, target, entry->link_len + 1);

	return len == (ssize_t)entry->link_len &&
	    memcmp(target, entry->link, entry->link_len) == 0;
}

static bool
already(int dir, const char *name, const struct entry *entry,
    const struct stat *st)
{
	if ((st->st_mode & S_IFMT) != entry_kind(entry->type))
		return false;
	if (entry->type == ENTRY_LINK)
		return same_link(dir, name, entry);
	return (entry->type != ENTRY_CHAR && entry->type != ENTRY_BLOCK) ||
	    st->st_rdev == entry->rdev;
}

static int
make_node(int dir, const char *name, const struct entry *entry)
{
	switch (entry->type) {
	case ENTRY_DIR:
		return mkdirat(dir, name, 0700);
	case ENTRY_LINK:
		return symlinkat(entry->link, dir, name);
	default:
		return mknodat(dir, name, entry_kind(entry->type) | 0600,
		    entry->rdev);
	}
}

/* A directory must let us in, and let itself be changed, until the end. */
static void
open_up(int dir, const char *name, const struct stat *st)
{
	AK_CLOSE int fd = openat(dir, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0)
		meta_clear_flags(fd);
	if (geteuid() != 0 && (st->st_mode & 0700) != 0700 && fd >= 0)
		(void)!fchmod(fd, (st->st_mode & 07777) | 0700);
}

/*
 * What is there is taken when it is the same kind of thing: a directory always,
 * others with --in-place, which else replaces it.
 */
static int
make_room(const struct restore *restore, int dir, const char *name,
    const struct entry *entry)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	if (entry->type == ENTRY_DIR && S_ISDIR(st.st_mode)) {
		open_up(dir, name, &st);
		return 1;
	}
	if (entry->type == ENTRY_DIR && S_ISLNK(st.st_mode) &&
	    !restore->options.in_place) {
		errno = ELOOP;
		return -1;
	}
	if (!restore->options.in_place) {
		errno = EEXIST;
		return -1;
	}
	if (already(dir, name, entry, &st))
		return 1;
	if (restore->options.delete)
		return beneath_remove(dir, name);
	return unlinkat(dir, name, 0);
}

/* 1 made or there, 0 not allowed to, -1. */
static int
make(struct restore *restore, int dir, const char *name,
    const struct entry *entry)
{
	int room;

	if (make_node(dir, name, entry) == 0)
		return 1;
	if (errno == EPERM && geteuid() != 0 &&
	    (entry->type == ENTRY_CHAR || entry->type == ENTRY_BLOCK)) {
		restore_missed(restore, MISSED_DEVICES);
		return 0;
	}
	if (errno != EEXIST)
		return -1;
	room = make_room(restore, dir, name, entry);
	if (room != 0)
		return room;
	return make_node(dir, name, entry) == 0 ? 1 : -1;
}

/* What directories have is put on them at the end. */
static int
finish(struct restore *restore, int dir, const char *name,
    const struct entry *entry, struct ak_err *err)
{
	AK_CLOSE int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	unsigned missed = 0;
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1)
		return ak_fail_sys(err, AK_IO, "%s", name);
	if ((st.st_mode & S_IFMT) != entry_kind(entry->type))
		return ak_fail(err, AK_DATA, "replaced by another");
	if (meta_apply(fd, entry, &missed, err) == -1)
		return -1;
	restore_missed(restore, missed);
	return 0;
}

static int
make_other(struct restore *restore, const char *path, const struct entry *entry,
    struct ak_err *err)
{
	const char *name;
	int dir = hold_parent(restore, path, &name, err), made;

	if (dir == -1)
		return -1;
	/* The root of what is restored into is there. */
	if (*path == '\0')
		return 0;
	made = make(restore, dir, name, entry);
	if (made == -1)
		return beneath_fail(err, path);
	if (made == 0)
		return 0;
	if (entry->type == ENTRY_DIR) {
		restore->dirs++;
		return 0;
	}
	if (finish(restore, dir, name, entry, err) == -1)
		return ak_fail_in(err, "%s", path);
	pthread_mutex_lock(&restore->lock);
	restore->files++;
	pthread_mutex_unlock(&restore->lock);
	return 0;
}

/* True when it is a further name of a file that has had its first. */
static bool
later_name(struct restore *restore, const char *path, const struct entry *entry)
{
	if (entry->link_group == 0)
		return false;
	if (links_get(restore->links, entry->dev, entry->link_group)) {
		restore->any_links = true;
		return true;
	}
	links_put(restore->links, entry->dev, entry->link_group, path);
	return false;
}

int
restore_make(void *arg, const struct snap_source *source AK_UNUSED,
    const char *path, const struct entry *entry, struct ak_err *err)
{
	struct restore *restore = arg;
	AK_BUF struct ak_buf below = { 0 };
	const char *name;

	if (restore_is_others(restore, path))
		return 0;
	if (atomic_load(&restore->stop))
		return ak_fail(err, AK_IO, "given up");
	restore_path(restore, entry, &below);
	if (entry->flags != 0)
		restore->any_flags = true;
	if (later_name(restore, ak_buf_text(&below), entry))
		return 0;
	if (entry->type != ENTRY_FILE) {
		if (make_other(restore, ak_buf_text(&below), entry, err) == -1)
			restore_failed(restore, ak_buf_text(&below), err);
		return 0;
	}
	if (hold_parent(restore, ak_buf_text(&below), &name, err) == -1)
		restore_failed(restore, ak_buf_text(&below), err);
	else
		restore_pool_add(restore->pool, ak_buf_text(&below), entry);
	return 0;
}
