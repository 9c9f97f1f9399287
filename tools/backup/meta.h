/*
 * meta - what a file is beside its bytes: read from it, and put on it.
 *
 * xattrs hold POSIX ACLs and file capabilities as Linux has them. What is read
 * and set is never what a symbolic link points to.
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
	ENTRY_TYPES,
};

/* Flags of a file system, as FS_IOC_GETFLAGS numbers them. */
enum entry_flags {
	ENTRY_IMMUTABLE = 0x10,
	ENTRY_APPEND = 0x20,
	ENTRY_NODUMP = 0x40,
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
	uint32_t flags;	      /* of enum entry_flags */
	int64_t mtime, ctime; /* ns since 1970 */
	uint64_t size, ino, dev, rdev;
	/* files with several names share one, and dev; 0: one name only */
	uint64_t link_group;
	char *link; /* of ENTRY_LINK; not a string in UTF-8 always */
	size_t link_len;
	struct xattr *xattrs;
	size_t xattr_count;
	struct hole *holes; /* ascending, apart from each other */
	size_t hole_count;
	struct chunks chunks; /* of the bytes that are no holes */
	/* metadata chunks that hold the list above, when it is long (tree.h) */
	struct chunks lists;
	bool changed; /* it changed while it was read */
};
void entry_free(struct entry *entry);
/* A copy with memory of its own. */
void entry_copy(struct entry *to, const struct entry *from);
/* "file", "dir", "link" and so on. */
const char *entry_type_name(enum entry_type type);
/* S_IFREG and the like, from a type, and the type of a mode. */
uint32_t entry_kind(enum entry_type type);
enum entry_type entry_type_of(uint32_t mode);
/* Takes a copy; in the order of names once sorted. */
void entry_add_xattr(struct entry *entry, const char *name, const void *value,
    size_t len);
void entry_sort_xattrs(struct entry *entry);

void chunks_add(struct chunks *chunks, const struct chunk *chunk);
void chunks_copy(struct chunks *to, const struct chunks *from);
void chunks_free(struct chunks *chunks);

/*
 * name below dir; "" is what dir is open on. meta_stat() asks the inode alone:
 * type, mode, owner, times, size, flags, numbers; blocks, when not NULL, is
 * what is stored of it, in bytes. meta_attributes() adds the xattrs and where a
 * link points. AK_NOINPUT: it is not there (any more).
 */
int meta_stat(int dir, const char *name, struct entry *entry, uint64_t *blocks,
    struct ak_err *err) AK_MUST;
int meta_attributes(int dir, const char *name, struct entry *entry,
    struct ak_err *err) AK_MUST;
/* The holes of an open file of entry->size bytes; its offset moves. */
int meta_read_holes(int fd, struct entry *entry, struct ak_err *err) AK_MUST;

/*
 * What this user may not set, or this file system not keep, is not failed but
 * noted; told once at the end.
 */
enum missed {
	MISSED_OWNER = 1,
	MISSED_SET_ID = 2,
	MISSED_XATTRS = 4,
	MISSED_FLAGS = 8,
	MISSED_DEVICES = 16,
};
/* "owner, attributes" */
void missed_words(unsigned missed, struct ak_buf *words);

/*
 * Puts owner, xattrs, mode, times on what fd is open on, in that order: each
 * undoes a later one. O_PATH will do. xattrs that the entry has not are
 * removed.
 */
int meta_apply(int fd, const struct entry *entry, unsigned *missed,
    struct ak_err *err) AK_MUST;
/* Flags, last of all: nothing can be changed after. fd is no O_PATH. */
void meta_apply_flags(int fd, const struct entry *entry, unsigned *missed);
/* Takes immutable and append-only off; true when there was one. */
bool meta_clear_flags(int fd);

#endif
