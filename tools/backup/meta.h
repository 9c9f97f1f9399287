/*
 * meta - what a file is beside its bytes: read from it, and put on it.
 *
 * xattrs hold POSIX ACLs and file capabilities as Linux has them.
 */
#ifndef BACKUP_META_H
#define BACKUP_META_H

#include "tools/backup/backup.h"

enum entry_type {
	ENTRY_FILE = 1,
	ENTRY_DIR,
	ENTRY_LINK,
	ENTRY_FIFO,
	ENTRY_SOCKET,
	ENTRY_CHAR,
	ENTRY_BLOCK,
};

struct xattr {
	char *name;
	uint8_t *value;
	size_t len;
};

struct hole {
	uint64_t offset, len;
};

/* An entry of a tree. Owned pointers; entry_free() leaves it zeroed. */
struct entry {
	uint8_t *path; /* relative, "a/b"; any bytes but NUL; "" the root */
	size_t path_len;
	enum entry_type type;
	uint32_t mode; /* permission bits, set-id and sticky */
	uint32_t uid, gid;
	int64_t mtime, ctime; /* ns since 1970 */
	uint64_t size, ino, dev, rdev;
	uint64_t link_group; /* files with several names share one; 0: none */
	char *link;	     /* of ENTRY_LINK; not a string in UTF-8 always */
	size_t link_len;
	struct xattr *xattrs;
	size_t xattr_count;
	struct hole *holes;
	size_t hole_count;
	struct chunks chunks; /* of the bytes that are no holes */
	bool changed;	      /* it changed while it was read */
};
void entry_free(struct entry *entry);

/* name below dir, by O_PATH or O_NOFOLLOW; holes when fd >= 0. */
int meta_read(int dir, const char *name, struct entry *entry,
    struct ak_err *err) AK_MUST;
int meta_read_holes(int fd, struct entry *entry, struct ak_err *err) AK_MUST;
/*
 * Puts owner, mode, xattrs, times on name below dir, never through a link.
 * What this user may not do is told by *missed (a list of words), not failed.
 */
int meta_apply(int dir, const char *name, const struct entry *entry,
    struct ak_buf *missed, struct ak_err *err) AK_MUST;

#endif
