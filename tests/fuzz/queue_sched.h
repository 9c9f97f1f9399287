/*
 * queue_sched - a world in which bytes say what happens to a scheduler, and
 * every law is looked after (tests/fuzz/queue_books.h).
 *
 * Used by the fuzz target with what the fuzzer finds, and by the unit test with
 * random bytes.
 */
#ifndef QUEUE_SCHED_H
#define QUEUE_SCHED_H

#include "tests/fuzz/queue_books.h"

static void
world_stop(struct world *w, struct world_request *r)
{
	struct sched_usage u = { .prompt = (int64_t)world_byte(w) * 10,
		.generated = world_byte(w) - 1,
		.load_us = -1,
		.prompt_us = -1,
		.generated_us = (int64_t)world_byte(w) * 9999,
		.failed = world_below(w, 5) == 0 };

	sched_done(w->s, r->id, &u, w->now);
	if (r->running)
		world_end(w, r);
}

static void
world_requeue(struct world *w, struct world_request *r)
{
	bool done = sched_requeue(w->s, r->id, world_below(w, 2), w->now);

	law(done == (r->running && !r->first));
	if (done) {
		r->running = r->loading = r->first = false;
		r->queued = true;
	}
}

static void
world_request_event(struct world *w)
{
	struct world_request *r = world_some(w);

	if (!r)
		return;
	switch (world_below(w, 8)) {
	case 0:
	case 1:
		sched_first_byte(w->s, r->id, w->now);
		r->first = r->running;
		r->loading = false;
		break;
	case 2:
		sched_progress(w->s, r->id, world_below(w, 20));
		break;
	case 3:
	case 4:
		world_stop(w, r);
		break;
	case 5:
		law(sched_cancel(w->s, r->id, w->now));
		law(!sched_cancel(w->s, r->id, w->now));
		world_end(w, r);
		break;
	case 6:
		world_requeue(w, r);
		break;
	default:
		law(sched_promote(w->s, r->id, w->now) == r->queued);
	}
}

static void
world_gate(struct world *w)
{
	enum sched_gate gate = (enum sched_gate)world_below(w, 3);
	int i = world_below(w, 3);
	char number[2] = { (char)('0' + i), 0 };

	switch (world_below(w, 5)) {
	case 0:
		w->gate = gate;
		law(sched_gate(w->s, SCHED_ALL, NULL, gate));
		break;
	case 1:
		if (sched_gate(w->s, SCHED_CLASS, w->config.classes[i].name,
			gate))
			w->of_class[i] = gate;
		break;
	case 2:
		if (sched_gate(w->s, SCHED_CLIENT, world_clients[i], gate))
			w->of_client[i] = gate;
		break;
	case 3:
		if (sched_gate(w->s, SCHED_MODEL, world_models[i], gate))
			w->of_model[i] = gate;
		break;
	default:
		if (sched_gate(w->s, SCHED_BACKEND, number, gate))
			w->of_backend[i] = gate;
	}
}

static void
world_settings(struct world *w)
{
	int client = world_below(w, 3), model = world_below(w, 3);
	struct sched_model m = { .limit = world_below(w, 3),
		.slots = world_below(w, 3),
		.backends = (uint32_t)world_below(w, 8) };

	w->client_limits[client] = world_below(w, 3);
	sched_client_set(w->s, world_clients[client], world_below(w, 5),
	    w->client_limits[client]);
	w->models[model] = m;
	sched_model_set(w->s, world_models[model], &m);
}

static void
world_reconfigure(struct world *w)
{
	struct sched_config old = w->config;
	struct ak_err err = { 0 };
	struct sched_info info;

	world_config(w);
	if (sched_config_check(&w->config, &err) == -1) {
		w->config = old;
		return;
	}
	sched_reconfigure(w->s, &w->config, w->now);
	memset(w->client_limits, 0, sizeof(w->client_limits));
	memset(w->models, 0, sizeof(w->models));
	for (int i = 0; i < WORLD_REQUESTS; i++)
		if (w->requests[i].id) {
			law(sched_info(w->s, w->requests[i].id, &info));
			w->requests[i].class = info.class;
		}
	/* A class that is gone is gone with its gate, or gives it on. */
	for (int i = 0; w->config.classes[i].name[0]; i++) {
		sched_gate(w->s, SCHED_CLASS, w->config.classes[i].name,
		    SCHED_OPEN);
		w->of_class[i] = SCHED_OPEN;
	}
}

static void
world_line(void *arg, int64_t at, const char *text)
{
	law(text[0] && at >= 0);
	*(int *)arg += 1;
}

