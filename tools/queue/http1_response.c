/*
 * http1_response - the head of a response.
 *
 * As strict as requests in all that frames it, since a backend's connection is
 * used again. Fields that only a request's reader cares for are not looked at.
 */
#include "tools/queue/http1_read.h"

#include <string.h>

static enum http1_bad
read_line(struct http1_head *head, const char *data, struct http1_slice line)
{
	const char *text = data + line.at;

	for (size_t i = 0; i < line.len; i++)
		if (!http1_in(text[i], HTTP1_IN_VALUE))
			return http1_blame(text[i], HTTP1_CONTROL);
	/* Some leave out the reason and the blank before it. */
	if (line.len < 12 || memcmp(text, "HTTP/", 5) != 0 || text[6] != '.' ||
	    text[8] != ' ' || (line.len > 12 && text[12] != ' '))
		return HTTP1_STATUS_LINE;
	if (text[5] != '1' || (text[7] != '0' && text[7] != '1'))
		return HTTP1_VERSION;
	head->minor = (uint8_t)(text[7] - '0');
	for (size_t i = 9; i < 12; i++) {
		if (text[i] < '0' || text[i] > '9')
			return HTTP1_STATUS_LINE;
		head->status = (uint16_t)(head->status * 10 + text[i] - '0');
	}
	if (line.len > 13)
		head->reason = (struct http1_slice){ (uint16_t)(line.at + 13),
			(uint16_t)(line.len - 13) };
	if (head->status == 101)
		return HTTP1_UPGRADE;
	return head->status >= 100 && head->status <= 599 ? HTTP1_GOOD
							  : HTTP1_STATUS_LINE;
}

static enum http1_bad
note(struct http1_head *head, const char *data, const struct http1_field *field,
    const struct http1_limits *limits AK_UNUSED)
{
	if (field->id == HTTP1_ID_CONTENT_TYPE && head->content_type.len == 0)
		head->content_type = http1_value(field);
	if (field->id == HTTP1_ID_CONTENT_ENCODING &&
	    head->content_encoding.len == 0)
		head->content_encoding = http1_value(field);
	return http1_note_framing(head, data, field);
}

/* RFC 9112 6.3, in its order. */
static enum http1_bad
finish(struct http1_head *head, enum http1_method to)
{
	bool old = head->minor == 0;
	bool empty = head->status < 200 || head->status == 204;

	if (head->codings && head->lengths)
		return HTTP1_CODING_LENGTH;
	if (head->codings && old)
		return HTTP1_CODING_OLD;
	if (!head->lengths)
		head->length = -1;
	head->keep_alive = !(head->connection & HTTP1_SAID_CLOSE) &&
	    (!old || head->connection & HTTP1_SAID_KEEP_ALIVE);
	if (empty || head->status == 304 || to == HTTP1_HEAD)
		head->framing = HTTP1_NONE;
	else if (head->codings)
		head->framing = HTTP1_CHUNKED;
	else
		head->framing = head->lengths ? HTTP1_LENGTH : HTTP1_CLOSE;
	/* A body where none can be would be read as the next response. */
	if (head->framing == HTTP1_CLOSE ||
	    (empty && (head->codings || head->length > 0)))
		head->keep_alive = false;
	return HTTP1_GOOD;
}

enum http1_got
http1_response(struct http1_head *head, const char *data, size_t len,
    enum http1_method to, const struct http1_limits *limits)
{
	enum http1_got got = head->bad ? HTTP1_BAD : HTTP1_DONE;
	struct http1_slice line;

	if (got == HTTP1_DONE && head->stage == HTTP1_AT_START) {
		got = http1_line(head, data, len, &line, limits->head_bytes,
		    HTTP1_HEAD_LONG);
		if (got == HTTP1_DONE) {
			head->bad = (uint8_t)read_line(head, data, line);
			head->stage = HTTP1_AT_FIELDS;
			got = head->bad == HTTP1_GOOD ? HTTP1_DONE : HTTP1_BAD;
		}
	}
	if (got == HTTP1_DONE && head->stage == HTTP1_AT_FIELDS)
		got = http1_fields(head, data, len, limits, note);
	if (got == HTTP1_DONE) {
		head->bad = (uint8_t)finish(head, to);
		got = head->bad == HTTP1_GOOD ? HTTP1_DONE : HTTP1_BAD;
	}
	return got;
}
