/*
 * queue_books - what a scheduler was told and what it did, kept beside it, and
 * the laws that follow.
 */
#ifndef QUEUE_BOOKS_H
#define QUEUE_BOOKS_H

#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tools/queue/sched.h"

#define WORLD_REQUESTS 512
#define WORLD_CLIENTS 5
#define WORLD_MODELS 4
#define WORLD_OPTIONS 2
#define WORLD_BACKENDS 3

struct world_request {
	uint64_t id;
	int class, client, model, options, backend, epoch;
	bool queued, running, loading, first, stopping;
};

struct world {
	const uint8_t *data;
	size_t size, at;
	struct sched *s;
	struct sched_config config;
	int64_t now;
	struct world_request requests[WORLD_REQUESTS];
	struct sched_backend backends[WORLD_BACKENDS];
	struct sched_model models[WORLD_MODELS];
	int client_limits[WORLD_CLIENTS];
	enum sched_gate gate, of_class[SCHED_CLASSES], of_client[WORLD_CLIENTS],
	    of_model[WORLD_MODELS], of_backend[WORLD_BACKENDS];
	int epochs[WORLD_BACKENDS];
	bool unloading[WORLD_BACKENDS];
	int64_t added, ended;
};

static const char *const world_clients[] = { "ann", "bob", "cy", "dot", "eve" };
static const char *const world_models[] = { "a", "b", "c", "d" };
static const char *const world_options[] = { "", "num_ctx=8192" };

static unsigned
world_byte(struct world *w)
{
	return w->at < w->size ? w->data[w->at++] : 0;
}

static int
world_below(struct world *w, int n)
{
	return (int)(world_byte(w) % (unsigned)n);
}

static struct world_request *
world_find(struct world *w, uint64_t id)
{
	for (int i = 0; i < WORLD_REQUESTS; i++)
		if (w->requests[i].id == id)
			return &w->requests[i];
	return NULL;
}

/* One that is known, or NULL. */
static struct world_request *
world_some(struct world *w)
{
	int from = (int)(world_byte(w) * 2) % WORLD_REQUESTS;

	for (int i = 0; i < WORLD_REQUESTS; i++) {
		struct world_request
		    *r = &w->requests[(from + i) % WORLD_REQUESTS];

		if (r->id)
			return r;
	}
	return NULL;
}

static void
world_end(struct world *w, struct world_request *r)
{
	*r = (struct world_request){ 0 };
	w->ended++;
}

static void
world_config(struct world *w)
{
	struct sched_config *c = &w->config;

	sched_config_default(c);
	c->limit = world_below(w, 6);
	c->queue_limit = 1 + (int)world_byte(w);
	c->client_limit = world_below(w, 4);
	c->client_queue = world_below(w, 40);
	c->clients_max = 6;
	c->keys_max = 9;
	c->quantum = world_below(w, 60) * (int64_t)1000000;
	c->history = world_below(w, 70);
	c->shed = world_below(w, 2);
	c->classes[0].limit = world_below(w, 4);
	c->classes[2].limit = world_below(w, 4);
	c->classes[2].preemptible = world_below(w, 2);
	c->classes[1].overdue = world_below(w, 2) ? SCHED_REFUSE : SCHED_FORCE;
	if (world_below(w, 4) == 0)
		memset(&c->classes[2], 0, sizeof(c->classes[2]));
}

static void
world_backend(struct world *w, int i)
{
	struct sched_backend *b = &w->backends[i];

	b->up = (enum sched_up)world_below(w, 3);
	b->slots = 1 + world_below(w, 3);
	b->loaded_max = 1 + world_below(w, 3);
	b->limit = world_below(w, 4);
	b->weight = world_below(w, 3);
	b->unload = world_below(w, 2);
	sched_backend_set(w->s, i, b, w->now);
	if (b->up != SCHED_DOWN)
		return;
	/* What ran there is ended by the caller, as it must. */
	w->epochs[i]++;
	w->unloading[i] = false;
	for (int j = 0; j < WORLD_REQUESTS; j++)
		if (w->requests[j].running && w->requests[j].backend == i)
			w->requests[j].loading = false;
}

static void
world_add(struct world *w)
{
	struct world_request *r = world_find(w, 0);
	struct sched_request q = { .class = world_below(w, 4) -
		    (w->at % 97 == 0) };
	enum sched_reason why;
	uint64_t id = 0;

	if (!r)
		return;
	r->client = world_below(w, WORLD_CLIENTS);
	r->model = world_below(w, WORLD_MODELS);
	r->options = world_below(w, WORLD_OPTIONS);
	r->class = q.class;
	q.client = world_clients[r->client];
	q.model = world_models[r->model];
	q.options = world_options[r->options];
	q.prompt = (int)world_byte(w) * 10;
	/* Some would rather not go to some backends; no byte more says so. */
	if (q.prompt % 40 == 0)
		q.avoid = (uint32_t)q.prompt / 320;
	q.owner = r;
	if (world_below(w, 8) == 0)
		q.deadline = w->now + world_below(w, 100) * (int64_t)1000000;
	why = sched_add(w->s, &q, w->now, &id);
	law(why < SCHED_REASONS && sched_reason_name(why));
	if (why != SCHED_OK)
		return;
	law(id != 0 && !world_find(w, id));
	r->id = id;
	r->queued = true;
	w->added++;
}

