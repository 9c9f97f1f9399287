/*
 * wait - until every service is well, or why one is not.
 *
 * The daemon is listened to: an event of the project, and a look is taken at
 * its containers; without events one look a second. A one-shot that ended
 * with 0 is done. A service fails when nothing will make it well by itself: it
 * ended, its check says unhealthy, or it was restarted three times meanwhile.
 * One without a check is well when it has run for a second: what ends at once
 * was running too.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/http.h"
#include "lib/proc.h"
#include "lib/str.h"
#include "lib/term.h"
#include "tools/stack/stack.h"

enum {
	LOOK_MS = 1000,	  /* without an event */
	STEP_MS = 200,	  /* progress moves */
	CRASHES = 3,	  /* restarts that make a loop */
	RUN_MS = 1000,	  /* without a check */
	TAIL_LINES = 20,
};

struct waiting {
	struct ak_ctx *ctx;
	const struct kit *kit;
	struct engine *engine; /* looks */
	struct engine *ears;   /* listens to events */
	const struct selection *selection;
	struct ak_child *child;
	int64_t limit_ms;
	int64_t limit_from_ms; /* Compose at work does not count */
	struct containers containers;
	struct state *states;	/* one a pick */
	int64_t *restarts;	/* at the first look; -1: not seen */
	int64_t *before; /* since_ns of what Compose is to change; 0: nothing */
	bool *ready;		/* told already */
	size_t ready_count;
	int64_t begun_ms;
	bool woken; /* an event came */
};

static const struct ak_view ready_view = {
	.type = "ready",
	.columns = { { "service", "SERVICE", AK_SHOW_TEXT, 24, NULL },
	    { "well", "IS", AK_SHOW_TEXT, 8, "ok=green done=green" },
	    { "seconds", "AFTER", AK_SHOW_SECONDS, 8, NULL },
	    { "url", "URL", AK_SHOW_TEXT, 0, NULL } },
	.stream = true,
};

static int64_t timeout_ms = 300000;

const struct ak_opt wait_options[] = {
	{ 't', "timeout", "time", "give up after this long (5m)",
	    AK_DURATION(&timeout_ms, 0, 86400000) },
	{ 0 },
};

static volatile sig_atomic_t interrupted;

static void
interrupt(int signal)
{
	interrupted = signal;
}

static int
woken(void *arg, const char *data AK_UNUSED, size_t len AK_UNUSED)
{
	((struct waiting *)arg)->woken = true;
	return 0;
}

static double
elapsed(const struct waiting *w)
{
	return (double)(ak_proc_now_ms() - w->begun_ms) / 1000.0;
}

static void
print_ready(struct waiting *w, const struct state *state)
{
	ak_out_begin(w->ctx->out, &ready_view);
	ak_out_str(w->ctx->out, "service", state->service->name);
	ak_out_str(w->ctx->out, "well", wellness_names[state->well]);
	ak_out_number(w->ctx->out, "seconds", elapsed(w));
	ak_out_str(w->ctx->out, "url",
	    service_label(state->service, "aikit.url"));
	ak_out_end(w->ctx->out);
	ak_out_flush(w->ctx->out);
}

static int64_t
clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* What Compose is about to replace or start again says nothing yet. */
static bool
outdated(const struct waiting *w, size_t i, const struct container *container)
{
	return w->child != NULL && !w->child->ended && container != NULL &&
	    container->since_ns == w->before[i];
}

static void
look_at(struct waiting *w, size_t i)
{
	const struct service *service = w->selection->picks[i].service;
	const struct container *container = containers_find(&w->containers,
	    service->name);
	struct state *state = &w->states[i];

	if (outdated(w, i, container)) {
		*state = (struct state){ service, container, WELL_STARTING,
			"waiting" };
		return;
	}
	state_judge(service, container, state);
	if (state->well == WELL_OK && !service->has_check &&
	    clock_ns() - container->since_ns < RUN_MS * 1000000LL)
		state->well = WELL_STARTING;
	if (container != NULL && w->restarts[i] == -1)
		w->restarts[i] = container->restarts;
	if (state->well == WELL_ILL &&
	    ak_streq(container->state, "restarting") &&
	    container->restarts < w->restarts[i] + CRASHES)
		state->well = WELL_STARTING;
	if ((state->well == WELL_OK || state->well == WELL_DONE) &&
	    !w->ready[i]) {
		w->ready[i] = true;
		w->ready_count++;
		ak_term_progress_end();
		print_ready(w, state);
	} else if (state->well != WELL_OK && state->well != WELL_DONE &&
	    w->ready[i]) {
		w->ready[i] = false;
		w->ready_count--;
	}
}

