/*
 * reply - what comes back, read as it passes: lines, events, one value.
 */
#include "tools/queue/reply.h"

#include <string.h>
#include <strings.h>

#include "tools/queue/reply_unit.h"

/* Where in a line of events we are. */
enum state {
	FIELD,
	BLANK, /* the one behind the colon */
	DATA,
	IGNORED,
};

static const char finished[] = "[DONE]";

void
reply_begin(struct reply *reply, enum reply_form form)
{
	memset(reply, 0, sizeof(*reply));
	reply->form = (uint8_t)form;
	reply->prompt_eval_count = reply->eval_count = -1;
	reply->load_ns = reply->total_ns = reply->eval_ns = -1;
}

enum reply_form
reply_form(const char *type, size_t len)
{
	static const struct {
		const char *type;
		enum reply_form form;
	} forms[] = {
		{ "application/json", REPLY_JSON },
		{ "application/x-ndjson", REPLY_NDJSON },
		{ "text/event-stream", REPLY_SSE },
	};
	const char *end = len > 0 ? memchr(type, ';', len) : NULL;

	len = end ? (size_t)(end - type) : len;
	while (len > 0 && (type[len - 1] == ' ' || type[len - 1] == '\t'))
		len--;
	for (size_t i = 0; i < AK_COUNT(forms); i++)
		if (strlen(forms[i].type) == len &&
		    strncasecmp(forms[i].type, type, len) == 0)
			return forms[i].form;
	return REPLY_OPAQUE;
}

/* A line, an event or the value is whole. */
static void
end_unit(struct reply *reply)
{
	bool said = reply->matched == strlen(finished);

	if (!reply->begun)
		return;
	reply->units++;
	if (said && !reply->bad)
		reply->done = true;
	else if (reply->bad || lex_end(&reply->lex) == -1)
		reply->malformed++;
	else {
		reply->deltas += reply->content;
		reply->done = reply->done || reply->ends ||
		    reply->form == REPLY_JSON;
	}
	reply->begun = reply->bad = reply->content = reply->ends = false;
	reply->matched = 0;
	reply->lex = (struct lex){ 0 };
}

/* Bytes of a unit; the blanks before it do not begin one. */
static void
add(struct reply *reply, const char *data, size_t len)
{
	while (!reply->begun && len > 0 &&
	    (*data == ' ' || *data == '\t' || *data == '\r' || *data == '\n'))
		data++, len--;
	if (len == 0 || reply->bad)
		return;
	if (!reply->begun && reply->form == REPLY_SSE && *data == '[')
		reply->matched = 1, data++, len--;
	reply->begun = true;
	if (reply->matched == 0) {
		reply_unit(reply, data, len);
		return;
	}
	for (; len > 0 && !reply->bad; data++, len--)
		if (reply->matched < strlen(finished))
			reply->bad = *data != finished[reply->matched++];
		else
			reply->bad = *data != ' ' && *data != '\n';
}

static void
feed_lines(struct reply *reply, const char *data, size_t len)
{
	const char *lf;

	while (len > 0 && (lf = memchr(data, '\n', len))) {
		add(reply, data, (size_t)(lf - data));
		end_unit(reply);
		len -= (size_t)(lf + 1 - data);
		data = lf + 1;
	}
	add(reply, data, len);
}

/* A line of events has ended; an empty one ends the event. */
static void
end_line(struct reply *reply)
{
	if (reply->state == FIELD && reply->field_len == 0)
		end_unit(reply);
	/* Data over several lines are joined by line feeds. */
	if (reply->state == DATA || reply->state == BLANK)
		add(reply, "\n", 1);
	reply->state = FIELD;
	reply->field_len = 0;
}

static void
add_field(struct reply *reply, char c)
{
	if (c == ':') {
		bool data = reply->field_len == 4 &&
		    memcmp(reply->field, "data", 4) == 0;

		reply->state = data ? BLANK : IGNORED;
	} else if (reply->field_len < sizeof(reply->field)) {
		reply->field[reply->field_len++] = c;
	}
}

/* Returns how many bytes were taken, at least one. */
static size_t
feed_event(struct reply *reply, const char *data, size_t len)
{
	bool after_cr = reply->after_cr;
	size_t n = 0;

	reply->after_cr = *data == '\r';
	if (*data == '\n' && after_cr)
		return 1;
	if (*data == '\n' || *data == '\r') {
		end_line(reply);
		return 1;
	}
	if (reply->state == FIELD) {
		add_field(reply, *data);
		return 1;
	}
	if (reply->state == BLANK) {
		reply->state = DATA;
		if (*data == ' ')
			return 1;
	}
	while (n < len && data[n] != '\n' && data[n] != '\r')
		n++;
	if (reply->state == DATA)
		add(reply, data, n);
	return n;
}

void
reply_feed(struct reply *reply, const char *data, size_t len)
{
	switch (reply->form) {
	case REPLY_JSON:
		add(reply, data, len);
		break;
	case REPLY_NDJSON:
		feed_lines(reply, data, len);
		break;
	case REPLY_SSE:
		while (len > 0) {
			size_t used = feed_event(reply, data, len);

			data += used;
			len -= used;
		}
		break;
	default:
		break;
	}
}

void
reply_end(struct reply *reply)
{
	end_unit(reply);
}

int64_t
reply_prompt(const struct reply *reply)
{
	return reply->prompt_eval_count < 0 ? 0 : reply->prompt_eval_count;
}

int64_t
reply_generated(const struct reply *reply)
{
	return reply->eval_count < 0 ? (int64_t)reply->deltas
				     : reply->eval_count;
}
