/*
 * sched_backend - what is resident where, and the switch from key to key.
 *
 *	STEADY --begin--> DRAINING --> (UNLOADING -->) LOADING --> STEADY
 *
 * While DRAINING nothing is sent for what may have to go, so it comes to rest.
 * LOADING has one request under way, and its first byte is the end of it. Where
 * the server chooses the victim, all of its models are held.
 */
#include <string.h>

#include "tools/queue/sched_impl.h"

struct resident *
resident_find(struct backend *b, const struct key *key)
{
	for (int i = 0; i < b->count; i++)
		if (b->residents[i].key == key)
			return &b->residents[i];
	return NULL;
}

bool
backend_usable(const struct backend *b)
{
	return b->known && b->set.up == SCHED_UP && b->gate == SCHED_OPEN;
}

bool
backend_open(const struct backend *b)
{
	int limit = b->set.limit;

	if (limit == 0)
		limit = b->set.slots * b->set.loaded_max;
	return backend_usable(b) && b->running < limit;
}

int
backend_slots(const struct backend *b, const struct key *key)
{
	int own = key->model->set.slots;

	return own ? own : b->set.slots;
}

static void
resident_drop(struct sched *s, int backend, struct resident *r)
{
	struct backend *b = &s->backends[backend];
	struct key *key = r->key;

	key->resident &= ~(1U << backend);
	*r = b->residents[--b->count];
	named_release(&s->keys, &key->named);
}

/* One server has one runner a model: other options of it must go. */
static struct resident *
same_model(const struct backend *b, const struct key *key)
{
	for (int i = 0; i < b->count; i++)
		if (b->residents[i].key->model == key->model)
			return (struct resident *)&b->residents[i];
	return NULL;
}

bool
switch_evicts(const struct backend *b, const struct key *key)
{
	return b->count >= b->set.loaded_max || same_model(b, key);
}

/* The better the work that waits for a key, the later it goes. */
static int
worth(const struct sched *s, const struct key *key)
{
	for (int i = 0; i < s->classes_count; i++)
		if (key->piles[i].fair.count > 0)
			return s->classes_count - i;
	return 0;
}

static struct resident *
least_wanted(const struct sched *s, const struct backend *b)
{
	const struct resident *r, *least = NULL;
	int value, lowest = 0;

	for (int i = 0; i < b->count; i++) {
		r = &b->residents[i];
		value = worth(s, r->key);
		if (!least || value < lowest ||
		    (value == lowest && r->used < least->used)) {
			least = r;
			lowest = value;
		}
	}
	return (struct resident *)least;
}

struct key *
switch_victim(const struct sched *s, const struct backend *b,
    const struct key *key)
{
	const struct resident *r = same_model(b, key);

	if (!r && b->count >= b->set.loaded_max)
		r = least_wanted(s, b);
	return r ? r->key : NULL;
}

/* A limit that was lowered can ask for more than the one victim. */
int
switch_waits_for(const struct backend *b)
{
	bool one = b->victim &&
	    (b->set.unload || b->count <= b->set.loaded_max);
	int sum = 0;

	for (int i = 0; i < b->count; i++)
		if (!one || b->residents[i].key == b->victim)
			sum += b->residents[i].running;
	return sum;
}

void
switch_begin(struct sched *s, int backend, const struct entry *e,
    enum sched_cause cause, int64_t now)
{
	struct backend *b = &s->backends[backend];
	struct note more = { .backend = (uint8_t)backend, .arrived = cause };

	b->phase = DRAINING;
	b->target = e->key;
	b->target_class = e->class;
	b->victim = NULL;
	b->from[0] = '\0';
	if (b->set.unload || same_model(b, e->key))
		b->victim = switch_victim(s, b, e->key);
	b->cause = cause;
	e->key->loading |= 1U << backend;
	named_hold(&s->keys, &e->key->named);
	note_add(s, NOTE_SWITCH, e, now, &more);
}

void
switch_from(struct backend *b, const struct key *key)
{
	if (b->from[0] == '\0')
		memcpy(b->from, key->model->named.name,
		    key->model->named.len + 1);
}

/* Whom one more model drives out; NULL when there is room. */
static struct resident *
one_too_many(struct sched *s, struct backend *b)
{
	return b->count >= b->set.loaded_max ? least_wanted(s, b) : NULL;
}

