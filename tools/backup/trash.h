/*
 * trash - packs that are going to be removed, and packs that are damaged.
 *
 * trash/ID holds a line of JSON and the SHA-256 of that line. Whoever stores
 * chunks takes those of such a pack as absent; whoever reads them still may.
 */
#ifndef BACKUP_TRASH_H
#define BACKUP_TRASH_H

#include "tools/backup/pack.h"

enum trash_why {
	TRASH_UNUSED,  /* no snapshot needs it, or it was rewritten */
	TRASH_DAMAGED, /* not all of it can be read, or it is gone */
};

struct trash {
	uint8_t pack[ID_SIZE];
	enum pack_kind kind;
	enum trash_why why;
	int64_t since; /* by the clock of the store, ns */
};

int trash_put(struct repo *repo, const struct trash *trash, struct ak_err *err)
    AK_MUST;
/* From bytes that anybody may have written. */
int trash_parse(struct trash *trash, const char *data, size_t len,
    struct ak_err *err) AK_MUST;
int trash_remove(struct repo *repo, const uint8_t pack[ID_SIZE],
    struct ak_err *err) AK_MUST;

/* All there are; one that cannot be read is as one of now. */
struct trashes {
	struct trash *items;
	size_t count;
};
int trash_list(struct repo *repo, struct trashes *all, struct ak_err *err)
    AK_MUST;

#endif
