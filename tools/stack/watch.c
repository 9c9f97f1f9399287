/*
 * watch - status again and again, as the daemon's events say.
 *
 * A probe's answer changes without an event: so a look is taken every two
 * seconds as well. On a terminal the table is drawn again; elsewhere a service
 * is told when one of its facts is another than last time.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/http.h"
#include "lib/proc.h"
#include "tools/stack/status.h"

enum {
	QUIET_MS = 2000, /* between looks without an event */
	BREATH_MS = 500, /* between looks, whatever comes */
};

/* What was told of a service. */
struct told {
	char *name;
	char *facts;
	bool seen;
};

struct watching {
	struct ak_ctx *ctx;
	struct kit *kit;
	struct ak_docker *engine;
	const struct look_want *want;
	struct told *told;
	size_t told_count;
	bool woken;
};

static int
on_event(void *arg, const char *data AK_UNUSED, size_t len AK_UNUSED)
{
	((struct watching *)arg)->woken = true;
	return 0;
}

/* Without what always moves: times of answers, and usage. */
static char *
facts_of(const struct row *row)
{
	const struct container *container = row->state.container;
	AK_BUF struct ak_buf facts = { 0 };

	ak_buf_printf(&facts, "%d %s %d", (int)row->state.well, row->state.text,
	    (int)row->probe.result);
	if (container != NULL)
		ak_buf_printf(&facts, " %s %s %s %lld %lld", container->id,
		    container->state,
		    container->health != NULL ? container->health : "",
		    (long long)container->restarts,
		    (long long)container->since_ns);
	for (size_t i = 0; i < row->drift.count; i++)
		ak_buf_printf(&facts, " %s", row->drift.items[i]);
	return ak_buf_take(&facts);
}

static struct told *
told_find(struct watching *w, const char *name)
{
	for (size_t i = 0; i < w->told_count; i++)
		if (ak_streq(w->told[i].name, name))
			return &w->told[i];
	w->told = ak_resize(w->told, w->told_count + 1, sizeof(*w->told));
	w->told[w->told_count] = (struct told){ .name = ak_strdup(name) };
	return &w->told[w->told_count++];
}

static void
tell_changes(struct watching *w, const struct look *look)
{
	for (size_t i = 0; i < look->count; i++) {
		struct told *told = told_find(w, look->rows[i].name);
		char *facts = facts_of(&look->rows[i]);

		if (!ak_streq(told->facts, facts) || w->want->what & LOOK_USAGE)
			status_print(w->ctx->out, &look->rows[i]);
		free(told->facts);
		told->facts = facts;
	}
	ak_out_flush(w->ctx->out);
}

/* The clearing goes out with the first line of the table. */
static void
draw(struct watching *w, const struct look *look)
{
	size_t ill = look_ill(look);

	ak_out_raw(w->ctx->out, "\033[H\033[J");
	for (size_t i = 0; i < look->count; i++)
		status_print(w->ctx->out, &look->rows[i]);
	ak_out_note(w->ctx->out, "%zu of %zu not well", ill, look->count);
	ak_out_flush(w->ctx->out);
}

static int
take_look(struct watching *w)
{
	LOOK struct look look = { 0 };

	w->woken = false;
	if (look_take(w->kit, w->engine, w->want, &look, &w->ctx->err) == -1)
		return -1;
	if (ak_out_is_table(w->ctx->out) && isatty(STDOUT_FILENO) == 1)
		draw(w, &look);
	else
		tell_changes(w, &look);
	return 0;
}

/* 0 to go on, 1 when nobody reads any more, -1. */
static int
listen(struct watching *w, struct ak_docker *ears,
    const struct ak_http_reply *reply, int64_t wait_ms)
{
	struct pollfd reader = { .fd = STDOUT_FILENO };

	if (ak_http_step(ak_docker_http(ears), &reader, 1, (int)wait_ms,
		&w->ctx->err) == -1)
		return -1;
	if (reply->done)
		return ak_docker_failed(ears, reply, &w->ctx->err);
	return (reader.revents & (POLLERR | POLLHUP)) != 0 ||
	    ak_out_failed(w->ctx->out);
}

static int
watch_loop(struct watching *w, struct ak_docker *ears,
    const struct ak_http_reply *reply)
{
	int over = 0;

	while (over == 0) {
		int64_t looked_ms = ak_proc_now_ms(), passed = 0;

		if (take_look(w) == -1)
			return -1;
		while (over == 0 && passed < QUIET_MS &&
		    !(w->woken && passed >= BREATH_MS)) {
			over = listen(w, ears, reply,
			    (w->woken ? BREATH_MS : QUIET_MS) - passed);
			passed = ak_proc_now_ms() - looked_ms;
		}
	}
	return over == 1 ? 0 : -1;
}

int
status_watch(struct ak_ctx *ctx, struct kit *kit, struct ak_docker *engine,
    const struct look_want *want)
{
	struct watching w = {
		.ctx = ctx, .kit = kit, .engine = engine, .want = want
	};
	AK_BUF struct ak_buf path = { 0 };
	struct ak_http_request request = {
		.stall_ms = -1, .on_data = on_event, .arg = &w
	};
	AK_HTTP_REPLY struct ak_http_reply reply = { 0 };
	AK_DOCKER struct ak_docker *ears = NULL; /* closed before reply goes */
	int failed;

	engine_events_path(&path, kit->project);
	request.path = path.data;
	failed = engine_open(&ears, &ctx->err);
	if (failed == 0)
		failed = ak_http_start(ak_docker_http(ears), &request, &reply,
		    &ctx->err);
	if (failed == 0)
		failed = watch_loop(&w, ears, &reply);
	for (size_t i = 0; i < w.told_count; i++) {
		free(w.told[i].name);
		free(w.told[i].facts);
	}
	free(w.told);
	return failed;
}
