/*
 * archive - tar archives (pax interchange format, POSIX.1-2017) with every
 * attribute, by libarchive; all of it is here.
 *
 * Names are UTF-8, or bytes as they are under hdrcharset=BINARY. ACLs go as
 * SCHILY.acl and other xattrs as SCHILY.xattr, which GNU tar and star know.
 */
#ifndef BACKUP_ARCHIVE_H
#define BACKUP_ARCHIVE_H

#include "tools/backup/meta.h"

struct tar_out;
/* Compressed by zstd; fd stays the caller's. */
int tar_out_open(int fd, int level, struct tar_out **out, struct ak_err *err)
    AK_MUST;
/*
 * Begins an entry; its bytes follow, also those of its holes. first: it is a
 * further name of that one, without bytes. 1: tar has no such thing.
 */
int tar_out_entry(struct tar_out *out, const char *path,
    const struct entry *entry, const char *first, struct ak_err *err) AK_MUST;
int tar_out_data(struct tar_out *out, const void *data, size_t len,
    struct ak_err *err) AK_MUST;
/* Ends the archive, and frees. */
int tar_out_close(struct tar_out *out, struct ak_err *err) AK_MUST;

struct tar_in;
/* Of any tar format, plain or compressed by gzip, bzip2, xz, lz4, zstd. */
int tar_in_open(int fd, struct tar_in **in, struct ak_err *err) AK_MUST;
/*
 * 1 an entry, 0 at the end, -1; AK_DATA when it is no archive. path as it
 * stands there; first: of which it is a further name, else NULL; both the
 * caller's. Of files the holes are set.
 */
int tar_in_next(struct tar_in *in, struct entry *entry, char **path,
    char **first, struct ak_err *err) AK_MUST;
/* Bytes of it that are no holes, in order; 0 at their end. Live until the
 * next. */
int tar_in_data(struct tar_in *in, const void **data, size_t *len,
    struct ak_err *err) AK_MUST;
void tar_in_close(struct tar_in *in);

#endif
