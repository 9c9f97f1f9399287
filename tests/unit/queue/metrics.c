/*
 * What requests are counted as, and that labels have an end.
 */
#include <string.h>

#include "tests/unit/tap.h"
#include "tools/queue/operate.h"

static struct queue q;
static struct settings settings;

/* A request that waited 0.2 s, loaded for 2 s and made ten tokens. */
static struct request
answered(const char *model)
{
	return (struct request){
		.route = route_find(HTTP1_POST, "/api/chat", 9, NULL),
		.model = name_get(model, strlen(model)),
		.backend = -1,
		.class = 0,
		.phase = PHASE_ENDED,
		.outcome = OUTCOME_OK,
		.status = 200,
		.at_begin = 1000000,
		.at_whole = 1000100,
		.at_queued = 1000110,
		.at_run = 1200110,
		.at_sent = 1200140,
		.own_us = 40,
		.at_first = 3200140,
		.at_token = 3200200,
		.at_end = 4000000,
		.prompt = 7,
		.generated = 10,
		.load_us = 2000000,
	};
}

static char *
text_of(struct metrics *m, bool clients)
{
	AK_BUF struct ak_buf buf = { 0 };

	metrics_text(m, &q, clients, 3, &buf);
	return ak_buf_take(&buf);
}

/* A whole line of it. */
static void
has_line(const char *text, const char *line, const char *claim)
{
	AK_FREE char *whole = ak_printf("\n%s\n", line);

	if (!ok(strstr(text, whole) != NULL, "%s", claim))
		printf("# without: %s\n", line);
}

static size_t
count_of(const char *text, const char *what)
{
	size_t count = 0;

	for (; (text = strstr(text, what)) != NULL; text += strlen(what))
		count++;
	return count;
}

static void
test_answer(void)
{
	struct metrics *m = metrics_new();
	struct request r = answered("a\"b\\c\nd");
	AK_FREE char *text = NULL;

	metrics_ended(m, &q, &r);
	metrics_token(m, &r, 40000);
	text = text_of(m, false);
#define L "model=\"a\\\"b\\\\c\\nd\""
	has_line(text,
	    "aikit_queue_requests_total{class=\"interactive\","
	    "endpoint=\"/api/chat\"," L ",code=\"200\"} 1",
	    "an answer is counted, its labels escaped");
	has_line(text,
	    "aikit_queue_wait_seconds_bucket{class=\"interactive\",le=\"0.1\"} "
	    "0",
	    "not below its wait");
	has_line(text,
	    "aikit_queue_wait_seconds_bucket{class=\"interactive\",le=\"0.5\"} "
	    "1",
	    "but above it");
	has_line(text,
	    "aikit_queue_wait_seconds_bucket{class=\"interactive\","
	    "le=\"+Inf\"} 1",
	    "and above all");
	has_line(text,
	    "aikit_queue_wait_seconds_sum{class=\"interactive\"} 0.200000",
	    "the sum is in seconds");
	has_line(text, "aikit_queue_overhead_seconds_sum 0.000040",
	    "own time is what is not waiting");
	has_line(text, "aikit_queue_overhead_seconds_count 1",
	    "a histogram without labels has no braces");
	has_line(text, "aikit_queue_upstream_ttfb_seconds_sum{" L "} 2.000000",
	    "the first byte counts from sending");
	has_line(text,
	    "aikit_queue_time_to_first_token_seconds_sum{"
	    "class=\"interactive\"," L "} 2.200200",
	    "the first token from the request");
	has_line(text, "aikit_queue_inter_token_seconds_sum{" L "} 0.040000",
	    "a gap between tokens");
	has_line(text, "aikit_queue_model_load_seconds_sum{" L "} 2.000000",
	    "a load");
	has_line(text,
	    "aikit_queue_generated_tokens_total{class=\"interactive\"," L
	    "} 10",
	    "tokens made");
	has_line(text, "aikit_queue_depth_limit{class=\"batch\"} 10000",
	    "limits");
	has_line(text, "aikit_queue_log_dropped_total 3",
	    "lines that nobody took");
#undef L
	name_put(r.model);
	metrics_free(m);
}

static void
test_refusals(void)
{
	static const struct {
		int status, why;
		const char *reason;
	} rows[] = {
		{ 503, SCHED_FULL, "queue_full" },
		{ 401, SCHED_OK, "key" },
		{ 403, SCHED_OK, "forbidden" },
		{ 404, SCHED_OK, "unknown_path" },
		{ 413, SCHED_OK, "too_large" },
		{ 431, SCHED_OK, "too_large" },
		{ 400, SCHED_OK, "malformed" },
		{ 503, SCHED_OK, "other" },
	};

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		struct metrics *m = metrics_new();
		struct request r = answered("");
		AK_FREE char
		    *line = ak_printf("aikit_queue_rejected_total{"
				      "class=\"none\",reason=\"%s\"} 1",
			rows[i].reason);
		AK_FREE char *text = NULL;

		r.class = -1;
		r.status = (uint16_t)rows[i].status;
		r.why = (uint8_t)rows[i].why;
		r.outcome = OUTCOME_REFUSED;
		metrics_ended(m, &q, &r);
		text = text_of(m, false);
		has_line(text, line, rows[i].reason);
		name_put(r.model);
		metrics_free(m);
	}
}

