/*
 * index - which chunk lies in which pack, in memory, from index segments.
 *
 * Open addressing with 16-byte prefixes of ids: what is read is checked
 * against the whole id. A chunk may have several places; the first that reads
 * well is taken. Safe for many threads.
 */
#ifndef BACKUP_INDEX_H
#define BACKUP_INDEX_H

#include "tools/backup/pack.h"

struct index;

struct place {
	uint32_t pack; /* for index_pack() and index_trashed() */
	uint32_t frame;
	uint32_t ordinal; /* of the chunk in the frame */
};

/*
 * All segments of the repository. Chunks of packs that trash/ names are claimed
 * as new, and found only where there is no other place.
 */
int index_load(struct repo *repo, struct index **index, struct ak_err *err)
    AK_MUST;
void index_free(struct index *index);
/*
 * Packs that no segment knows are read by their footers (after a crash). With
 * commit as by index_commit_due(); else all of it waits.
 */
int index_adopt(struct repo *repo, struct index *index, bool commit,
    struct ak_err *err) AK_MUST;

enum claim { CLAIM_NEW, CLAIM_KNOWN };
/* The first who claims an id is to store it. */
enum claim index_claim(struct index *index, const uint8_t id[ID_SIZE]);
/* Forgets what was loaded: --full --independent stores a second copy. */
void index_forget(struct index *index);
/* The nth place (0 first) of a chunk; false when there is none. */
bool index_find(const struct index *index, const uint8_t id[ID_SIZE],
    size_t nth, struct place *place);
/* Its frames; chunks is NULL, chunk_count how many. Lives as the index does. */
const struct pack_list *index_pack(const struct index *index, uint32_t pack);
size_t index_pack_count(const struct index *index);
bool index_trashed(const struct index *index, uint32_t pack);
/* How many bytes of segment wait for index_commit(). */
size_t index_pending(const struct index *index);

/* Takes a finished pack in; it is in the next segment. Takes a copy. */
int index_add_pack(struct index *index, const struct pack_list *list,
    struct ak_err *err) AK_MUST;
/*
 * Syncs the store, and writes what was added since as one segment. Nothing
 * added: nothing done.
 */
int index_commit(struct repo *repo, struct index *index, struct ak_err *err)
    AK_MUST;
/* The same once so much waits that it should not be in memory any more. */
int index_commit_due(struct repo *repo, struct index *index, struct ak_err *err)
    AK_MUST;

#endif