static int
look(struct waiting *w)
{
	containers_free(&w->containers);
	w->woken = false;
	if (engine_containers(w->engine, w->kit->project, &w->containers,
		&w->ctx->err) == -1)
		return -1;
	for (size_t i = 0; i < w->selection->count; i++)
		look_at(w, i);
	return 0;
}

static void
show_progress(const struct waiting *w)
{
	AK_BUF struct ak_buf lines = { 0 };

	if (w->ctx->quiet || isatty(STDERR_FILENO) != 1)
		return;
	ak_buf_printf(&lines, "%zu of %zu well, %.0f s", w->ready_count,
	    w->selection->count, elapsed(w));
	for (size_t i = 0; i < w->selection->count; i++)
		if (!w->ready[i])
			ak_buf_printf(&lines, "\n  %-24s %s",
			    w->selection->picks[i].service->name,
			    w->states[i].text[0] != '\0' ? w->states[i].text
							 : "waiting");
	ak_term_progress(ak_buf_text(&lines));
}

/* The first pick that nothing will make well; NULL for none. */
static const struct state *
first_failed(const struct waiting *w)
{
	for (size_t i = 0; i < w->selection->count; i++)
		if (w->states[i].service != NULL &&
		    w->states[i].well == WELL_ILL)
			return &w->states[i];
	return NULL;
}

static int
tell_failed(struct waiting *w, const struct state *state)
{
	ak_term_progress_end();
	ak_err_set(&w->ctx->err, AK_UNAVAILABLE, "%s: %s",
	    state->service->name, state->text);
	ak_err_help(&w->ctx->err, "aikit-stack logs %s", state->service->name);
	if (state->container != NULL)
		logs_tail(w->engine, state->container, TAIL_LINES);
	return -1;
}

static int
tell_late(struct waiting *w)
{
	AK_BUF struct ak_buf names = { 0 };

	for (size_t i = 0; i < w->selection->count; i++)
		if (!w->ready[i])
			ak_buf_printf(&names, "%s%s (%s)",
			    names.len > 0 ? ", " : "",
			    w->selection->picks[i].service->name,
			    w->states[i].text[0] != '\0' ? w->states[i].text
							 : "not started");
	ak_term_progress_end();
	return ak_fail(&w->ctx->err, AK_TEMPFAIL,
	    "not well after %lld s: %s", (long long)w->limit_ms / 1000,
	    ak_buf_text(&names));
}

/* The program ends as the signal would have ended it. */
static void
end_interrupted(struct waiting *w)
{
	struct ak_err ignored = { 0 };

	ak_term_progress_end();
	if (w->child != NULL && !w->child->ended) {
		ak_proc_signal(w->child, SIGINT);
		while (ak_proc_step(w->child, &ignored) == 0)
			poll(NULL, 0, 20);
	}
	ak_cmd_warn(w->ctx, "interrupted; the same command goes on from here");
	ak_out_flush(w->ctx->out);
	signal(interrupted, SIG_DFL);
	raise(interrupted);
}

/* 1 when all is well, 0 to go on, -1. */
static int
judge(struct waiting *w)
{
	const struct state *failed = first_failed(w);
	bool working = w->child != NULL && !w->child->ended;

	if (!working && w->child != NULL && w->child->result.status != 0)
		return failed != NULL
		    ? tell_failed(w, failed)
		    : change_failed(w->ctx, w->kit, w->child);
	if (failed != NULL && !working)
		return tell_failed(w, failed);
	if (working)
		return 0;
	if (w->ready_count == w->selection->count || w->limit_ms == 0)
		return 1;
	if (ak_proc_now_ms() - w->limit_from_ms > w->limit_ms)
		return tell_late(w);
	return 0;
}

static int
step(struct waiting *w)
{
	struct pollfd fds[2] = { { .fd = -1 }, { .fd = -1 } };

	if (w->child != NULL && !w->child->ended) {
		fds[0] = (struct pollfd){ w->child->out_fd, POLLIN, 0 };
		fds[1] = (struct pollfd){ w->child->err_fd, POLLIN, 0 };
	}
	if (ak_http_step(engine_http(w->ears), fds, 2, STEP_MS,
		&w->ctx->err) == -1)
		return -1;
	if (w->child != NULL && !w->child->ended) {
		int ended = ak_proc_step(w->child, &w->ctx->err);

		if (ended == -1)
			return -1;
		if (ended == 1) {
			w->woken = true;
			w->limit_from_ms = ak_proc_now_ms();
		}
	}
	return 0;
}

