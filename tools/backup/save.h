/*
 * save - bytes in: cut, named, stored once, by a pool of workers.
 *
 * One thread feeds; nproc workers hash, claim in the index, and write frames
 * of their own. An item is a file's content in flight: its chunks are all
 * there, in order, once item_done() says so.
 *
 * Small items share a segment of 1 MiB that goes to a worker when it is full,
 * or when one is waited for: keep hundreds of items in flight, ask item_done()
 * of the oldest, and wait only when there are too many.
 */
#ifndef BACKUP_SAVE_H
#define BACKUP_SAVE_H

#include "tools/backup/index.h"

struct saver;

struct saver_options {
	int workers;	    /* 0: as many as processors */
	bool independent;   /* store all again */
	int64_t rate_limit; /* bytes read a second; 0: none */
};

struct saver_stats { /* so far */
	uint64_t read_bytes, new_bytes, stored_bytes;
	uint64_t chunks, new_chunks;
};

int saver_open(struct repo *repo, struct index *index,
    const struct saver_options *options, struct saver **saver,
    struct ak_err *err) AK_MUST;
/* Waits for the workers; what is open is abandoned unless finished. */
void saver_close(struct saver *saver);

struct item {
	struct chunks chunks;
	uint8_t whole[ID_SIZE]; /* SHA-256 of all bytes, when asked for */
	/* the saver's own */
	bool ended;
	size_t cut, stored;
};

struct item_how {
	enum chunk_class class;
	uint32_t page;
	bool hash_whole;
};

/*
 * Begins an item (zeroed, or used before); its bytes follow until item_end().
 * One at a time. It stays where it is until it is done or the saver is closed.
 */
int item_begin(struct saver *saver, struct item *item,
    const struct item_how *how, struct ak_err *err) AK_MUST;
/* Room for bytes to be read into directly; then how many there are. */
int item_room(struct saver *saver, uint8_t **data, size_t *len,
    struct ak_err *err) AK_MUST;
int item_filled(struct saver *saver, size_t len, struct ak_err *err) AK_MUST;
int item_end(struct saver *saver, struct ak_err *err) AK_MUST;
/* A chunk cut by the caller (trees), in packs of the kind. */
int saver_chunk(struct saver *saver, enum pack_kind kind, const void *data,
    size_t len, struct chunk *chunk, struct ak_err *err) AK_MUST;

/*
 * Ends the packs that are open, so that other runs find what is stored: that of
 * trees at once, those of the workers as soon as they come to it.
 */
int saver_checkpoint(struct saver *saver, struct ak_err *err) AK_MUST;

/* Something could not be stored: nothing more will be. */
bool saver_failed(struct saver *saver);

bool item_done(struct saver *saver, struct item *item);
/* Until it is done, or a worker failed: its error. */
int item_wait(struct saver *saver, struct item *item, struct ak_err *err)
    AK_MUST;
void item_free(struct item *item);
/*
 * Waits until no worker is at it, ended or not, failed or not, so that it can
 * be freed; what is cut of it already is stored, and refers to nothing.
 */
void item_drop(struct saver *saver, struct item *item);

/* Ends frames and packs of all workers, and writes the index segment. */
int saver_finish(struct saver *saver, struct ak_err *err) AK_MUST;
struct saver_stats saver_stats(struct saver *saver);

#endif
