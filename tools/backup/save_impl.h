/*
 * save_impl - the saver's own: what its thread that feeds and its workers
 * share.
 */
#ifndef BACKUP_SAVE_IMPL_H
#define BACKUP_SAVE_IMPL_H

#include <pthread.h>

#include "lib/crypt.h"
#include "tools/backup/save.h"

/*
 * A segment is handed on at SEGMENT bytes; it is larger only while one chunk
 * is. Memory that is not used is not there.
 */
#define SEGMENT ((size_t)1 << 20)
#define ROOM_LEAST ((size_t)64 << 10)
#define SEGMENT_CAP (SEGMENT + ((size_t)4 << 20) + ROOM_LEAST)

struct piece {
	struct item *item;
	size_t number; /* of the chunk in its item */
	size_t offset; /* in the segment */
	struct chunk chunk;
	bool compressible;
};

struct segment {
	uint8_t *data;
	size_t len;
	struct piece *pieces;
	size_t count, cap;
	struct segment *next;
};

struct worker {
	struct saver *saver;
	struct pack_writer *writer;
	pthread_t thread;
	bool runs;
	size_t checkpoints; /* those it has done its part for */
};

struct saver {
	struct repo *repo;
	struct index *index;
	struct saver_options options;

	/* under mutex */
	pthread_mutex_t mutex;
	pthread_cond_t work; /* a segment is queued, or all is over */
	pthread_cond_t done; /* a segment is through */
	struct segment *first, **last;
	struct segment *idle;
	size_t segments;    /* there are */
	size_t checkpoints; /* asked for so far */
	bool over;	    /* no more segments come */
	bool abandoned;	    /* and nothing is to be ended */
	bool failed;
	struct ak_err err; /* of failed */
	struct saver_stats stats;

	struct worker *workers;
	size_t worker_count;
	struct pack_writer *chunks[2]; /* of saver_chunk(), by kind */

	/* of the thread that feeds */
	struct segment *segment; /* being filled; NULL: none */
	size_t cut;		 /* where its next chunk begins */
	struct item *item;	 /* being fed */
	struct chunk_scan scan;
	struct ak_sha256 *whole;
	int64_t begin;	    /* ns; of the rate limit */
	uint64_t fed_bytes; /* of this saver */
};

/* save_work.c */
void *saver_work(void *worker);
void saver_fail(struct saver *saver, const struct ak_err *err);
/* The first error of a worker, if there was one. */
int saver_check(struct saver *saver, struct ak_err *err) AK_MUST;
int saver_pack_done(void *saver, const struct pack_list *list,
    struct ak_err *err) AK_MUST;

/* save_segment.c: the segment that is being filled goes to the workers, and
 * what of it is no whole chunk to the next one. */
int segment_submit(struct saver *saver, struct ak_err *err) AK_MUST;
/* saver->segment is there. */
int segment_need(struct saver *saver, struct ak_err *err) AK_MUST;
void segment_add(struct saver *saver, size_t len);
void segment_free(struct segment *segment);

#endif
