/*
 * merge - the logs of several containers, in the order of time.
 *
 * Each is sorted by itself, so that the earliest of their first lines is next.
 * Each has a connection of its own, which is read only when none of its lines
 * wait: what the others hold is then bounded by the daemon's and the kernel's
 * buffers, however long the logs are.
 */
#include <string.h>

#include "tools/stack/logs.h"

enum { STEP_MS = 60000 };

/* In the queue, before its text. */
struct waiting {
	char time[MUX_TIME];
	const char *stream;
	size_t len;
	bool partial;
};

void
merge_keep(struct source *source, const struct mux_line *line)
{
	struct waiting waiting = { .stream = line->stream,
		.len = line->len,
		.partial = line->partial };

	memcpy(waiting.time, line->time, sizeof(waiting.time));
	ak_buf_add(&source->queue, &waiting, sizeof(waiting));
	ak_buf_add(&source->queue, line->text, line->len);
}

static bool
has_line(const struct source *source)
{
	return source->head < source->queue.len;
}

/* Copied out: nothing in the queue is aligned. */
static struct waiting
first_of(const struct source *source)
{
	struct waiting waiting;

	memcpy(&waiting, source->queue.data + source->head, sizeof(waiting));
	return waiting;
}

static void
pop(struct source *source)
{
	struct waiting waiting = first_of(source);
	struct mux_line line = { .time = waiting.time,
		.stream = waiting.stream,
		.text = source->queue.data + source->head + sizeof(waiting),
		.len = waiting.len,
		.partial = waiting.partial };

	logs_line(source->logs, source, &line);
	source->head += sizeof(waiting) + waiting.len;
	if (source->head == source->queue.len) {
		ak_buf_reset(&source->queue);
		source->head = 0;
	}
}

/* Reads on until there is a line or the end. */
static int
fill(struct source *source, struct ak_err *err)
{
	struct ak_http *http = ak_docker_http(source->engine);

	while (source->asked && !has_line(source)) {
		if (ak_http_step(http, NULL, 0, STEP_MS, err) == -1)
			return -1;
		if (source->reply.done && source_end(source, err) == -1)
			return -1;
	}
	return 0;
}

/* The source whose first line is earliest, and the time of the next other. */
static struct source *
earliest(const struct logs *logs, char next[MUX_TIME])
{
	struct source *first = NULL;
	char best[MUX_TIME] = "";

	memcpy(next, "~", 2); /* behind all times */
	for (size_t i = 0; i < logs->count; i++) {
		struct source *source = logs->sources[i];
		struct waiting waiting;

		if (!has_line(source))
			continue;
		waiting = first_of(source);
		if (first == NULL || strcmp(waiting.time, best) < 0) {
			if (first != NULL)
				memcpy(next, best, sizeof(best));
			memcpy(best, waiting.time, sizeof(best));
			first = source;
		} else if (strcmp(waiting.time, next) < 0) {
			memcpy(next, waiting.time, sizeof(best));
		}
	}
	return first;
}

static int
drain(struct logs *logs, struct ak_err *err)
{
	char next[MUX_TIME];

	for (;;) {
		struct source *source;

		for (size_t i = 0; i < logs->count; i++)
			if (fill(logs->sources[i], err) == -1)
				return -1;
		source = earliest(logs, next);
		if (source == NULL || ak_out_failed(logs->ctx->out))
			return 0;
		do
			pop(source);
		while (has_line(source) &&
		    strcmp(first_of(source).time, next) <= 0);
	}
}

int
logs_merge(struct logs *logs, struct ak_err *err)
{
	logs->queueing = logs->count > 1;
	for (size_t i = 0; i < logs->count; i++) {
		struct source *source = logs->sources[i];

		if (engine_open(&source->engine, err) == -1 ||
		    source_ask(source, source->engine, err) == -1)
			return -1;
	}
	return drain(logs, err);
}
