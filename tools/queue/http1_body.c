/*
 * http1_body - where a body ends, and which of its bytes are payload.
 */
#include "tools/queue/http1_read.h"

#include <string.h>

enum state {
	SIZE, /* the first digit */
	DIGITS,
	EXT,
	SIZE_LF,
	DATA,
	DATA_CR,
	DATA_LF,
	LINE, /* the first byte behind the last chunk or a trailer */
	NAME,
	VALUE,
	VALUE_LF,
	END_LF,
	DONE,
	BAD,
	STATES,
};

/*
 * RFC 9110 6.5.1: what frames, routes, authorizes or describes the message is
 * no trailer.
 */
static const char *const refused[] = { "authorization", "cache-control",
	"connection", "content-encoding", "content-length", "content-range",
	"content-type", "cookie", "expect", "host", "keep-alive",
	"proxy-authorization", "proxy-connection", "range", "set-cookie", "te",
	"trailer", "transfer-encoding", "upgrade", "x-api-key" };

void
http1_body_start(struct http1_body *body, const struct http1_head *head)
{
	*body = (struct http1_body){ .framing = head->framing };
	if (head->framing == HTTP1_LENGTH)
		body->left = (uint64_t)head->length;
	body->done = head->framing == HTTP1_NONE ||
	    (head->framing == HTTP1_LENGTH && head->length == 0);
}

static enum state
fail(struct http1_body *body, enum http1_bad bad)
{
	body->bad = (uint8_t)bad;
	return BAD;
}

static unsigned
hex(char c)
{
	if (c <= '9')
		return (unsigned)(c - '0');
	return (unsigned)((c | 0x20) - 'a') + 10;
}

static enum state
at_size(struct http1_body *body, char c)
{
	if (http1_in(c, HTTP1_IN_HEX)) {
		if (body->line_len++ >= 16)
			return fail(body, HTTP1_CHUNK_SIZE_LONG);
		body->left = body->left << 4 | hex(c);
		return DIGITS;
	}
	if (c == '\n')
		return fail(body, HTTP1_BARE_LF);
	if (body->line_len == 0 || (c != ';' && c != '\r'))
		return fail(body, HTTP1_CHUNK_SIZE);
	if (body->left > INT64_MAX)
		return fail(body, HTTP1_CHUNK_SIZE_LONG);
	body->line_len = 0;
	return c == ';' ? EXT : SIZE_LF;
}

static enum state
at_ext(struct http1_body *body, char c)
{
	if (c == '\r')
		return SIZE_LF;
	if (c == '\n')
		return fail(body, HTTP1_BARE_LF);
	if (!http1_in(c, HTTP1_IN_VALUE))
		return fail(body, HTTP1_CHUNK_EXT);
	if (body->line_len++ >= HTTP1_EXT_MAX)
		return fail(body, HTTP1_CHUNK_EXT_LONG);
	return EXT;
}

static enum state
at_size_lf(struct http1_body *body, char c)
{
	if (c != '\n')
		return fail(body, HTTP1_BARE_CR);
	body->line_len = 0;
	return body->left > 0 ? DATA : LINE;
}

static enum state
at_data_cr(struct http1_body *body, char c)
{
	return c == '\r' ? DATA_LF : fail(body, HTTP1_CHUNK_END);
}

static enum state
at_data_lf(struct http1_body *body, char c)
{
	return c == '\n' ? SIZE : fail(body, HTTP1_CHUNK_END);
}

static bool
may_trail(const struct http1_body *body)
{
	for (size_t i = 0; i < AK_COUNT(refused); i++)
		if (body->name_len == strlen(refused[i]) &&
		    http1_same(body->name, refused[i], body->name_len))
			return false;
	return true;
}

/* Names longer than any that is refused are only counted. */
static enum state
at_name(struct http1_body *body, char c)
{
	if (c == ':') {
		if (body->name_len == 0)
			return fail(body, HTTP1_TRAILER);
		return may_trail(body) ? VALUE
				       : fail(body, HTTP1_TRAILER_REFUSED);
	}
	if (c == '\n')
		return fail(body, HTTP1_BARE_LF);
	if (!http1_in(c, HTTP1_IN_TOKEN))
		return fail(body, http1_blame(c, HTTP1_TRAILER));
	if (body->name_len < sizeof(body->name))
		body->name[body->name_len++] = c;
	return NAME;
}

