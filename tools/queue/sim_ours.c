/*
 * sim_ours - the scheduler itself, in front of the machine.
 */
#include "tools/queue/sim_impl.h"

static void
begin(struct sim *s)
{
	static const struct sched_backend gpu = {
		.up = SCHED_UP, .slots = 1, .loaded_max = 1
	};

	s->sched = sched_new(&s->config, (uint64_t)s->options->seed, s->now);
	sched_backend_set(s->sched, 0, &gpu, s->now);
}

static void
add(struct sim *s, struct sim_job *job)
{
	const struct sim_model *model = &s->models[job->model];
	struct sched_request r = {
		.class = job->class,
		.client = s->clients[job->client].name,
		.model = model->model,
		.options = model->options,
		/* A proxy knows the bytes only, and guesses from them. */
		.prompt = (int)job->prompt,
		.owner = job,
	};

	if (sched_add(s->sched, &r, s->now, &job->id) != SCHED_OK)
		job->waited = -1;
}

static struct sim_job *
next(struct sim *s, int64_t *wake)
{
	enum sched_reason why;
	struct sched_act act;
	struct sim_job *late;
	uint64_t id;
	void *owner;

	while (sched_expired(s->sched, s->now, &id, &owner, &why)) {
		late = owner;
		late->waited = -1;
	}
	sched_pick(s->sched, s->now, &act);
	*wake = act.wake;
	return act.kind == SCHED_RUN ? act.owner : NULL;
}

static void
first_byte(struct sim *s, struct sim_job *job)
{
	sched_first_byte(s->sched, job->id, s->now);
}

static void
done(struct sim *s, struct sim_job *job)
{
	int64_t load = job->at + job->waited - job->began;
	struct sched_usage usage = {
		.prompt = job->prompt,
		.generated = job->made,
		.load_us = load > 0 ? load : -1,
		.prompt_us = -1,
		.generated_us = (int64_t)((double)job->made * 1e6 / job->rate),
	};

	sched_done(s->sched, job->id, &usage, s->now);
}

static void
finish(struct sim *s)
{
	sched_free(s->sched);
	s->sched = NULL;
}

const struct sim_policy sim_ours = { "ours", begin, add, next, first_byte, done,
	finish };
