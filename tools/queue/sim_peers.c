/*
 * sim_peers - how others choose: one queue, Ollama's rule, strict tiers.
 */
#include "tools/queue/sim_impl.h"

static void
put(struct sim *s, int queue, struct sim_job *job)
{
	*s->tails[queue] = job;
	s->tails[queue] = &job->next;
}

static struct sim_job *
take(struct sim *s, int queue)
{
	struct sim_job *job = s->heads[queue];

	if (!job)
		return NULL;
	s->heads[queue] = job->next;
	if (!job->next)
		s->tails[queue] = &s->heads[queue];
	job->next = NULL;
	return job;
}

static void
begin(struct sim *s)
{
	for (int i = 0; i < SCHED_CLASSES; i++) {
		s->heads[i] = NULL;
		s->tails[i] = &s->heads[i];
	}
}

static void
nothing(struct sim *s, struct sim_job *job)
{
	(void)s;
	(void)job;
}

static void
end(struct sim *s)
{
	(void)s;
}

static void
add_fifo(struct sim *s, struct sim_job *job)
{
	put(s, 0, job);
}

static struct sim_job *
next_fifo(struct sim *s, int64_t *wake)
{
	(void)wake;
	return take(s, 0);
}

/*
 * Queue 0 has those that were let past (server/sched.go, useLoadedRunner) and
 * wait for a slot of the loaded model; queue 1 is pendingReqCh. Its head waits
 * until nobody uses the loaded model, and holds up all behind it.
 */
static void
add_ollama(struct sim *s, struct sim_job *job)
{
	put(s, s->loaded == job->model ? 0 : 1, job);
}

static struct sim_job *
next_ollama(struct sim *s, int64_t *wake)
{
	(void)wake;
	while (s->heads[1] && s->heads[1]->model == s->loaded)
		put(s, 0, take(s, 1));
	return s->heads[0] ? take(s, 0) : take(s, 1);
}

static void
add_tiers(struct sim *s, struct sim_job *job)
{
	put(s, job->class, job);
}

static struct sim_job *
next_tiers(struct sim *s, int64_t *wake)
{
	(void)wake;
	for (int i = 0; i < s->classes; i++)
		if (s->heads[i])
			return take(s, i);
	return NULL;
}

const struct sim_policy sim_fifo = { "fifo", begin, add_fifo, next_fifo,
	nothing, nothing, end };
const struct sim_policy sim_ollama = { "ollama", begin, add_ollama, next_ollama,
	nothing, nothing, end };
const struct sim_policy sim_tiers = { "tiers", begin, add_tiers, next_tiers,
	nothing, nothing, end };
