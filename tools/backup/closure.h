/*
 * closure - every chunk that snapshots need, each told once.
 *
 * Trees share their chunks as files do: a chunk of a tree that was read for one
 * snapshot is not read for the next. What a place is known by is the place in
 * the index, so that sixty snapshots cost what is different in them.
 */
#ifndef BACKUP_CLOSURE_H
#define BACKUP_CLOSURE_H

#include "tools/backup/session.h"

/* A set of places; 8 bytes and a little each. Zero-initialise. */
struct places {
	uint64_t *slots;
	size_t count, cap;
};
/* True when it was not there before. */
bool places_add(struct places *places, const struct place *place);
bool places_has(const struct places *places, const struct place *place);
void places_free(struct places *places);

/* Does the index have this chunk at this place? */
bool place_holds(const struct index *index, const uint8_t id[ID_SIZE],
    const struct place *place);

struct closure {
	struct session *session;
	struct places seen;
	/* A chunk that is needed, at its first place; the first time. */
	int (*chunk)(void *arg, const struct chunk *chunk,
	    const struct place *place, struct ak_err *err);
	/* One that no pack has, each time; why is set. NULL: AK_DATA. */
	int (*missing)(void *arg, const struct chunk *chunk,
	    struct ak_err *why);
	/* A chunk of a tree that cannot be read; as above. */
	int (*unread)(void *arg, const struct chunk *chunk, struct ak_err *why);
	void *arg;
};

int closure_add(struct closure *closure, const struct snap *snap,
    struct ak_err *err) AK_MUST;
void closure_free(struct closure *closure);

#endif
