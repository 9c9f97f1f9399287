/*
 * walk - a directory and all below it, in the order of a tree.
 *
 * In memory are the names of the directories that are open, one below another.
 * No symbolic link is followed, and a directory that was swapped for another
 * between being looked at and opened is not entered.
 *
 * File systems of the kernel's own (proc, sysfs, cgroups and their like) are
 * never entered; others are, unless one_file_system is set: a directory on
 * which one is mounted is then there, and empty.
 */
#ifndef BACKUP_WALK_H
#define BACKUP_WALK_H

#include "tools/backup/meta.h"

enum walk_trouble {
	WALK_VANISHED,	 /* it was there a moment ago */
	WALK_UNREADABLE, /* it is there, and cannot be looked at */
};

struct walk_options {
	const char *const *excludes; /* see glob.h; NULL ends them; or NULL */
	const char *prefix;	     /* for those that begin with / */
	bool one_file_system;
	bool exclude_caches;	     /* directories with a CACHEDIR.TAG */
	uint64_t skip_dev, skip_ino; /* never looked at: the repository */
	/* The walk goes on behind what gave trouble. */
	void (*trouble)(void *arg, enum walk_trouble what, const char *path,
	    const struct ak_err *why);
	void *arg;
};

/* Where the walk is; all lives until the next call. */
struct walk_place {
	int dir; /* open on the parent; name "" is dir itself */
	const char *name;
	const char *path; /* relative to the begin, which is "" */
	size_t path_len;
	/* What meta_stat() says; no attributes yet. */
	const struct entry *stat;
	uint64_t blocks; /* bytes stored */
};

struct walk;
/* fd, of a directory or a file, stays the caller's. */
struct walk *walk_new(int fd, const struct walk_options *options);
/* 1 at a place, 0 at the end, -1. */
int walk_next(struct walk *walk, struct walk_place *place, struct ak_err *err)
    AK_MUST;
void walk_free(struct walk *walk);

#endif
