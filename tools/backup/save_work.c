/*
 * save_work - what a worker does with a segment.
 */
#include <string.h>

#include "tools/backup/save_impl.h"

void
saver_fail(struct saver *saver, const struct ak_err *err)
{
	pthread_mutex_lock(&saver->mutex);
	if (!saver->failed)
		saver->err = *err;
	saver->failed = true;
	pthread_mutex_unlock(&saver->mutex);
}

int
saver_check(struct saver *saver, struct ak_err *err)
{
	bool failed;

	pthread_mutex_lock(&saver->mutex);
	failed = saver->failed;
	if (failed)
		*err = saver->err;
	pthread_mutex_unlock(&saver->mutex);
	return failed ? -1 : 0;
}

bool
saver_failed(struct saver *saver)
{
	struct ak_err ignored;

	return saver_check(saver, &ignored) == -1;
}

int
saver_pack_done(void *arg, const struct pack_list *list, struct ak_err *err)
{
	struct saver *saver = arg;

	pthread_mutex_lock(&saver->mutex);
	saver->stats.stored_bytes += list->size;
	pthread_mutex_unlock(&saver->mutex);
	if (index_add_pack(saver->index, list, err) == -1)
		return -1;
	return index_commit_due(saver->repo, saver->index, err);
}

static int
store_piece(struct worker *worker, const struct segment *segment,
    struct piece *piece, struct saver_stats *stats, struct ak_err *err)
{
	struct chunk *chunk = &piece->chunk;
	const uint8_t *data = segment->data + piece->offset;

	seal_hash(data, chunk->len, chunk->id);
	stats->chunks++;
	if (index_claim(worker->saver->index, chunk->id) == CLAIM_KNOWN)
		return 0;
	stats->new_chunks++;
	stats->new_bytes += chunk->len;
	return pack_writer_add(worker->writer, chunk, data, piece->compressible,
	    err);
}

/* Items hear of their chunks, and who feeds of an idle segment. */
static void
end_segment(struct saver *saver, struct segment *segment,
    const struct saver_stats *stats)
{
	pthread_mutex_lock(&saver->mutex);
	for (size_t i = 0; i < segment->count; i++) {
		struct piece *piece = &segment->pieces[i];

		piece->item->chunks.items[piece->number] = piece->chunk;
		piece->item->stored++;
	}
	saver->stats.chunks += stats->chunks;
	saver->stats.new_chunks += stats->new_chunks;
	saver->stats.new_bytes += stats->new_bytes;
	segment->count = 0;
	segment->len = 0;
	segment->next = saver->idle;
	saver->idle = segment;
	pthread_cond_broadcast(&saver->done);
	pthread_mutex_unlock(&saver->mutex);
}

static void
store_segment(struct worker *worker, struct segment *segment)
{
	struct saver *saver = worker->saver;
	struct saver_stats stats = { 0 };
	struct ak_err err = { 0 };

	for (size_t i = 0; i < segment->count; i++)
		if (store_piece(worker, segment, &segment->pieces[i], &stats,
			&err) == -1) {
			saver_fail(saver, &err);
			break;
		}
	end_segment(saver, segment, &stats);
}

/*
 * NULL when all is over, or a checkpoint is due, which comes first. After a
 * failure segments go by unread.
 */
static struct segment *
next_segment(struct worker *worker, bool *failed, bool *checkpoint)
{
	struct saver *saver = worker->saver;
	struct segment *segment = NULL;

	pthread_mutex_lock(&saver->mutex);
	while (!saver->first && !saver->over &&
	    worker->checkpoints == saver->checkpoints)
		pthread_cond_wait(&saver->work, &saver->mutex);
	*checkpoint = worker->checkpoints != saver->checkpoints;
	worker->checkpoints = saver->checkpoints;
	if (!*checkpoint)
		segment = saver->first;
	if (segment) {
		saver->first = segment->next;
		if (!saver->first)
			saver->last = &saver->first;
		segment->next = NULL;
	}
	*failed = saver->failed || saver->abandoned;
	pthread_mutex_unlock(&saver->mutex);
	return segment;
}

static void
end_pack(struct worker *worker)
{
	struct ak_err err = { 0 };

	if (pack_writer_end(worker->writer, &err) == -1)
		saver_fail(worker->saver, &err);
}

void *
saver_work(void *arg)
{
	struct worker *worker = arg;
	struct saver_stats none = { 0 };
	struct segment *segment;
	bool failed, checkpoint;

	do {
		segment = next_segment(worker, &failed, &checkpoint);
		if (segment && failed)
			end_segment(worker->saver, segment, &none);
		else if (segment)
			store_segment(worker, segment);
		else if (!failed)
			end_pack(worker);
	} while (segment || checkpoint);
	return NULL;
}
