/*
 * beneath - names below an open directory that never lead out of it.
 */
#include "tools/backup/beneath.h"

#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define STEP ((size_t)PATH_MAX / 2)
#define TRIES 100 /* of EAGAIN: something was renamed meanwhile */
#define HOLD_DIR (O_PATH | O_DIRECTORY | O_CLOEXEC)

static int
open_step(int dir, const char *path, int flags, mode_t mode)
{
	struct open_how how = { .flags = (unsigned)(flags | O_CLOEXEC),
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
		    RESOLVE_NO_MAGICLINKS };
	long fd = -1;

	for (int i = 0; i < TRIES; i++) {
		fd = syscall(SYS_openat2, dir, *path ? path : ".", &how,
		    sizeof(how));
		if (fd != -1 || errno != EAGAIN)
			break;
	}
	return (int)fd;
}

/* Where a path too long for one call is cut: behind a slash, or nowhere. */
static size_t
cut_at(const char *path)
{
	size_t len = strlen(path), at = STEP;

	if (len < PATH_MAX)
		return 0;
	while (at > 0 && path[at - 1] != '/')
		at--;
	return at;
}

int
beneath_open(int root, const char *path, int flags, mode_t mode)
{
	AK_CLOSE int held = -1;
	size_t cut;

	while ((cut = cut_at(path)) > 0) {
		AK_FREE char *part = ak_strndup(path, cut - 1);
		int next = open_step(held >= 0 ? held : root, part, HOLD_DIR,
		    0);

		if (next == -1)
			return -1;
		if (held >= 0)
			close(held);
		held = next;
		path += cut;
	}
	return open_step(held >= 0 ? held : root, path, flags, mode);
}

int
beneath_parent(int root, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	AK_FREE char *parent = ak_strndup(path,
	    slash ? (size_t)(slash - path) : 0);

	*name = slash ? slash + 1 : path;
	return beneath_open(root, parent, HOLD_DIR, 0);
}

int
beneath_make_parent(int root, const char *path, const char **name)
{
	int dir = beneath_parent(root, path, name);
	const char *slash = strrchr(path, '/'), *last;
	AK_FREE char *parent = NULL;
	AK_CLOSE int above = -1;

	if (dir >= 0 || errno != ENOENT || !slash)
		return dir;
	parent = ak_strndup(path, (size_t)(slash - path));
	above = beneath_make_parent(root, parent, &last);
	if (above == -1 ||
	    (mkdirat(above, last, 0777) == -1 && errno != EEXIST))
		return -1;
	return open_step(above, last, HOLD_DIR, 0);
}

/* What is inside; the directory stays. */
static int
empty_dir(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0), failed = 0;
	DIR *names = copy >= 0 ? fdopendir(copy) : NULL;
	struct dirent *entry;

	if (!names) {
		if (copy >= 0)
			close(copy);
		return -1;
	}
	while ((entry = readdir(names)) != NULL)
		if (!ak_streq(entry->d_name, ".") &&
		    !ak_streq(entry->d_name, "..") &&
		    beneath_remove(fd, entry->d_name) == -1)
			failed = errno;
	closedir(names);
	errno = failed;
	return failed ? -1 : 0;
}

int
beneath_remove(int dir, const char *name)
{
	AK_CLOSE int fd = -1;
	struct stat st, above;

	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) == -1 || fstat(dir, &above) == -1)
		return -1;
	if (st.st_dev != above.st_dev) {
		errno = EBUSY;
		return -1;
	}
	return empty_dir(fd) == -1 ? -1 : unlinkat(dir, name, AT_REMOVEDIR);
}

void
beneath_error(struct ak_err *err, const char *path)
{
	if (errno == ELOOP || errno == EXDEV)
		ak_err_set(err, AK_DATA, "%s: a symbolic link is in the way",
		    path);
	else if (errno == EEXIST) {
		ak_err_set(err, AK_CANTCREATE, "%s: it is there already", path);
		ak_err_help(err, "--in-place changes what is there");
	} else if (errno == ENOTDIR)
		ak_err_set(err, AK_CANTCREATE,
		    "%s: no directory, where one must be", path);
	else
		ak_err_set_sys(err,
		    errno == EACCES || errno == EPERM ? AK_NOPERM : AK_IO, "%s",
		    path);
}
