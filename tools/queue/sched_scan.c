/*
 * sched_scan - what a backend could be given, class by class.
 */
#include "tools/queue/sched_impl.h"

bool
class_open(const struct sched *s, int class)
{
	const struct class *c = &s->classes[class];
	int limit = s->config.classes[class].limit;

	return c->gate != SCHED_PAUSED && (limit == 0 || c->running < limit);
}

static bool
model_open(const struct model *m)
{
	return m->gate != SCHED_PAUSED &&
	    (m->set.limit == 0 || m->running < m->set.limit);
}

bool
entry_open(const struct sched *s, const struct entry *e)
{
	return !e->client->parked && class_open(s, e->class) &&
	    model_open(e->key->model);
}

static bool
has_model(const struct model *m, int backend)
{
	return m->set.backends == 0 || m->set.backends & 1U << backend;
}

/* Where it failed it goes again only when there is no other place. */
static bool
avoided(const struct sched *s, const struct entry *e, int backend)
{
	if (!(e->avoid & 1U << backend))
		return false;
	for (int i = 0; i < SCHED_BACKENDS; i++)
		if (backend_usable(&s->backends[i]) &&
		    has_model(e->key->model, i) && !(e->avoid & 1U << i))
			return true;
	return false;
}

static bool
free_slot(struct backend *b, const struct key *key)
{
	const struct resident *r = resident_find(b, key);

	return r && r->running < backend_slots(b, key) && b->phase == STEADY &&
	    backend_open(b);
}

/*
 * A second copy of a key costs a load too: where it is loaded already, or
 * loading, its work waits for a slot there as long as its patience lasts.
 */
static bool
elsewhere(struct scan *look, const struct entry *e)
{
	uint32_t at = (e->key->resident | e->key->loading) &
	    ~(1U << look->backend);
	int64_t until = e->arrived + look->s->config.classes[e->class].patience;
	bool busy = false;

	for (int i = 0; at >> i; i++) {
		struct backend *b = &look->s->backends[i];

		if (!(at & 1U << i) || !backend_usable(b) ||
		    !has_model(e->key->model, i) || avoided(look->s, e, i))
			continue;
		if (free_slot(b, e->key))
			return true;
		busy = true;
	}
	if (!busy || look->now >= until)
		return false;
	if (until < look->wake)
		look->wake = until;
	return true;
}

static const struct entry *
first_of(const struct pile *p, const struct entry *e)
{
	return e ? e : flow_first(pile_first(p));
}

enum fit
scan_fit(struct scan *look, const struct pile *p, const struct entry *e)
{
	struct backend *b = &look->s->backends[look->backend];
	const struct resident *r;

	if (!model_open(p->key->model) ||
	    !has_model(p->key->model, look->backend))
		return FIT_NO;
	if (p->avoiding && avoided(look->s, first_of(p, e), look->backend))
		return FIT_NO;
	r = p->key->resident & 1U << look->backend ? resident_find(b, p->key)
						   : NULL;
	if (b->phase != STEADY && (!r || !b->set.unload || b->victim == p->key))
		return FIT_NO;
	if (r)
		return r->running < backend_slots(b, p->key) ? FIT_NOW
							     : FIT_BUSY;
	if ((p->key->resident | p->key->loading) &&
	    elsewhere(look, first_of(p, e)))
		return FIT_NO;
	return FIT_LOAD;
}

/* The client with less comes first, and of one client what is due. */
static bool
before(const struct pile *p, const struct pile *q)
{
	const struct order_slot *x = &p->fair.top, *y = &q->fair.top;

	if (x->a != y->a)
		return x->a < y->a;
	if (x->b != y->b)
		return x->b < y->b;
	return x->due < y->due;
}

static void
prefer(struct choice *best, struct pile *p, enum fit fit)
{
	if (!best->pile || before(p, best->pile))
		*best = (struct choice){ .pile = p, .fit = fit };
}

/* Since when a pile has got nothing, while it had work. */
static int64_t
since(const struct pile *p)
{
	return p->old.top->a > p->served_at ? p->old.top->a : p->served_at;
}

static void
scan_pile(struct scan *look, int class, struct pile *p)
{
	int64_t max_wait = look->s->config.classes[class].max_wait;
	struct choice *overdue = &look->overdue[class];
	enum fit fit = scan_fit(look, p, NULL);

	if (fit < FIT_LOAD)
		return;
	prefer(&look->best[class], p, fit);
	if (fit == FIT_NOW)
		prefer(&look->stay[class], p, fit);
	if (p->old.top->a < look->oldest[class])
		look->oldest[class] = p->old.top->a;
	if (max_wait > 0 && look->now - since(p) >= max_wait &&
	    (!overdue->pile || since(p) < since(overdue->pile)))
		*overdue = (struct choice){ .pile = p, .fit = fit };
}

static void
find_entry(struct choice *c)
{
	if (c->pile)
		c->entry = flow_first(pile_first(c->pile));
}

void
scan_piles(struct scan *look)
{
	struct link *head;
	struct pile *p;

	orders_settle(look->s);
	for (int i = 0; i < look->s->classes_count; i++) {
		look->best[i] = look->stay[i] = look->overdue[i] =
		    (struct choice){ 0 };
		look->oldest[i] = NEVER;
		head = &look->s->classes[i].piles;
		if (!class_open(look->s, i))
			continue;
		for (struct link *l = head->next; l != head; l = l->next) {
			p = holder(l, struct pile, active);
			if (p->fair.count > 0)
				scan_pile(look, i, p);
		}
		find_entry(&look->best[i]);
		find_entry(&look->stay[i]);
		find_entry(&look->overdue[i]);
	}
}

struct entry *
scan_key(struct scan *look, const struct key *key)
{
	struct sched *s = look->s;
	struct link *head = &s->promoted;
	struct entry *e;

	if (!model_open(key->model) || !has_model(key->model, look->backend))
		return NULL;
	orders_settle(s);
	for (struct link *l = head->next; l != head; l = l->next) {
		e = holder(l, struct entry, promoted);
		if (e->key == key && entry_open(s, e))
			return e;
	}
	for (int i = 0; i < s->classes_count; i++)
		if (class_open(s, i) && key->piles[i].fair.count > 0) {
			e = flow_first(pile_first(&key->piles[i]));
			if (!avoided(s, e, look->backend))
				return e;
		}
	return NULL;
}
