/*
 * index_table - the table of an index: which chunk is in which pack.
 *
 * Open addressing, 24 bytes an entry; a chunk may be there several times. The
 * first bytes of an id are as good as any hash of it.
 */
#ifndef BACKUP_INDEX_TABLE_H
#define BACKUP_INDEX_TABLE_H

#include <pthread.h>

#include "tools/backup/index.h"

#define PREFIX 16

struct index_entry {
	uint8_t prefix[PREFIX];
	uint32_t pack; /* ENTRY_FREE, ENTRY_CLAIMED, or of index->packs */
	uint16_t frame, ordinal;
};
#define ENTRY_FREE UINT32_MAX
#define ENTRY_CLAIMED (UINT32_MAX - 1)

struct index_part {
	struct index_entry *entries;
	size_t size, used;
};

/* Zero-initialise. */
#define INDEX_PARTS 64
struct index_table {
	struct index_part parts[INDEX_PARTS];
};

struct index {
	pthread_mutex_t mutex;
	struct index_table table;
	struct index_table claims; /* used once forgotten */
	bool forgotten;

	struct pack_list **packs; /* without chunks */
	bool *trashed;
	size_t pack_count, pack_cap;
	struct index_table known; /* packs by their ids */

	struct ak_buf pending; /* of the next segment */
};

void table_free(struct index_table *table);
/* The next entry with that prefix after one, NULL: the first; NULL: none. */
struct index_entry *table_next(const struct index_table *table,
    const uint8_t prefix[PREFIX], const struct index_entry *after);
void table_add(struct index_table *table, const struct index_entry *entry);

/* index_load.c: takes a pack in whose list is kept nowhere. pending: it is not
 * in a segment yet. A pack that is known already: nothing is done. */
void index_take(struct index *index, const struct pack_list *list, bool trashed,
    bool pending);

#endif
