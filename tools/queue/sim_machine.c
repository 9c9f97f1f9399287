/*
 * sim_machine - one GPU, one slot, one model at a time.
 */
#include "tools/queue/sim_impl.h"

#define PREFILL 1500 /* tokens a second */

struct sim_job *
sim_add(struct sim *s, int source, int class, int64_t prompt, int64_t made)
{
	struct sim_job *job = ak_calloc(1, sizeof(*job));

	*job = (struct sim_job){
		.at = s->now,
		.client = s->sources[source].client,
		.class = class,
		.model = s->sources[source].model,
		.source = source,
		.prompt = prompt,
		.made = made,
		.rate = 45,
	};
	if (s->jobs_count == s->jobs_room) {
		s->jobs_room = s->jobs_room ? s->jobs_room * 2 : 1024;
		s->jobs = ak_resize(s->jobs, s->jobs_room,
		    sizeof(struct sim_job *));
	}
	s->jobs[s->jobs_count++] = job;
	return job;
}

static void
begin(struct sim *s, struct sim_job *job)
{
	int64_t load = 0;

	if (s->loaded != job->model) {
		load = s->models[job->model].load_us;
		s->switches++;
		s->switch_us += load;
	}
	s->loaded = job->model;
	s->running = job;
	job->began = s->now;
	job->waited = s->now + load - job->at;
	s->first_byte = s->now + load + job->prompt * SIM_SECOND / PREFILL;
	s->done = s->first_byte +
	    (int64_t)((double)job->made * 1e6 / job->rate);
}

static void
finish(struct sim *s)
{
	struct sim_job *job = s->running;
	struct sim_client *client = &s->clients[job->client];

	s->running = NULL;
	client->gpu_us += s->now - job->began;
	client->tokens += job->prompt + job->made;
	s->policy->done(s, job);
	sim_answered(s, job);
}

static int64_t
soonest(const struct sim *s, int64_t wake)
{
	int64_t at = sim_next(s);

	if (wake < at)
		at = wake;
	if (s->running && s->first_byte < at)
		at = s->first_byte;
	if (s->running && s->done < at)
		at = s->done;
	return at;
}

void
sim_go(struct sim *s)
{
	int64_t wake = SIM_NEVER, at;
	struct sim_job *job;

	while ((at = soonest(s, wake)) != SIM_NEVER) {
		if (at > s->now)
			s->now = at;
		if (s->running && s->first_byte <= s->now) {
			s->first_byte = SIM_NEVER;
			s->policy->first_byte(s, s->running);
		}
		if (s->running && s->done <= s->now)
			finish(s);
		sim_arrive(s);
		wake = SIM_NEVER;
		if (s->running)
			continue;
		job = s->policy->next(s, &wake);
		if (job)
			begin(s, job);
	}
}
