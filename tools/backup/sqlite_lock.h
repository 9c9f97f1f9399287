/*
 * sqlite_lock - the bytes that SQLite locks, and a copy made in time; part of
 * sqlite.h.
 */
#ifndef BACKUP_SQLITE_LOCK_H
#define BACKUP_SQLITE_LOCK_H

#include "tools/backup/sqlite.h"

/* os.h: bytes of the database that are locks, not data. */
enum {
	PENDING = 0x40000000,
	RESERVED = PENDING + 1,
	SHARED = PENDING + 2,
	SHARED_SIZE = 510,
};
/* wal.c: bytes of the -shm. */
enum { SHM_CKPT = 121, SHM_READ1 = 124, SHM_DMS = 128 };

/* Does anybody else hold a lock there? */
bool sqlite_lock_taken(int fd, off_t start);
/* A read lock, tried until it is had: AK_TEMPFAIL after SQLITE_WAIT_MS. */
int sqlite_lock_wait(int fd, off_t start, off_t len, const char *name,
    struct ak_err *err) AK_MUST;
/* As a reader does: past a writer that waits, then among the readers. */
int sqlite_lock_shared(int fd, const char *name, struct ak_err *err) AK_MUST;
/* Nobody has it open for writing. */
bool sqlite_is_cold(int fd);

/* A file without a name that ends with us. */
int sqlite_scratch_open(struct ak_err *err) AK_MUST;
/* len bytes to another file, until a time on the monotonic clock; 0: none. */
int sqlite_copy_until(int from, int to, int64_t len, int64_t end_ms,
    const char *name, struct ak_err *err) AK_MUST;

#endif