/* The victims are at rest: the one request goes, and they with it. */
void
switch_send(struct sched *s, int backend, struct entry *e, int64_t now)
{
	struct backend *b = &s->backends[backend];
	struct resident *r = same_model(b, e->key);

	if (!r)
		r = one_too_many(s, b);
	while (r) {
		switch_from(b, r->key);
		resident_drop(s, backend, r);
		r = one_too_many(s, b);
	}
	b->phase = LOADING;
	b->loader = e;
	b->victim = NULL;
	s->switches[b->cause]++;
	entry_start(s, e, backend, now);
	e->state = SCHED_LOADING;
}

static struct resident *
resident_add(struct sched *s, int backend, struct key *key, int64_t now)
{
	struct backend *b = &s->backends[backend];
	struct resident *r = &b->residents[b->count];

	if (b->count == SCHED_RESIDENT)
		return NULL;
	b->count++;
	*r = (struct resident){ key, 0, now };
	key->resident |= 1U << backend;
	b->settled = now;
	named_hold(&s->keys, &key->named);
	return r;
}

void
switch_end(struct sched *s, int backend, bool loaded, int64_t now)
{
	struct backend *b = &s->backends[backend];
	struct key *key = b->target;
	struct entry *e = b->loader;
	struct resident *r;
	struct note more = { .backend = (uint8_t)backend };

	b->phase = STEADY;
	b->target = b->victim = NULL;
	b->loader = NULL;
	key->loading &= ~(1U << backend);
	if (e)
		more.arrived = e->load_us = now - e->started;
	if (loaded && e) {
		r = resident_add(s, backend, key, now);
		if (r)
			r->running++;
		e->state = SCHED_RUNNING;
		s->switch_us += e->load_us;
		note_add(s, NOTE_LOADED, e, now, &more);
	} else if (e) {
		s->switches_failed++;
		note_add(s, NOTE_LOAD_FAILED, e, now, &more);
	}
	named_release(&s->keys, &key->named);
}

/* What went without being asked leaves the switch nothing to wait for. */
static void
victim_gone(struct backend *b, const struct key *key)
{
	if (b->victim == key) {
		b->victim = NULL;
		if (b->phase == UNLOADING)
			b->phase = DRAINING;
	}
}

void
sched_unloaded(struct sched *s, int backend, const char *model, int64_t now)
{
	struct backend *b;
	struct resident *r;

	(void)now;
	if (backend < 0 || backend >= SCHED_BACKENDS)
		return;
	b = &s->backends[backend];
	for (int i = b->count; i-- > 0;) {
		r = &b->residents[i];
		if (r->running > 0 ||
		    (model && strcmp(r->key->named.name, model) != 0))
			continue;
		victim_gone(b, r->key);
		resident_drop(s, backend, r);
	}
}

void
sched_loaded(struct sched *s, int backend, const char *model,
    const char *options, int64_t now)
{
	struct backend *b;
	struct key *key;
	struct resident *r;

	if (backend < 0 || backend >= SCHED_BACKENDS ||
	    !s->backends[backend].known)
		return;
	b = &s->backends[backend];
	key = key_make(s, model, options);
	if (!key || resident_find(b, key))
		return;
	if (b->phase != STEADY) {
		if (b->phase == LOADING && b->target == key)
			switch_end(s, backend, true, now);
		return;
	}
	r = same_model(b, key);
	if (!r && b->count >= b->set.loaded_max)
		r = least_wanted(s, b);
	if (r && r->running == 0)
		resident_drop(s, backend, r);
	resident_add(s, backend, key, now);
}

/* The caller ends what runs there; its residents are not known any more. */
static void
backend_lost(struct sched *s, int backend, int64_t now)
{
	struct backend *b = &s->backends[backend];

	if (b->phase != STEADY)
		switch_end(s, backend, false, now);
	while (b->count > 0)
		resident_drop(s, backend, &b->residents[0]);
	b->epoch++;
}

void
sched_backend_set(struct sched *s, int backend, const struct sched_backend *to,
    int64_t now)
{
	struct backend *b;
	struct note more = { .backend = (uint8_t)backend, .arrived = to->up };

	if (backend < 0 || backend >= SCHED_BACKENDS)
		return;
	b = &s->backends[backend];
	if (!b->known || b->set.up != to->up)
		note_add(s, NOTE_BACKEND, NULL, now, &more);
	b->known = true;
	b->set = *to;
	if (b->set.slots < 1)
		b->set.slots = 1;
	if (b->set.loaded_max < 1)
		b->set.loaded_max = 1;
	if (b->set.loaded_max > SCHED_RESIDENT)
		b->set.loaded_max = SCHED_RESIDENT;
	if (b->set.weight < 1)
		b->set.weight = 1;
	if (to->up == SCHED_DOWN)
		backend_lost(s, backend, now);
}
