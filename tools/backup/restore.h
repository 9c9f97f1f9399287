/*
 * restore - entries of a snapshot made files again.
 *
 * In three passes over the trees, each in bounded memory: directories, links
 * and devices are made and files given to the workers; then, from the deepest
 * up, further names of files and what directories have beside their entries;
 * last the flags that forbid any change.
 *
 *	cmd_restore.c    options, and the order of it all
 *	restore_make.c   the first pass
 *	restore_end.c    the other two
 *	restore_pool.c   the workers: who does what
 *	restore_file.c   one file
 *	restore_delete.c what the snapshot does not have
 *	restore_others.c sources that lie in another
 */
#ifndef BACKUP_RESTORE_H
#define BACKUP_RESTORE_H

#include <pthread.h>
#include <stdatomic.h>

#include "tools/backup/links.h"
#include "tools/backup/meter.h"
#include "tools/backup/session.h"

#define RESTORE_FRAMES 16 /* decoded ones kept, by all workers */

struct restore_options {
	const char *to;
	bool in_place, plan, delete, stack, yes;
};

/* restore_stack.c: restore --stack. */
int restore_stack(struct ak_ctx *ctx, const char *snapshot,
    const struct restore_options *options) AK_MUST;

/* Where entries of one source go: path below root. */
struct target {
	int root;
	char *base; /* before the path of an entry; may be "" */
};

struct restore_pool;

struct restore {
	struct ak_ctx *ctx;
	struct session session;
	struct restore_options options;
	struct snap *snap;
	struct wanted wanted;
	/* of the source being restored */
	const struct snap_source *source;
	struct target target;
	struct links *links; /* first names of files with several */
	char **others;	     /* whole paths of databases, sorted */
	size_t other_count;
	struct restore_pool *pool;
	char *held_path; /* the directory that held_dir is open on */
	int held_dir;
	uint64_t dirs, removed;
	bool any_flags, any_links, would; /* would: --plan found something */
	pthread_mutex_t lock;		  /* what is below, and stderr */
	unsigned missed;
	uint64_t expected_bytes; /* of all that is restored */
	struct meter meter;
	uint64_t files, same, bytes, damaged, failed;
	struct ak_err first; /* of failed and damaged, the gravest */
	/* The target takes no more: the disk is full, or failed. */
	atomic_bool stop;
};

/* One file was lost to damage, or could not be made; the rest goes on. */
void restore_lost(struct restore *restore, const char *path,
    const struct ak_err *why);
void restore_failed(struct restore *restore, const char *path,
    const struct ak_err *why);
void restore_missed(struct restore *restore, unsigned missed);

/*
 * restore_others.c: sources that lie in another. A database that was taken by
 * itself, or a directory named besides the one it is in, is restored from its
 * own source: is a whole path of the snapshot such a one's?
 */
int restore_others_collect(struct restore *restore, struct ak_err *err) AK_MUST;
void restore_others_free(struct restore *restore);
bool restore_is_others(const struct restore *restore, const char *path);
/* The deepest first; NULL ends them; to be freed. */
const struct snap_source **restore_order(const struct snap *snap) AK_MUST;

/* The path below target.root. */
void restore_path(const struct restore *restore, const struct entry *entry,
    struct ak_buf *buf);

/* restore_make.c: visit.entry of the first pass. */
int restore_make(void *arg, const struct snap_source *source, const char *path,
    const struct entry *entry, struct ak_err *err) AK_MUST;

/* restore_end.c */
int restore_end_source(struct restore *restore, struct ak_err *err) AK_MUST;

/* restore_delete.c: with list, records of what would go; else it goes. */
int restore_delete(struct restore *restore, bool list, struct ak_err *err)
    AK_MUST;

/* restore_plan.c: visit.entry of --plan. */
int restore_plan(void *arg, const struct snap_source *source, const char *path,
    const struct entry *entry, struct ak_err *err) AK_MUST;

/*
 * restore_pool.c: a file for the workers, its path below the root of its
 * target, both copied; the root must stay open until restore_pool_wait().
 */
/* NULL: no threads. */
struct restore_pool *restore_pool_new(struct restore *restore,
    struct ak_err *err);
void restore_pool_add(struct restore_pool *pool, const char *path,
    const struct entry *entry);
void restore_pool_wait(struct restore_pool *pool);
void restore_pool_free(struct restore_pool *pool);

/* restore_file.c: a file in the hands of workers, by parts of its chunks. */
struct restore_file {
	int root;
	char *path;
	struct entry entry;
	int fd;	   /* -1 until begun */
	bool made; /* it was not there before; else only what differs is put */
	atomic_size_t parts; /* not yet done */
	atomic_bool damaged, wrote;
};
/* A run of chunks, from an offset in the file on. */
struct restore_part {
	struct restore_file *file;
	size_t first, count;
	uint64_t offset;
};
/* Opens or makes it; the parts follow, then the end, once all are done. */
int restore_file_begin(struct restore *restore, struct restore_file *file,
    struct ak_err *err) AK_MUST;
void restore_file_part(struct restore *restore, struct loader *loader,
    const struct restore_part *part);
void restore_file_end(struct restore *restore, struct restore_file *file);
void restore_file_free(struct restore_file *file);
/* Where the data of a file lies: the offset behind len bytes of it from at. */
uint64_t restore_skip(const struct entry *entry, uint64_t at, uint64_t len);

/*
 * restore_target.c: below --to, or where the source was; with --plan the root
 * is -1 where there is none.
 */
int restore_open_target(struct restore *restore,
    const struct snap_source *source, struct ak_err *err) AK_MUST;
void restore_close_target(struct restore *restore);

#endif
