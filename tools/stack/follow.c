/*
 * follow - logs as they come.
 *
 * One connection a container, and one for the daemon's events: a container
 * that starts is asked for all it says, one that starts again from behind its
 * last line.
 */
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "tools/stack/events.h"
#include "tools/stack/logs.h"

enum { STEP_MS = 10000 };

struct following {
	struct logs *logs;
	struct event_reader events;
	struct ak_err err; /* in a callback */
};

static struct source *
find(const struct logs *logs, const char *id)
{
	for (size_t i = 0; i < logs->count; i++)
		if (ak_streq(logs->sources[i]->id, id))
			return logs->sources[i];
	return NULL;
}

/* Only the inspected container says whether it has a terminal. */
static int
add(struct following *f, const struct event *event, struct source **source)
{
	AK_DOCKER struct ak_docker *engine = NULL;
	AK_JSON struct ak_json *inspect = NULL;
	AK_FREE char *path = ak_printf("/containers/%s/json", event->id);

	if (engine_open(&engine, &f->err) == -1)
		return -1;
	if (ak_docker_get(engine, path, &inspect, &f->err) == -1) {
		if (f->err.code != AK_NOINPUT)
			return -1;
		f->err = (struct ak_err){ 0 }; /* gone already */
		*source = NULL;
		return 0;
	}
	*source = source_add(f->logs, inspect, event->id, event->service);
	return 0;
}

static int
on_event(void *arg, const struct event *event)
{
	struct following *f = arg;
	struct source *source = find(f->logs, event->id);

	if (!ak_streq(event->action, "start") || event->one_off ||
	    !logs_wants(f->logs, event->service))
		return 0;
	if (source == NULL && add(f, event, &source) == -1)
		return -1;
	if (source != NULL)
		source->again = true;
	return 0;
}

/* Asked outside of callbacks, in which libcurl takes no new request. */
static int
ask_waiting(struct logs *logs, struct ak_err *err)
{
	for (size_t i = 0; i < logs->count; i++) {
		struct source *source = logs->sources[i];

		if (source->asked && source->reply.done &&
		    source_end(source, err) == -1)
			return -1;
		if (source->again && !source->asked &&
		    source_ask(source, logs->engine, err) == -1)
			return -1;
	}
	return 0;
}

static int
loop(struct following *f, const struct ak_http_reply *events,
    struct ak_err *err)
{
	struct logs *logs = f->logs;
	struct pollfd reader = { .fd = STDOUT_FILENO };

	while ((reader.revents & (POLLERR | POLLHUP)) == 0 &&
	    !ak_out_failed(logs->ctx->out)) {
		if (ask_waiting(logs, err) == -1)
			return -1;
		if (ak_http_step(ak_docker_http(logs->engine), &reader, 1,
			STEP_MS, err) == -1)
			return -1;
		if (f->err.code != AK_DONE) {
			*err = f->err;
			return -1;
		}
		if (events->done)
			return ak_docker_failed(logs->engine, events, err);
		ak_out_flush(logs->ctx->out);
	}
	return 0;
}

int
logs_follow(struct logs *logs, struct ak_err *err)
{
	struct following f = { .logs = logs };
	AK_BUF struct ak_buf path = { 0 };
	struct ak_http_request request = {
		.stall_ms = -1, .on_data = events_data, .arg = &f.events
	};
	AK_HTTP_REPLY struct ak_http_reply reply = { 0 };
	int failed;

	f.events = (struct event_reader){ .each = on_event, .arg = &f };
	engine_events_path(&path, logs->kit->project);
	request.path = path.data;
	for (size_t i = 0; i < logs->count; i++)
		logs->sources[i]->again = true;
	failed = ak_http_start(ak_docker_http(logs->engine), &request, &reply,
	    err);
	if (failed == 0)
		failed = loop(&f, &reply, err);
	events_free(&f.events);
	return failed;
}
