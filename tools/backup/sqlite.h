/*
 * sqlite - a live SQLite database as one state, while its writers go on.
 *
 * Without libsqlite: by the locks that SQLite itself takes on Linux (File
 * Locking And Concurrency, and Write-Ahead Logging, at sqlite.org; os_unix.c
 * and wal.c). Ours are open file description locks, which meet its POSIX locks.
 *
 *	nobody has it open	read as any file
 *	WAL			SHARED on the database, and on CKPT and READ1 of
 *				the -shm, so that no checkpoint writes into the
 *				database and nobody begins the -wal anew. The
 *				database is read in place; then the -wal, to its
 *				last commit. Writers never wait; the -wal grows
 *				for as long as the database is read.
 *	rollback journal	SHARED, for as long as a copy takes: writers
 *				wait for it as for any reader, SQLITE_HOLD_MS at
 *				most. A copy that is not done by then, or a file
 *				above SQLITE_COPY_MAX, is AK_TEMPFAIL, unless
 *				the file system shares blocks (FICLONE).
 *
 * A -journal is taken along when it is hot: left behind by a crash.
 */
#ifndef BACKUP_SQLITE_H
#define BACKUP_SQLITE_H

#include "tools/backup/source.h"

/* A number in its files: four bytes, the highest first. */
static inline uint32_t
sqlite_number(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

#define SQLITE_HOLD_MS 2000
#define SQLITE_WAIT_MS 10000 /* for a lock */
#define SQLITE_COPY_MAX ((int64_t)2 << 30)

enum sqlite_state {
	SQLITE_NOT,	 /* it is no database */
	SQLITE_COLD,	 /* nobody has it open for writing */
	SQLITE_SAME,	 /* unchanged, asked under its lock; let go of */
	SQLITE_WAL,	 /* held; fd reads it in place */
	SQLITE_ROLLBACK, /* copied, and let go of */
};

/* sqlite_let_go() ends it; fd and journal are taken by who sets them to -1. */
struct sqlite_hold {
	enum sqlite_state state;
	int lock, shm;	 /* descriptions that hold the locks; -1 */
	int fd;		 /* of WAL and ROLLBACK */
	int journal;	 /* a copy of what belongs to it; -1: none */
	bool wal;	 /* what journal is: the -wal, else the -journal */
	int64_t held_ms; /* how long a writer may have waited */
};

/* name below dir. unchanged: as in struct instead_ask. */
int sqlite_hold(int dir, const char *name, bool unchanged,
    struct sqlite_hold *hold, struct ak_err *err) AK_MUST;
/* Of SQLITE_WAL, once the database is read: the -wal into hold->journal. */
int sqlite_hold_wal(int dir, const char *name, struct sqlite_hold *hold,
    struct ak_err *err) AK_MUST;
void sqlite_let_go(struct sqlite_hold *hold);

/* For intake.instead: what is held while a directory is walked. */
struct sqlite_watch;
struct sqlite_watch *sqlite_watch_new(void);
void sqlite_watch_free(struct sqlite_watch *watch);
enum instead sqlite_instead(void *watch, const struct instead_ask *ask, int *fd,
    struct ak_err *err);

/* intake_directory(), with databases in it that are in use as one state. */
int sqlite_intake(struct intake *in, int fd, struct ak_err *err) AK_MUST;

/*
 * Is what was restored at name below dir sound? Header and size; then by
 * sqlite3(1) PRAGMA integrity_check when that program is there (*deep). AK_DATA
 * says what is wrong. The -wal beside it is taken in by that.
 */
int sqlite_check(int dir, const char *name, bool *deep, struct ak_err *err)
    AK_MUST;
/* Begins with the 16 bytes of a database. */
bool sqlite_is(int fd);

#endif
