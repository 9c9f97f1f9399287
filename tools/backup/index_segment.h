/*
 * index_segment - one segment of the index: lists of packs, as bytes.
 *
 *	id[32]  kind[1]  size[8]  length of the list[4]  the list, as in a
 *footer
 *
 * again and again; squeezed, and sealed under its digest (SEAL_INDEX).
 */
#ifndef BACKUP_INDEX_SEGMENT_H
#define BACKUP_INDEX_SEGMENT_H

#include "tools/backup/index.h"

typedef int segment_each(void *arg, const struct pack_list *list,
    struct ak_err *err);
/* Of the plain bytes: anybody may have written them. */
int segment_parse(const void *data, size_t len, segment_each *each, void *arg,
    struct ak_err *err) AK_MUST;
/* The plain bytes as an object of the repository. */
int segment_put(struct repo *repo, const struct ak_buf *plain,
    struct ak_err *err) AK_MUST;

#endif
