/*
 * hooks - what a running queue tells of as it happens, and where that goes.
 */
#include <string.h>
#include <time.h>

#include "lib/cmd.h"
#include "tools/queue/operate.h"

void
ended_of(struct ended *ended, const struct request *r)
{
	*ended = (struct ended){
		.id = r->id,
		.sched_id = r->sched_id,
		.model = r->model,
		.user = r->user,
		.at_begin = r->at_begin,
		.at_whole = r->at_whole,
		.at_queued = r->at_queued,
		.at_run = r->at_run,
		.at_sent = r->at_sent,
		.at_first = r->at_first,
		.at_token = r->at_token,
		.at_end = r->at_end,
		.backend = (int16_t)r->backend,
		.status = r->status,
		.outcome = r->outcome,
		.phase = r->phase,
		.why = r->why,
		.tries = r->tries,
		.class = r->class,
		.position = r->position,
	};
}

static struct name *
held(struct name *name)
{
	return name == NULL ? NULL : name_get(name->text, strlen(name->text));
}

static void
keep(struct app *app, const struct request *r)
{
	struct ended *e = &app->ended[app->ended_count++ % ENDED];

	name_put(e->model);
	name_put(e->user);
	ended_of(e, r);
	e->model = held(r->model);
	e->user = held(r->user);
}

static void
on_ended(void *arg, struct queue *q, const struct request *r)
{
	struct app *app = arg;
	AK_BUF struct ak_buf line = { 0 };

	metrics_ended(app->metrics, q, r);
	if (r->sched_id != 0)
		keep(app, r);
	if (app->log.fd == -1 && !admin_followed(app->admin))
		return;
	tell_access(app, q, r, &line);
	log_line(&app->log, &line);
	admin_event(app->admin, q, &line);
}

static void
on_token(void *arg, const struct request *r, int64_t gap)
{
	metrics_token(((struct app *)arg)->metrics, r, gap);
}

static void
on_backend(void *arg, struct queue *q, const struct backend *b,
    const char *what)
{
	struct app *app = arg;
	AK_BUF struct ak_buf line = { 0 };

	/* That all are up is what is taken for granted at the start. */
	if (app->started != 0)
		ak_cmd_warn(app->ctx, "backend %s: %s", b->name, what);
	tell_event(app, q, b, what, &line);
	admin_event(app->admin, q, &line);
}

void
app_clock(struct app *app)
{
	struct timespec wall, mono;

	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	app->clock = ((int64_t)wall.tv_sec - mono.tv_sec) * 1000000000 +
	    wall.tv_nsec - mono.tv_nsec;
}

static void
on_tick(void *arg, struct queue *q AK_UNUSED)
{
	struct app *app = arg;
	struct ak_err err = { 0 };

	app_clock(app);
	log_flush(&app->log);
	if (log_check(&app->log, &err) == -1)
		ak_cmd_warn(app->ctx, "%s", err.text);
}

/* Goes over by itself, so that it can tell why not. */
static struct settings *
on_reload(void *arg, struct queue *q)
{
	struct app *app = arg;
	struct ak_err err = { 0 };

	if (app_reload(app, q, &err) == -1)
		ak_cmd_warn(app->ctx, "not reloaded: %s", err.text);
	else
		ak_cmd_warn(app->ctx, "reloaded");
	return NULL;
}

static void
on_reopen(void *arg, struct queue *q AK_UNUSED)
{
	struct app *app = arg;
	struct ak_err err = { 0 };

	if (log_reopen(&app->log, &err) == -1)
		ak_cmd_warn(app->ctx, "log: %s", err.text);
}

struct hooks
app_hooks(struct app *app)
{
	return (struct hooks){ app, on_ended, on_token, on_backend, on_tick,
		on_reload, on_reopen };
}
