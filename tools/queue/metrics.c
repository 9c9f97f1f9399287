/*
 * metrics - counts at the end of each request and between two tokens.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tools/queue/metrics_impl.h"

#define MS INT64_C(1000)
#define S INT64_C(1000000)

const int64_t metrics_buckets[BUCKETS_KINDS][BUCKETS + 1] = {
	[BUCKETS_WAIT] = { 10 * MS, 50 * MS, 100 * MS, 500 * MS, S, 2500 * MS,
	    5 * S, 10 * S, 30 * S, 60 * S, 120 * S, 300 * S, 900 * S,
	    3600 * S },
	[BUCKETS_ANSWER] = { 50 * MS, 100 * MS, 250 * MS, 500 * MS, S,
	    2500 * MS, 5 * S, 10 * S, 20 * S, 30 * S, 60 * S, 120 * S, 300 * S,
	    900 * S },
	[BUCKETS_TOKEN] = { 2 * MS, 5 * MS, 10 * MS, 20 * MS, 30 * MS, 50 * MS,
	    75 * MS, 100 * MS, 150 * MS, 250 * MS, 500 * MS, S, 2500 * MS,
	    10 * S },
	[BUCKETS_LOAD] = { 100 * MS, 250 * MS, 500 * MS, S, 2500 * MS, 5 * S,
	    10 * S, 15 * S, 20 * S, 30 * S, 60 * S, 120 * S, 300 * S, 600 * S },
	[BUCKETS_OWN] = { 10, 25, 50, 100, 250, 500, MS, 2500, 5 * MS, 10 * MS,
	    25 * MS, 50 * MS, 100 * MS, S },
};

static void
observe(struct hist *hist, enum buckets kind, int64_t us)
{
	const int64_t *ends = metrics_buckets[kind];
	size_t i = 0;

	while (i < BUCKETS && us > ends[i])
		i++;
	hist->counts[i]++;
	hist->sum += us;
}

struct metrics *
metrics_new(void)
{
	struct metrics *m = ak_calloc(1, sizeof(*m));

	m->series = ak_calloc(SERIES, sizeof(*m->series));
	m->statm = m->fds = -1;
	return m;
}

void
metrics_free(struct metrics *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < CLASSES; i++)
		free(m->classes[i]);
	for (size_t i = 0; i < MODELS; i++) {
		if (m->models[i] != NULL)
			free(m->models[i]->name);
		free(m->models[i]);
	}
	free(m->series);
	if (m->statm != -1)
		close(m->statm);
	if (m->fds != -1)
		close(m->fds);
	free(m);
}

void
metrics_open(struct metrics *m)
{
	m->statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	m->fds = open("/proc/self/fd", O_RDONLY | O_CLOEXEC | O_DIRECTORY);
}

/* A name keeps its number, also when a reload puts its class elsewhere. */
static size_t
class_number(struct metrics *m, const struct queue *q, int class)
{
	const char *name;

	if (class < 0 || class >= SCHED_CLASSES)
		return 0;
	name = q->settings->sched.classes[class].name;
	for (size_t i = 1; i < CLASS_OTHER; i++) {
		if (m->classes[i] == NULL)
			m->classes[i] = ak_strdup(name);
		if (ak_streq(m->classes[i], name))
			return i;
	}
	return CLASS_OTHER;
}

static const char *
model_text(size_t number, const struct name *name)
{
	return number == 0 ? "" : number == MODEL_OTHER ? "other" : name->text;
}

/* Only what a backend has answered for becomes a label: anyone can ask. */
static size_t
model_number(struct metrics *m, const struct name *name, bool make)
{
	size_t i = 1;

	if (name == NULL || name->text[0] == '\0')
		i = 0;
	else
		while (i < MODEL_OTHER && m->models[i] != NULL &&
		    (m->models[i]->hash != name->hash ||
			!ak_streq(m->models[i]->name, name->text)))
			i++;
	if (m->models[i] != NULL)
		return i;
	if (i != 0 && !make)
		i = MODEL_OTHER;
	if (m->models[i] == NULL) {
		m->models[i] = ak_calloc(1, sizeof(*m->models[i]));
		m->models[i]->name = ak_strdup(model_text(i, name));
		m->models[i]->hash = name != NULL ? name->hash : 0;
	}
	return i;
}

