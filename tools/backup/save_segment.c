/*
 * save_segment - pieces of memory on their way from who feeds to the workers.
 *
 * There are so many of them and no more: who feeds waits for one that a worker
 * is through with.
 */
#include <string.h>

#include "tools/backup/save_impl.h"

void
segment_free(struct segment *segment)
{
	if (!segment)
		return;
	free(segment->data);
	free(segment->pieces);
	free(segment);
}

static struct segment *
take_idle(struct saver *saver)
{
	struct segment *segment;

	pthread_mutex_lock(&saver->mutex);
	if (!saver->idle && saver->segments < 2 * saver->worker_count + 2) {
		saver->segments++;
		pthread_mutex_unlock(&saver->mutex);
		segment = ak_calloc(1, sizeof(*segment));
		segment->data = ak_malloc(SEGMENT_CAP);
		return segment;
	}
	while (!saver->idle)
		pthread_cond_wait(&saver->done, &saver->mutex);
	segment = saver->idle;
	saver->idle = segment->next;
	pthread_mutex_unlock(&saver->mutex);
	segment->next = NULL;
	return segment;
}

int
segment_need(struct saver *saver, struct ak_err *err)
{
	if (saver_check(saver, err) == -1)
		return -1;
	if (!saver->segment)
		saver->segment = take_idle(saver);
	return 0;
}

void
segment_add(struct saver *saver, size_t len)
{
	struct segment *segment = saver->segment;
	struct piece *piece;

	if (segment->count == segment->cap) {
		segment->cap = segment->cap ? segment->cap * 2 : 64;
		segment->pieces = ak_resize(segment->pieces, segment->cap,
		    sizeof(*segment->pieces));
	}
	piece = &segment->pieces[segment->count++];
	*piece = (struct piece){ .item = saver->item,
		.number = saver->item->cut++,
		.offset = saver->cut,
		.compressible = saver->scan.class != CHUNK_BLOB };
	piece->chunk.len = (uint32_t)len;
	saver->cut += len;
}

/* Room for the chunks' names is made here, where nobody else is at the item. */
static void
make_slots(const struct segment *segment)
{
	for (size_t i = 0; i < segment->count; i++) {
		struct chunks *chunks = &segment->pieces[i].item->chunks;

		if (chunks->count == chunks->cap) {
			chunks->cap = chunks->cap ? chunks->cap * 2 : 1;
			chunks->items = ak_resize(chunks->items, chunks->cap,
			    sizeof(*chunks->items));
		}
		chunks->count++;
	}
}

static void
enqueue(struct saver *saver, struct segment *segment)
{
	pthread_mutex_lock(&saver->mutex);
	make_slots(segment);
	*saver->last = segment;
	saver->last = &segment->next;
	pthread_cond_signal(&saver->work);
	pthread_mutex_unlock(&saver->mutex);
}

int
segment_submit(struct saver *saver, struct ak_err *err)
{
	struct segment *segment = saver->segment;
	size_t rest;

	if (!segment || segment->count == 0)
		return saver_check(saver, err);
	rest = segment->len - saver->cut;
	saver->segment = NULL;
	if (rest > 0) {
		saver->segment = take_idle(saver);
		memcpy(saver->segment->data, segment->data + saver->cut, rest);
		saver->segment->len = rest;
	}
	saver->cut = 0;
	enqueue(saver, segment);
	return saver_check(saver, err);
}
