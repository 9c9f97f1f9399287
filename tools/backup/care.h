/*
 * care - what was done to a repository, when, and how it ended.
 *
 * Kept by this machine, not by the repository, in aikit/backup/ID below the
 * state directory: runs (JSON) and verified (a line for each pack: its name,
 * and when it was last read whole). Without them all is due again.
 *
 * care_done() writes the run down, the metrics anew, and tells the program
 * that [backup] notify names. What fails there is warned of, and fails nothing.
 */
#ifndef BACKUP_CARE_H
#define BACKUP_CARE_H

#include "tools/backup/repo.h"

enum care_what {
	CARE_BACKUP,
	CARE_FAST, /* of verify, in the order of its levels */
	CARE_SCRUB,
	CARE_DATA,
	CARE_AGAINST,
	CARE_DRILL,
	CARE_PRUNE,
	CARE_KINDS,
};
/* "backup", "verify_data", "drill", "prune" ... */
const char *care_name(enum care_what what);

struct care_run {
	int64_t time;	 /* ns since 1970 when it ended; 0: never */
	int64_t success; /* when it last ended well; 0: never */
	bool ok;
	double seconds;
};
struct care {
	struct care_run runs[CARE_KINDS];
	int64_t bytes; /* all objects, when it was last counted; 0: never */
};

/* Nothing there is no error. */
int care_read(const struct repo *repo, struct care *care, struct ak_err *err)
    AK_MUST;
/* begin: ns since 1970. problem: NULL, or what a person should read. */
void care_done(struct ak_ctx *ctx, struct repo *repo, enum care_what what,
    int64_t begin, const char *problem);
/* Of a part: all of it ended well last by success; 0: it never did yet. */
void care_done_partly(struct ak_ctx *ctx, struct repo *repo,
    enum care_what what, int64_t begin, const char *problem, int64_t success);

/* When each pack was last read whole. */
struct verified {
	struct verified_pack {
		uint8_t pack[ID_SIZE];
		int64_t time;
	} * items;
	size_t count, cap;
	size_t sorted; /* of them, in front */
};
int verified_read(const struct repo *repo, struct verified *verified,
    struct ak_err *err) AK_MUST;
/* 0: never. */
int64_t verified_time(struct verified *verified, const uint8_t pack[ID_SIZE]);
void verified_set(struct verified *verified, const uint8_t pack[ID_SIZE],
    int64_t time);
int verified_write(const struct repo *repo, struct verified *verified,
    struct ak_err *err) AK_MUST;
void verified_free(struct verified *verified);

/* The metrics file, replaced whole (prom.c). */
void prom_text(const struct care *care, const char *repo_id,
    struct ak_buf *text);
int prom_write(const struct repo *repo, const struct care *care,
    struct ak_err *err) AK_MUST;
/* Runs the program with one record on its stdin (notify.c). */
int notify_run(const char *program, const char *record, struct ak_err *err)
    AK_MUST;

#endif