static void
count_series(struct metrics *m, const struct request *r, size_t class,
    size_t model)
{
	struct series want = {
		.route = r->route,
		.code = r->status,
		.class = (uint8_t) class,
		.model = (uint8_t)model,
		.used = true,
	};
	size_t i;

	if (m->series_count >= SERIES * 3 / 4)
		want = (struct series){
			.class = CLASS_OTHER, .model = MODEL_OTHER, .used = true
		};
	i = ((uintptr_t)want.route / 16 * 31 + want.code * (size_t)7919 +
		want.class * (size_t)131 + want.model * (size_t)8191) %
	    SERIES;
	while (m->series[i].used &&
	    (m->series[i].route != want.route ||
		m->series[i].code != want.code ||
		m->series[i].class != want.class ||
		m->series[i].model != want.model))
		i = (i + 1) % SERIES;
	if (!m->series[i].used) {
		m->series[i] = want;
		m->series_count++;
	}
	m->series[i].count++;
}

static int
rejected(const struct request *r)
{
	static const struct {
		uint16_t status;
		uint8_t reason;
	} reasons[] = {
		{ 401, REJECTED_KEY },
		{ 403, REJECTED_FORBIDDEN },
		{ 404, REJECTED_UNKNOWN },
		{ 405, REJECTED_UNKNOWN },
		{ 413, REJECTED_TOO_LARGE },
		{ 414, REJECTED_TOO_LARGE },
		{ 431, REJECTED_TOO_LARGE },
		{ 400, REJECTED_MALFORMED },
		{ 415, REJECTED_MALFORMED },
		{ 417, REJECTED_MALFORMED },
		{ 501, REJECTED_MALFORMED },
		{ 505, REJECTED_MALFORMED },
	};

	if (r->why != SCHED_OK && r->why < SCHED_REASONS)
		return r->why;
	for (size_t i = 0; i < AK_COUNT(reasons); i++)
		if (reasons[i].status == r->status)
			return reasons[i].reason;
	return REJECTED_OTHER;
}

const char *
metrics_rejected_name(int reason)
{
	static const char *const names[] = {
		[REJECTED_KEY] = "key",
		[REJECTED_FORBIDDEN] = "forbidden",
		[REJECTED_UNKNOWN] = "unknown_path",
		[REJECTED_TOO_LARGE] = "too_large",
		[REJECTED_MALFORMED] = "malformed",
		[REJECTED_OTHER] = "other",
	};
	_Static_assert(AK_COUNT(names) == REJECTED_REASONS,
	    "a reason without a name");

	return reason < SCHED_REASONS
	    ? sched_reason_name((enum sched_reason)reason)
	    : names[reason];
}

static void
count_switch(struct metrics *m, const struct request *r, size_t to)
{
	struct switched want = {
		.from = (uint8_t)model_number(m, r->from, false),
		.to = (uint8_t)to,
		.cause = r->cause,
	};
	size_t i = 0;

	while (i < m->switch_count &&
	    (m->switches[i].from != want.from || m->switches[i].to != want.to ||
		m->switches[i].cause != want.cause))
		i++;
	if (i == m->switch_count && i < SWITCHES) {
		m->switches[i] = want;
		m->switch_count++;
	}
	m->switches[i].count++;
}

static void
count_answer(struct metrics *m, const struct request *r, size_t class,
    struct model_counts *model)
{
	if (r->at_sent > 0 && r->tries == 0)
		observe(&m->own, BUCKETS_OWN, r->own_us);
	if (r->at_first >= r->at_sent && r->at_sent > 0)
		observe(&model->first_byte, BUCKETS_ANSWER,
		    r->at_first - r->at_sent);
	if (r->at_token > 0)
		observe(&model->classes[class].first_token, BUCKETS_ANSWER,
		    r->at_token - r->at_begin);
	/* Ollama tells a few ms also when nothing had to be loaded. */
	if (r->load_us > 100 * MS)
		observe(&model->load, BUCKETS_LOAD, r->load_us);
	model->classes[class].prompt += r->prompt;
	model->classes[class].generated += r->generated;
}

void
metrics_ended(struct metrics *m, const struct queue *q, const struct request *r)
{
	size_t class = class_number(m, q, r->class);
	size_t model = model_number(m, r->model,
	    r->outcome == OUTCOME_OK && r->status < 400);

	count_series(m, r, class, model);
	if (r->at_queued > 0)
		observe(&m->wait[class], BUCKETS_WAIT,
		    (r->at_run > 0 ? r->at_run : r->at_end) - r->at_queued);
	observe(&m->duration[class], BUCKETS_ANSWER, r->at_end - r->at_begin);
	if (r->outcome == OUTCOME_REFUSED)
		m->rejected[class][rejected(r)]++;
	if ((r->outcome == OUTCOME_CANCELLED || r->outcome == OUTCOME_KILLED) &&
	    r->phase < PHASES)
		m->cancelled[class][r->phase]++;
	if (r->switching)
		count_switch(m, r, model);
	count_answer(m, r, class, m->models[model]);
}

void
metrics_token(struct metrics *m, const struct request *r, int64_t gap)
{
	size_t model = model_number(m, r->model, true);

	observe(&m->models[model]->token, BUCKETS_TOKEN, gap);
}
