/*
 * event - the daemon's stream of events, one JSON object a line.
 */
#include <string.h>

#include "tools/stack/events.h"

enum { EVENT_MAX = 1 << 20 }; /* bytes */

static const char *
attribute(const struct ak_json *json, const char *name)
{
	return ak_json_str(ak_json_get(ak_json_at(json, "Actor.Attributes"),
	    name));
}

static const char *
or_empty(const char *text)
{
	return text != NULL ? text : "";
}

/* A double has the nanoseconds to a quarter of a microsecond. */
static int64_t
time_of(const struct ak_json *json)
{
	return (int64_t)ak_json_number(ak_json_get(json, "timeNano"), 0);
}

static int
tell(struct event_reader *reader, const struct ak_json *json)
{
	const char *action = or_empty(ak_json_str(ak_json_get(json, "Action")));
	AK_FREE char *verb = ak_strndup(action, strcspn(action, ":"));
	const char *colon = strchr(action, ':');
	struct event event = {
		.time_ns = time_of(json),
		.action = verb,
		.health = colon != NULL ? colon + 1 + strspn(colon + 1, " ")
					: NULL,
		.id = or_empty(ak_json_str(ak_json_at(json, "Actor.ID"))),
		.container = attribute(json, "name"),
		.service = or_empty(attribute(json,
		    "com.docker.compose.service")),
		.exit_code = attribute(json, "exitCode"),
		.signal = attribute(json, "signal"),
		.one_off = ak_streq(attribute(json,
					"com.docker.compose.oneoff"),
		    "True"),
	};

	return reader->each(reader->arg, &event);
}

/* What does not parse is none of ours: the next line is another event. */
static int
take_line(struct event_reader *reader, const char *line, size_t len)
{
	AK_JSON struct ak_json *json = NULL;
	struct ak_err ignored = { 0 };

	if (len == 0 || ak_json_parse(&json, line, len, &ignored) == -1)
		return 0;
	return tell(reader, json);
}

int
events_data(void *arg, const char *data, size_t len)
{
	struct event_reader *reader = arg;
	struct ak_buf *pending = &reader->pending;
	size_t start = 0;
	const char *feed;

	ak_buf_add(pending, data, len);
	while ((feed = memchr(pending->data + start, '\n',
		    pending->len - start)) != NULL) {
		const char *line = pending->data + start;
		size_t size = (size_t)(feed - line);

		start += size + 1;
		if (take_line(reader, line, size) == -1)
			return -1;
	}
	ak_buf_drop(pending, start);
	return pending->len < EVENT_MAX ? 0 : -1;
}

void
events_free(struct event_reader *reader)
{
	ak_buf_free(&reader->pending);
}
