/*
 * sim - the policies in turn on one workload, and what came of it.
 */
#include "tools/queue/sim.h"

#include <string.h>

#include "tools/queue/sim_impl.h"

static const struct sim_policy *const policies[] = { &sim_ours, &sim_fifo,
	&sim_ollama, &sim_tiers };

static const struct ak_view policy_view = {
	.type = "sim_policy",
	.columns = AK_COLUMNS({ .key = "policy", .title = "POLICY" },
	    { .key = "requests", .title = "REQUESTS", .show = AK_SHOW_NUMBER },
	    { .key = "refused", .title = "REFUSED", .show = AK_SHOW_NUMBER },
	    { .key = "switches", .title = "SWITCHES", .show = AK_SHOW_NUMBER },
	    { .key = "switch_seconds",
		.title = "LOST S",
		.show = AK_SHOW_NUMBER },
	    { .key = "busy_seconds",
		.title = "BUSY S",
		.show = AK_SHOW_NUMBER },
	    { .key = "total_seconds",
		.title = "TOTAL S",
		.show = AK_SHOW_NUMBER },
	    { .key = "jain", .title = "JAIN", .show = AK_SHOW_NUMBER }),
};

#define WAIT_COLUMNS                                                        \
	{ .key = "requests", .title = "REQUESTS", .show = AK_SHOW_NUMBER }, \
	    { .key = "wait_mean_seconds",                                   \
		    .title = "MEAN S",                                      \
		    .show = AK_SHOW_NUMBER },                               \
	    { .key = "wait_p50_seconds",                                    \
		    .title = "P50",                                         \
		    .show = AK_SHOW_NUMBER },                               \
	    { .key = "wait_p95_seconds",                                    \
		    .title = "P95",                                         \
		    .show = AK_SHOW_NUMBER },                               \
	    { .key = "wait_p99_seconds",                                    \
		    .title = "P99",                                         \
		    .show = AK_SHOW_NUMBER },                               \
	{                                                                   \
		.key = "wait_max_seconds", .title = "MAX",                  \
		.show = AK_SHOW_NUMBER                                      \
	}

static const struct ak_view class_view = {
	.type = "sim",
	.columns = AK_COLUMNS({ .key = "policy", .title = "POLICY" },
	    { .key = "class", .title = "CLASS" }, WAIT_COLUMNS),
};

static const struct ak_view client_view = {
	.type = "sim_client",
	.columns = AK_COLUMNS({ .key = "policy", .title = "POLICY" },
	    { .key = "client", .title = "CLIENT" },
	    { .key = "gpu_seconds", .title = "GPU S", .show = AK_SHOW_NUMBER },
	    { .key = "tokens", .title = "TOKENS", .show = AK_SHOW_NUMBER },
	    WAIT_COLUMNS),
};

static int
compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* To the millisecond: more says nothing. */
static void
seconds(struct ak_out *out, const char *key, int64_t us)
{
	int64_t ms = us / 1000;

	ak_out_number(out, key, (double)ms / 1000);
}

/* Of a class, or of a client; -1: any. */
static void
waits(const struct sim *s, int class, int client, struct ak_out *out)
{
	AK_FREE int64_t *w = ak_malloc((s->jobs_count + 1) * sizeof(*w));
	int64_t sum = 0, count = 0;

	for (size_t i = 0; i < s->jobs_count; i++) {
		const struct sim_job *job = s->jobs[i];

		if ((class >= 0 && job->class != class) ||
		    (client >= 0 && job->client != client) || job->waited < 0)
			continue;
		w[count++] = job->waited;
		sum += job->waited;
	}
	ak_out_int(out, "requests", count);
	if (count == 0)
		return;
	qsort(w, (size_t)count, sizeof(*w), compare);
	seconds(out, "wait_mean_seconds", sum / count);
	seconds(out, "wait_p50_seconds", w[(count - 1) / 2]);
	seconds(out, "wait_p95_seconds", w[(count - 1) * 95 / 100]);
	seconds(out, "wait_p99_seconds", w[(count - 1) * 99 / 100]);
	seconds(out, "wait_max_seconds", w[count - 1]);
}

static double
jain(const struct sim *s)
{
	double sum = 0, squares = 0, x;

	for (int i = 0; i < s->clients_count; i++) {
		x = (double)s->clients[i].gpu_us / 1e6;
		sum += x;
		squares += x * x;
	}
	return squares > 0 ? sum * sum / squares / s->clients_count : 1;
}

static void
tell(const struct sim *s, struct ak_out *out)
{
	int64_t busy = 0, refused = 0;

	for (int i = 0; i < s->clients_count; i++)
		busy += s->clients[i].gpu_us;
	for (size_t i = 0; i < s->jobs_count; i++)
		refused += s->jobs[i]->waited < 0;
	ak_out_begin(out, &policy_view);
	ak_out_str(out, "policy", s->policy->name);
	ak_out_int(out, "requests", (int64_t)s->jobs_count);
	ak_out_int(out, "refused", refused);
	ak_out_int(out, "switches", s->switches);
	seconds(out, "switch_seconds", s->switch_us);
	seconds(out, "busy_seconds", busy);
	seconds(out, "total_seconds", s->now);
	ak_out_number(out, "jain", jain(s));
	ak_out_end(out);
	for (int i = 0; i < s->classes; i++) {
		ak_out_begin(out, &class_view);
		ak_out_str(out, "policy", s->policy->name);
		ak_out_str(out, "class", s->config.classes[i].name);
		waits(s, i, -1, out);
		ak_out_end(out);
	}
	for (int i = 0; i < s->clients_count; i++) {
		ak_out_begin(out, &client_view);
		ak_out_str(out, "policy", s->policy->name);
		ak_out_str(out, "client", s->clients[i].name);
		seconds(out, "gpu_seconds", s->clients[i].gpu_us);
		ak_out_int(out, "tokens", s->clients[i].tokens);
		waits(s, -1, i, out);
		ak_out_end(out);
	}
}

static int
run_policy(const struct sim_options *options, const struct sim_policy *policy,
    struct ak_out *out, struct ak_err *err)
{
	AK_FREE struct sim *s = ak_calloc(1, sizeof(*s));
	int result;

	s->options = options;
	s->policy = policy;
	s->loaded = -1;
	if (options->config)
		s->config = *options->config;
	else
		sched_config_default(&s->config);
	while (s->classes < SCHED_CLASSES &&
	    s->config.classes[s->classes].name[0])
		s->classes++;
	result = options->trace ? sim_trace(s, err) : sim_work(s, err);
	if (result == 0) {
		policy->begin(s);
		sim_go(s);
		policy->finish(s);
		tell(s, out);
	}
	for (size_t i = 0; i < s->jobs_count; i++)
		free(s->jobs[i]);
	free(s->jobs);
	free(s->rows);
	return result;
}

int
sim_run(const struct sim_options *options, struct ak_out *out,
    struct ak_err *err)
{
	bool found = false;

	for (size_t i = 0; i < AK_COUNT(policies); i++) {
		if (options->policy &&
		    strcmp(options->policy, policies[i]->name) != 0)
			continue;
		found = true;
		if (run_policy(options, policies[i], out, err) == -1)
			return -1;
	}
	if (!found)
		return ak_fail(err, AK_USAGE,
		    "%s: no such policy: ours, fifo, ollama, tiers",
		    options->policy);
	return 0;
}
