/*
 * load - bytes out: chunks by their ids, every one checked by its hash.
 *
 * Keeps the frames decoded last. One thread's; threads have one each.
 */
#ifndef BACKUP_LOAD_H
#define BACKUP_LOAD_H

#include "tools/backup/index.h"

struct loader;
struct loader *loader_new(struct repo *repo, const struct index *index,
    size_t frames);
void loader_free(struct loader *loader);
/*
 * The bytes live until the next call. Every place of the chunk is tried, then
 * parity. AK_DATA names the pack and the frame that is lost.
 */
int loader_get(struct loader *loader, const struct chunk *chunk,
    const uint8_t **data, struct ak_err *err) AK_MUST;

#endif
