/*
 * sim_work - workloads that are made up.
 *
 * Sizes come from the clusters that public traces show (a mixture, not one
 * distribution), pauses from an exponential one. Every source has its own
 * random numbers: the n-th request of a person is the same under any policy.
 */
#include <string.h>

#include "tools/queue/sim_impl.h"

static uint64_t
random_of(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15U;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
	z = (z ^ z >> 27) * 0x94d049bb133111ebU;
	return z ^ z >> 31;
}

static double
uniform(uint64_t *state)
{
	return (double)(random_of(state) >> 11) / (double)(1ULL << 53);
}

/* One of the sizes, a quarter more or less. */
static int64_t
around(uint64_t *state, const int sizes[], size_t count)
{
	double size = sizes[random_of(state) % count];

	return 1 + (int64_t)(size * (0.75 + uniform(state) / 2));
}

/* Quantiles of the exponential distribution of mean 1, by sixteenths. */
static int64_t
pause_of(uint64_t *state, int64_t mean)
{
	static const double quantiles[] = { 0, .0645, .1335, .2076, .2877,
		.3747, .4700, .5754, .6931, .8267, .9808, 1.163, 1.386, 1.674,
		2.079, 2.773, 4.5 };
	double at = uniform(state) * 16;
	size_t i = (size_t)at;

	return (int64_t)((double)mean *
	    (quantiles[i] +
		(quantiles[i + 1] - quantiles[i]) * (at - (double)i)));
}

int
sim_client_number(struct sim *s, const char *name)
{
	size_t len = strlen(name);

	for (int i = 0; i < s->clients_count; i++)
		if (strcmp(s->clients[i].name, name) == 0)
			return i;
	if (s->clients_count == SIM_CLIENTS || len == 0 || len >= SCHED_NAME)
		return -1;
	memcpy(s->clients[s->clients_count].name, name, len + 1);
	return s->clients_count++;
}

int
sim_model_number(struct sim *s, const char *model, const char *num_ctx,
    int64_t load_us)
{
	AK_FREE char *name = ak_printf("%s\n%s", model, num_ctx);
	AK_FREE char *options = ak_printf("%s%s", *num_ctx ? "num_ctx=" : "",
	    num_ctx);
	struct sim_model *m;

	for (int i = 0; i < s->models_count; i++)
		if (strcmp(s->models[i].name, name) == 0)
			return i;
	if (s->models_count == SIM_MODELS || *model == '\0' ||
	    strlen(model) >= SCHED_NAME || strlen(options) >= 32)
		return -1;
	m = &s->models[s->models_count];
	memcpy(m->name, name, strlen(name) + 1);
	memcpy(m->model, model, strlen(model) + 1);
	memcpy(m->options, options, strlen(options) + 1);
	m->load_us = load_us;
	return s->models_count++;
}

/* clang-format off */
static const struct {
	enum sim_kind kind;
	const char *client, *model;
	int class, count;
	int64_t pause[2]; /* seconds: heavy, moderate */
	int64_t from, until;
} plan[] = {
	{ SIM_CHAT, "ann", "A", 0, 1, { 60, 150 }, 0, 0 },
	{ SIM_CHAT, "bob", "A", 0, 1, { 60, 150 }, 20, 0 },
	{ SIM_CHAT, "cy", "A", 0, 1, { 60, 150 }, 40, 0 },
	{ SIM_CHAT, "dot", "B", 0, 1, { 60, 150 }, 30, 0 },
	{ SIM_AGENT, "agent", "B", 1, 20, { 400, 1200 }, 90, 0 },
	{ SIM_BURST, "n8n", "C", 2, 60, { 1500, 3600 }, 300, 0 },
	{ SIM_BURST, "rag", "E", 2, 200, { 1200, 2700 }, 600, 0 },
	{ SIM_GREEDY, "greedy", "A", 2, 4, { 0, 0 }, 3600, 7200 },
};
/* clang-format on */

static const struct {
	const char *name;
	int64_t load_us;
} models[] = {
	{ "A", 4000000 },
	{ "B", 8000000 },
	{ "C", 5000000 },
	{ "E", 1500000 },
};

static int64_t
load_of(const char *model)
{
	for (size_t i = 0; i < AK_COUNT(models); i++)
		if (strcmp(models[i].name, model) == 0)
			return models[i].load_us;
	return 5 * SIM_SECOND;
}

