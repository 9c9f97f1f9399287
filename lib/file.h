/*
 * file - whole files, read whole and replaced whole.
 *
 * Every name is one below an open directory, and symbolic links are not
 * followed in its last part: a tool opens its directories, confines itself,
 * and never walks a path again. Only a directory named from AT_FDCWD, as a
 * person gives it, may be a link. Descriptors are close-on-exec.
 */
#ifndef AK_FILE_H
#define AK_FILE_H

#include <sys/types.h>

#include "lib/buf.h"
#include "lib/err.h"

/* An existing directory: AK_NOINPUT or AK_NOPERM. *fd is the caller's. */
int ak_dir_open(int dir, const char *path, int *fd, struct ak_err *err) AK_MUST;

/* The same, made with its parents (mode & ~umask) where missing. */
int ak_dir_make(const char *path, mode_t mode, int *fd, struct ak_err *err)
    AK_MUST;

/*
 * Appends all of a regular file of at most max bytes. AK_NOINPUT when it is
 * missing, AK_NOPERM, AK_DATA when it is larger or no regular file, AK_IO.
 */
int ak_file_read(int dir, const char *name, size_t max, struct ak_buf *buf,
    struct ak_err *err) AK_MUST;

/*
 * Makes name hold exactly these bytes, or leaves it as it was: a draft beside
 * it is written, synced and renamed over it, and the directory is synced. The
 * file is new, with mode & ~umask and this process as its owner. A failure
 * removes the draft; a process that is killed may leave one, .NAME.draft.PID.N,
 * which nobody reads. AK_CANTCREATE, AK_IO (a full disk). When the last sync
 * fails, AK_IO as well: the bytes are there, but a power cut may undo them.
 */
int ak_file_replace(int dir, const char *name, const void *data, size_t len,
    mode_t mode, struct ak_err *err) AK_MUST;

/*
 * Like ak_file_replace(), but an existing name is left alone: 1 when it was
 * made, 0 when it was there, -1.
 */
int ak_file_create(int dir, const char *name, const void *data, size_t len,
    mode_t mode, struct ak_err *err) AK_MUST;

#endif
