/*
 * meta - what a file is beside its bytes, read from it.
 *
 * Nothing is opened to be asked: statx(2) knows flags as well, and xattrs are
 * read below /proc/self/fd, whose last name is not followed by l*xattr(2).
 */
#include "tools/backup/meta.h"

#include <linux/limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NS INT64_C(1000000000)
#define PROC_PATH 320 /* "/proc/self/fd/N/" and a name */

static uint32_t
flags_of(uint64_t attributes)
{
	return (attributes & STATX_ATTR_IMMUTABLE ? ENTRY_IMMUTABLE : 0U) |
	    (attributes & STATX_ATTR_APPEND ? ENTRY_APPEND : 0U) |
	    (attributes & STATX_ATTR_NODUMP ? ENTRY_NODUMP : 0U);
}

static int64_t
time_of(const struct statx_timestamp *time)
{
	int64_t ns;

	if (__builtin_mul_overflow(time->tv_sec, NS, &ns))
		return time->tv_sec < 0 ? INT64_MIN : INT64_MAX;
	return ns + time->tv_nsec;
}

static enum ak_code
code_of(int why)
{
	if (why == ENOENT || why == ENOTDIR)
		return AK_NOINPUT;
	return why == EACCES || why == EPERM ? AK_NOPERM : AK_IO;
}

int
meta_stat(int dir, const char *name, struct entry *entry, uint64_t *blocks,
    struct ak_err *err)
{
	int how = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT |
	    (*name == '\0' ? AT_EMPTY_PATH : 0);
	struct statx st;

	if (statx(dir, name, how, STATX_BASIC_STATS, &st) == -1)
		return ak_fail_sys(err, code_of(errno), "%s", name);
	entry->type = entry_type_of(st.stx_mode);
	entry->mode = st.stx_mode & 07777U;
	entry->uid = st.stx_uid;
	entry->gid = st.stx_gid;
	entry->flags = flags_of(st.stx_attributes);
	entry->mtime = time_of(&st.stx_mtime);
	entry->ctime = time_of(&st.stx_ctime);
	entry->size = entry->type == ENTRY_FILE ? st.stx_size : 0;
	entry->ino = st.stx_ino;
	entry->dev = makedev(st.stx_dev_major, st.stx_dev_minor);
	entry->rdev = makedev(st.stx_rdev_major, st.stx_rdev_minor);
	entry->link_group = entry->type != ENTRY_DIR && st.stx_nlink > 1
	    ? st.stx_ino
	    : 0;
	if (blocks)
		*blocks = st.stx_blocks * 512;
	return 0;
}

/* Below a directory the name is not followed; /proc/self/fd/N itself must be.
 */
static ssize_t
list_at(const char *path, bool follow, char *names, size_t size)
{
	return follow ? listxattr(path, names, size)
		      : llistxattr(path, names, size);
}

static ssize_t
get_at(const char *path, bool follow, const char *name, void *value,
    size_t size)
{
	return follow ? getxattr(path, name, value, size)
		      : lgetxattr(path, name, value, size);
}

static int
read_xattr(const char *path, bool follow, const char *name, struct entry *entry)
{
	ssize_t len = get_at(path, follow, name, NULL, 0);
	AK_FREE uint8_t *value = NULL;

	if (len == -1)
		return -1;
	value = ak_malloc((size_t)len + 1);
	len = get_at(path, follow, name, value, (size_t)len);
	if (len == -1)
		return -1;
	entry_add_xattr(entry, name, value, (size_t)len);
	return 0;
}

/* In the order of their names: the same attributes are the same bytes. */
static int
read_xattrs(const char *path, bool follow, struct entry *entry,
    struct ak_err *err)
{
	char room[1024];
	AK_FREE char *more = NULL;
	char *names = room;
	ssize_t len = list_at(path, follow, room, sizeof(room));

	if (len == -1 && errno == ERANGE) {
		names = more = ak_malloc(XATTR_LIST_MAX);
		len = list_at(path, follow, more, XATTR_LIST_MAX);
	}
	if (len == -1 && (errno == ENOTSUP || errno == ENOSYS))
		return 0;
	if (len == -1)
		return ak_fail_sys(err, code_of(errno), "attributes");
	for (char *name = names; name < names + len; name += strlen(name) + 1)
		if (read_xattr(path, follow, name, entry) == -1 &&
		    errno != ENODATA && errno != ENOTSUP)
			return ak_fail_sys(err, code_of(errno), "%s", name);
	entry_sort_xattrs(entry);
	return 0;
}

static int
read_link(int dir, const char *name, struct entry *entry, struct ak_err *err)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(dir, name, target, sizeof(target));

	if (len == -1)
		return ak_fail_sys(err, code_of(errno), "%s", name);
	entry->link = ak_malloc((size_t)len + 1);
	memcpy(entry->link, target, (size_t)len);
	entry->link[len] = '\0';
	entry->link_len = (size_t)len;
	return 0;
}

int
meta_attributes(int dir, const char *name, struct entry *entry,
    struct ak_err *err)
{
	char path[PROC_PATH];
	bool itself = *name == '\0';
	int len = snprintf(path, sizeof(path), "/proc/self/fd/%d%s%s", dir,
	    itself ? "" : "/", name);

	if (len < 0 || (size_t)len >= sizeof(path))
		return ak_fail(err, AK_IO, "%s: the name is too long", name);
	if (entry->type == ENTRY_LINK && read_link(dir, name, entry, err) == -1)
		return -1;
	return read_xattrs(path, itself, entry, err);
}

/* A file system without holes says that there is one at the end. */
int
meta_read_holes(int fd, struct entry *entry, struct ak_err *err)
{
	off_t size = (off_t)entry->size;
	off_t at = lseek(fd, 0, SEEK_HOLE);

	while (at >= 0 && at < size) {
		off_t data = lseek(fd, at, SEEK_DATA);

		if (data == -1 && errno == ENXIO)
			data = size;
		if (data == -1)
			break;
		data = data > size ? size : data;
		entry->holes = ak_resize(entry->holes, entry->hole_count + 1,
		    sizeof(*entry->holes));
		entry->holes[entry->hole_count++] = (struct hole){ (uint64_t)at,
			(uint64_t)(data - at) };
		at = data < size ? lseek(fd, data, SEEK_HOLE) : size;
	}
	if (at == -1 && errno != EINVAL && errno != ENOTSUP && errno != ENXIO)
		return ak_fail_sys(err, AK_IO, "holes");
	return 0;
}
