/*
 * store_local - a directory as a store: its listing and its lock.
 */
#ifndef BACKUP_STORE_LOCAL_H
#define BACKUP_STORE_LOCAL_H

#include <pthread.h>

#include "tools/backup/store.h"

struct local {
	struct store store; /* first */
	int dir;
	int lock; /* -1: not held */
	enum store_lock how;
	pthread_mutex_t mutex;
	char **dirty; /* directories whose names are not yet synced */
	size_t dirty_count;
};

int local_list(struct store *store, const char *prefix, store_each *each,
    void *arg, struct ak_err *err) AK_MUST;
int local_lock(struct store *store, enum store_lock how, const char *who,
    struct ak_err *err) AK_MUST;
/* The directories of a repository. */
#define LOCAL_ROOMS 9
extern const char *const local_rooms[LOCAL_ROOMS];
/* Is nothing there but what an init that was killed may have left? */
int local_check_empty(struct local *local, const char *path, struct ak_err *err)
    AK_MUST;

#endif