/* How many run that are alike in what is asked; -1: any. */
static int
world_running(const struct world *w, int class, int client, int model,
    int backend)
{
	int sum = 0;

	for (int i = 0; i < WORLD_REQUESTS; i++) {
		const struct world_request *r = &w->requests[i];

		sum += r->running && (class < 0 || r->class == class) &&
		    (client < 0 || r->client == client) &&
		    (model < 0 || r->model == model) &&
		    (backend < 0 || r->backend == backend);
	}
	return sum;
}

static bool
world_within(int limit, int running)
{
	return limit == 0 || running <= limit;
}

/* Of those started since the backend was last up. */
static int
world_in_flight(const struct world *w, const struct world_request *like,
    bool same_key)
{
	int sum = 0;

	for (int i = 0; i < WORLD_REQUESTS; i++) {
		const struct world_request *r = &w->requests[i];
		bool same = r->model == like->model &&
		    r->options == like->options;

		sum += r != like && r->running && r->backend == like->backend &&
		    r->epoch == w->epochs[like->backend] && same == same_key;
	}
	return sum;
}

static void
world_limits(struct world *w, const struct world_request *r)
{
	int of_client = w->client_limits[r->client];
	const struct sched_backend *b = &w->backends[r->backend];

	if (of_client == 0)
		of_client = w->config.client_limit;
	law(world_within(w->config.limit, world_running(w, -1, -1, -1, -1)));
	law(world_within(w->config.classes[r->class].limit,
	    world_running(w, r->class, -1, -1, -1)));
	law(world_within(of_client, world_running(w, -1, r->client, -1, -1)));
	law(world_within(w->models[r->model].limit,
	    world_running(w, -1, -1, r->model, -1)));
	law(world_within(b->limit ? b->limit : b->slots * b->loaded_max,
	    world_running(w, -1, -1, -1, r->backend)));
}

static bool
world_has(const struct world *w, int model, int backend)
{
	uint32_t at = w->models[model].backends;

	return at == 0 || at & 1U << backend;
}

static bool
world_gates(const struct world *w, const struct world_request *r)
{
	return w->gate != SCHED_PAUSED &&
	    w->of_class[r->class] != SCHED_PAUSED &&
	    w->of_client[r->client] != SCHED_PAUSED &&
	    w->of_model[r->model] != SCHED_PAUSED;
}

static bool
world_up(const struct world *w, int backend)
{
	return w->backends[backend].up == SCHED_UP &&
	    w->of_backend[backend] == SCHED_OPEN;
}

static void
world_ran(struct world *w, const struct sched_act *act)
{
	struct world_request *r = world_find(w, act->id);
	const struct sched_backend *b = &w->backends[act->backend];
	int slots;

	law(r && r->queued && act->owner == r);
	r->queued = r->first = r->stopping = false;
	r->running = true;
	r->backend = act->backend;
	r->epoch = w->epochs[r->backend];
	law(world_up(w, r->backend) && world_has(w, r->model, r->backend));
	law(world_gates(w, r));
	world_limits(w, r);
	slots = w->models[r->model].slots;
	law(act->switching ||
	    world_in_flight(w, r, true) < (slots ? slots : b->slots));
	for (int i = 0; i < WORLD_REQUESTS; i++) {
		const struct world_request *other = &w->requests[i];

		if (!other->loading || other->backend != r->backend)
			continue;
		/* One switch at a time; where the server chooses the victim,
		 * nothing else is sent while one is under way. */
		law(!act->switching);
		law(b->unload);
	}
	if (act->switching && b->loaded_max == 1)
		law(world_in_flight(w, r, false) == 0);
	r->loading = act->switching;
}

/* With nothing running, work that may run is not left waiting. */
static void
world_conserved(const struct world *w)
{
	for (int i = 0; i < WORLD_BACKENDS; i++)
		if (w->unloading[i])
			return;
	if (world_running(w, -1, -1, -1, -1) > 0)
		return;
	for (int i = 0; i < WORLD_REQUESTS; i++) {
		const struct world_request *r = &w->requests[i];

		for (int b = 0; r->queued && b < WORLD_BACKENDS; b++)
			law(!world_gates(w, r) || !world_up(w, b) ||
			    !world_has(w, r->model, b));
	}
}

static void
world_expire(struct world *w)
{
	enum sched_reason why;
	uint64_t id;
	void *owner;

	while (sched_expired(w->s, w->now, &id, &owner, &why)) {
		struct world_request *r = world_find(w, id);

		law(r && r->queued && owner == r && why == SCHED_LATE);
		world_end(w, r);
	}
}

static void
world_pick(struct world *w)
{
	struct sched_act act;
	struct world_request *r;

	world_expire(w);
	for (int i = 0;; i++) {
		law(i < 4 * WORLD_REQUESTS);
		sched_pick(w->s, w->now, &act);
		if (act.kind == SCHED_WAIT)
			break;
		law(act.backend >= 0 && act.backend < WORLD_BACKENDS);
		if (act.kind == SCHED_RUN)
			world_ran(w, &act);
		if (act.kind == SCHED_UNLOAD) {
			law(!w->unloading[act.backend] && act.model);
			w->unloading[act.backend] = true;
		}
		if (act.kind != SCHED_PREEMPT)
			continue;
		r = world_find(w, act.id);
		law(r && r->running && !r->first && !r->stopping);
		r->stopping = true;
	}
	law(act.wake > w->now);
	world_conserved(w);
}

#endif
