/*
 * sched_queue - entries in flows, flows in piles, piles in classes.
 */
#include "tools/queue/sched_impl.h"

struct entry *
entry_find(const struct sched *s, uint64_t id)
{
	size_t slot = (size_t)(id & UINT32_MAX) - 1;
	struct entry *e;

	if (slot >= s->slots_count)
		return NULL;
	e = s->slots[slot];
	return e && e->id == id ? e : NULL;
}

static void
more_slots(struct sched *s)
{
	size_t count = s->slots_count ? s->slots_count * 2 : 64;

	s->slots = ak_resize(s->slots, count, sizeof(struct entry *));
	s->generations = ak_resize(s->generations, count,
	    sizeof(*s->generations));
	s->spare = ak_resize(s->spare, count, sizeof(*s->spare));
	for (size_t i = count; i-- > s->slots_count;) {
		s->slots[i] = NULL;
		s->generations[i] = 0;
		s->spare[s->spare_count++] = (uint32_t)i;
	}
	s->slots_count = count;
}

struct entry *
entry_new(struct sched *s)
{
	struct entry *e = ak_calloc(1, sizeof(*e));
	uint32_t slot;

	if (s->spare_count == 0)
		more_slots(s);
	slot = s->spare[--s->spare_count];
	s->slots[slot] = e;
	e->id = (uint64_t)s->generations[slot]++ << 32 | (slot + 1U);
	e->backend = -1;
	link_init(&e->age);
	link_init(&e->class_age);
	link_init(&e->running);
	link_init(&e->promoted);
	return e;
}

void
entry_free(struct sched *s, struct entry *e)
{
	uint32_t slot = (uint32_t)(e->id & UINT32_MAX) - 1;

	named_release(&s->clients, &e->client->named);
	named_release(&s->keys, &e->key->named);
	link_out(&e->promoted);
	s->slots[slot] = NULL;
	s->spare[s->spare_count++] = slot;
	free(e);
}

static int64_t
later(int64_t at, int64_t by)
{
	return at > NEVER - by ? NEVER : at + by;
}

/*
 * Without a deadline of its own a request is due when max_wait has passed, so
 * that one with a deadline cannot overtake it for ever.
 */
void
entry_times(const struct sched *s, struct entry *e)
{
	const struct sched_class *c = &s->config.classes[e->class];
	int64_t wait = c->max_wait ? later(e->arrived, c->max_wait) : NEVER;

	e->due = e->deadline && e->deadline < wait ? e->deadline : wait;
	if (e->due == NEVER)
		e->due = NEVER / 2 + e->seq;
	e->expires = e->deadline ? e->deadline : NEVER;
	if (c->overdue == SCHED_REFUSE && wait < e->expires)
		e->expires = wait;
}

static void
flow_enter(struct flow *f)
{
	const struct client *c = f->client;
	const struct entry *e = holder(f->ages.next, struct entry, age);

	if (c->parked)
		return;
	order_put(&f->pile->fair,
	    (struct order_slot){
		c->served[f->class], c->turn, flow_first(f)->due, f });
	heap_push(&f->pile->old, &f->old, e->arrived, e->seq);
}

static void
flow_leave(struct flow *f)
{
	order_drop(&f->pile->fair, f);
	heap_remove(&f->pile->old, &f->old);
}

static struct flow *
flow_find(struct sched *s, const struct entry *e)
{
	struct pile *pile = &e->key->piles[e->class];
	struct link *head = &e->client->flows[e->class];
	struct flow *f;

	for (struct link *l = head->next; l != head; l = l->next) {
		f = holder(l, struct flow, of_client);
		if (f->pile == pile)
			return f;
	}
	f = s->spare_flow ? s->spare_flow : ak_malloc(sizeof(*f));
	s->spare_flow = NULL;
	*f = (struct flow){
		.client = e->client, .pile = pile, .class = e->class, .at = -1
	};
	link_before(head, &f->of_client);
	link_init(&f->ages);
	return f;
}

