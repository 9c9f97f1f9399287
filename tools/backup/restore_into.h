/*
 * restore_into - one source of a snapshot, below any open directory.
 */
#ifndef BACKUP_RESTORE_INTO_H
#define BACKUP_RESTORE_INTO_H

#include "tools/backup/restore.h"

struct restored {
	struct snap *snap;
	const struct snap_source *source;
};
struct restored_sums {
	uint64_t files, bytes;
};
/*
 * Its entries below root, which stays the caller's. AK_DATA or what came first
 * when some files are lost; all others are there then.
 */
int restore_into(struct ak_ctx *ctx, const struct session *session,
    const struct restored *what, int root, struct restored_sums *sums,
    struct ak_err *err) AK_MUST;

#endif
