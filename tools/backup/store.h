/*
 * store - where a repository's objects are: named bytes, written once.
 *
 * Names are those of docs/repository-format.md, "packs/ab/abcd..." and the
 * like, relative, of [A-Za-z0-9._/-]. An object is whole or not there, and is
 * never changed: what is put under a name that exists already is the same
 * bytes, and putting it is done at once. Any thread may call; a struct draft is
 * one thread's.
 *
 * Errors: AK_NOINPUT no such object; AK_DATA shorter than the range asked for;
 * AK_CANTCREATE and AK_IO (ENOSPC and EDQUOT say so and what helps);
 * AK_TEMPFAIL the lock is another's, who is told.
 */
#ifndef BACKUP_STORE_H
#define BACKUP_STORE_H

#include <stdint.h>

#include "lib/buf.h"
#include "lib/err.h"

struct store {
	const struct store_ops *ops;
};

/* An object being written, from offset 0 on; what is written can be read. */
struct draft {
	int fd; /* -1 when there is none */
	char name[64];
};

/*
 * What begins so stays when shared users leave drafts behind; alone, it goes.
 */
#define CHECKPOINT_PREFIX "tmp/checkpoint-"

enum store_lock {
	STORE_SHARED,	 /* backups, restores: many at once */
	STORE_EXCLUSIVE, /* prune, repair, upgrade: alone */
};

typedef int store_each(void *arg, const char *name, uint64_t size,
    struct ak_err *err);

struct store_ops {
	int (*draft)(struct store *store, struct draft *draft,
	    struct ak_err *err);
	/* The draft becomes the object, synced. Ends the draft either way. */
	int (*commit)(struct store *store, struct draft *draft,
	    const char *name, struct ak_err *err);
	void (*abandon)(struct store *store, struct draft *draft);
	/* Appends to the draft. */
	int (*write)(struct store *store, struct draft *draft, const void *data,
	    size_t len, struct ak_err *err);
	int (*get)(struct store *store, const char *name, uint64_t offset,
	    void *data, size_t len, struct ak_err *err);
	int (*size)(struct store *store, const char *name, uint64_t *size,
	    struct ak_err *err);
	/* In no order; stops at the first -1 of each. prefix: "packs/". */
	int (*list)(struct store *store, const char *prefix, store_each *each,
	    void *arg, struct ak_err *err);
	/* Removing what is not there is done. */
	int (*remove)(struct store *store, const char *name,
	    struct ak_err *err);
	/* The names of all that was committed survive a power cut. */
	int (*sync)(struct store *store, struct ak_err *err);
	/* Held until close; a second call may raise it to exclusive. */
	int (*lock)(struct store *store, enum store_lock how, const char *who,
	    struct ak_err *err);
	/* The storage's own clock, ns since 1970; not this machine's. */
	int (*now)(struct store *store, int64_t *ns, struct ak_err *err);
	void (*close)(struct store *store);
};

/* Could a store be made there? Nothing is made. */
int store_check_local(const char *path, struct ak_err *err) AK_MUST;

/*
 * The directory path as a store. With create it is made (0700), and must be
 * empty or absent. AIKIT_FAULT in the environment wraps it (store_fault.c).
 */
int store_open_local(const char *path, bool create, struct store **store,
    struct ak_err *err) AK_MUST;
/*
 * Fails or kills at the nth operation: "OP:N:kill", "OP:N:ENOSPC", OP one of
 * draft write commit get list remove sync lock or any. "OP:N:drop" kills after
 * a power cut: what was not synced is undone, with "reorder" all but the newest
 * of it. Owns the inner store.
 */
int store_open_fault(struct store *inner, const char *plan,
    struct store **store, struct ak_err *err) AK_MUST;
void store_close(struct store *store);
#define STORE __attribute__((cleanup(store_close_scope)))
void store_close_scope(struct store **store);

/* Whole small objects: written and committed; and read, max bytes at most. */
int store_put(struct store *store, const char *name, const void *data,
    size_t len, struct ak_err *err) AK_MUST;
int store_read(struct store *store, const char *name, size_t max,
    struct ak_buf *buf, struct ak_err *err) AK_MUST;
/* Appends to a draft. */
int store_write(struct store *store, struct draft *draft, const void *data,
    size_t len, struct ak_err *err) AK_MUST;

#endif
