/*
 * http1_request - the head of a request.
 */
#include "tools/queue/http1_read.h"

#include <string.h>
#include <strings.h>

/* Around the target: a method, two blanks, a version, CRLF. */
#define LINE_MORE (HTTP1_METHOD_MAX + 2 + 8 + 2)

static enum http1_bad
read_method(struct http1_head *head, const char *data, struct http1_slice line)
{
	size_t len = 0;

	while (len < line.len && http1_in(data[line.at + len], HTTP1_IN_TOKEN))
		len++;
	if (len == line.len)
		return HTTP1_REQUEST_LINE;
	if (len == 0 || data[line.at + len] != ' ')
		return http1_blame(data[line.at + len], HTTP1_METHOD);
	if (len > HTTP1_METHOD_MAX)
		return HTTP1_METHOD_LONG;
	head->method_name = (struct http1_slice){ line.at, (uint16_t)len };
	for (enum http1_method m = HTTP1_GET; m < HTTP1_METHODS; m++) {
		const char *name = http1_method_name(m);

		if (strlen(name) == len &&
		    memcmp(name, data + line.at, len) == 0)
			head->method = (uint8_t)m;
	}
	return head->method == HTTP1_CONNECT || head->method == HTTP1_TRACE
	    ? HTTP1_METHOD_REFUSED
	    : HTTP1_GOOD;
}

/* HTTP/d.d in this case alone (RFC 9112 2.3). */
static enum http1_bad
read_version(struct http1_head *head, const char *version, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!http1_in(version[i], HTTP1_IN_VALUE))
			return http1_blame(version[i], HTTP1_REQUEST_LINE);
	if (len != 8 || memcmp(version, "HTTP/", 5) != 0 || version[6] != '.' ||
	    version[5] < '0' || version[5] > '9' || version[7] < '0' ||
	    version[7] > '9')
		return HTTP1_REQUEST_LINE;
	if (version[5] != '1' || version[7] > '1')
		return HTTP1_VERSION;
	head->minor = (uint8_t)(version[7] - '0');
	return HTTP1_GOOD;
}

/* host[:port], or [address][:port]; RFC 3986 3.2.2 without its rarer forms. */
static bool
good_host(const char *host, size_t len)
{
	size_t at = 0;

	if (len > 0 && host[0] == '[') {
		for (at = 1; at < len &&
		     (http1_in(host[at], HTTP1_IN_HEX) || host[at] == ':' ||
			 host[at] == '.');)
			at++;
		if (at < 3 || at == len || host[at++] != ']')
			return false;
	} else {
		while (at < len && http1_in(host[at], HTTP1_IN_HOST))
			at++;
	}
	if (at == 0 || at == len)
		return at > 0;
	if (host[at++] != ':' || len - at > 5)
		return false;
	while (at < len && host[at] >= '0' && host[at] <= '9')
		at++;
	return at == len;
}

/* An absolute target: the host is put aside, to be compared with Host. */
static enum http1_bad
read_absolute(struct http1_head *head, const char *data)
{
	uint16_t at = (uint16_t)(head->target.at + 7);
	uint16_t end = (uint16_t)(head->target.at + head->target.len);
	uint16_t start = at;

	if (head->target.len < 8 ||
	    strncasecmp(data + head->target.at, "http://", 7) != 0)
		return HTTP1_TARGET;
	while (at < end && data[at] != '/' && data[at] != '?')
		at++;
	head->host = (struct http1_slice){ start, (uint16_t)(at - start) };
	if (!good_host(data + start, head->host.len))
		return HTTP1_TARGET;
	head->path = (struct http1_slice){ at, (uint16_t)(end - at) };
	return HTTP1_GOOD;
}

static enum http1_bad
read_target(struct http1_head *head, const char *data)
{
	const char *target = data + head->target.at, *mark;
	size_t len = head->target.len;

	for (size_t i = 0; i < len; i++) {
		if (!http1_in(target[i], HTTP1_IN_TARGET))
			return http1_blame(target[i], HTTP1_TARGET);
		if (target[i] == '%' &&
		    (len - i < 3 || !http1_in(target[i + 1], HTTP1_IN_HEX) ||
			!http1_in(target[i + 2], HTTP1_IN_HEX)))
			return HTTP1_TARGET;
	}
	head->path = head->target;
	if (len == 1 && target[0] == '*')
		return head->method == HTTP1_OPTIONS ? HTTP1_GOOD
						     : HTTP1_TARGET;
	if (target[0] != '/') {
		enum http1_bad bad = read_absolute(head, data);

		if (bad != HTTP1_GOOD)
			return bad;
	}
	mark = memchr(data + head->path.at, '?', head->path.len);
	if (mark) {
		uint16_t at = (uint16_t)(mark - data);
		uint16_t end = (uint16_t)(head->path.at + head->path.len);

		head->query.at = (uint16_t)(at + 1);
		head->query.len = (uint16_t)(end - at - 1);
		head->path.len = (uint16_t)(at - head->path.at);
	}
	return HTTP1_GOOD;
}

