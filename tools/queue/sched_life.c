/*
 * sched_life - a request from its coming to its end.
 */
#include <string.h>

#include "tools/queue/sched_impl.h"

static size_t
name_length(const char *name)
{
	return name ? strnlen(name, SCHED_NAME) : 0;
}

struct client *
client_make(struct sched *s, const char *name)
{
	size_t len = name_length(name);
	struct named *n;
	struct client *c;

	if (len == 0 || len >= SCHED_NAME)
		return NULL;
	n = named_make(&s->clients, name, len);
	c = (struct client *)(void *)n;
	if (!c || c->weight > 0)
		return c;
	c->weight = 1;
	link_init(&c->charged);
	for (int i = 0; i < SCHED_CLASSES; i++)
		link_init(&c->flows[i]);
	return c;
}

struct model *
model_make(struct sched *s, const char *name)
{
	size_t len = name_length(name);

	if (len == 0 || len >= SCHED_NAME)
		return NULL;
	return (struct model *)(void *)named_make(&s->models, name, len);
}

struct key *
key_make(struct sched *s, const char *model, const char *options)
{
	size_t len = name_length(model), more = name_length(options);
	char name[2 * SCHED_NAME];
	struct model *m = model_make(s, model);
	struct key *key;

	if (!m || more >= SCHED_NAME)
		return NULL;
	named_hold(&s->models, &m->named);
	memcpy(name, model, len);
	name[len] = '\0';
	if (more > 0)
		memcpy(name + len + 1, options, more);
	key = (struct key *)(void *)named_make(&s->keys, name, len + 1 + more);
	if (key && !key->model) {
		key->model = m;
		key->options = key->named.name + len + 1;
		for (int i = 0; i < SCHED_CLASSES; i++) {
			key->piles[i].key = key;
			link_init(&key->piles[i].active);
		}
		return key;
	}
	named_release(&s->models, &m->named);
	return key;
}

static bool
served_by_any(const struct sched *s, const struct model *m)
{
	uint32_t at = m->set.backends ? m->set.backends : UINT32_MAX;

	for (int i = 0; i < SCHED_BACKENDS; i++)
		if (s->backends[i].known && at & 1U << i)
			return true;
	return false;
}

static enum sched_reason
no_room(const struct sched *s, int class, const struct client *c)
{
	int of_class = s->config.classes[class].queue_limit;
	int of_client = s->config.client_queue;

	if (s->queued >= s->config.queue_limit)
		return SCHED_FULL;
	if (of_class > 0 && s->classes[class].queued >= of_class)
		return SCHED_CLASS_FULL;
	if (of_client > 0 && c->queued >= of_client)
		return SCHED_CLIENT_FULL;
	return SCHED_OK;
}

static enum sched_reason
refused(const struct sched *s, const struct sched_request *r,
    const struct client *c, const struct model *m, int64_t now)
{
	int64_t wait;

	if (s->gate == SCHED_DRAINING || c->gate == SCHED_DRAINING ||
	    m->gate == SCHED_DRAINING ||
	    s->classes[r->class].gate == SCHED_DRAINING)
		return SCHED_CLOSED;
	if (!served_by_any(s, m))
		return SCHED_NO_BACKEND;
	if (r->deadline && r->deadline <= now)
		return SCHED_HOPELESS;
	if (r->deadline && s->config.shed) {
		wait = sched_estimate_class(s, r->class, now);
		if (wait > r->deadline - now)
			return SCHED_HOPELESS;
	}
	return no_room(s, r->class, c);
}

enum sched_reason
sched_add(struct sched *s, const struct sched_request *r, int64_t now,
    uint64_t *id)
{
	struct client *c;
	struct key *key;
	struct entry *e;
	enum sched_reason why;

	if (r->class < 0 || r->class >= s->classes_count)
		return SCHED_NO_CLASS;
	if (name_length(r->client) - 1 >= SCHED_NAME - 1 ||
	    name_length(r->model) - 1 >= SCHED_NAME - 1 ||
	    name_length(r->options) >= SCHED_NAME)
		return SCHED_BAD_NAME;
	c = client_make(s, r->client);
	key = c ? key_make(s, r->model, r->options) : NULL;
	if (!key)
		return SCHED_TABLE_FULL;
	why = refused(s, r, c, key->model, now);
	if (why != SCHED_OK)
		return why;
	e = entry_new(s);
	named_hold(&s->clients, &c->named);
	named_hold(&s->keys, &key->named);
	e->client = c;
	e->key = key;
	e->class = r->class;
	e->arrived = now;
	e->deadline = r->deadline;
	e->avoid = r->avoid;
	e->prompt = r->prompt > 0 ? r->prompt : 0;
	e->owner = r->owner;
	e->seq = ++s->seq;
	/* Of two that had the same, one that had no turn yet comes first. */
	if (c->turn == 0)
		c->turn = s->seq - NEVER / 2;
	if (c->waiting[r->class] == 0)
		client_lift(s, c, r->class);
	entry_queue(s, e);
	*id = e->id;
	return SCHED_OK;
}

void
entry_start(struct sched *s, struct entry *e, int backend, int64_t now)
{
	struct backend *b = &s->backends[backend];
	struct client *c = e->client;
	struct resident *r = resident_find(b, e->key);

	gpu_count(s, now);
	entry_unqueue(s, e);
	link_out(&e->promoted);
	e->state = SCHED_RUNNING;
	e->backend = backend;
	e->epoch = b->epoch;
	e->started = now;
	e->generated = e->load_us = 0;
	e->streamed = e->stopping = false;
	link_before(&b->entries, &e->running);
	if (r) {
		r->running++;
		r->used = now;
	}
	b->running++;
	c->running++;
	e->key->running++;
	e->key->model->running++;
	s->classes[e->class].running++;
	s->running++;
	s->classes[e->class].floor = c->served[e->class];
	e->key->piles[e->class].served_at = now;
	c->turn = ++s->turn;
	client_charge(s, e, e->prompt * s->config.prompt_weight);
	client_check(s, c);
}

