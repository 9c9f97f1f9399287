/*
 * file - whole files, read whole and replaced whole.
 *
 * A name may have directories before it. Its last one is opened, and all that
 * follows is done there, so that draft, file and sync are of one directory.
 */
#include "lib/file.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHUNK ((size_t)64 * 1024)
/* Of the name in its draft, so that the longest name (255 bytes) has one. */
#define DRAFT_NAME 200
#define DRAFT_TRIES 100

static enum ak_code
code_for_reading(int why)
{
	switch (why) {
	case ENOENT:
	case ENOTDIR:
		return AK_NOINPUT;
	case EACCES:
	case EPERM:
		return AK_NOPERM;
	case ELOOP:
		return AK_DATA;
	default:
		return AK_IO;
	}
}

int
ak_dir_open(int dir, const char *path, int *fd, struct ak_err *err)
{
	int follow = dir == AT_FDCWD ? 0 : O_NOFOLLOW;
	int new = openat(dir, path,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | follow);

	if (new == -1)
		return ak_fail_sys(err, code_for_reading(errno), "%s", path);
	*fd = new;
	return 0;
}

/* The directory that path, which has a slash, is in; its end is cut there. */
static int
sync_parent(const char *path)
{
	AK_FREE char *copy = ak_strdup(path);
	char *slash = strrchr(copy, '/');
	AK_CLOSE int fd = -1;

	if (slash)
		slash[slash == copy] = '\0';
	fd = open(slash ? copy : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd == -1 ? -1 : fsync(fd);
}

/* From the last part up to one that is there, and down again. */
static int
make_path(char *path, mode_t mode)
{
	char *slash;
	int made;

	if (mkdir(path, mode) == 0)
		return sync_parent(path);
	if (errno == EEXIST)
		return 0;
	slash = strrchr(path, '/');
	if (errno != ENOENT || !slash || slash == path)
		return -1;
	*slash = '\0';
	made = make_path(path, mode);
	*slash = '/';
	if (made == -1 || (mkdir(path, mode) == -1 && errno != EEXIST))
		return -1;
	return sync_parent(path);
}

int
ak_dir_make(const char *path, mode_t mode, int *fd, struct ak_err *err)
{
	AK_FREE char *copy = ak_strdup(path);
	size_t end = strlen(copy);

	while (end > 1 && copy[end - 1] == '/')
		copy[--end] = '\0';
	if (make_path(copy, mode) == -1)
		return ak_fail_sys(err, AK_CANTCREATE, "%s", path);
	return ak_dir_open(AT_FDCWD, path, fd, err);
}

/*
 * One byte more than max is asked for, since the size of a file that grows, or
 * of one in /proc, says nothing.
 */
static int
read_all(int fd, const char *name, size_t max, struct ak_buf *buf,
    struct ak_err *err)
{
	size_t left = max;
	ssize_t got;

	do {
		ak_buf_grow(buf, left < CHUNK ? left + 1 : CHUNK);
		got = read(fd, buf->data + buf->len,
		    left < CHUNK ? left + 1 : CHUNK);
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return ak_fail_sys(err, AK_IO, "%s", name);
		if ((size_t)got > left)
			return ak_fail(err, AK_DATA,
			    "%s: larger than %zu bytes", name, max);
		buf->len += (size_t)got;
		left -= (size_t)got;
	} while (got != 0);
	buf->data[buf->len] = '\0';
	return 0;
}

/* Without blocking, since the name may be that of a FIFO. */
int
ak_file_read(int dir, const char *name, size_t max, struct ak_buf *buf,
    struct ak_err *err)
{
	AK_CLOSE int fd = openat(dir, name,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	size_t before = buf->len;
	struct stat st;

	if (fd == -1 && errno == ELOOP)
		return ak_fail(err, AK_DATA, "%s: a symbolic link", name);
	if (fd == -1)
		return ak_fail_sys(err, code_for_reading(errno), "%s", name);
	if (fstat(fd, &st) == -1)
		return ak_fail_sys(err, AK_IO, "%s", name);
	if (!S_ISREG(st.st_mode))
		return ak_fail(err, AK_DATA, "%s: no regular file", name);
	if (read_all(fd, name, max, buf, err) == 0)
		return 0;
	buf->len = before;
	if (buf->data)
		buf->data[before] = '\0';
	return -1;
}

/* A new file beside the one that is meant, gone when it is given up. */
struct draft {
	int dir;	  /* the directory of both */
	const char *base; /* the last part of the name that is meant */
	char name[256];	  /* "" when there is none to remove */
};

static void
draft_end(struct draft *draft)
{
	int saved = errno;

	if (draft->name[0] != '\0')
		unlinkat(draft->dir, draft->name, 0);
	ak_close_scope(&draft->dir);
	errno = saved;
}

#define DRAFT __attribute__((cleanup(draft_end)))

static int
draft_place(struct draft *draft, int dir, const char *name, struct ak_err *err)
{
	const char *slash = strrchr(name, '/');
	AK_FREE char *path = slash ? ak_strndup(name, (size_t)(slash - name))
				   : ak_strdup(".");

	draft->base = slash ? slash + 1 : name;
	draft->dir = openat(dir, slash == name ? "/" : path,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (draft->dir == -1)
		return ak_fail_sys(err, AK_CANTCREATE, "%s", name);
	return 0;
}

/* Named by process and number, so that no two writers share one. */
static int
draft_open(struct draft *draft, mode_t mode)
{
	char name[sizeof(draft->name)];
	int fd = -1;

	for (int n = 0; n < DRAFT_TRIES && fd == -1; n++) {
		snprintf(name, sizeof(name), ".%.*s.draft.%d.%d", DRAFT_NAME,
		    draft->base, (int)getpid(), n);
		fd = openat(draft->dir, name,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
		if (fd == -1 && errno != EEXIST)
			return -1;
	}
	if (fd != -1)
		memcpy(draft->name, name, sizeof(name));
	return fd;
}

static int
write_all(int fd, const void *data, size_t len)
{
	const char *next = data;

	while (len > 0) {
		ssize_t put = write(fd, next, len);

		if (put == -1 && errno == EINTR)
			continue;
		if (put == -1)
			return -1;
		next += put;
		len -= (size_t)put;
	}
	return 0;
}

/* close(2) tells what a network file system could not write. */
static int
draft_write(struct draft *draft, const char *name, const void *data, size_t len,
    mode_t mode, struct ak_err *err)
{
	AK_CLOSE int fd = draft_open(draft, mode);

	if (fd == -1)
		return ak_fail_sys(err, AK_CANTCREATE, "%s", name);
	if (write_all(fd, data, len) == -1 || fsync(fd) == -1 ||
	    close(ak_take_fd(&fd)) == -1)
		return ak_fail_sys(err, AK_IO, "%s", name);
	return 0;
}

/* Some file systems cannot sync a directory, and say so with EINVAL. */
static int
sync_dir(int dir, const char *name, struct ak_err *err)
{
	if (fsync(dir) == -1 && errno != EINVAL)
		return ak_fail_sys(err, AK_IO, "%s", name);
	return 0;
}

int
ak_file_replace(int dir, const char *name, const void *data, size_t len,
    mode_t mode, struct ak_err *err)
{
	DRAFT struct draft draft = { .dir = -1 };

	if (draft_place(&draft, dir, name, err) == -1 ||
	    draft_write(&draft, name, data, len, mode, err) == -1)
		return -1;
	if (renameat(draft.dir, draft.name, draft.dir, draft.base) == -1)
		return ak_fail_sys(err, AK_CANTCREATE, "%s", name);
	draft.name[0] = '\0';
	return sync_dir(draft.dir, name, err);
}

/* linkat(2) is the one call that both names a file and refuses a taken name. */
int
ak_file_create(int dir, const char *name, const void *data, size_t len,
    mode_t mode, struct ak_err *err)
{
	DRAFT struct draft draft = { .dir = -1 };
	struct stat st;

	if (draft_place(&draft, dir, name, err) == -1)
		return -1;
	if (fstatat(draft.dir, draft.base, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (draft_write(&draft, name, data, len, mode, err) == -1)
		return -1;
	if (linkat(draft.dir, draft.name, draft.dir, draft.base, 0) == -1) {
		if (errno == EEXIST)
			return 0;
		return ak_fail_sys(err, AK_CANTCREATE, "%s", name);
	}
	unlinkat(draft.dir, draft.name, 0);
	draft.name[0] = '\0';
	return sync_dir(draft.dir, name, err) == -1 ? -1 : 1;
}
