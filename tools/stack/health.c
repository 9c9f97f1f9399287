/*
 * health - every service asked from outside, as a user would.
 *
 * By its URL where it has one, through proxy and certificate; else by the probe
 * that status makes. What does not run has failed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/stack/look.h"

static int64_t timeout_ms = 5000;

const struct ak_opt health_options[] = {
	{ 't', "timeout", "time", "how long each has to answer (5s)",
	    AK_DURATION(&timeout_ms, 1, 600000) },
	{ 0 },
};

static const struct ak_view answer_view = {
	.type = "answer",
	.columns = AK_COLUMNS({ "service", "SERVICE", AK_SHOW_TEXT, 0, NULL },
	    { "result", "ANSWER", AK_SHOW_TEXT, 0, "ok=green failed=red" },
	    { "seconds", "AFTER", AK_SHOW_SECONDS, 0, NULL },
	    { "url", "URL", AK_SHOW_TEXT, 0, NULL },
	    { "probe", "PROBE", AK_SHOW_TEXT, 0, NULL },
	    { "text", "TEXT", AK_SHOW_TEXT, 0, NULL }),
};

/* What is asked of a service, and what came. */
struct question {
	const struct row *row;
	const char *url;   /* NULL: by its probe */
	const char *label; /* of the probe; NULL */
	struct probe answer;
	bool asked;
	bool told; /* there is something to tell of it */
};

struct questions {
	struct question *items;
	size_t count;
	bool named;
};

static bool
runs(const struct row *row)
{
	return row->state.container != NULL &&
	    ak_streq(row->state.container->state, "running");
}

/* What is known without asking: services that are not there to be asked. */
static void
answer_early(struct question *question, bool named)
{
	const struct row *row = question->row;
	struct probe *answer = &question->answer;

	question->told = true;
	if (row->service->one_shot) {
		bool done = row->state.well == WELL_DONE;

		question->told = named || row->state.well == WELL_ILL;
		answer->result = done ? PROBE_OK : PROBE_FAILED;
		state_first_line(done ? "done" : row->state.text, answer->text,
		    sizeof(answer->text));
	} else if (!runs(row)) {
		AK_FREE char *text = ak_printf("not running: %s",
		    row->state.text);

		answer->result = PROBE_FAILED;
		state_first_line(text, answer->text, sizeof(answer->text));
	}
}

static void
take_answer(struct question *question, const struct probe *probe)
{
	question->answer = *probe;
	question->asked = probe->result != PROBE_NONE;
}

static void
ask_urls(struct questions *q, struct ak_err *err, int *failed)
{
	AK_FREE const char **urls = ak_calloc(q->count + 1, sizeof(*urls));
	AK_FREE struct probe *probes = ak_calloc(q->count + 1, sizeof(*probes));
	size_t n = 0;

	for (size_t i = 0; i < q->count; i++)
		if (q->items[i].answer.result == PROBE_NONE &&
		    q->items[i].url != NULL)
			urls[n++] = q->items[i].url;
	if (n > 0)
		*failed = probe_urls(urls, probes, n, timeout_ms, err);
	n = 0;
	for (size_t i = 0; i < q->count && *failed == 0; i++)
		if (q->items[i].answer.result == PROBE_NONE &&
		    q->items[i].url != NULL)
			take_answer(&q->items[i], &probes[n++]);
}

static void
ask_probes(struct questions *q, struct ak_err *err, int *failed)
{
	AK_FREE struct probe_target *targets = ak_calloc(q->count + 1,
	    sizeof(*targets));

	for (size_t i = 0; i < q->count; i++)
		if (q->items[i].answer.result == PROBE_NONE)
			targets[i] = (struct probe_target){
				.service = q->items[i].row->service,
				.container = q->items[i].row->state.container,
			};
	*failed = probe_all(targets, q->count, timeout_ms, err);
	for (size_t i = 0; i < q->count && *failed == 0; i++)
		if (q->items[i].answer.result == PROBE_NONE)
			take_answer(&q->items[i], &targets[i].probe);
}

static bool
has_check(const struct row *row)
{
	return row->state.container != NULL &&
	    row->state.container->health != NULL;
}

/* One that has nothing to be asked by answers with what its check says. */
static void
answer_late(struct question *question, bool named)
{
	const struct row *row = question->row;
	struct probe *answer = &question->answer;

	if (answer->result != PROBE_NONE)
		return;
	question->told = named || has_check(row);
	answer->result = row->state.well == WELL_OK ? PROBE_OK : PROBE_FAILED;
	state_first_line(row->state.well != WELL_OK ? row->state.text
		: has_check(row) ? "healthy, says its own check"
				 : "runs, has no port to ask",
	    answer->text, sizeof(answer->text));
}

static void
print_answer(struct ak_out *out, const struct question *question)
{
	const struct probe *answer = &question->answer;

	ak_out_begin(out, &answer_view);
	ak_out_str(out, "service", question->row->name);
	ak_out_str(out, "url", question->url);
	if (question->url == NULL)
		ak_out_str(out, "probe", question->label);
	ak_out_str(out, "result", answer->result == PROBE_OK ? "ok" : "failed");
	if (question->asked)
		ak_out_number(out, "seconds", (double)answer->ms / 1000.0);
	if (answer->text[0] != '\0')
		ak_out_str(out, "text", answer->text);
	ak_out_end(out);
}

static void
gather(const struct look *look, struct questions *q)
{
	q->items = ak_calloc(look->count + 1, sizeof(*q->items));
	for (size_t i = 0; i < look->count; i++) {
		const struct row *row = &look->rows[i];

		if (row->service == NULL)
			continue;
		q->items[q->count] = (struct question){ .row = row,
			.url = service_label(row->service, "aikit.url"),
			.label = service_label(row->service, "aikit.probe") };
		answer_early(&q->items[q->count++], q->named);
	}
}

static int
ask_all(struct ak_ctx *ctx, struct questions *q)
{
	int failed = 0, ill = 0;

	ask_urls(q, &ctx->err, &failed);
	if (failed == 0)
		ask_probes(q, &ctx->err, &failed);
	if (failed == -1)
		return -1;
	for (size_t i = 0; i < q->count; i++) {
		answer_late(&q->items[i], q->named);
		if (!q->items[i].told)
			continue;
		print_answer(ctx->out, &q->items[i]);
		ill += q->items[i].answer.result != PROBE_OK;
	}
	if (ill > 0)
		ak_out_note(ctx->out, "%d not well", ill);
	return ill > 0 ? 1 : 0;
}

int
health_run(struct ak_ctx *ctx, int count, char *operands[])
{
	KIT struct kit kit = { .fd = -1 };
	AK_DOCKER struct ak_docker *engine = NULL;
	LOOK struct look look = { 0 };
	struct questions q = { 0 };
	int result;

	if (names_read(&count, &operands, &ctx->err) == -1 ||
	    kit_open(&kit, stack_options.kit, &ctx->err) == -1 ||
	    engine_open(&engine, &ctx->err) == -1 ||
	    look_take(&kit, engine,
		&(struct look_want){ operands, (size_t)count, 0 }, &look,
		&ctx->err) == -1)
		return -1;
	q.named = count > 0;
	gather(&look, &q);
	result = ask_all(ctx, &q);
	free(q.items);
	return result;
}
