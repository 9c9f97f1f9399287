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
#include <unistd.h>

#include "lib/http.h"
#include "lib/str.h"
#include "lib/term.h"
#include "tools/stack/wait.h"

enum {
	LOOK_MS = 1000, /* without an event */
	STEP_MS = 200,	/* progress moves */
	CRASHES = 3,	/* restarts that make a loop */
	RUN_MS = 1000,	/* without a check */
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

/* What Compose is about to replace or start again says nothing yet. */
static bool
outdated(const struct waiting *w, size_t i, const struct container *container)
{
	return w->child != NULL && !w->child->ended && container != NULL &&
	    container->since_ns == w->before[i];
}

/* A restart is not yet a loop; what was made may be started by another. */
static bool
may_recover(const struct waiting *w, size_t i,
    const struct container *container)
{
	return (ak_streq(container->state, "restarting") &&
		   container->restarts < w->restarts[i] + CRASHES) ||
	    (ak_streq(container->state, "created") && w->child == NULL);
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
	    ak_str_now() - container->since_ns < RUN_MS * 1000000LL)
		state->well = WELL_STARTING;
	if (container != NULL && w->restarts[i] == -1)
		w->restarts[i] = container->restarts;
	if (state->well == WELL_ILL && may_recover(w, i, container))
		state->well = WELL_STARTING;
	if ((state->well == WELL_OK || state->well == WELL_DONE) &&
	    !w->ready[i]) {
		w->ready[i] = true;
		w->ready_count++;
		ak_term_progress_end();
		tell_ready(w, state);
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
		return failed != NULL ? tell_failed(w, failed)
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
	if (ak_http_step(ak_docker_http(w->ears), fds, 2, STEP_MS,
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
		tell_progress(w);
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
	engine_events_path(path, w->kit->project);
	*request = (struct ak_http_request){
		.path = path->data, .stall_ms = -1, .on_data = woken, .arg = w
	};
	return ak_http_start(ak_docker_http(w->ears), request, reply,
	    &w->ctx->err);
}

int
wait_well(struct ak_ctx *ctx, const struct wait *wait)
{
	const struct selection *selection = wait->selection;
	const struct plan *plan = wait->plan;
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
		.kit = wait->kit,
		.engine = wait->engine,
		.selection = selection,
		.child = wait->child,
		.limit_ms = wait->limit_ms,
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
	AK_DOCKER struct ak_docker *ears = NULL; /* closed before reply goes */
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
	AK_DOCKER struct ak_docker *engine = NULL;
	SELECTION struct selection selection = { 0 };

	if (names_read(&count, &operands, &ctx->err) == -1 ||
	    kit_open(&kit, stack_options.kit, &ctx->err) == -1 ||
	    resolve_named(&kit, operands, (size_t)count, &selection,
		&ctx->err) == -1 ||
	    engine_open(&engine, &ctx->err) == -1)
		return -1;
	return wait_well(ctx,
	    &(struct wait){ &kit, engine, &selection, timeout_ms, NULL, NULL });
}