static void
test_cancelled(void)
{
	struct metrics *m = metrics_new();
	struct request r = answered("m");
	AK_FREE char *text = NULL;

	r.outcome = OUTCOME_CANCELLED;
	r.phase = PHASE_QUEUED;
	r.at_run = r.at_sent = r.at_first = r.at_token = 0;
	metrics_ended(m, &q, &r);
	text = text_of(m, false);
	has_line(text,
	    "aikit_queue_cancelled_total{class=\"interactive\","
	    "phase=\"queued\"} 1",
	    "a client that left while it waited");
	has_line(text,
	    "aikit_queue_wait_seconds_sum{class=\"interactive\"} 2.999890",
	    "its wait counts too");
	name_put(r.model);
	metrics_free(m);
}

static void
switch_to(struct metrics *m, const char *from, const char *to, int status)
{
	struct request r = answered(to);

	r.switching = true;
	r.from = name_get(from, strlen(from));
	r.cause = SCHED_BY_CLASS;
	r.status = (uint16_t)status;
	metrics_ended(m, &q, &r);
	name_put(r.model);
	name_put(r.from);
}

static void
test_switches(void)
{
	struct metrics *m = metrics_new();
	AK_FREE char *text = NULL;

	switch_to(m, "", "a", 200);
	switch_to(m, "a", "b", 200);
	switch_to(m, "a", "b", 200);
	switch_to(m, "b", "never-answered", 404);
	text = text_of(m, false);
#define S "aikit_queue_model_switches_total{"
	has_line(text, S "from=\"none\",to=\"a\",reason=\"class\"} 1",
	    "a load for which none had to go");
	has_line(text, S "from=\"a\",to=\"b\",reason=\"class\"} 2",
	    "loads for which one had to go");
	has_line(text, S "from=\"b\",to=\"other\",reason=\"class\"} 1",
	    "a name that no backend answered for is no label");
	free(text);
	for (int i = 0; i < 60 * 60; i++) {
		AK_FREE char *from = ak_printf("m%d", i / 60);
		AK_FREE char *to = ak_printf("m%d", i % 60);

		switch_to(m, from, to, 200);
	}
	text = text_of(m, false);
	is_int((long long)count_of(text, S), 513, "there is a bound");
#undef S
	metrics_free(m);
}

static void
test_retries(void)
{
	struct metrics *m = metrics_new();
	struct request r = answered("m");
	AK_FREE char *text = NULL;

	r.tries = 1;
	metrics_ended(m, &q, &r);
	r.tries = 0;
	r.at_sent = 0;
	metrics_ended(m, &q, &r);
	text = text_of(m, false);
	is_int((long long)count_of(text, "overhead_seconds_count"), 0,
	    "what was sent twice or never is not our own time");
	name_put(r.model);
	metrics_free(m);
}

/* Whoever makes names up makes no series. */
static void
test_bounds(void)
{
	struct metrics *m = metrics_new();
	AK_FREE char *text = NULL;

	for (int i = 0; i < 5000; i++) {
		AK_FREE char *model = ak_printf("made-up-%d", i);
		struct request r = answered(model);

		r.status = 404;
		metrics_ended(m, &q, &r);
		name_put(r.model);
	}
	text = text_of(m, false);
	is_int((long long)count_of(text, "made-up"), 0,
	    "a model that no backend answered for is no label");
	has_line(text,
	    "aikit_queue_requests_total{class=\"interactive\","
	    "endpoint=\"/api/chat\",model=\"other\",code=\"404\"} 5000",
	    "but is counted");
	free(text);
	for (int i = 0; i < 5000; i++) {
		AK_FREE char *model = ak_printf("real-%d", i);
		struct request r = answered(model);

		r.status = (uint16_t)(200 + i % 100);
		metrics_ended(m, &q, &r);
		name_put(r.model);
	}
	text = text_of(m, false);
	is_int((long long)count_of(text,
		   "aikit_queue_upstream_ttfb_seconds_count"),
	    64, "63 models and the others");
	ok(count_of(text, "\naikit_queue_requests_total{") <= 1537,
	    "a bound for combinations as well");
	metrics_free(m);
}

/* Each sample stands below HELP and TYPE of its own, told once. */
static void
test_form(void)
{
	struct metrics *m = metrics_new();
	struct request r = answered("m");
	AK_FREE char *text = NULL;
	char family[128] = "", name[128];
	int bad = 0;

	metrics_ended(m, &q, &r);
	text = text_of(m, true);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (sscanf(line, "# HELP %127s", name) == 1) {
			memcpy(family, name, sizeof(family));
			continue;
		}
		if (line[0] == '#')
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(line, "{ "),
		    line);
		if (!ak_starts(name, family)) {
			bad++;
			printf("# %s below %s\n", line, family);
		}
	}
	is_int(bad, 0, "each sample is of the family above it");
	name_put(r.model);
	metrics_free(m);
}

int
main(void)
{
	settings_default(&settings);
	q.settings = &settings;
	q.now = 5000000;
	q.sched = sched_new(&settings.sched, 1, q.now);
	test_answer();
	test_refusals();
	test_cancelled();
	test_switches();
	test_retries();
	test_bounds();
	test_form();
	sched_free(q.sched);
	return done_testing();
}
