/*
 * snap_text - a snapshot as JSON.
 */
#ifndef BACKUP_SNAP_TEXT_H
#define BACKUP_SNAP_TEXT_H

#include "tools/backup/snap.h"

#define SNAP_SOURCES 4096

void snap_print(const struct snap *snap, const char *more_json,
    struct ak_buf *buf);
/* All but the name and the id. AK_DATA, AK_CONFIG a later version. */
int snap_parse(const char *text, size_t len, struct snap **snap,
    struct ak_err *err) AK_MUST;
/* Squeezed and sealed; info is one of seal.h. */
void snap_seal(struct repo *repo, const struct ak_buf *text, const char *info,
    struct ak_buf *sealed);
/* "20260102T030405Z" of ns since 1970. */
#define SNAP_TIME 17
void snap_time(int64_t ns, char text[SNAP_TIME]);

#endif
