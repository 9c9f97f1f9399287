/*
 * http1_field - lines and fields of a head.
 *
 * A line is judged when it is whole, and by its bytes alone: so it does not
 * matter how they came.
 */
#include "tools/queue/http1_read.h"

#include <string.h>

/* Names that are told apart, by their length: no length has three. */
static const struct {
	const char *name;
	uint8_t id;
} known[][2] = {
	[2] = { { "te", HTTP1_ID_TE } },
	[4] = { { "host", HTTP1_ID_HOST } },
	[6] = { { "expect", HTTP1_ID_EXPECT } },
	[7] = { { "upgrade", HTTP1_ID_UPGRADE },
	    { "trailer", HTTP1_ID_TRAILER } },
	[9] = { { "x-api-key", HTTP1_ID_X_API_KEY } },
	[10] = { { "connection", HTTP1_ID_CONNECTION },
	    { "keep-alive", HTTP1_ID_KEEP_ALIVE } },
	[12] = { { "content-type", HTTP1_ID_CONTENT_TYPE } },
	[13] = { { "authorization", HTTP1_ID_AUTHORIZATION } },
	[14] = { { "content-length", HTTP1_ID_CONTENT_LENGTH },
	    { "http2-settings", HTTP1_ID_HTTP2_SETTINGS } },
	[16] = { { "content-encoding", HTTP1_ID_CONTENT_ENCODING },
	    { "proxy-connection", HTTP1_ID_PROXY_CONNECTION } },
	[17] = { { "transfer-encoding", HTTP1_ID_TRANSFER_ENCODING } },
	[18] = { { "proxy-authenticate", HTTP1_ID_PROXY_AUTHENTICATE } },
	[19] = { { "proxy-authorization", HTTP1_ID_PROXY_AUTHORIZATION } },
};

static uint8_t
identify(const char *name, size_t len)
{
	if (len >= AK_COUNT(known))
		return HTTP1_ID_OTHER;
	for (size_t i = 0; i < 2 && known[len][i].name; i++)
		if (http1_same(name, known[len][i].name, len))
			return known[len][i].id;
	return HTTP1_ID_OTHER;
}

enum http1_got
http1_line(struct http1_head *head, const char *data, size_t len,
    struct http1_slice *line, size_t max, enum http1_bad over)
{
	size_t end = len < max ? len : max;
	const char *lf = end > head->seen
	    ? memchr(data + head->seen, '\n', end - head->seen)
	    : NULL;

	if (!lf) {
		if (len < max) {
			head->seen = (uint16_t)end;
			return HTTP1_MORE;
		}
		head->bad = (uint8_t)over;
		return HTTP1_BAD;
	}
	if (lf == data + head->line || lf[-1] != '\r') {
		head->bad = HTTP1_BARE_LF;
		return HTTP1_BAD;
	}
	line->at = head->line;
	line->len = (uint16_t)(lf - 1 - (data + head->line));
	head->line = head->seen = (uint16_t)(lf + 1 - data);
	return HTTP1_DONE;
}

enum http1_bad
http1_blame(char c, enum http1_bad other)
{
	if (c == '\r')
		return HTTP1_BARE_CR;
	return (unsigned char)c < ' ' || c == 0x7f ? HTTP1_CONTROL : other;
}

/* What is wrong with a name that ends at data[at], which is no colon. */
static enum http1_bad
blame_name(const char *data, size_t at, size_t end)
{
	size_t next = at;

	while (next < end && (data[next] == ' ' || data[next] == '\t'))
		next++;
	if (next > at && next < end && data[next] == ':')
		return HTTP1_NAME_SPACE;
	if (at == end || data[at] == '\t')
		return HTTP1_NAME;
	return http1_blame(data[at], HTTP1_NAME);
}

