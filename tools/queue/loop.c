/*
 * loop - one thread that waits for descriptors, deadlines and signals.
 *
 * Descriptors are edge-triggered and registered once, for everything. What a
 * wake-up brings is served first, then whoever may run is picked once for all
 * of it: that is what makes one wake-up cheap when many come together. Backends
 * come first, then the answers that they ended, then what clients ask.
 */
#include <sys/epoll.h>

#include <errno.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include "tools/queue/proxy.h"

#define EVENTS 256
#define LOOK 50 /* us */
/* The kernel's clock of milliseconds must not make us early. */
#define MILLISECOND INT64_C(1000)

int64_t
loop_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * QUEUE_SECOND + now.tv_nsec / 1000;
}

int
loop_new(struct queue *q, struct ak_err *err)
{
	q->now = loop_clock();
	q->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (q->epoll == -1)
		return ak_fail_sys(err, AK_SYSTEM, "epoll");
	return 0;
}

int
loop_add(struct queue *q, struct source *source)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
		.data.ptr = source,
	};

	return epoll_ctl(q->epoll, EPOLL_CTL_ADD, source->fd, &event);
}

int
loop_listen(struct queue *q, struct source *source, bool on)
{
	struct epoll_event event = {
		.events = EPOLLIN,
		.data.ptr = source,
	};

	return epoll_ctl(q->epoll, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL,
	    source->fd, &event);
}

void
loop_close(struct queue *q, struct source *source, void *object)
{
	/* epoll tells of a file until the last has closed it, a child too. */
	if (source->fd != -1 && q->children > 0)
		epoll_ctl(q->epoll, EPOLL_CTL_DEL, source->fd, NULL);
	if (source->fd != -1)
		close(source->fd);
	source->fd = -1;
	if (object == NULL)
		return;
	if (q->dead_count == q->dead_cap) {
		q->dead_cap = q->dead_cap == 0 ? 64 : q->dead_cap * 2;
		q->dead = ak_resize(q->dead, q->dead_cap, sizeof(*q->dead));
	}
	q->dead[q->dead_count++] = object;
}

void
loop_again(struct queue *q, struct source *source)
{
	for (size_t i = 0; i < q->again_count; i++)
		if (q->again[i] == source)
			return;
	if (q->again_count == q->again_cap) {
		q->again_cap = q->again_cap == 0 ? 16 : q->again_cap * 2;
		q->again = ak_resize(q->again, q->again_cap, sizeof(void *));
	}
	q->again[q->again_count++] = source;
}

static void
bury(struct queue *q)
{
	for (size_t i = 0; i < q->dead_count; i++)
		free(q->dead[i]);
	q->dead_count = 0;
}

static int
sleep_ms(const struct queue *q)
{
	int64_t next = q->wake, ms;

	if (q->timer_count > 0 && q->timers[1]->at < next)
		next = q->timers[1]->at;
	if (q->again_count > 0 || next <= q->now)
		return 0;
	if (next - q->now > 60 * QUEUE_SECOND)
		return 60000;
	ms = (next - q->now + MILLISECOND - 1) / MILLISECOND;
	return (int)ms;
}

/* Those that had not finished when their turn was over. */
static void
go_on(struct queue *q)
{
	struct source *turn[64];
	size_t count = q->again_count < 64 ? q->again_count : 64;

	for (size_t i = 0; i < count; i++)
		turn[i] = q->again[i];
	for (size_t i = count; i < q->again_count; i++)
		q->again[i - count] = q->again[i];
	q->again_count -= count;
	for (size_t i = 0; i < count; i++)
		if (turn[i]->fd != -1)
			turn[i]->ready(q, turn[i], EPOLLIN);
}

/* An entry of again[] must not outlive what it names. */
static void
forget(struct queue *q)
{
	size_t kept = 0;

	for (size_t i = 0; i < q->again_count; i++)
		if (q->again[i]->fd != -1)
			q->again[kept++] = q->again[i];
	q->again_count = kept;
}

/*
 * To sleep and be woken takes longer than a quick backend takes to answer, so
 * for a moment its answer is looked out for. With nobody in the queue others
 * that want the processor have it meanwhile; perhaps it is the backend.
 */
static int
events_of(struct queue *q, struct epoll_event *events)
{
	int64_t end = q->soon ? loop_clock() + LOOK : 0;
	int count = 0;

	while (count == 0 && q->soon && loop_clock() < end) {
		if (q->queued == 0)
			sched_yield();
		count = epoll_wait(q->epoll, events, EVENTS, 0);
	}
	q->soon = false;
	if (count != 0)
		return count;
	return epoll_wait(q->epoll, events, EVENTS, sleep_ms(q));
}

static void
hand_out(struct queue *q, const struct epoll_event *events, int count,
    bool first)
{
	for (int i = 0; i < count; i++) {
		struct source *source = events[i].data.ptr;

		if (source->fd != -1 && source->first == first)
			source->ready(q, source, events[i].events);
	}
}

int
loop_run(struct queue *q, bool (*over)(struct queue *q), struct ak_err *err)
{
	struct epoll_event events[EVENTS];
	int count;

	while (!over(q)) {
		timer_run(q);
		serve_turn(q);
		forget(q);
		bury(q);
		count = events_of(q, events);
		if (count == -1 && errno != EINTR)
			return ak_fail_sys(err, AK_SYSTEM, "epoll");
		q->now = loop_clock();
		go_on(q);
		hand_out(q, events, count, true);
		client_late(q);
		hand_out(q, events, count, false);
		client_late(q);
	}
	return 0;
}

void
loop_free(struct queue *q)
{
	bury(q);
	free(q->dead);
	free(q->again);
	free(q->timers);
	if (q->epoll != -1)
		close(q->epoll);
}
