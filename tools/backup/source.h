/*
 * source - what is backed up: a scheme, a word, and how its bytes are had.
 *
 *	dir:/srv/data or a path     a directory or file, as it is
 *	sqlite:/srv/app.db          a live database, under SQLite's own locks
 *	postgres:CONTAINER[/DB]     pg_dump of each database, and the globals
 *	exec:NAME=COMMAND ...       what a command writes, if it exits with 0
 *	volume:NAME                 a volume, by what its labels say
 *	stack:[DIR]                 a whole kit
 */
#ifndef BACKUP_SOURCE_H
#define BACKUP_SOURCE_H

#include <sys/stat.h>
#include <sys/types.h>

#include "tools/backup/snap.h"
#include "tools/backup/tree.h"

/* A regular file of a directory, before its size and times are believed. */
struct instead_ask {
	int dir;
	const char *name;
	const struct stat *status;
	bool unchanged; /* inode, size and times are the parent's */
};

enum instead {
	INSTEAD_NOT,	/* it is dealt with as it is */
	INSTEAD_FD,	/* all of *fd, the intake's to close, in its place; its
			   size is the fd's, all else the file's; no holes */
	INSTEAD_SKIP,	/* it is left out */
	INSTEAD_FAILED, /* err says why: as if it could not be read */
};

/* A tree of the same source, taken earlier: what is as it was is not read. */
struct before {
	struct tree_reader *tree; /* NULL: none */
	int64_t begin;		  /* ns: racy when not 2 s older */
	bool cut_short;		  /* what is lost of it is not told */
	struct entry *at;	  /* the intake's own; NULL: at its end */
};
enum { BEFORE_CHECKPOINT, BEFORE_SNAPSHOT, BEFORES };

/* What a source puts its entries into; made by the backup command. */
struct intake {
	struct repo *repo;
	struct saver *saver;
	struct tree_writer *tree;      /* of this source */
	struct before before[BEFORES]; /* the nearest first */
	bool full;		       /* read every byte */
	const struct index *index;     /* what of the parent is still there */
	const char *const *excludes;   /* patterns, NULL ends them */
	bool exclude_caches, one_file_system; /* see walk.h */
	struct snap_source *about; /* counters, consistency, problem */
	/*
	 * Asked about each regular file, in the order of the tree, and again
	 * when it is read again: a live SQLite database is read under its
	 * locks. May be NULL.
	 */
	enum instead (*instead)(void *instead_arg,
	    const struct instead_ask *ask, int *fd, struct ak_err *err);
	void *instead_arg;
	/* Is it no loss that this path went while it was looked for? */
	bool (*may_vanish)(void *instead_arg, const char *path);
	void (*warn)(void *arg, const char *text);
	/* What is no loss of this run; may be NULL. */
	void (*tell)(void *arg, const char *text);
	void (*progress)(void *arg, const char *path, uint64_t bytes);
	/* Asked between entries; may be NULL. */
	int (*checkpoint)(void *arg, struct ak_err *err);
	void *arg;
};

/*
 * A directory (or one file) opened as fd, its entries below prefix "". What
 * cannot be read, vanishes, or changes while it is read even twice is warned of
 * and counted; -1 is when nothing can be stored any more, or fd not be read.
 */
int intake_directory(struct intake *in, int fd, struct ak_err *err) AK_MUST;
/*
 * One stream of bytes as a file: read() is called until it gives 0. Its class
 * is found from its first bytes. Paths of one source rise in the order of a
 * tree.
 */
struct intake_stream {
	const char *path;
	uint32_t mode, uid, gid;
	int64_t mtime;
	uint64_t size; /* that it says to have; 0: not known */
	/* > 0 bytes, 0 end, -1 */
	ssize_t (*read)(void *arg, void *data, size_t len, struct ak_err *err);
	void *arg;
};
int intake_stream(struct intake *in, const struct intake_stream *stream,
    struct ak_err *err) AK_MUST;
/* The same without an entry: its chunks, which are the caller's. */
int intake_chunks(struct intake *in, const struct intake_stream *stream,
    struct chunks *chunks, struct ak_err *err) AK_MUST;

#endif
