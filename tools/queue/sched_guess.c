/*
 * sched_guess - how many are before, and how long it will take.
 *
 * Both are guesses that assume nobody else comes: better classes go first, in a
 * class each client has its turn, each key with work is loaded once.
 */
#include "tools/queue/sched_impl.h"

/* What a walk along one client's queue may cost. */
#define WALK 1024

static int
rank_in_flow(const struct entry *e)
{
	const struct link *head = &e->flow->ages;
	const struct link *flows = &e->client->flows[e->class];
	int rank = 0;

	/* The newest of the only flow needs no walk: that is who just came. */
	if (e->age.next == head && flows->next == flows->prev)
		return e->client->waiting[e->class];
	for (const struct link *l = &e->age; l != head && rank < WALK;
	     l = l->prev)
		rank++;
	return rank;
}

static int
before_in_class(const struct sched *s, int class, int rank)
{
	const struct link *head = &s->clients.held;
	int sum = 0;

	for (const struct link *l = head->next; l != head; l = l->next) {
		const struct client *c = (const struct client *)(const void *)
		    holder(l, struct named, link);
		int waiting = c->waiting[class];

		sum += waiting < rank ? waiting : rank;
	}
	return sum;
}

static int
before_class(const struct sched *s, int class)
{
	int sum = 0;

	for (int i = 0; i < class; i++)
		sum += s->classes[i].queued;
	return sum;
}

int
sched_position(const struct sched *s, uint64_t id)
{
	const struct entry *e = entry_find(s, id);
	int in_class;

	if (!e || e->state != SCHED_QUEUED)
		return 0;
	if (!link_empty(&e->promoted))
		return 1;
	in_class = before_in_class(s, e->class, rank_in_flow(e));
	if (in_class > s->classes[e->class].queued)
		in_class = s->classes[e->class].queued;
	return before_class(s, e->class) + in_class;
}

static int
capacity(const struct sched *s)
{
	int sum = 0;

	for (int i = 0; i < SCHED_BACKENDS; i++)
		if (backend_usable(&s->backends[i]))
			sum += s->backends[i].set.slots;
	if (s->config.limit > 0 && sum > s->config.limit)
		sum = s->config.limit;
	return sum;
}

static int64_t
load_of(const struct sched *s, const struct key *key)
{
	int64_t least = 0;

	if (key->resident)
		return 0;
	for (int i = 0; i < SCHED_BACKENDS; i++)
		if (key->load_us[i] && (!least || key->load_us[i] < least))
			least = key->load_us[i];
	return least ? least : s->load_us;
}

/* What the piles of a class take, of which count requests go before. */
static int64_t
work_of(const struct sched *s, int class, int count)
{
	const struct link *head = &s->classes[class].piles;
	int64_t service = 0, loads = 0, queued = 0;

	for (const struct link *l = head->next; l != head; l = l->next) {
		const struct pile *p = holder(l, struct pile, active);

		service += p->queued *
		    (p->service_us ? p->service_us : s->service_us);
		queued += p->queued;
		loads += load_of(s, p->key);
	}
	if (queued == 0)
		return 0;
	if (count > queued)
		count = (int)queued;
	return service / queued * count + loads;
}

static int64_t
estimate(const struct sched *s, int class, int in_class, int64_t now)
{
	int slots = capacity(s);
	int64_t sum = 0;

	if (slots == 0 || s->service_us == 0)
		return -1;
	for (int i = 0; i < class; i++)
		sum += work_of(s, i, s->classes[i].queued);
	sum += work_of(s, class, in_class);
	for (int i = 0; i < SCHED_BACKENDS; i++) {
		const struct link *head = &s->backends[i].entries;

		for (const struct link *l = head->next; l != head;
		     l = l->next) {
			const struct entry *e = holder(l, struct entry,
			    running);
			int64_t left = e->key->piles[e->class].service_us;

			left = left ? left : s->service_us;
			left -= now - e->started;
			sum += left > 0 ? left : 0;
		}
	}
	return sum / slots;
}

int64_t
sched_estimate(const struct sched *s, uint64_t id, int64_t now)
{
	const struct entry *e = entry_find(s, id);
	int before;

	if (!e)
		return -1;
	if (e->state != SCHED_QUEUED)
		return 0;
	before = sched_position(s, id) - before_class(s, e->class);
	return estimate(s, e->class, before > 0 ? before - 1 : 0, now);
}

int64_t
sched_estimate_class(const struct sched *s, int class, int64_t now)
{
	if (class < 0 || class >= s->classes_count)
		return -1;
	return estimate(s, class, s->classes[class].queued, now);
}
