/*
 * sqlite_lock - the bytes that SQLite locks, and a copy made in time.
 */
#include "tools/backup/sqlite_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/proc.h"

enum { COPY_STEP = 8 << 20 };

static const char magic[16] = "SQLite format 3";

bool
sqlite_is(int fd)
{
	char head[sizeof(magic)];

	return pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
	    memcmp(head, magic, sizeof(magic)) == 0;
}

static int
lock_set(int fd, short type, off_t start, off_t len)
{
	struct flock lock = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = start,
		.l_len = len,
	};

	return fcntl(fd, F_OFD_SETLK, &lock);
}

/* Does anybody else hold a lock there? */
bool
sqlite_lock_taken(int fd, off_t start)
{
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = start,
		.l_len = 1,
	};

	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* A read lock, tried until it is had: writers hold theirs for moments. */
int
sqlite_lock_wait(int fd, off_t start, off_t len, const char *name,
    struct ak_err *err)
{
	const struct timespec pause = { .tv_nsec = 100000 };
	int64_t end = ak_proc_now_ms() + SQLITE_WAIT_MS;

	while (lock_set(fd, F_RDLCK, start, len) == -1) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return ak_fail_sys(err, AK_IO, "%s: lock", name);
		if (ak_proc_now_ms() > end)
			return ak_fail(err, AK_TEMPFAIL,
			    "%s: locked by its writer for %d s", name,
			    SQLITE_WAIT_MS / 1000);
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* As a reader does: past a writer that waits, then among the readers. */
int
sqlite_lock_shared(int fd, const char *name, struct ak_err *err)
{
	if (sqlite_lock_wait(fd, PENDING, 1, name, err) == -1)
		return -1;
	int failed = sqlite_lock_wait(fd, SHARED, SHARED_SIZE, name, err);

	lock_set(fd, F_UNLCK, PENDING, 1);
	return failed;
}

/* A lease for readers is given only where nobody has it open for writing. */
bool
sqlite_is_cold(int fd)
{
	if (fcntl(fd, F_SETLEASE, F_RDLCK) == -1)
		return false;
	fcntl(fd, F_SETLEASE, F_UNLCK);
	return true;
}

/* A file without a name that ends with us. */
int
sqlite_scratch_open(struct ak_err *err)
{
	const char *dirs[] = { getenv("TMPDIR"), "/var/tmp", "/tmp" };

	for (size_t i = 0; i < AK_COUNT(dirs); i++) {
		int fd = dirs[i] == NULL
		    ? -1
		    : open(dirs[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

		if (fd != -1)
			return fd;
	}
	return ak_fail_sys(err, AK_CANTCREATE, "a scratch file");
}

/* len bytes to another file, until a time on the monotonic clock; 0: none. */
int
sqlite_copy_until(int from, int to, int64_t len, int64_t end_ms,
    const char *name, struct ak_err *err)
{
	off_t at = 0;

	while (at < len) {
		size_t step = len - at < COPY_STEP ? (size_t)(len - at)
						   : (size_t)COPY_STEP;
		ssize_t n = copy_file_range(from, &at, to, NULL, step, 0);

		if (n == 0)
			break;
		if (n == -1 && errno != EINTR)
			return ak_fail_sys(err, AK_IO, "%s: copy", name);
		if (end_ms != 0 && at < len && ak_proc_now_ms() > end_ms) {
			ak_err_set(err, AK_TEMPFAIL,
			    "%s: not copied in %d s, its writers wait", name,
			    SQLITE_HOLD_MS / 1000);
			ak_err_help(err, "stop or pause what writes it");
			return -1;
		}
	}
	return 0;
}
