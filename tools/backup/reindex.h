/*
 * reindex - index segments made anew.
 */
#ifndef BACKUP_REINDEX_H
#define BACKUP_REINDEX_H

#include "tools/backup/index.h"

/*
 * From the segments there are, those packs alone that keep() is true for: as
 * few segments as need be. New ones are there before old ones go.
 */
int index_rewrite(struct repo *repo,
    bool (*keep)(void *arg, const uint8_t pack[ID_SIZE]), void *arg,
    struct ak_err *err) AK_MUST;

#endif