/* A service without a check gets well by time alone, without an event. */
static int64_t
look_ms(const struct waiting *w)
{
	for (size_t i = 0; i < w->selection->count; i++)
		if (!w->ready[i] && !w->selection->picks[i].service->has_check)
			return LOOK_MS / 5;
	return LOOK_MS;
}

static int
wait_loop(struct waiting *w)
{
	int64_t looked_ms = 0;

	for (;;) {
		int64_t now = ak_proc_now_ms();

		if (w->woken || now - looked_ms >= look_ms(w)) {
			if (look(w) == -1)
				return -1;
			looked_ms = now;
			int over = judge(w);

			if (over != 0)
				return over == 1 ? 0 : -1;
		}
		show_progress(w);
		if (step(w) == -1)
			return -1;
		if (interrupted != 0)
			end_interrupted(w);
	}
}

/* Follows the events of the project; any of them is a reason to look. */
static int
listen_events(struct waiting *w, struct ak_http_request *request,
    struct ak_http_reply *reply, struct ak_buf *path)
{
	AK_BUF struct ak_buf filter = { 0 };

	ak_buf_printf(&filter,
	    "{\"type\":[\"container\"],"
	    "\"label\":[\"com.docker.compose.project=%s\"]}",
	    w->kit->project);
	ak_buf_str(path, "/events?filters=");
	ak_http_escape(path, filter.data);
	*request = (struct ak_http_request){ .path = path->data,
		.stall_ms = -1,
		.on_data = woken,
		.arg = w };
	return ak_http_start(engine_http(w->ears), request, reply,
	    &w->ctx->err);
}

int
wait_well(struct ak_ctx *ctx, const struct kit *kit, struct engine *engine,
    const struct selection *selection, int64_t limit_ms,
    const struct plan *plan, struct ak_child *child)
{
	struct sigaction catch = { .sa_handler = interrupt };
	AK_FREE struct state *states = ak_calloc(selection->count + 1,
	    sizeof(*states));
	AK_FREE int64_t *restarts = ak_calloc(selection->count + 1,
	    sizeof(*restarts));
	AK_FREE int64_t *before = ak_calloc(selection->count + 1,
	    sizeof(*before));
	AK_FREE bool *ready = ak_calloc(selection->count + 1, sizeof(*ready));
	int64_t now = ak_proc_now_ms();
	struct waiting w = { .ctx = ctx,
		.kit = kit,
		.engine = engine,
		.selection = selection,
		.child = child,
		.limit_ms = limit_ms,
		.limit_from_ms = now,
		.states = states,
		.restarts = restarts,
		.before = before,
		.ready = ready,
		.begun_ms = now,
		.woken = true };
	AK_BUF struct ak_buf path = { 0 };
	struct ak_http_request request;
	AK_HTTP_REPLY struct ak_http_reply reply = { 0 };
	ENGINE struct engine *ears = NULL; /* closed before reply goes */
	int failed;

	for (size_t i = 0; i < selection->count; i++) {
		restarts[i] = -1;
		if (plan != NULL && plan->steps[i].action != PLAN_KEEP)
			before[i] = plan->steps[i].since_ns;
	}
	sigaction(SIGINT, &catch, NULL);
	sigaction(SIGTERM, &catch, NULL);
	failed = engine_open(&ears, &ctx->err);
	w.ears = ears;
	if (failed == 0)
		failed = listen_events(&w, &request, &reply, &path);
	if (failed == 0)
		failed = wait_loop(&w);
	ak_term_progress_end();
	containers_free(&w.containers);
	return failed;
}

int
wait_run(struct ak_ctx *ctx, int count, char *operands[])
{
	KIT struct kit kit = { .fd = -1 };
	ENGINE struct engine *engine = NULL;
	SELECTION struct selection selection = { 0 };

	if (names_read(&count, &operands, &ctx->err) == -1 ||
	    kit_open(&kit, stack_options.kit, &ctx->err) == -1 ||
	    resolve_named(&kit, operands, (size_t)count, &selection,
		&ctx->err) == -1 ||
	    engine_open(&engine, &ctx->err) == -1)
		return -1;
	return wait_well(ctx, &kit, engine, &selection, timeout_ms, NULL,
	    NULL);
}