static enum state
at_line(struct http1_body *body, char c)
{
	if (c == '\r')
		return END_LF;
	if (c == ' ' || c == '\t')
		return fail(body, HTTP1_FOLD);
	body->name_len = 0;
	return at_name(body, c);
}

static enum state
at_value(struct http1_body *body, char c)
{
	if (c == '\r')
		return VALUE_LF;
	if (c == '\n')
		return fail(body, HTTP1_BARE_LF);
	return http1_in(c, HTTP1_IN_VALUE) ? VALUE : fail(body, HTTP1_CONTROL);
}

static enum state
at_value_lf(struct http1_body *body, char c)
{
	return c == '\n' ? LINE : fail(body, HTTP1_BARE_CR);
}

static enum state
at_end_lf(struct http1_body *body, char c)
{
	if (c != '\n')
		return fail(body, HTTP1_BARE_CR);
	body->done = true;
	return DONE;
}

static enum state (*const steps[])(struct http1_body *, char) = {
	[SIZE] = at_size,
	[DIGITS] = at_size,
	[EXT] = at_ext,
	[SIZE_LF] = at_size_lf,
	[DATA] = NULL,
	[DATA_CR] = at_data_cr,
	[DATA_LF] = at_data_lf,
	[LINE] = at_line,
	[NAME] = at_name,
	[VALUE] = at_value,
	[VALUE_LF] = at_value_lf,
	[END_LF] = at_end_lf,
	[DONE] = NULL,
	[BAD] = NULL,
};
_Static_assert(AK_COUNT(steps) == STATES, "a step for each");

/* The bytes between data, up to the next data or the end. */
static size_t
chunk_lines(struct http1_body *body, const char *data, size_t len)
{
	size_t at = 0;

	while (at < len && steps[body->state]) {
		enum state state = steps[body->state](body, data[at++]);

		if (state >= LINE && state <= VALUE_LF &&
		    body->line_len++ >= HTTP1_TRAILER_MAX)
			state = fail(body, HTTP1_TRAILER_LONG);
		if (state == SIZE)
			body->line_len = 0, body->left = 0;
		body->state = (uint8_t)state;
	}
	return at;
}

static size_t
take(struct http1_body *body, const char *data, size_t len,
    struct http1_span *payload)
{
	size_t n = body->left < len ? (size_t)body->left : len;

	*payload = (struct http1_span){ data, n };
	body->left -= n;
	return n;
}

static enum http1_got
chunked(struct http1_body *body, const char *data, size_t len, size_t *used,
    struct http1_span *payload)
{
	size_t at = chunk_lines(body, data, len);

	if (body->state == DATA) {
		at += take(body, data + at, len - at, payload);
		if (body->left == 0)
			body->state = DATA_CR;
	}
	/* The CRLF behind the data, so that most pieces need one call. */
	if (body->state == DATA_CR || body->state == DATA_LF)
		at += chunk_lines(body, data + at, len - at);
	*used = at;
	if (body->state == BAD)
		return HTTP1_BAD;
	return body->done ? HTTP1_DONE : HTTP1_MORE;
}

enum http1_got
http1_body(struct http1_body *body, const char *data, size_t len, size_t *used,
    struct http1_span *payload)
{
	*used = 0;
	*payload = (struct http1_span){ data, 0 };
	if (body->bad)
		return HTTP1_BAD;
	if (body->done)
		return HTTP1_DONE;
	if (body->framing == HTTP1_CHUNKED)
		return chunked(body, data, len, used, payload);
	if (body->framing == HTTP1_CLOSE) {
		*payload = (struct http1_span){ data, len };
		*used = len;
		return HTTP1_MORE;
	}
	*used = take(body, data, len, payload);
	body->done = body->left == 0;
	return body->done ? HTTP1_DONE : HTTP1_MORE;
}

int
http1_body_eof(struct http1_body *body)
{
	if (!body->done && (body->bad || body->framing != HTTP1_CLOSE))
		return -1;
	body->done = true;
	return 0;
}