static void
world_look(struct world *w)
{
	struct world_request *r = world_some(w);
	struct sched_stats stats;
	struct sched_info info;
	int queued = 0, lines = 0;

	for (int i = 0; i < WORLD_REQUESTS; i++)
		queued += w->requests[i].queued;
	sched_stats(w->s, w->now, &stats);
	law(stats.queued == queued);
	law(stats.running == world_running(w, -1, -1, -1, -1));
	law(sched_estimate_class(w->s, 0, w->now) >= -1);
	if (!r)
		return;
	law(sched_info(w->s, r->id, &info) && info.owner == r);
	law((info.state == SCHED_QUEUED) == r->queued);
	law((sched_position(w->s, r->id) > 0) == r->queued);
	law(sched_position(w->s, r->id) <= queued);
	law(sched_estimate(w->s, r->id, w->now) >= -1);
	law(sched_explain(w->s, r->id, w->now, world_line, &lines));
	law(lines > 0 && lines <= 102);
}

static void
world_unloaded(struct world *w, int i)
{
	sched_unloaded(w->s, i, NULL, w->now);
	w->unloading[i] = false;
}

static void
world_step(struct world *w)
{
	int i;

	switch (world_below(w, 16)) {
	case 0:
	case 1:
	case 2:
	case 3:
	case 4:
		world_add(w);
		break;
	case 5:
		w->now += (int64_t)world_byte(w) * world_byte(w) * 5000;
		break;
	case 6:
	case 7:
	case 8:
	case 9:
		world_request_event(w);
		break;
	case 10:
		world_backend(w, world_below(w, WORLD_BACKENDS));
		break;
	case 11:
		if (world_below(w, 3) == 0)
			world_reconfigure(w);
		else
			world_settings(w);
		break;
	case 12:
		world_gate(w);
		break;
	case 13:
		world_unloaded(w, world_below(w, WORLD_BACKENDS));
		break;
	case 14:
		i = world_below(w, WORLD_BACKENDS);
		sched_loaded(w->s, i, world_models[world_below(w, 4)],
		    world_options[world_below(w, 2)], w->now);
		for (int j = 0; j < WORLD_REQUESTS; j++) {
			struct sched_info info;

			if (w->requests[j].loading &&
			    sched_info(w->s, w->requests[j].id, &info) &&
			    info.state == SCHED_RUNNING)
				w->requests[j].loading = false;
		}
		break;
	default:
		world_look(w);
	}
	world_pick(w);
}

/* Everything open and up: what was added comes to an end. */
static void
world_finish(struct world *w)
{
	static const struct sched_backend well = {
		.up = SCHED_UP, .slots = 1, .loaded_max = 1
	};
	static const struct sched_model plain = { 0 };
	char number[2] = "0";

	sched_gate(w->s, SCHED_ALL, NULL, w->gate = SCHED_OPEN);
	for (int i = 0; i < SCHED_CLASSES; i++) {
		sched_gate(w->s, SCHED_CLASS, w->config.classes[i].name,
		    SCHED_OPEN);
		w->of_class[i] = SCHED_OPEN;
	}
	for (int i = 0; i < WORLD_CLIENTS; i++) {
		sched_gate(w->s, SCHED_CLIENT, world_clients[i], SCHED_OPEN);
		w->of_client[i] = SCHED_OPEN;
	}
	for (int i = 0; i < WORLD_MODELS; i++) {
		sched_gate(w->s, SCHED_MODEL, world_models[i], SCHED_OPEN);
		w->of_model[i] = SCHED_OPEN;
		sched_model_set(w->s, world_models[i], &plain);
		w->models[i] = plain;
	}
	for (int i = 0; i < WORLD_BACKENDS; i++, number[0]++) {
		w->backends[i] = well;
		sched_backend_set(w->s, i, &well, w->now);
		sched_gate(w->s, SCHED_BACKEND, number, SCHED_OPEN);
		w->of_backend[i] = SCHED_OPEN;
		world_unloaded(w, i);
	}
	for (int round = 0; w->added > w->ended; round++) {
		law(round < 4 * WORLD_REQUESTS);
		w->now += 1000000;
		for (int i = 0; i < WORLD_REQUESTS; i++)
			if (w->requests[i].running)
				world_stop(w, &w->requests[i]);
		for (int i = 0; i < WORLD_BACKENDS; i++)
			if (w->unloading[i])
				world_unloaded(w, i);
		world_pick(w);
	}
}

static void
world_run(const uint8_t *data, size_t size)
{
	AK_FREE struct world *w = ak_calloc(1, sizeof(*w));
	struct ak_err err = { 0 };
	struct sched_stats stats;

	w->data = data;
	w->size = size;
	w->now = 1000000;
	world_config(w);
	law(sched_config_check(&w->config, &err) == 0);
	w->s = sched_new(&w->config, 42, w->now);
	for (int i = 0; i < WORLD_BACKENDS; i++)
		world_backend(w, i);
	while (w->at < w->size)
		world_step(w);
	world_finish(w);
	sched_stats(w->s, w->now, &stats);
	law(stats.queued == 0 && stats.running == 0);
	sched_free(w->s);
}

#endif
