/*
 * drill - what a restore drill looks at; between drill.c and drill_data.c.
 */
#ifndef BACKUP_DRILL_H
#define BACKUP_DRILL_H

#include "tools/backup/restore_into.h"

struct drill {
	struct ak_ctx *ctx;
	struct session session;
	struct snap *snap;
	char *scratch; /* path of it */
	int fd;	       /* the same */
	struct restored_sums sums;
	uint64_t sqlite, json, databases; /* opened and sound */
	uint64_t json_bad, shallow;
	uint64_t problems;
	struct ak_err first;
};

/* A record drill_problem. */
void drill_problem(struct drill *drill, const char *what,
    const struct ak_err *why);
/* Every database and JSON file below a directory of the scratch place. */
void drill_files(struct drill *drill, int dir, const char *path);
/* The dumps in a directory, into a server that is thrown away. */
void drill_dumps(struct drill *drill, const struct snap_source *source,
    int dir);

#endif
