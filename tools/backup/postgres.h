/*
 * postgres - databases of a PostgreSQL in a container, by its own programs.
 *
 * pg_dump and psql run in the container, as the user POSTGRES_USER of it; a
 * password is what stands in POSTGRES_PASSWORD or the file that
 * POSTGRES_PASSWORD_FILE names there, and never leaves it. A dump is plain and
 * not compressed, so that what did not change is stored once.
 */
#ifndef BACKUP_POSTGRES_H
#define BACKUP_POSTGRES_H

#include "tools/backup/docker.h"

#define POSTGRES_GLOBALS "globals" /* roles; a database is NAME.sql */

/* Words to run a program there; ends in NULL. The caller's to free. */
const char **postgres_argv(const char *container, const char *const program[])
    AK_MUST;
/* Names of all but templates, sorted; freed by exec_words_free(). */
int postgres_databases(const char *container, char ***names, struct ak_err *err)
    AK_MUST;
/* "a b" -> "a%20b.sql" and back; the caller's. NULL: no such file. */
char *postgres_file(const char *database) AK_MUST;
char *postgres_database(const char *file) AK_MUST;
/* What a dump or the globals hold, into the server; fd from where it stands. */
int postgres_restore(const char *container, const char *file, int fd,
    struct ak_err *err) AK_MUST;
/* Until it answers queries; AK_TEMPFAIL after limit_ms. */
int postgres_wait(const char *container, int64_t limit_ms, struct ak_err *err)
    AK_MUST;

#endif
