/*
 * sqlite - a live SQLite database as one state, by SQLite's own locks.
 *
 * Each byte that is locked here is one that os_unix.c or wal.c locks, in the
 * order in which a reader takes them. What is held are read locks only: nothing
 * of the database, its -wal or its -shm is ever written.
 */
#include "tools/backup/sqlite_lock.h"

#include <sys/ioctl.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/proc.h"

enum { HEADER = 100, TRIES = 5 };

static int
open_beside(int dir, const char *name, const char *ending)
{
	AK_FREE char *path = ak_printf("%s%s", name, ending);

	return openat(dir, path,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

/* Blocks shared on the same file system, where that can be done. */
static int
clone_beside(int dir, int from)
{
	AK_CLOSE int to = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC,
	    0600);

	if (to == -1 || ioctl(to, FICLONE, from) == -1)
		return -1;
	return ak_take_fd(&to);
}

static int
copy_held(int dir, const char *name, struct sqlite_hold *hold, int64_t size,
    struct ak_err *err)
{
	int64_t begin = ak_proc_now_ms();

	hold->fd = clone_beside(dir, hold->lock);
	if (hold->fd == -1 && size > SQLITE_COPY_MAX) {
		ak_err_set(err, AK_TEMPFAIL,
		    "%s: too large to be copied while its writers wait", name);
		ak_err_help(err, "PRAGMA journal_mode=WAL, or stop its writer");
		return -1;
	}
	if (hold->fd == -1 &&
	    ((hold->fd = sqlite_scratch_open(err)) == -1 ||
		sqlite_copy_until(hold->lock, hold->fd, size,
		    begin + SQLITE_HOLD_MS, name, err) == -1))
		return -1;
	hold->held_ms = ak_proc_now_ms() - begin;
	return 0;
}

/* The file beside it, copied whole or to its first len bytes (-1: whole). */
static int
copy_beside(int dir, const char *name, const char *ending, int64_t len,
    struct sqlite_hold *hold, struct ak_err *err)
{
	AK_CLOSE int from = open_beside(dir, name, ending);
	struct stat status;

	if (from == -1 || fstat(from, &status) == -1)
		return errno == ENOENT
		    ? 0
		    : ak_fail_sys(err, AK_IO, "%s%s", name, ending);
	if (len == -1 || len > status.st_size)
		len = status.st_size;
	if (len == 0)
		return 0;
	hold->journal = sqlite_scratch_open(err);
	if (hold->journal == -1 ||
	    sqlite_copy_until(from, hold->journal, len, 0, name, err) == -1)
		return -1;
	return 0;
}

/* A journal is hot when nobody is at work on what it is to undo. */
static int
rollback_hold(int dir, const char *name, bool wal_mode,
    struct sqlite_hold *hold, struct ak_err *err)
{
	struct stat status;

	if (fstat(hold->lock, &status) == -1)
		return ak_fail_sys(err, AK_IO, "%s", name);
	if (copy_held(dir, name, hold, status.st_size, err) == -1)
		return -1;
	hold->state = SQLITE_ROLLBACK;
	hold->wal = wal_mode;
	if (wal_mode)
		return copy_beside(dir, name, "-wal", -1, hold, err);
	if (sqlite_lock_taken(hold->lock, RESERVED))
		return 0;
	return copy_beside(dir, name, "-journal", -1, hold, err);
}

static bool
has_wal_user(int shm)
{
	return shm != -1 && sqlite_lock_taken(shm, SHM_DMS);
}

/* The locks of a reader that wants the checkpoint and the -wal left alone. */
static int
wal_hold(int dir, const char *name, struct sqlite_hold *hold,
    struct ak_err *err)
{
	if (sqlite_lock_wait(hold->shm, SHM_CKPT, 1, name, err) == -1 ||
	    sqlite_lock_wait(hold->shm, SHM_READ1, 1, name, err) == -1)
		return -1;
	hold->fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (hold->fd == -1)
		return ak_fail_sys(err, AK_IO, "%s", name);
	hold->state = SQLITE_WAL;
	hold->wal = true;
	return 0;
}

static bool
in_wal_mode(int fd)
{
	unsigned char head[HEADER];

	return pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
	    head[18] == 2 && head[19] == 2;
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool
wal_is_same(int dir, const char *name, const struct stat *before)
{
	AK_FREE char *path = ak_printf("%s-wal", name);
	struct stat now = { 0 };

	if (fstatat(dir, path, &now, AT_SYMLINK_NOFOLLOW) == -1)
		return before->st_ino == 0;
	return same_file(&now, before);
}

/*
 * In WAL mode, and nobody at work yet: who begins now is seen afterwards, and
 * then held by the locks of the -shm.
 */
static int
wal_idle_hold(int dir, const char *name, struct sqlite_hold *hold,
    struct ak_err *err)
{
	AK_FREE char *path = ak_printf("%s-wal", name);
	AK_CLOSE int shm = -1;
	struct stat before = { 0 };

	if (fstatat(dir, path, &before, AT_SYMLINK_NOFOLLOW) == -1)
		before.st_ino = 0;
	if (rollback_hold(dir, name, true, hold, err) == -1)
		return -1;
	shm = open_beside(dir, name, "-shm");
	if (!has_wal_user(shm) && wal_is_same(dir, name, &before))
		return 0;
	ak_close_scope(&hold->fd);
	ak_close_scope(&hold->journal);
	hold->state = SQLITE_NOT;
	return 1;
}

/* 0 held, 1 it became another kind meanwhile, -1. */
static int
hold_once(int dir, const char *name, bool unchanged, struct sqlite_hold *hold,
    struct ak_err *err)
{
	if (sqlite_lock_shared(hold->lock, name, err) == -1)
		return -1;
	if (in_wal_mode(hold->lock)) {
		hold->shm = open_beside(dir, name, "-shm");
		if (has_wal_user(hold->shm))
			return wal_hold(dir, name, hold, err);
		ak_close_scope(&hold->shm);
		return wal_idle_hold(dir, name, hold, err);
	}
	if (unchanged) {
		hold->state = SQLITE_SAME;
		return 0;
	}
	return rollback_hold(dir, name, false, hold, err);
}

static void
unlock(struct sqlite_hold *hold)
{
	/* A description's locks go with its last descriptor. */
	ak_close_scope(&hold->lock);
	ak_close_scope(&hold->shm);
}

static int
hold_open(int dir, const char *name, bool unchanged, struct sqlite_hold *hold,
    struct ak_err *err)
{
	int got = 1;

	if (sqlite_is_cold(hold->lock)) {
		hold->state = SQLITE_COLD;
		return 0;
	}
	for (int i = 0; got == 1 && i < TRIES; i++)
		got = hold_once(dir, name, unchanged, hold, err);
	if (got == 1)
		return ak_fail(err, AK_TEMPFAIL, "%s: opened and closed again",
		    name);
	return got;
}

int
sqlite_hold(int dir, const char *name, bool unchanged, struct sqlite_hold *hold,
    struct ak_err *err)
{
	*hold = (struct sqlite_hold){
		.lock = -1, .shm = -1, .fd = -1, .journal = -1
	};
	hold->lock = openat(dir, name,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (hold->lock == -1)
		return ak_fail_sys(err, errno == ENOENT ? AK_NOINPUT : AK_IO,
		    "%s", name);
	if (!sqlite_is(hold->lock)) {
		unlock(hold);
		return 0;
	}
	if (hold_open(dir, name, unchanged, hold, err) == -1) {
		sqlite_let_go(hold);
		return -1;
	}
	if (hold->state != SQLITE_WAL)
		unlock(hold);
	return 0;
}

/*
 * Where the last commit ends: what stands behind it is either not committed or
 * of an earlier round, and a reader would pass over it.
 */
static int64_t
wal_end(int fd)
{
	unsigned char head[32], frame[24];
	int64_t page, at = sizeof(head), end = 0;

	if (pread(fd, head, sizeof(head), 0) != (ssize_t)sizeof(head))
		return 0;
	page = sqlite_number(head + 8);
	if (page < 512 || page > 65536)
		return -1;
	while (pread(fd, frame, sizeof(frame), at) == (ssize_t)sizeof(frame) &&
	    memcmp(frame + 8, head + 16, 8) == 0) {
		at += (int64_t)sizeof(frame) + page;
		if (sqlite_number(frame + 4) != 0)
			end = at;
	}
	return end;
}

int
sqlite_hold_wal(int dir, const char *name, struct sqlite_hold *hold,
    struct ak_err *err)
{
	AK_CLOSE int from = open_beside(dir, name, "-wal");
	int64_t end = from == -1 ? 0 : wal_end(from);

	ak_close_scope(&hold->journal);
	if (end == 0)
		return 0;
	return copy_beside(dir, name, "-wal", end, hold, err);
}

void
sqlite_let_go(struct sqlite_hold *hold)
{
	unlock(hold);
	ak_close_scope(&hold->fd);
	ak_close_scope(&hold->journal);
}
