/*
 * prune - what no snapshot needs is freed, in two steps.
 *
 * First, under the exclusive lock, packs that hold little of use are rewritten,
 * and they and those of no use are marked in trash/: backups store anew what is
 * only there, restores may still read it. Then, when a mark is old enough by
 * the clock of the storage, and the pack is still not needed, it is removed.
 */
#ifndef BACKUP_PRUNE_H
#define BACKUP_PRUNE_H

#include "tools/backup/closure.h"
#include "tools/backup/trash.h"

enum prune_action {
	PRUNE_KEEP,
	PRUNE_MARK,    /* nothing of it is needed */
	PRUNE_REWRITE, /* little of it, or it is very small */
};

struct prune_pack {
	uint64_t used, plain; /* bytes of chunks, and of all frames */
	enum prune_action action;
	bool moved; /* rewritten in this run */
	bool gone;  /* removed in this run */
};

struct prune {
	struct ak_ctx *ctx;
	bool plan; /* nothing is written */
	struct session session;
	struct closure closure;
	struct prune_pack *packs; /* by number in the index */
	size_t count;		  /* before this run added any */
	struct trashes trash;
	bool copies; /* a snapshot asked for a second copy of all */
	int64_t grace, now;
	/* what was, or would be, done */
	size_t marked, rewritten, removed, restored, rows;
	uint64_t unused, freed, written;
};

/* prune_rewrite.c: what is needed of the packs to be rewritten, elsewhere. */
int prune_rewrite(struct prune *prune, struct ak_err *err) AK_MUST;
/* prune_sweep.c: what is marked, and old enough, is removed. */
int prune_sweep(struct prune *prune, struct ak_err *err) AK_MUST;
/* The same, only counted. */
int prune_sweep_plan(struct prune *prune, struct ak_err *err) AK_MUST;

#endif
