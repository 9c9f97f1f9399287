/*
 * pool - the same for many items, by as many threads as there are processors.
 */
#include "tools/backup/pool.h"

#include <pthread.h>
#include <unistd.h>

#define THREADS 16

struct running {
	const struct pool *pool;
	pthread_mutex_t mutex;
	size_t next;
	bool failed;
	struct ak_err err;
};

static bool
take(struct running *running, size_t *item)
{
	bool got;

	pthread_mutex_lock(&running->mutex);
	got = !running->failed && running->next < running->pool->count;
	if (got)
		*item = running->next++;
	pthread_mutex_unlock(&running->mutex);
	return got;
}

static void
fail(struct running *running, const struct ak_err *err)
{
	pthread_mutex_lock(&running->mutex);
	if (!running->failed)
		running->err = *err;
	running->failed = true;
	pthread_mutex_unlock(&running->mutex);
}

static bool
has_failed(struct running *running)
{
	bool failed;

	pthread_mutex_lock(&running->mutex);
	failed = running->failed;
	pthread_mutex_unlock(&running->mutex);
	return failed;
}

static void *
work(void *arg)
{
	struct running *running = arg;
	const struct pool *pool = running->pool;
	void *own = pool->begin ? pool->begin(pool->arg) : NULL;
	struct ak_err err = { 0 };
	size_t item;

	while (take(running, &item))
		if (pool->each(pool->arg, own, item, &err) == -1)
			fail(running, &err);
	if (pool->finish && !has_failed(running) &&
	    pool->finish(pool->arg, own, &err) == -1)
		fail(running, &err);
	if (pool->end)
		pool->end(own);
	return NULL;
}

int
pool_run(const struct pool *pool, struct ak_err *err)
{
	struct running running = { .pool = pool };
	pthread_t threads[THREADS];
	long wanted = sysconf(_SC_NPROCESSORS_ONLN);
	size_t started = 0;

	pthread_mutex_init(&running.mutex, NULL);
	/* This thread is one of them; where no other can be had it does all. */
	for (; started < THREADS && (long)started + 1 < wanted; started++)
		if (pthread_create(&threads[started], NULL, work, &running) !=
		    0)
			break;
	work(&running);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	pthread_mutex_destroy(&running.mutex);
	if (!running.failed)
		return 0;
	*err = running.err;
	return -1;
}
