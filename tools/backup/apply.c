/*
 * apply - owner, attributes, mode, times and flags, put on a file.
 *
 * By a descriptor that may be O_PATH, so that no name is looked up again and
 * symbolic links are served as files are.
 */
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/backup/meta.h"

#define NS INT64_C(1000000000)
#define SET_ID (S_ISUID | S_ISGID)

void
missed_words(unsigned missed, struct ak_buf *words)
{
	static const struct {
		unsigned bit;
		const char *word;
	} all[] = {
		{ MISSED_OWNER, "owners" },
		{ MISSED_SET_ID, "set-id bits" },
		{ MISSED_XATTRS, "extended attributes" },
		{ MISSED_FLAGS, "flags" },
		{ MISSED_DEVICES, "devices" },
	};

	for (size_t i = 0; i < AK_COUNT(all); i++)
		if (missed & all[i].bit)
			ak_buf_printf(words, "%s%s", words->len ? ", " : "",
			    all[i].word);
}

static bool
not_allowed(int why)
{
	return why == EPERM || why == EACCES || why == EINVAL;
}

static bool
not_kept(int why)
{
	return why == ENOTSUP || why == ENOSYS || why == EROFS;
}

static int
apply_owner(int fd, const struct entry *entry, const struct stat *now,
    unsigned *missed, struct ak_err *err)
{
	if (now->st_uid == entry->uid && now->st_gid == entry->gid)
		return 0;
	if (fchownat(fd, "", entry->uid, entry->gid,
		AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (!not_allowed(errno))
		return ak_fail_sys(err, AK_IO, "owner");
	*missed |= MISSED_OWNER;
	/* One's own file may at least go to a group that one is in. */
	(void)!fchownat(fd, "", (uid_t)-1, entry->gid,
	    AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
	return 0;
}

static bool
has_xattr(const struct entry *entry, const char *name)
{
	for (size_t i = 0; i < entry->xattr_count; i++)
		if (strcmp(entry->xattrs[i].name, name) == 0)
			return true;
	return false;
}

/*
 * What a file got from the default ACL of its directory, or had before, goes.
 * Labels that a security module gives to every file stay.
 */
static void
remove_others(const char *path, const struct entry *entry)
{
	char names[4096];
	ssize_t len = listxattr(path, names, sizeof(names));

	for (char *at = names; at < names + (len > 0 ? len : 0);
	     at += strlen(at) + 1)
		if (!has_xattr(entry, at) &&
		    (!ak_starts(at, "security.") ||
			ak_streq(at, "security.capability")))
			removexattr(path, at);
}

static int
apply_xattrs(int fd, const struct entry *entry, unsigned *missed,
    struct ak_err *err)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	remove_others(path, entry);
	for (size_t i = 0; i < entry->xattr_count; i++) {
		const struct xattr *x = &entry->xattrs[i];

		if (setxattr(path, x->name, x->value, x->len, 0) == 0)
			continue;
		if (!not_allowed(errno) && !not_kept(errno))
			return ak_fail_sys(err, AK_IO, "%s", x->name);
		*missed |= MISSED_XATTRS;
	}
	return 0;
}

/* A set-id bit for an owner who is not the one meant would be a gift. */
static int
apply_mode(int fd, const struct entry *entry, unsigned *missed,
    struct ak_err *err)
{
	mode_t mode = entry->mode;
	char path[40];
	struct stat now;

	if (fstat(fd, &now) == -1)
		return ak_fail_sys(err, AK_IO, "mode");
	if ((mode & SET_ID) && entry->type != ENTRY_DIR &&
	    (now.st_uid != entry->uid || now.st_gid != entry->gid)) {
		mode &= ~(mode_t)SET_ID;
		*missed |= MISSED_SET_ID;
	}
	if ((now.st_mode & 07777) == mode)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (chmod(path, mode) == 0)
		return 0;
	if (!not_allowed(errno) && !not_kept(errno))
		return ak_fail_sys(err, AK_IO, "mode");
	*missed |= MISSED_SET_ID;
	return 0;
}

static struct timespec
time_of(int64_t ns)
{
	struct timespec time = { ns / NS, ns % NS };

	if (time.tv_nsec < 0) {
		time.tv_sec--;
		time.tv_nsec += NS;
	}
	return time;
}

int
meta_apply(int fd, const struct entry *entry, unsigned *missed,
    struct ak_err *err)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		time_of(entry->mtime) };
	struct stat now;

	if (fstat(fd, &now) == -1)
		return ak_fail_sys(err, AK_IO, "stat");
	if (apply_owner(fd, entry, &now, missed, err) == -1 ||
	    apply_xattrs(fd, entry, missed, err) == -1)
		return -1;
	if (entry->type != ENTRY_LINK &&
	    apply_mode(fd, entry, missed, err) == -1)
		return -1;
	if (utimensat(fd, "", times, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) == -1)
		return ak_fail_sys(err, AK_IO, "times");
	return 0;
}

void
meta_apply_flags(int fd, const struct entry *entry, unsigned *missed)
{
	const unsigned ours = ENTRY_IMMUTABLE | ENTRY_APPEND | ENTRY_NODUMP;
	unsigned flags = 0;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == -1) {
		*missed |= MISSED_FLAGS;
		return;
	}
	flags = (flags & ~ours) | (entry->flags & ours);
	if (ioctl(fd, FS_IOC_SETFLAGS, &flags) == -1)
		*missed |= MISSED_FLAGS;
}

bool
meta_clear_flags(int fd)
{
	const unsigned ours = ENTRY_IMMUTABLE | ENTRY_APPEND;
	unsigned flags = 0;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == -1 || !(flags & ours))
		return false;
	flags &= ~ours;
	return ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
}
