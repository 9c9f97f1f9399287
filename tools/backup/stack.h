/*
 * stack - a whole kit as sources, and what a manifest says of it.
 */
#ifndef BACKUP_STACK_H
#define BACKUP_STACK_H

#include "lib/cmd.h"
#include "tools/backup/docker.h"
#include "tools/backup/kit.h"
#include "tools/backup/sources.h"

/* What becomes of a thing that holds data. */
enum part_fate {
	PART_FILES,	/* a volume or folder is read */
	PART_DATABASES, /* dumped from a server that runs */
	PART_ABSENT,	/* its service was never started: there is nothing */
	PART_EXCLUDED,
	PART_UNCOVERED,
};
struct part {
	const struct holding *holding;
	enum part_fate fate;
	const struct box *box; /* of PART_DATABASES */
	const char *reason;    /* of excluded and uncovered */
};
/* Judges what the label says by what is there. */
int part_judge(struct sources *sources, const struct holding *holding,
    struct part *part, struct ak_err *err) AK_MUST;

/* Opens kit and engine, and takes down which containers run. */
int stack_open(struct sources *sources, const char *dir, struct ak_err *err)
    AK_MUST;

/* manifest.c: the JSON of the kit for the snapshot; the caller's. */
int manifest_make(struct sources *sources, const struct holdings *holdings,
    char **json, struct ak_err *err) AK_MUST;
/* SHA-256 of a secret of the kit as 64 digits; AK_NOINPUT: there is none. */
int manifest_fingerprint(int kit_fd, const char *name, char digits[65],
    struct ak_err *err) AK_MUST;

#endif
