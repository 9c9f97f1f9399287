/*
 * store_lock - the lock of a directory that is a store: flock(2) on locks/lock.
 *
 * The kernel lets go of it however a process ends, so it is never stale. The
 * file has a line for each holder, "PID SINCE WHO", for those who are kept out.
 *
 * Who wants it shared asks for it alone first: when that is granted nobody else
 * is here, and what killed processes left in tmp/ can go. Others who come at
 * that moment wait a little.
 */
#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/lock.h"
#include "tools/backup/store_local.h"

#define NAME "locks/lock"
#define WAIT_STEP_NS (5 * 1000000L)
#define WAIT_STEPS 200 /* one second */
#define LINES_MAX 8192

static bool
lives(long pid)
{
	return pid > 0 && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

/* The last line whose process is still there. */
static int
fail_held(int fd, struct ak_err *err)
{
	char text[LINES_MAX + 1], *line, *next = text;
	ssize_t len = pread(fd, text, LINES_MAX, 0);
	struct ak_lock_holder holder;
	bool told = false;

	text[len > 0 ? len : 0] = '\0';
	while ((line = strsep(&next, "\n"))) {
		if (!ak_lock_holder(line, &holder) || holder.pid == getpid() ||
		    !lives(holder.pid))
			continue;
		ak_err_set(err, AK_TEMPFAIL,
		    "the repository is held by %s (process %ld) since %s",
		    holder.who, holder.pid, holder.since);
		told = true;
	}
	return told ? -1
		    : ak_fail(err, AK_TEMPFAIL,
			  "the repository is held by another process");
}

static int
sweep_drafts(void *arg, const char *name, AK_UNUSED uint64_t size,
    AK_UNUSED struct ak_err *err)
{
	struct local *local = arg;

	if (!ak_starts(name, CHECKPOINT_PREFIX))
		unlinkat(local->dir, name, 0);
	return 0;
}

static int
sweep_all(void *arg, const char *name, AK_UNUSED uint64_t size,
    AK_UNUSED struct ak_err *err)
{
	struct local *local = arg;

	unlinkat(local->dir, name, 0);
	return 0;
}

/* Alone here: lines of earlier holders and drafts have no use. */
static void
clean(struct local *local, int fd, store_each *sweep)
{
	struct ak_err ignored = { 0 };

	if (ftruncate(fd, 0) == 0)
		(void)!local_list(&local->store, "tmp/", sweep, local,
		    &ignored);
}

static void
write_holder(int fd, const char *who)
{
	AK_BUF struct ak_buf line = { 0 };

	ak_lock_line(&line, who);
	(void)!write(fd, line.data, line.len);
}

/* 1 held, 0 another has it, -1. */
static int
try_lock(int fd, int how, struct ak_err *err)
{
	for (int n = 0; n < WAIT_STEPS; n++) {
		struct timespec step = { .tv_nsec = WAIT_STEP_NS };

		if (flock(fd, how | LOCK_NB) == 0)
			return 1;
		if (errno != EWOULDBLOCK)
			return ak_fail_sys(err, AK_IO, NAME);
		nanosleep(&step, NULL);
	}
	return 0;
}

/*
 * A repository that cannot be written is read without a line; one that has no
 * lock file and cannot get one is nobody's to change.
 */
static int
open_lock(struct local *local, enum store_lock how, int *fd, struct ak_err *err)
{
	*fd = openat(local->dir, NAME,
	    O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd != -1)
		return 1;
	if (how == STORE_EXCLUSIVE || (errno != EROFS && errno != EACCES))
		return ak_fail_sys(err,
		    errno == EROFS || errno == EACCES ? AK_NOPERM : AK_IO,
		    NAME);
	*fd = openat(local->dir, NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return 0;
}

static int
take(struct local *local, enum store_lock how, int fd, struct ak_err *err)
{
	int got = 0;

	if (how == STORE_SHARED && flock(fd, LOCK_EX | LOCK_NB) == 0)
		clean(local, fd, sweep_drafts);
	got = try_lock(fd, how == STORE_SHARED ? LOCK_SH : LOCK_EX, err);
	/* A conversion that fails has lost the shared lock as well. */
	if (got != 1 && local->lock == fd)
		flock(fd, LOCK_SH | LOCK_NB);
	if (got == 0)
		return fail_held(fd, err);
	if (got == 1 && how == STORE_EXCLUSIVE)
		clean(local, fd, sweep_all);
	return got == 1 ? 0 : -1;
}

int
local_lock(struct store *store, enum store_lock how, const char *who,
    struct ak_err *err)
{
	struct local *local = (struct local *)store;
	AK_CLOSE int new = -1;
	int fd = local->lock, writable = 1;

	if (fd != -1 && (how == local->how || local->how == STORE_EXCLUSIVE))
		return 0;
	if (fd == -1) {
		writable = open_lock(local, how, &new, err);
		if (writable == -1)
			return -1;
		fd = new;
	}
	if (fd != -1 && writable && take(local, how, fd, err) == -1)
		return -1;
	if (fd != -1 && !writable && try_lock(fd, LOCK_SH, err) != 1)
		return fail_held(fd, err);
	if (fd != -1 && writable)
		write_holder(fd, who);
	if (new != -1)
		local->lock = ak_take_fd(&new);
	local->how = how;
	return 0;
}
