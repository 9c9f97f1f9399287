/*
 * save - bytes in: cut, named, stored once, by a pool of workers.
 */
#include "tools/backup/save.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tools/backup/save_impl.h"

#define WORKERS_MAX 64

static size_t
count_workers(int wanted)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (wanted <= 0)
		wanted = processors > 0 ? (int)processors : 1;
	return wanted < WORKERS_MAX ? (size_t)wanted : WORKERS_MAX;
}

/* Signals are for the first thread, which knows what they mean. */
static int
start_worker(struct saver *saver, struct worker *worker, struct ak_err *err)
{
	sigset_t all, before;
	int why;

	worker->saver = saver;
	worker->writer = pack_writer_new(saver->repo, PACK_DATA);
	pack_writer_on_done(worker->writer, saver_pack_done, saver);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	why = pthread_create(&worker->thread, NULL, saver_work, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	worker->runs = why == 0;
	if (why == 0)
		return 0;
	return ak_fail(err, AK_SYSTEM, "no thread: %s", strerror(why));
}

int
saver_open(struct repo *repo, struct index *index,
    const struct saver_options *options, struct saver **saver,
    struct ak_err *err)
{
	struct saver *new = ak_calloc(1, sizeof(*new));

	new->repo = repo;
	new->index = index;
	new->options = *options;
	new->last = &new->first;
	pthread_mutex_init(&new->mutex, NULL);
	pthread_cond_init(&new->work, NULL);
	pthread_cond_init(&new->done, NULL);
	new->worker_count = count_workers(options->workers);
	new->workers = ak_calloc(new->worker_count, sizeof(*new->workers));
	if (options->independent)
		index_forget(index);
	for (size_t i = 0; i < new->worker_count; i++)
		if (start_worker(new, &new->workers[i], err) == -1) {
			saver_close(new);
			return -1;
		}
	*saver = new;
	return 0;
}

static void
stop_workers(struct saver *saver, bool abandon)
{
	pthread_mutex_lock(&saver->mutex);
	saver->over = true;
	saver->abandoned = saver->abandoned || abandon;
	pthread_cond_broadcast(&saver->work);
	pthread_mutex_unlock(&saver->mutex);
	for (size_t i = 0; i < saver->worker_count; i++) {
		if (saver->workers[i].runs)
			pthread_join(saver->workers[i].thread, NULL);
		saver->workers[i].runs = false;
	}
}

int
saver_finish(struct saver *saver, struct ak_err *err)
{
	if (segment_submit(saver, err) == -1)
		return -1;
	stop_workers(saver, false);
	for (size_t i = 0; i < AK_COUNT(saver->chunks); i++)
		if (saver->chunks[i] &&
		    pack_writer_end(saver->chunks[i], err) == -1)
			return -1;
	if (saver_check(saver, err) == -1)
		return -1;
	return index_commit(saver->repo, saver->index, err);
}

void
saver_close(struct saver *saver)
{
	uint8_t unused[ID_SIZE];

	if (!saver)
		return;
	stop_workers(saver, true);
	for (size_t i = 0; i < saver->worker_count; i++)
		pack_writer_free(saver->workers[i].writer);
	for (size_t i = 0; i < AK_COUNT(saver->chunks); i++)
		pack_writer_free(saver->chunks[i]);
	if (saver->whole)
		ak_sha256_end(saver->whole, unused);
	while (saver->idle) {
		struct segment *segment = saver->idle;

		saver->idle = segment->next;
		segment_free(segment);
	}
	segment_free(saver->segment);
	free(saver->workers);
	pthread_cond_destroy(&saver->work);
	pthread_cond_destroy(&saver->done);
	pthread_mutex_destroy(&saver->mutex);
	free(saver);
}

struct saver_stats
saver_stats(struct saver *saver)
{
	struct saver_stats stats;

	pthread_mutex_lock(&saver->mutex);
	stats = saver->stats;
	pthread_mutex_unlock(&saver->mutex);
	stats.read_bytes = saver->fed_bytes;
	return stats;
}
