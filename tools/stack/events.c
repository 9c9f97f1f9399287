/*
 * events - what happens to the containers, as records.
 *
 * The daemon keeps the last 256 events in memory; without --follow they are
 * all there is.
 */
#include "tools/stack/events.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/http.h"
#include "lib/str.h"
#include "tools/stack/logs.h"

enum { STEP_MS = 10000 };

static bool follow;
static const char *since;

const struct ak_opt events_options[] = {
	{ 'f', "follow", NULL, "go on with what comes", AK_FLAG(&follow) },
	{ 0, "since", "time", "from 10m ago, or from a time (RFC 3339)",
	    AK_STRING(&since) },
	{ 0 },
};

static const struct ak_view event_view = {
	.type = "event",
	.columns = AK_COLUMNS({ "time", "TIME", AK_SHOW_TIME, 19, NULL },
	    { "service", "SERVICE", AK_SHOW_TEXT, 22, NULL },
	    { "action", "ACTION", AK_SHOW_TEXT, 13,
		"start=green die=red oom=red" },
	    { "health", "CHECK", AK_SHOW_TEXT, 9,
		"healthy=green unhealthy=red" },
	    { "exit_code", "EXIT", AK_SHOW_NUMBER, 4, NULL },
	    { "container", "CONTAINER", AK_SHOW_TEXT, 0, NULL }),
	.stream = true,
};

struct telling {
	struct ak_out *out;
	const struct selection *selection; /* NULL: every service */
};

static void
print_number(struct ak_out *out, const char *key, const char *text)
{
	struct ak_err ignored = { 0 };
	int64_t number;

	if (text != NULL &&
	    ak_str_int(text, INT32_MIN, INT32_MAX, &number, &ignored) == 0)
		ak_out_int(out, key, number);
}

static int
on_event(void *arg, const struct event *event)
{
	struct telling *telling = arg;
	struct ak_out *out = telling->out;

	if (telling->selection != NULL &&
	    !selection_has(telling->selection, event->service))
		return 0;
	ak_out_begin(out, &event_view);
	ak_out_time(out, "time", event->time_ns);
	ak_out_str(out, "service", event->service);
	ak_out_str(out, "action", event->action);
	ak_out_str(out, "health", event->health);
	print_number(out, "exit_code", event->exit_code);
	print_number(out, "signal", event->signal);
	ak_out_str(out, "container", event->container);
	ak_out_str(out, "container_id", event->id);
	ak_out_end(out);
	return ak_out_failed(out) ? -1 : 0;
}

static int
make_path(const struct kit *kit, struct ak_buf *path, struct ak_err *err)
{
	AK_FREE char *from = NULL;
	AK_FREE char *now = NULL;

	engine_events_path(path, kit->project);
	if (since != NULL) {
		if (when_read(since, &from, err) == -1)
			return ak_fail_in(err, "--since");
		ak_buf_printf(path, "&since=%s", from);
	} else if (!follow) {
		ak_buf_str(path, "&since=0");
	}
	if (when_read("0s", &now, err) == -1)
		return -1;
	if (from != NULL && strtod(from, NULL) > strtod(now, NULL))
		return ak_fail(err, AK_USAGE, "--since: %s has not come yet",
		    since);
	if (!follow)
		ak_buf_printf(path, "&until=%s", now);
	return 0;
}

static int
listen(struct ak_ctx *ctx, struct ak_docker *engine, const struct kit *kit,
    const struct selection *selection)
{
	struct telling telling = { ctx->out, selection };
	struct event_reader events = { .each = on_event, .arg = &telling };
	AK_BUF struct ak_buf path = { 0 };
	struct pollfd reader = { .fd = STDOUT_FILENO };
	struct ak_http_request request = { .stall_ms = follow ? -1 : 0,
		.on_data = events_data,
		.arg = &events };
	AK_HTTP_REPLY struct ak_http_reply reply = { 0 };
	int failed = make_path(kit, &path, &ctx->err);

	request.path = path.data;
	if (failed == 0)
		failed = ak_http_start(ak_docker_http(engine), &request, &reply,
		    &ctx->err);
	while (failed == 0 && !reply.done &&
	    (reader.revents & (POLLERR | POLLHUP)) == 0) {
		failed = ak_http_step(ak_docker_http(engine), &reader, 1,
			     STEP_MS, &ctx->err) == -1
		    ? -1
		    : 0;
		ak_out_flush(ctx->out);
	}
	events_free(&events);
	if (failed == 0 && reply.done && !ak_out_failed(ctx->out) &&
	    (follow || reply.status != 200))
		failed = ak_docker_failed(engine, &reply, &ctx->err);
	return failed;
}

int
events_run(struct ak_ctx *ctx, int count, char *operands[])
{
	KIT struct kit kit = { .fd = -1 };
	SELECTION struct selection selection = { 0 };
	AK_DOCKER struct ak_docker *engine = NULL;

	if (names_read(&count, &operands, &ctx->err) == -1 ||
	    kit_open(&kit, stack_options.kit, &ctx->err) == -1)
		return -1;
	if (count > 0 &&
	    resolve_named(&kit, operands, (size_t)count, &selection,
		&ctx->err) == -1)
		return -1;
	if (engine_open(&engine, &ctx->err) == -1)
		return -1;
	return listen(ctx, engine, &kit, count > 0 ? &selection : NULL);
}
