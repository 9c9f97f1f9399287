/*
 * cmd_backup - one run of the backup command, and how far it is.
 */
#ifndef BACKUP_CMD_BACKUP_H
#define BACKUP_CMD_BACKUP_H

#include "tools/backup/session.h"
#include "tools/backup/sources.h"

struct backup_run {
	struct ak_ctx *ctx;
	struct session session;
	struct saver *saver;
	struct snaps snaps;
	struct snap *snap;
	bool incomplete;	  /* something was warned of */
	size_t taken;		  /* sources that did not fail */
	int64_t parent_begin;	  /* of the newest snapshot used */
	struct tree_writer *tree; /* of the source being taken */
	/* checkpoint.c */
	struct snap *resumed; /* a run that was cut short; NULL: none */
	char checkpoint[32];  /* name of its note */
	int64_t noted_ms;
	/* progress */
	const struct snap_source *about;	 /* the source being taken */
	uint64_t expected_files, expected_bytes; /* as before; 0: not known */
	uint64_t read_bytes;
	uint64_t open_bytes; /* of the file that is being read */
	int64_t started_ms, shown_ms;
};

void backup_warn(void *arg, const char *text);

/*
 * On a terminal a line on stderr; where records go out as JSON, a record
 * progress a second. How much there is is what there was the last time.
 */
void backup_progress_begin(struct backup_run *run,
    const struct sources *sources);
void backup_progress(void *arg, const char *path, uint64_t bytes);
void backup_progress_end(struct backup_run *run);

#endif
