/*
 * schedule - what is done by itself, and when.
 */
#ifndef BACKUP_SCHEDULE_H
#define BACKUP_SCHEDULE_H

#include "lib/buf.h"

struct job {
	const char *name;     /* "backup" */
	const char *what;     /* for the Description= of a unit */
	const char *words;    /* behind aikit-backup */
	const char *calendar; /* systemd.time(7) */
	const char *cron;     /* five fields */
};
extern const struct job schedule_jobs[];
#define SCHEDULE_JOBS 4

/* program: its path and the options that it needs, quoted. */
void schedule_service(const struct job *job, const char *program,
    struct ak_buf *text);
void schedule_timer(const struct job *job, const char *when,
    struct ak_buf *text);
/* Lines between two marks. */
void schedule_cron(const char *program, const char *when, struct ak_buf *text);
/* The table without those lines. */
void schedule_cron_without(const char *table, struct ak_buf *text);

#endif