int
sim_work(struct sim *s, struct ak_err *err)
{
	const char *name = s->options->workload;
	int moderate = name && strcmp(name, "moderate") == 0;
	uint64_t seed = (uint64_t)s->options->seed * 1000;

	if (name && !moderate && strcmp(name, "heavy") != 0)
		return ak_fail(err, AK_USAGE,
		    "%s: no such workload: heavy, moderate", name);
	s->end = s->options->hours * 3600 * SIM_SECOND;
	for (size_t i = 0; i < AK_COUNT(plan); i++) {
		int64_t until = plan[i].until * SIM_SECOND;

		s->sources[s->sources_count++] = (struct sim_source){
			.kind = plan[i].kind,
			.client = sim_client_number(s, plan[i].client),
			.class = plan[i].class < s->classes ? plan[i].class
							    : s->classes - 1,
			.model = sim_model_number(s, plan[i].model, "",
			    load_of(plan[i].model)),
			.random = seed + i,
			.next = plan[i].from * SIM_SECOND,
			.pause = plan[i].pause[moderate] * SIM_SECOND,
			.until = until && until < s->end ? until : s->end,
			.count = plan[i].count,
			.title = s->classes > 1 ? 1 : 0,
		};
	}
	return 0;
}

static int64_t
prompt_of(struct sim_source *from)
{
	static const int chat[] = { 91, 200, 400, 1100, 1313, 4080 };
	static const int agent[] = { 1500, 1500, 3000, 6000 };
	static const int burst[] = { 400, 600 };

	if (from->kind == SIM_CHAT)
		return around(&from->random, chat, AK_COUNT(chat));
	if (from->kind == SIM_AGENT)
		return around(&from->random, agent, AK_COUNT(agent));
	return around(&from->random, burst, AK_COUNT(burst));
}

static int64_t
made_of(struct sim_source *from, int64_t load_us)
{
	static const int chat[] = { 16, 80, 217, 217, 400 };
	static const int agent[] = { 13, 30, 30, 120, 400 };
	static const int flow[] = { 60, 120 }, greedy[] = { 200, 300 };

	if (from->kind == SIM_CHAT)
		return around(&from->random, chat, AK_COUNT(chat));
	if (from->kind == SIM_AGENT)
		return around(&from->random, agent, AK_COUNT(agent));
	if (from->kind == SIM_GREEDY)
		return around(&from->random, greedy, AK_COUNT(greedy));
	/* The small model makes embeddings, which are no tokens. */
	return load_us < 2 * SIM_SECOND
	    ? 0
	    : around(&from->random, flow, AK_COUNT(flow));
}

static void
say(struct sim *s, int source)
{
	struct sim_source *from = &s->sources[source];
	int64_t load_us = s->models[from->model].load_us;
	int64_t prompt = prompt_of(from);

	s->policy->add(s,
	    sim_add(s, source, from->class, prompt, made_of(from, load_us)));
}

static void
arrive_trace(struct sim *s, struct sim_source *from)
{
	const struct sim_row *row;
	struct sim_job *job;

	for (; s->row < s->rows_count; s->row++) {
		row = &s->rows[s->row];
		if (row->at > s->now)
			break;
		from->client = row->client;
		from->model = row->model;
		job = sim_add(s, 0, row->class, row->prompt, row->made);
		job->rate = row->rate;
		s->policy->add(s, job);
	}
	from->next = s->row < s->rows_count ? s->rows[s->row].at : SIM_NEVER;
}

void
sim_arrive(struct sim *s)
{
	for (int i = 0; i < s->sources_count; i++) {
		struct sim_source *from = &s->sources[i];
		int count = from->count;

		if (from->next > s->now)
			continue;
		from->next = SIM_NEVER;
		if (from->kind == SIM_TRACE) {
			arrive_trace(s, from);
			continue;
		}
		if (s->now >= from->until)
			continue;
		if (from->kind == SIM_CHAT || from->kind == SIM_AGENT)
			count = 1;
		if (from->kind == SIM_BURST)
			from->next = s->now + from->pause < from->until
			    ? s->now + from->pause
			    : SIM_NEVER;
		for (int j = 0; j < count; j++)
			say(s, i);
	}
}

int64_t
sim_next(const struct sim *s)
{
	int64_t at = SIM_NEVER;

	for (int i = 0; i < s->sources_count; i++)
		if (s->sources[i].next < at)
			at = s->sources[i].next;
	return at;
}

void
sim_answered(struct sim *s, const struct sim_job *job)
{
	struct sim_source *from = &s->sources[job->source];
	int64_t pause = from->pause;

	if (from->kind == SIM_GREEDY && s->now < from->until)
		say(s, job->source);
	if (job->class != from->class)
		return;
	/* An agent goes on at once, until its task is done. */
	if (from->kind == SIM_AGENT && ++from->done % from->count != 0)
		pause = 3 * SIM_SECOND;
	if (from->kind == SIM_CHAT || from->kind == SIM_AGENT)
		from->next = s->now + pause_of(&from->random, pause);
	if (from->kind == SIM_CHAT && from->title != from->class &&
	    uniform(&from->random) < 0.3)
		s->policy->add(s,
		    sim_add(s, job->source, from->title, 400, 15));
}
