/*
 * pool - the same for many items, by as many threads as there are processors.
 */
#ifndef BACKUP_POOL_H
#define BACKUP_POOL_H

#include "lib/err.h"

struct pool {
	size_t count; /* of items */
	/* What one thread keeps; each of these may be NULL. */
	void *(*begin)(void *arg);
	void (*end)(void *own);
	/* Once it has no more items and nothing failed, before end. */
	int (*finish)(void *arg, void *own, struct ak_err *err);
	/* -1 stops all; the first error is the pool's. */
	int (*each)(void *arg, void *own, size_t item, struct ak_err *err);
	void *arg;
};
int pool_run(const struct pool *pool, struct ak_err *err) AK_MUST;

#endif
