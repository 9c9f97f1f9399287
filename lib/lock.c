/*
 * lock - one changer at a time, by flock(2) on a file in a directory.
 *
 * The file is never removed: two processes could then each hold a lock on a
 * file of that name.
 */
#include "lib/lock.h"

#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/str.h"

#define LINE_MAX_BYTES 512

void
ak_lock_line(struct ak_buf *line, const char *who)
{
	ak_buf_printf(line, "%ld ", (long)getpid());
	ak_str_from_time(line, ak_str_now());
	ak_buf_printf(line, " %.*s\n", LINE_MAX_BYTES - 64, who);
}

bool
ak_lock_holder(char *line, struct ak_lock_holder *holder)
{
	char *since, *who;
	long pid = strtol(line, &since, 10);

	who = *since == ' ' ? strchr(since + 1, ' ') : NULL;
	if (!who)
		return false;
	*who++ = '\0';
	*holder = (struct ak_lock_holder){ pid, since + 1, who };
	return true;
}

static int
write_holder(int fd, const char *who)
{
	AK_BUF struct ak_buf line = { 0 };

	ak_lock_line(&line, who);
	if (ftruncate(fd, 0) == -1)
		return -1;
	return pwrite(fd, line.data, line.len, 0) == (ssize_t)line.len ? 0 : -1;
}

static int
fail_held(int fd, const char *name, struct ak_err *err)
{
	char line[LINE_MAX_BYTES + 1] = "";
	ssize_t len = pread(fd, line, LINE_MAX_BYTES, 0);
	struct ak_lock_holder holder;

	line[len > 0 ? len : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	if (!ak_lock_holder(line, &holder))
		return ak_fail(err, AK_TEMPFAIL, "%s: held by another process",
		    name);
	return ak_fail(err, AK_TEMPFAIL,
	    "%s: held by %s (process %ld) since %s", name, holder.who,
	    holder.pid, holder.since);
}

int
ak_lock(int dir, const char *name, const char *who, int *fd, struct ak_err *err)
{
	AK_CLOSE int new = openat(dir, name,
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (new == -1)
		return ak_fail_sys(err,
		    errno == EACCES || errno == EPERM ? AK_NOPERM
						      : AK_CANTCREATE,
		    "%s", name);
	if (flock(new, LOCK_EX | LOCK_NB) == -1)
		return errno == EWOULDBLOCK
		    ? fail_held(new, name, err)
		    : ak_fail_sys(err, AK_IO, "%s", name);
	if (write_holder(new, who) == -1)
		return ak_fail_sys(err, AK_IO, "%s", name);
	*fd = ak_take_fd(&new);
	return 0;
}
