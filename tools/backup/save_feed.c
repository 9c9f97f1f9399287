/*
 * save_feed - items: their bytes into segments, cut into chunks.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "tools/backup/save_impl.h"

int
item_begin(struct saver *saver, struct item *item, const struct item_how *how,
    struct ak_err *err)
{
	*item = (struct item){ .chunks = item->chunks };
	item->chunks.count = 0;
	saver->item = item;
	saver->scan = (struct chunk_scan){ .class = how->class,
		.page = how->page };
	if (how->hash_whole)
		saver->whole = ak_sha256_new();
	return segment_need(saver, err);
}

int
item_room(struct saver *saver, uint8_t **data, size_t *len, struct ak_err *err)
{
	struct segment *segment;

	if (segment_need(saver, err) == -1)
		return -1;
	segment = saver->segment;
	*data = segment->data + segment->len;
	*len = segment->len + ROOM_LEAST < SEGMENT ? SEGMENT - segment->len
						   : ROOM_LEAST;
	return 0;
}

/* Sleeps as long as the bytes so far are ahead of their time. */
static void
limit_rate(struct saver *saver)
{
	struct timespec now, pause;
	int64_t due, at;

	if (saver->options.rate_limit <= 0)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	at = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	if (saver->begin == 0)
		saver->begin = at;
	due = saver->begin +
	    (int64_t)((double)saver->fed_bytes * 1e9 /
		(double)saver->options.rate_limit);
	if (due <= at)
		return;
	pause = (struct timespec){ (due - at) / 1000000000,
		(due - at) % 1000000000 };
	nanosleep(&pause, NULL);
}

static void
cut(struct saver *saver, bool last)
{
	struct segment *segment = saver->segment;
	size_t len;

	while ((len = chunk_cut(&saver->repo->chunker, &saver->scan,
		    segment->data + saver->cut, segment->len - saver->cut,
		    last)) > 0)
		segment_add(saver, len);
}

int
item_filled(struct saver *saver, size_t len, struct ak_err *err)
{
	struct segment *segment = saver->segment;

	if (saver->whole)
		ak_sha256_add(saver->whole, segment->data + segment->len, len);
	segment->len += len;
	saver->fed_bytes += len;
	limit_rate(saver);
	cut(saver, false);
	if (segment->len + ROOM_LEAST < SEGMENT)
		return 0;
	return segment_submit(saver, err);
}

int
item_end(struct saver *saver, struct ak_err *err)
{
	struct item *item = saver->item;

	if (segment_need(saver, err) == -1)
		return -1;
	cut(saver, true);
	if (saver->whole)
		ak_sha256_end(saver->whole, item->whole);
	saver->whole = NULL;
	saver->item = NULL;
	item->ended = true;
	if (saver->segment->len + ROOM_LEAST < SEGMENT)
		return 0;
	return segment_submit(saver, err);
}

static bool
is_done(const struct item *item)
{
	return item->ended && item->stored == item->cut;
}

bool
item_done(struct saver *saver, struct item *item)
{
	bool done;

	pthread_mutex_lock(&saver->mutex);
	done = is_done(item) && !saver->failed;
	pthread_mutex_unlock(&saver->mutex);
	return done;
}

int
item_wait(struct saver *saver, struct item *item, struct ak_err *err)
{
	if (item_done(saver, item))
		return 0;
	if (segment_submit(saver, err) == -1)
		return -1;
	pthread_mutex_lock(&saver->mutex);
	while (!saver->failed && !is_done(item))
		pthread_cond_wait(&saver->done, &saver->mutex);
	pthread_mutex_unlock(&saver->mutex);
	return saver_check(saver, err);
}

void
item_drop(struct saver *saver, struct item *item)
{
	uint8_t unused[ID_SIZE];
	struct ak_err ignored;

	if (saver->item == item) {
		saver->item = NULL;
		if (saver->whole)
			ak_sha256_end(saver->whole, unused);
		saver->whole = NULL;
		if (saver->segment)
			saver->segment->len = saver->cut;
	}
	(void)!segment_submit(saver, &ignored);
	pthread_mutex_lock(&saver->mutex);
	while (item->stored != item->cut)
		pthread_cond_wait(&saver->done, &saver->mutex);
	pthread_mutex_unlock(&saver->mutex);
}

void
item_free(struct item *item)
{
	free(item->chunks.items);
	*item = (struct item){ 0 };
}

int
saver_chunk(struct saver *saver, enum pack_kind kind, const void *data,
    size_t len, struct chunk *chunk, struct ak_err *err)
{
	struct pack_writer **writer = &saver->chunks[kind];
	bool new;

	if (saver_check(saver, err) == -1)
		return -1;
	chunk->len = (uint32_t)len;
	seal_hash(data, len, chunk->id);
	new = index_claim(saver->index, chunk->id) == CLAIM_NEW;
	pthread_mutex_lock(&saver->mutex);
	saver->stats.chunks++;
	saver->stats.new_chunks += new;
	saver->stats.new_bytes += new ? len : 0;
	pthread_mutex_unlock(&saver->mutex);
	if (!new)
		return 0;
	if (!*writer) {
		*writer = pack_writer_new(saver->repo, kind);
		pack_writer_on_done(*writer, saver_pack_done, saver);
	}
	if (pack_writer_add(*writer, chunk, data, true, err) == 0)
		return 0;
	/* Half of it may be in the pack: no other source goes on with it. */
	saver_fail(saver, err);
	return -1;
}

int
saver_checkpoint(struct saver *saver, struct ak_err *err)
{
	if (saver_check(saver, err) == -1)
		return -1;
	pthread_mutex_lock(&saver->mutex);
	saver->checkpoints++;
	pthread_cond_broadcast(&saver->work);
	pthread_mutex_unlock(&saver->mutex);
	if (!saver->chunks[PACK_META] ||
	    pack_writer_end(saver->chunks[PACK_META], err) == 0)
		return 0;
	saver_fail(saver, err);
	return -1;
}
