/*
 * damage - what is found broken, and what became of it.
 */
#ifndef BACKUP_DAMAGE_H
#define BACKUP_DAMAGE_H

#include <pthread.h>

#include "tools/backup/session.h"

enum damage_state {
	DAMAGE_FOUND,
	DAMAGE_MENDED, /* as it was, by parity */
	DAMAGE_COPIED, /* its chunks are whole elsewhere */
	DAMAGE_LOST,   /* not all of it */
};

struct damage_item {
	char *object; /* a name in the store; or a snapshot's */
	char *what;
	uint32_t frame; /* of a pack; DAMAGE_WHOLE: all of it */
	enum damage_state state;
};
#define DAMAGE_WHOLE UINT32_MAX
#define DAMAGE_CHUNKS                                          \
	(UINT32_MAX - 1) /* of a snapshot: some are in no pack \
			  */

/* Zero-initialise with PTHREAD_MUTEX_INITIALIZER; any thread adds. */
struct damage {
	pthread_mutex_t mutex;
	struct damage_item *items;
	size_t count;
};
void damage_add(struct damage *damage, const char *object, uint32_t frame,
    const char *what);
/* Is that object among them? */
struct damage_item *damage_find(struct damage *damage, const char *object);
/* No path needs what of them was not brought back. */
void damage_nothing_lost(struct damage *damage);
/* How many are not put right. */
size_t damage_left(const struct damage *damage);
void damage_free(struct damage *damage);

/* A record "damage" each. */
void damage_records(const struct damage *damage, struct ak_out *out);
/*
 * A record "lost" for each path of each snapshot that needs what is lost of
 * these packs, or what no pack has. *paths counts them.
 */
int damage_paths(const struct damage *damage, struct session *session,
    struct ak_out *out, size_t *paths, struct ak_err *err) AK_MUST;

#endif
