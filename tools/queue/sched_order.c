/*
 * sched_order - flows by what their clients had.
 */
#include "tools/queue/sched_impl.h"

#define BELOW 4 /* 128 bytes of neighbours: two lines of the cache */

static bool
less(const struct order_slot *x, const struct order_slot *y)
{
	return x->a < y->a || (x->a == y->a && x->b < y->b);
}

static void
put_at(struct order *o, int at, struct order_slot slot)
{
	o->slots[at] = slot;
	slot.flow->at = at;
	if (at == 0)
		o->top = slot;
}

/* The slot rises from a place that is free. */
static void
rise(struct order *o, int at, struct order_slot slot)
{
	for (int up; at > 0; at = up) {
		up = (at - 1) / BELOW;
		if (!less(&slot, &o->slots[up]))
			break;
		put_at(o, at, o->slots[up]);
	}
	put_at(o, at, slot);
}

static void
sink(struct order *o, int at, struct order_slot slot)
{
	for (;;) {
		int first = at * BELOW + 1, end = first + BELOW, least = first;

		if (first >= o->count)
			break;
		if (end > o->count)
			end = o->count;
		for (int i = first + 1; i < end; i++)
			if (less(&o->slots[i], &o->slots[least]))
				least = i;
		if (!less(&o->slots[least], &slot))
			break;
		put_at(o, at, o->slots[least]);
		at = least;
	}
	put_at(o, at, slot);
}

static void
place(struct order *o, int at, struct order_slot slot)
{
	if (at > 0 && less(&slot, &o->slots[(at - 1) / BELOW]))
		rise(o, at, slot);
	else
		sink(o, at, slot);
}

void
order_put(struct order *o, struct order_slot slot)
{
	if (o->count == o->room) {
		o->room = o->room ? o->room * 2 : 8;
		o->slots = ak_resize(o->slots, (size_t)o->room,
		    sizeof(*o->slots));
	}
	o->count++;
	rise(o, o->count - 1, slot);
}

void
order_drop(struct order *o, struct flow *f)
{
	int at = f->at;

	if (at < 0)
		return;
	f->at = -1;
	if (at < --o->count)
		place(o, at, o->slots[o->count]);
}

void
order_move(struct order *o, struct flow *f, int64_t a, int64_t b)
{
	place(o, f->at, (struct order_slot){ a, b, o->slots[f->at].due, f });
}

void
order_empty(struct order *o)
{
	free(o->slots);
	*o = (struct order){ 0 };
}
