/*
 * checkpoint - how far a backup is, for the next one when it does not end.
 *
 * Every few minutes the trees so far are noted in tmp/checkpoint-HEX16, sealed
 * as a snapshot is. Its name is that of this host and these sources: the next
 * run of the same finds it, and does not read again what is stored and is as it
 * was. It is only ever a help: one that cannot be read is none.
 */
#ifndef BACKUP_CHECKPOINT_H
#define BACKUP_CHECKPOINT_H

#include "tools/backup/cmd_backup.h"

/* Sets run->checkpoint, and run->resumed when there is one. */
void checkpoint_begin(struct backup_run *run, const struct sources *sources);
/*
 * Notes it when it is time. The bytes of trees are stored before; -1 is when
 * they cannot be.
 */
int checkpoint_due(void *run, struct ak_err *err) AK_MUST;
/* The snapshot is there: nothing is to be gone on with. */
void checkpoint_end(struct backup_run *run);

#endif
