/*
 * restore_pool - workers that restore files, a batch at a time.
 *
 * Small files come in batches, in which a worker goes by the place of their
 * first chunk; a large file is cut into parts, so that the last one of a
 * snapshot does not leave the other workers idle. In memory are the batches
 * that wait, and a cache of frames a worker.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/str.h"
#include "lib/term.h"

#include "tools/backup/restore.h"

#define BATCH_BYTES ((uint64_t)8 << 20)
#define BATCH_PARTS 512
#define WORKERS_MOST 16
#define REDRAW_NS 100000000

struct batch {
	struct restore_part parts[BATCH_PARTS];
	size_t count;
	uint64_t bytes;
	struct batch *next;
};

struct restore_pool {
	struct restore *restore;
	pthread_t workers[WORKERS_MOST];
	size_t worker_count;
	struct batch *filling;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct batch *first, **last; /* those that wait */
	size_t waiting, running;
	bool ended;
};

/* A part, and where its first chunk lies. */
struct placed {
	const struct restore_part *part;
	struct place place;
};

static int
order_placed(const void *a, const void *b)
{
	const struct place *one = &((const struct placed *)a)->place;
	const struct place *other = &((const struct placed *)b)->place;

	if (one->pack != other->pack)
		return one->pack < other->pack ? -1 : 1;
	if (one->frame != other->frame)
		return one->frame < other->frame ? -1 : 1;
	return (one->ordinal > other->ordinal) -
	    (one->ordinal < other->ordinal);
}

static void
part_done(struct restore *restore, struct restore_file *file)
{
	if (atomic_fetch_sub(&file->parts, 1) > 1)
		return;
	if (file->fd >= 0)
		restore_file_end(restore, file);
	restore_file_free(file);
}

/* A file of one part is begun by the worker; others were before. */
static void
do_part(struct restore *restore, struct loader *loader,
    const struct restore_part *part)
{
	struct restore_file *file = part->file;
	struct ak_err err = { 0 };

	if (atomic_load(&restore->stop) && file->fd == -1)
		return;
	if (file->fd == -1 && restore_file_begin(restore, file, &err) == -1) {
		restore_failed(restore, file->path, &err);
		return;
	}
	restore_file_part(restore, loader, part);
}

static void
do_batch(struct restore *restore, struct loader *loader,
    const struct batch *batch)
{
	struct placed order[BATCH_PARTS] = { 0 };

	for (size_t i = 0; i < batch->count; i++) {
		const struct restore_part *part = &batch->parts[i];

		order[i] = (struct placed){ .part = part };
		if (part->count > 0)
			(void)index_find(restore->session.index,
			    part->file->entry.chunks.items[part->first].id, 0,
			    &order[i].place);
	}
	qsort(order, batch->count, sizeof(*order), order_placed);
	for (size_t i = 0; i < batch->count; i++) {
		struct restore_file *file = order[i].part->file;

		do_part(restore, loader, order[i].part);
		part_done(restore, file);
	}
}

/* NULL when there will be none any more. */
static struct batch *
take_batch(struct restore_pool *pool)
{
	struct batch *batch;

	pthread_mutex_lock(&pool->lock);
	while (!pool->first && !pool->ended)
		pthread_cond_wait(&pool->changed, &pool->lock);
	batch = pool->first;
	if (batch) {
		pool->first = batch->next;
		if (!pool->first)
			pool->last = &pool->first;
		pool->waiting--;
		pool->running++;
	}
	pthread_mutex_unlock(&pool->lock);
	return batch;
}

static void *
work(void *arg)
{
	struct restore_pool *pool = arg;
	struct restore *restore = pool->restore;
	size_t frames = RESTORE_FRAMES / pool->worker_count;
	struct loader *loader = loader_new(restore->session.repo,
	    restore->session.index, frames > 2 ? frames : 2);
	struct batch *batch;

	while ((batch = take_batch(pool)) != NULL) {
		do_batch(restore, loader, batch);
		free(batch);
		pthread_mutex_lock(&pool->lock);
		pool->running--;
		pthread_cond_broadcast(&pool->changed);
		pthread_mutex_unlock(&pool->lock);
	}
	loader_free(loader);
	return NULL;
}