static enum http1_bad
read_line(struct http1_head *head, const char *data, struct http1_slice line,
    size_t target_max)
{
	enum http1_bad bad = read_method(head, data, line);
	uint16_t at = (uint16_t)(line.at + head->method_name.len + 1);
	uint16_t end = (uint16_t)(line.at + line.len);
	const char *blank;

	if (bad != HTTP1_GOOD)
		return bad;
	blank = memchr(data + at, ' ', (size_t)(end - at));
	if (!blank || blank == data + at)
		return HTTP1_REQUEST_LINE;
	head->target = (struct http1_slice){ at,
		(uint16_t)(blank - data - at) };
	at = (uint16_t)(at + head->target.len + 1);
	bad = read_version(head, data + at, (size_t)(end - at));
	if (bad != HTTP1_GOOD)
		return bad;
	return head->target.len > target_max ? HTTP1_TARGET_LONG
					     : read_target(head, data);
}

/* Fields of which there is one, and where it is kept. */
static enum http1_bad
keep(struct http1_slice *slice, uint32_t *seen, const struct http1_field *field)
{
	if (*seen & 1U << field->id)
		return HTTP1_REPEATED;
	*seen |= 1U << field->id;
	*slice = http1_value(field);
	return HTTP1_GOOD;
}

static enum http1_bad
note_host(struct http1_head *head, const char *data,
    const struct http1_field *field)
{
	struct http1_slice named = head->host, host = http1_value(field);

	if (head->once & 1U << HTTP1_ID_HOST)
		return HTTP1_HOST_REPEATED;
	head->once |= 1U << HTTP1_ID_HOST;
	if (!good_host(data + host.at, host.len))
		return HTTP1_HOST;
	head->host = host;
	return named.len == 0 ||
		(named.len == host.len &&
		    strncasecmp(data + named.at, data + host.at, host.len) == 0)
	    ? HTTP1_GOOD
	    : HTTP1_TARGET_HOST;
}

static enum http1_bad
note(struct http1_head *head, const char *data, const struct http1_field *field,
    const struct http1_limits *limits)
{
	struct http1_slice value = http1_value(field);

	switch (field->id) {
	case HTTP1_ID_HOST:
		return note_host(head, data, field);
	case HTTP1_ID_CONTENT_TYPE:
		return keep(&head->content_type, &head->once, field);
	case HTTP1_ID_CONTENT_ENCODING:
		return keep(&head->content_encoding, &head->once, field);
	case HTTP1_ID_AUTHORIZATION:
		return keep(&head->authorization, &head->once, field);
	case HTTP1_ID_X_API_KEY:
		return keep(&head->x_api_key, &head->once, field);
	case HTTP1_ID_EXPECT:
		head->expect = true;
		return http1_is(data, value, "100-continue") ? HTTP1_GOOD
							     : HTTP1_EXPECT;
	case HTTP1_ID_UPGRADE:
		return limits->ignore_h2c && http1_is(data, value, "h2c")
		    ? HTTP1_GOOD
		    : HTTP1_UPGRADE;
	default:
		return http1_note_framing(head, data, field);
	}
}

/* What only the whole head tells. */
static enum http1_bad
finish(struct http1_head *head)
{
	bool old = head->minor == 0;

	if (!old && !(head->once & 1U << HTTP1_ID_HOST))
		return HTTP1_HOST_MISSING;
	if (head->codings && head->lengths)
		return HTTP1_CODING_LENGTH;
	if (head->codings && old)
		return HTTP1_CODING_OLD;
	if (!head->lengths)
		head->length = -1;
	head->framing = head->codings ? HTTP1_CHUNKED
	    : head->lengths	      ? HTTP1_LENGTH
				      : HTTP1_NONE;
	head->expect = head->expect && !old && head->framing != HTTP1_NONE;
	head->keep_alive = !(head->connection & HTTP1_SAID_CLOSE) &&
	    (!old || head->connection & HTTP1_SAID_KEEP_ALIVE);
	return HTTP1_GOOD;
}

/* The request line, behind at most one empty line. */
static enum http1_got
start(struct http1_head *head, const char *data, size_t len,
    const struct http1_limits *limits)
{
	size_t max = (size_t)head->line + limits->target_bytes + LINE_MORE;
	bool all = max >= limits->head_bytes;
	struct http1_slice line;
	enum http1_got got = http1_line(head, data, len, &line,
	    all ? limits->head_bytes : max,
	    all ? HTTP1_HEAD_LONG : HTTP1_TARGET_LONG);

	if (got != HTTP1_DONE)
		return got;
	if (line.len == 0 && head->stage == HTTP1_AT_START) {
		head->stage = HTTP1_AT_START_AGAIN;
		return start(head, data, len, limits);
	}
	head->bad = line.len == 0
	    ? HTTP1_EMPTY_LINES
	    : (uint8_t)read_line(head, data, line, limits->target_bytes);
	head->stage = HTTP1_AT_FIELDS;
	return head->bad == HTTP1_GOOD ? HTTP1_DONE : HTTP1_BAD;
}

enum http1_got
http1_request(struct http1_head *head, const char *data, size_t len,
    const struct http1_limits *limits)
{
	enum http1_got got = head->bad ? HTTP1_BAD : HTTP1_DONE;

	if (got == HTTP1_DONE && head->stage < HTTP1_AT_FIELDS)
		got = start(head, data, len, limits);
	if (got == HTTP1_DONE && head->stage == HTTP1_AT_FIELDS)
		got = http1_fields(head, data, len, limits, note);
	if (got == HTTP1_DONE) {
		head->bad = (uint8_t)finish(head);
		got = head->bad == HTTP1_GOOD ? HTTP1_DONE : HTTP1_BAD;
	}
	return got;
}