static enum http1_bad
read_field(struct http1_field *field, const char *data, struct http1_slice line)
{
	size_t at = line.at, end = at + line.len;

	if (data[at] == ' ' || data[at] == '\t')
		return HTTP1_FOLD;
	while (at < end && http1_in(data[at], HTTP1_IN_TOKEN))
		at++;
	if (at == end || data[at] != ':')
		return blame_name(data, at, end);
	if (at == line.at)
		return HTTP1_NAME_EMPTY;
	if (at - line.at > HTTP1_NAME_MAX)
		return HTTP1_NAME_LONG;
	field->name = line.at;
	field->name_len = (uint8_t)(at - line.at);
	field->id = identify(data + line.at, field->name_len);

	for (at++; at < end && (data[at] == ' ' || data[at] == '\t');)
		at++;
	while (end > at && (data[end - 1] == ' ' || data[end - 1] == '\t'))
		end--;
	field->value = (uint16_t)at;
	field->value_len = (uint16_t)(end - at);
	for (; at < end; at++)
		if (!http1_in(data[at], HTTP1_IN_VALUE))
			return http1_blame(data[at], HTTP1_CONTROL);
	return HTTP1_GOOD;
}

enum http1_got
http1_fields(struct http1_head *head, const char *data, size_t len,
    const struct http1_limits *limits, http1_note_fn *note)
{
	struct http1_slice line;
	enum http1_got got;

	while ((got = http1_line(head, data, len, &line, limits->head_bytes,
		    HTTP1_HEAD_LONG)) == HTTP1_DONE) {
		struct http1_field *field = head->fields + head->count;
		enum http1_bad bad;

		if (line.len == 0) {
			head->stage = HTTP1_AT_END;
			head->bytes = head->line;
			return HTTP1_DONE;
		}
		if (head->count >= limits->fields ||
		    head->count >= HTTP1_FIELDS) {
			head->bad = HTTP1_FIELDS_MANY;
			return HTTP1_BAD;
		}
		bad = read_field(field, data, line);
		if (bad == HTTP1_GOOD && field->id != HTTP1_ID_OTHER)
			bad = note(head, data, field, limits);
		if (bad != HTTP1_GOOD) {
			head->bad = (uint8_t)bad;
			return HTTP1_BAD;
		}
		head->count++;
	}
	return got;
}

bool
http1_element(const char *value, size_t len, size_t *at,
    struct http1_span *element)
{
	size_t start = *at, end;

	while (start < len &&
	    (value[start] == ' ' || value[start] == '\t' ||
		value[start] == ','))
		start++;
	if (start >= len)
		return false;
	for (end = start; end < len && value[end] != ',';)
		end++;
	*at = end;
	while (value[end - 1] == ' ' || value[end - 1] == '\t')
		end--;
	*element = (struct http1_span){ value + start, end - start };
	return true;
}

static void
note_connection(struct http1_head *head, const char *value, size_t len)
{
	struct http1_span word;

	for (size_t at = 0; http1_element(value, len, &at, &word);)
		if (word.len == 5 && http1_same(word.data, "close", 5))
			head->connection |= HTTP1_SAID_CLOSE;
		else if (word.len == 10 &&
		    http1_same(word.data, "keep-alive", 10))
			head->connection |= HTTP1_SAID_KEEP_ALIVE;
}

/* Digits alone, and a number that int64_t holds: RFC 9112 6.3. */
static enum http1_bad
read_length(struct http1_head *head, const char *digits, size_t len)
{
	int64_t length = 0;

	if (head->lengths++ > 0)
		return HTTP1_LENGTH_REPEATED;
	if (len == 0)
		return HTTP1_LENGTH_SYNTAX;
	for (size_t i = 0; i < len; i++)
		if (digits[i] < '0' || digits[i] > '9')
			return HTTP1_LENGTH_SYNTAX;
	for (size_t i = 0; i < len; i++)
		if (__builtin_mul_overflow(length, 10, &length) ||
		    __builtin_add_overflow(length, digits[i] - '0', &length))
			return HTTP1_LENGTH_BIG;
	head->length = length;
	return HTTP1_GOOD;
}

enum http1_bad
http1_note_framing(struct http1_head *head, const char *data,
    const struct http1_field *field)
{
	switch (field->id) {
	case HTTP1_ID_CONTENT_LENGTH:
		return read_length(head, data + field->value, field->value_len);
	case HTTP1_ID_TRANSFER_ENCODING:
		if (head->codings++ > 0)
			return HTTP1_CODING_REPEATED;
		return http1_is(data, http1_value(field), "chunked")
		    ? HTTP1_GOOD
		    : HTTP1_CODING;
	case HTTP1_ID_CONNECTION:
		note_connection(head, data + field->value, field->value_len);
		return HTTP1_GOOD;
	default:
		return HTTP1_GOOD;
	}
}
