/*
 * sched_fair - who had how much: tokens of clients, GPU time of classes.
 */
#include "tools/queue/sched_impl.h"

/* Counters stay far from overflow even for a fleet that runs for decades. */
#define UNITS_MAX ((int64_t)1 << 40)

/*
 * Every running request counts for the time it runs, loading included, so the
 * shares of classes add up to what the slots were busy.
 */
void
gpu_count(struct sched *s, int64_t now)
{
	int64_t from = s->counted_at, to;

	if (now - from > STRETCH * STRETCHES)
		from = now - STRETCH * STRETCHES;
	for (; from < now; from = to) {
		int64_t at = from / STRETCH % STRETCHES;

		to = (from / STRETCH + 1) * STRETCH;
		if (from % STRETCH == 0 || s->counted_at < from)
			for (int i = 0; i < s->classes_count; i++)
				s->classes[i].window[at] = 0;
		if (to > now)
			to = now;
		for (int i = 0; i < s->classes_count; i++)
			s->classes[i].window[at] += s->classes[i].running *
			    (to - from);
		s->counted_at = to;
	}
}

static int64_t
window_of(const struct sched *s, int class)
{
	int64_t sum = 0;

	for (int i = 0; i < STRETCHES; i++)
		sum += s->classes[class].window[i];
	return sum;
}

int
class_share(const struct sched *s, int class)
{
	int64_t sum = 0;

	for (int i = 0; i < s->classes_count; i++)
		sum += window_of(s, i);
	return sum ? (int)(window_of(s, class) * 1000 / sum) : 0;
}

void
client_charge(struct sched *s, struct entry *e, int64_t units)
{
	struct client *c = e->client;

	if (units > UNITS_MAX)
		units = UNITS_MAX;
	if (units < -UNITS_MAX)
		units = -UNITS_MAX;
	c->served[e->class] += units * SCALE / c->weight;
	if (c->charged_mask == 0)
		link_before(&s->charged, &c->charged);
	c->charged_mask |= 1U << e->class;
}

/*
 * The least counter of those with work; where nobody has any, what the one
 * served last had: being away is no credit.
 */
void
client_lift(struct sched *s, struct client *c, int class)
{
	struct link *head = &s->classes[class].piles;
	const struct pile *p;
	int64_t least = NEVER;

	orders_settle(s);
	for (struct link *l = head->next; l != head; l = l->next) {
		p = holder(l, struct pile, active);
		if (p->fair.count > 0 && p->fair.top.a < least)
			least = p->fair.top.a;
	}
	if (least == NEVER)
		least = s->classes[class].floor;
	if (c->served[class] < least)
		c->served[class] = least;
}

/* Clients that may start nothing have no claim, and are left out. */
int64_t
class_gap(const struct sched *s, int class)
{
	const struct link *head = &s->clients.held;
	int64_t least = NEVER, most = 0;

	for (const struct link *l = head->next; l != head; l = l->next) {
		const struct client *c = (const struct client *)(const void *)
		    holder(l, struct named, link);

		if (c->waiting[class] == 0 || c->parked)
			continue;
		if (c->served[class] < least)
			least = c->served[class];
		if (c->served[class] > most)
			most = c->served[class];
	}
	return least < most ? (most - least) / SCALE : 0;
}
