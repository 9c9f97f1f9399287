/*
 * timer - deadlines in a binary heap.
 *
 * Most deadlines are moved later again and again, and never come: each piece
 * of an answer moves one. So the heap is only touched when one moves earlier,
 * and one that comes up before its time is put back.
 */
#include "lib/ak.h"
#include "tools/queue/proxy.h"

static void
place(struct queue *q, struct timer *t, uint32_t slot)
{
	q->timers[slot] = t;
	t->slot = slot;
}

static void
rise(struct queue *q, struct timer *t, uint32_t slot)
{
	while (slot > 1 && q->timers[slot / 2]->at > t->at) {
		place(q, q->timers[slot / 2], slot);
		slot /= 2;
	}
	place(q, t, slot);
}

static void
sink(struct queue *q, struct timer *t, uint32_t slot)
{
	uint32_t child;

	while ((child = slot * 2) <= q->timer_count) {
		if (child < q->timer_count &&
		    q->timers[child + 1]->at < q->timers[child]->at)
			child++;
		if (q->timers[child]->at >= t->at)
			break;
		place(q, q->timers[child], slot);
		slot = child;
	}
	place(q, t, slot);
}

void
timer_set(struct queue *q, struct timer *t, int64_t due)
{
	t->due = due;
	if (t->slot != 0) {
		if (due < t->at) {
			t->at = due;
			rise(q, t, t->slot);
		}
		return;
	}
	if (q->timer_count + 2 > q->timer_cap) {
		q->timer_cap = q->timer_cap == 0 ? 64 : q->timer_cap * 2;
		q->timers = ak_resize(q->timers, q->timer_cap, sizeof(void *));
	}
	t->at = due;
	rise(q, t, ++q->timer_count);
}

void
timer_stop(struct queue *q, struct timer *t)
{
	(void)q;
	t->due = QUEUE_FOREVER;
}

void
timer_drop(struct queue *q, struct timer *t)
{
	struct timer *last;
	uint32_t slot = t->slot;

	t->due = QUEUE_FOREVER;
	t->slot = 0;
	if (slot == 0)
		return;
	last = q->timers[q->timer_count--];
	if (last == t)
		return;
	if (slot > 1 && q->timers[slot / 2]->at > last->at)
		rise(q, last, slot);
	else
		sink(q, last, slot);
}

void
timer_run(struct queue *q)
{
	struct timer *t;

	while (q->timer_count > 0 && q->timers[1]->at <= q->now) {
		t = q->timers[1];
		if (t->due <= q->now) {
			timer_drop(q, t);
			t->fire(q, t);
		} else if (t->due == QUEUE_FOREVER) {
			timer_drop(q, t);
		} else {
			t->at = t->due;
			sink(q, t, 1);
		}
	}
}