struct restore_pool *
restore_pool_new(struct restore *restore, struct ak_err *err)
{
	struct restore_pool *pool = ak_calloc(1, sizeof(*pool));
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	pool->restore = restore;
	pool->last = &pool->first;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->changed, NULL);
	pool->worker_count = processors < 1 ? 1
	    : processors > WORKERS_MOST	    ? WORKERS_MOST
					    : (size_t)processors;
	for (size_t i = 0; i < pool->worker_count; i++)
		if (pthread_create(&pool->workers[i], NULL, work, pool) != 0) {
			pool->worker_count = i;
			break;
		}
	if (pool->worker_count > 0)
		return pool;
	ak_err_set(err, AK_SYSTEM, "no thread can be made");
	restore_pool_free(pool);
	return NULL;
}

static void
show_progress(struct restore *restore)
{
	pthread_mutex_lock(&restore->lock);
	meter_show(&restore->meter, restore->ctx, restore->source->name,
	    restore->bytes, restore->expected_bytes);
	pthread_mutex_unlock(&restore->lock);
}

/* Until the condition has changed, or it is time to show how far it is. */
static void
wait_changed(struct restore_pool *pool)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += REDRAW_NS;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_cond_timedwait(&pool->changed, &pool->lock, &until);
}

static void
hand_over(struct restore_pool *pool)
{
	struct batch *batch = pool->filling;

	pool->filling = NULL;
	if (!batch)
		return;
	show_progress(pool->restore);
	pthread_mutex_lock(&pool->lock);
	while (pool->waiting >= pool->worker_count * 2)
		wait_changed(pool);
	*pool->last = batch;
	pool->last = &batch->next;
	pool->waiting++;
	pthread_cond_broadcast(&pool->changed);
	pthread_mutex_unlock(&pool->lock);
}

static void
add_part(struct restore_pool *pool, const struct restore_part *part,
    uint64_t bytes)
{
	if (!pool->filling)
		pool->filling = ak_calloc(1, sizeof(*pool->filling));
	pool->filling->parts[pool->filling->count++] = *part;
	pool->filling->bytes += bytes;
	if (pool->filling->count == BATCH_PARTS ||
	    pool->filling->bytes >= BATCH_BYTES)
		hand_over(pool);
}

/* How many chunks from first on are a part. */
static size_t
cut_part(const struct chunks *chunks, size_t first, uint64_t *bytes)
{
	size_t i = first;

	*bytes = 0;
	while (i < chunks->count && *bytes < BATCH_BYTES)
		*bytes += chunks->items[i++].len;
	return i - first;
}

/* Begun here, since its parts may be done in any order. */
static void
add_large(struct restore_pool *pool, struct restore_file *file)
{
	const struct chunks *chunks = &file->entry.chunks;
	struct restore_part part = { .file = file };
	struct ak_err err = { 0 };
	uint64_t bytes;

	if (restore_file_begin(pool->restore, file, &err) == -1) {
		restore_failed(pool->restore, file->path, &err);
		restore_file_free(file);
		return;
	}
	atomic_store(&file->parts, 1);
	while (part.first < chunks->count) {
		part.count = cut_part(chunks, part.first, &bytes);
		atomic_fetch_add(&file->parts, 1);
		add_part(pool, &part, bytes);
		part.first += part.count;
		part.offset = restore_skip(&file->entry, part.offset, bytes);
	}
	part_done(pool->restore, file);
}

void
restore_pool_add(struct restore_pool *pool, const char *path,
    const struct entry *entry)
{
	struct restore_file *file = ak_calloc(1, sizeof(*file));
	struct restore_part part = { .file = file };
	uint64_t bytes;

	file->fd = -1;
	file->root = pool->restore->target.root;
	file->path = ak_strdup(path);
	entry_copy(&file->entry, entry);
	part.count = cut_part(&file->entry.chunks, 0, &bytes);
	if (part.count < file->entry.chunks.count) {
		add_large(pool, file);
		return;
	}
	atomic_store(&file->parts, 1);
	add_part(pool, &part, bytes);
}

void
restore_pool_wait(struct restore_pool *pool)
{
	hand_over(pool);
	pthread_mutex_lock(&pool->lock);
	while (pool->waiting > 0 || pool->running > 0) {
		wait_changed(pool);
		pthread_mutex_unlock(&pool->lock);
		show_progress(pool->restore);
		pthread_mutex_lock(&pool->lock);
	}
	pthread_mutex_unlock(&pool->lock);
	ak_term_progress_end();
}

void
restore_pool_free(struct restore_pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->ended = true;
	pthread_cond_broadcast(&pool->changed);
	pthread_mutex_unlock(&pool->lock);
	for (size_t i = 0; i < pool->worker_count; i++)
		pthread_join(pool->workers[i], NULL);
	pthread_cond_destroy(&pool->changed);
	pthread_mutex_destroy(&pool->lock);
	free(pool->filling);
	free(pool);
}
