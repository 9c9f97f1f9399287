/*
 * records - the records that several commands write; aikit-records(5).
 */
#ifndef BACKUP_RECORDS_H
#define BACKUP_RECORDS_H

#include "tools/backup/meta.h"
#include "tools/backup/snap.h"

void record_snapshot(struct ak_out *out, const struct snap *snap);
void record_source(struct ak_out *out, const struct snap_source *source);
/* type: "entry" of ls, "found" of find with the snapshot it is in. */
void record_entry(struct ak_out *out, const struct snap *snap, const char *path,
    const struct entry *entry);
/* What is done, or would be, to a path: "create", "change", "remove" ... */
void record_action(struct ak_out *out, const char *action, const char *path,
    int64_t bytes);

#endif
