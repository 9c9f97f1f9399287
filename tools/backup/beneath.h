/*
 * beneath - names below an open directory that never lead out of it.
 *
 * By openat2(2), so that the kernel itself refuses a symbolic link in any part
 * of the path, however it came there. Paths are relative and may be longer than
 * PATH_MAX; "" is the directory.
 */
#ifndef BACKUP_BENEATH_H
#define BACKUP_BENEATH_H

#include <sys/types.h>

#include "lib/err.h"

/* As openat(2): -1 with errno; ELOOP or EXDEV: it would lead elsewhere. */
int beneath_open(int root, const char *path, int flags, mode_t mode) AK_MUST;
/* The directory that holds the last name of path, and that name. */
int beneath_parent(int root, const char *path, const char **name) AK_MUST;
/* The same, with what is missing of it made. */
int beneath_make_parent(int root, const char *path, const char **name) AK_MUST;
/* Removes what is there, directories with all that is in them; never enters
 * another file system. 0, or -1 with errno. */
int beneath_remove(int dir, const char *name) AK_MUST;

/* err from errno; what leads elsewhere is AK_DATA. */
#define beneath_fail(err, path) (beneath_error((err), (path)), -1)
void beneath_error(struct ak_err *err, const char *path);

#endif
