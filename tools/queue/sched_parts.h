/*
 * sched_parts - lists, heaps, orders and tables of names: what the scheduler is
 * made of, and knows nothing of requests.
 */
#ifndef SCHED_PARTS_H
#define SCHED_PARTS_H

#include <stdint.h>

#include "lib/ak.h"

#define holder(node, type, member) \
	((type *)(void *)((char *)(node)-offsetof(type, member)))

/* ---- lists: a ring through its head ---- */

struct link {
	struct link *prev, *next;
};

static inline void
link_init(struct link *l)
{
	l->prev = l->next = l;
}

static inline bool
link_empty(const struct link *head)
{
	return head->next == head;
}

/* Puts l before at; before the head is at the end. */
static inline void
link_before(struct link *at, struct link *l)
{
	l->prev = at->prev;
	l->next = at;
	at->prev->next = l;
	at->prev = l;
}

static inline void
link_out(struct link *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	link_init(l);
}

/* ---- heaps: the smallest (a, b) on top; dist 0: in none ---- */

struct heap_node {
	struct heap_node *left, *right, *up;
	int64_t a, b;
	int dist;
};

struct heap {
	struct heap_node *top;
};

void heap_push(struct heap *heap, struct heap_node *node, int64_t a, int64_t b);
/* Nothing when it is in no heap. */
void heap_remove(struct heap *heap, struct heap_node *node);

/*
 * ---- orders: flows by (served, turn), the least first ----
 *
 * A client that is charged moves in the order of every key it has work for, so
 * this is where a pick spends its time: a heap in one piece of memory, four
 * below each, is three times as quick here as one of nodes. Only order_put()
 * takes memory.
 */

struct order_slot {
	int64_t a, b, due; /* due: when the first of the flow is */
	struct flow *flow;
};

struct order {
	struct order_slot top; /* a copy: a scan need not look further */
	struct order_slot *slots;
	int count, room;
};

void order_put(struct order *o, struct order_slot slot);
/* Nothing when it is not in. */
void order_drop(struct order *o, struct flow *f);
void order_move(struct order *o, struct flow *f, int64_t a, int64_t b);
/* Gives back memory, when it is empty. */
void order_empty(struct order *o);

/* ---- names: known while held, and then until there is need of room ---- */

struct named {
	struct named *next; /* in its bucket */
	struct link link;   /* of all that are idle, or all that are held */
	uint64_t hash;
	char *name; /* len bytes and a NUL; a key's has one within */
	size_t len;
	int holds;
	bool pinned; /* counts as a hold */
};

struct table {
	struct named **buckets;
	size_t mask, size;
	int count, max;
	uint64_t seed;
	struct link idle, held;
	void (*forget)(struct table *t, struct named *n);
	struct table *models; /* of the table of keys */
};

void table_init(struct table *t, size_t size, int max, uint64_t seed);
void table_free(struct table *t);
struct named *named_find(const struct table *t, const char *name, size_t len);
/* Found or made, zeroed but for its head; NULL when all are held. */
struct named *named_make(struct table *t, const char *name, size_t len);
void named_hold(struct table *t, struct named *n);
void named_release(struct table *t, struct named *n);
void named_pin(struct table *t, struct named *n, bool pinned);

#endif