/* One that was put back is older than most: its place is near the front. */
static struct link *
age_place(struct link *head, const struct entry *e, size_t offset)
{
	struct link *at = head->prev;
	const struct entry *other;

	other = (const struct entry *)(const void *)((char *)at - offset);
	if (at == head || other->seq < e->seq)
		return head;
	for (at = head->next; at != head; at = at->next) {
		other = (const void *)((char *)at - offset);
		if (other->seq > e->seq)
			break;
	}
	return at;
}

static void
count_waiting(struct sched *s, struct entry *e, int by)
{
	struct pile *pile = &e->key->piles[e->class];

	pile->queued += by;
	pile->avoiding += e->avoid ? by : 0;
	e->key->queued += by;
	e->client->queued += by;
	e->client->waiting[e->class] += by;
	s->classes[e->class].queued += by;
	s->queued += by;
}

void
entry_queue(struct sched *s, struct entry *e)
{
	struct class *c = &s->classes[e->class];
	struct pile *pile = &e->key->piles[e->class];
	struct flow *f = flow_find(s, e);

	flow_leave(f);
	e->flow = f;
	e->state = SCHED_QUEUED;
	entry_times(s, e);
	heap_push(&f->order, &e->order, e->due, e->seq);
	link_before(age_place(&f->ages, e, offsetof(struct entry, age)),
	    &e->age);
	link_before(age_place(&c->ages, e, offsetof(struct entry, class_age)),
	    &e->class_age);
	if (e->expires != NEVER)
		heap_push(&s->timers, &e->timer, e->expires, e->seq);
	if (pile->queued == 0)
		link_before(&c->piles, &pile->active);
	count_waiting(s, e, 1);
	flow_enter(f);
}

void
entry_unqueue(struct sched *s, struct entry *e)
{
	struct flow *f = e->flow;
	struct pile *pile = f->pile;

	flow_leave(f);
	heap_remove(&f->order, &e->order);
	heap_remove(&s->timers, &e->timer);
	link_out(&e->age);
	link_out(&e->class_age);
	count_waiting(s, e, -1);
	e->flow = NULL;
	if (pile->queued == 0)
		link_out(&pile->active);
	if (pile->queued == 0 && pile->fair.room > 64)
		order_empty(&pile->fair);
	if (f->order.top) {
		flow_enter(f);
		return;
	}
	link_out(&f->of_client);
	free(s->spare_flow);
	s->spare_flow = f;
}

static void
client_park(struct client *c)
{
	for (int i = 0; i < SCHED_CLASSES; i++) {
		struct link *head = &c->flows[i];

		for (struct link *l = head->next; l != head; l = l->next)
			if (c->parked)
				flow_leave(holder(l, struct flow, of_client));
			else
				flow_enter(holder(l, struct flow, of_client));
	}
}

void
client_check(struct sched *s, struct client *c)
{
	int limit = c->limit ? c->limit : s->config.client_limit;
	bool parked = c->gate == SCHED_PAUSED ||
	    (limit > 0 && c->running >= limit);

	if (parked == c->parked)
		return;
	c->parked = parked;
	client_park(c);
}

static void
client_settle(struct client *c, int class)
{
	struct link *head = &c->flows[class];
	struct flow *f;

	if (c->parked)
		return;
	for (struct link *l = head->next; l != head; l = l->next) {
		f = holder(l, struct flow, of_client);
		order_move(&f->pile->fair, f, c->served[class], c->turn);
	}
}

/*
 * A client is charged with each token, and has a place in the order of each key
 * that it has work for: it is moved once, when somebody looks.
 */
void
orders_settle(struct sched *s)
{
	struct client *c;

	while (!link_empty(&s->charged)) {
		c = holder(s->charged.next, struct client, charged);
		link_out(&c->charged);
		for (int i = 0; c->charged_mask >> i; i++)
			if (c->charged_mask >> i & 1)
				client_settle(c, i);
		c->charged_mask = 0;
	}
}