/* Out of what it occupied. Of a load that did not end nothing is known. */
static void
stop(struct sched *s, struct entry *e, int64_t now)
{
	struct backend *b = &s->backends[e->backend];
	struct resident *r = resident_find(b, e->key);

	gpu_count(s, now);
	if (b->loader == e)
		switch_end(s, e->backend, false, now);
	else if (r && e->epoch == b->epoch && r->running > 0) {
		r->running--;
		r->used = now;
	}
	link_out(&e->running);
	b->running--;
	e->client->running--;
	e->client->gpu_us += now - e->started;
	e->key->running--;
	e->key->model->running--;
	s->classes[e->class].running--;
	s->classes[e->class].gpu_us += now - e->started;
	s->running--;
	client_check(s, e->client);
}

void
sched_first_byte(struct sched *s, uint64_t id, int64_t now)
{
	struct entry *e = entry_find(s, id);

	if (!e || e->state == SCHED_QUEUED)
		return;
	if (s->backends[e->backend].loader == e)
		switch_end(s, e->backend, true, now);
	e->state = SCHED_RUNNING;
	e->streamed = true;
}

void
sched_progress(struct sched *s, uint64_t id, int tokens)
{
	struct entry *e = entry_find(s, id);

	if (!e || e->state == SCHED_QUEUED || tokens <= 0)
		return;
	e->generated += tokens;
	client_charge(s, e, (int64_t)tokens * s->config.generated_weight);
}

static int64_t
load_of(const struct entry *e, const struct sched_usage *u)
{
	return u->load_us > 0 ? u->load_us : e->load_us;
}

/* What was charged by guess is put right by what the answer said. */
static void
settle(struct sched *s, struct entry *e, const struct sched_usage *u)
{
	int64_t prompt = u->prompt >= 0 ? u->prompt : e->prompt;
	int64_t made = u->generated >= 0 ? u->generated : e->generated;
	int64_t load = load_of(e, u) / 1000;
	int64_t units = load * s->config.switch_weight / 1000 +
	    prompt * s->config.prompt_weight +
	    made * s->config.generated_weight;
	int64_t had = e->prompt * s->config.prompt_weight +
	    e->generated * s->config.generated_weight;
	struct class *c = &s->classes[e->class];
	int64_t scaled = units * SCALE / e->client->weight;

	client_charge(s, e, units - had);
	e->client->prompt += prompt;
	e->client->generated += made;
	/* A single giant is forgotten by and by. */
	c->largest -= c->largest / 256;
	if (scaled > c->largest)
		c->largest = scaled;
}

static void
learn(struct sched *s, const struct entry *e, const struct sched_usage *u,
    int64_t now)
{
	struct pile *p = &e->key->piles[e->class];
	int64_t load = load_of(e, u), took = now - e->started - load;
	int64_t *load_us = &e->key->load_us[e->backend];
	double rate;

	if (took < 1)
		took = 1;
	if (e->load_us > 0) {
		*load_us = about(*load_us, load);
		s->load_us = about(s->load_us, load);
	}
	p->service_us = about(p->service_us, took);
	s->service_us = about(s->service_us, took);
	if (u->generated > 0 && u->generated_us > 0) {
		rate = (double)u->generated * 1e6 / (double)u->generated_us;
		e->key->rate += e->key->rate > 0 ? (rate - e->key->rate) / 8
						 : rate;
	}
}

void
sched_done(struct sched *s, uint64_t id, const struct sched_usage *usage,
    int64_t now)
{
	struct entry *e = entry_find(s, id);

	if (!e || e->state == SCHED_QUEUED)
		return;
	if (!usage->failed && s->backends[e->backend].loader == e)
		switch_end(s, e->backend, true, now);
	settle(s, e, usage);
	if (!usage->failed)
		learn(s, e, usage, now);
	stop(s, e, now);
	entry_free(s, e);
	orders_settle(s);
}

bool
sched_cancel(struct sched *s, uint64_t id, int64_t now)
{
	struct entry *e = entry_find(s, id);
	struct sched_usage none = {
		.failed = true, .prompt = -1, .generated = -1
	};

	if (!e)
		return false;
	if (e->state != SCHED_QUEUED) {
		sched_done(s, id, &none, now);
		return true;
	}
	entry_unqueue(s, e);
	entry_free(s, e);
	return true;
}

bool
sched_requeue(struct sched *s, uint64_t id, bool avoid, int64_t now)
{
	struct entry *e = entry_find(s, id);
	struct note more = { 0 };

	if (!e || e->state == SCHED_QUEUED || e->streamed)
		return false;
	more.backend = (uint8_t)e->backend;
	client_charge(s, e,
	    -(e->prompt * s->config.prompt_weight +
		e->generated * s->config.generated_weight));
	stop(s, e, now);
	if (avoid)
		e->avoid |= 1U << e->backend;
	e->backend = -1;
	if (e->client->waiting[e->class] == 0)
		client_lift(s, e->client, e->class);
	entry_queue(s, e);
	note_add(s, NOTE_REQUEUED, e, now, &more);
	return true;
}

bool
sched_expired(struct sched *s, int64_t now, uint64_t *id, void **owner,
    enum sched_reason *why)
{
	struct entry *e;

	if (!s->timers.top || s->timers.top->a > now)
		return false;
	e = holder(s->timers.top, struct entry, timer);
	*id = e->id;
	*owner = e->owner;
	*why = SCHED_LATE;
	entry_unqueue(s, e);
	entry_free(s, e);
	return true;
}
