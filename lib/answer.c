/*
 * answer - what an HTTP/1.1 server sends back, taken in as it comes.
 */
#include "lib/answer.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { HEAD_MAX = 64 * 1024, SIZE_DIGITS = 15 };

enum part {
	STATUS_LINE,
	HEADERS,
	SIZED_BODY,
	UNTIL_CLOSE,
	CHUNK_SIZE,
	CHUNK_DATA,
	CHUNK_END,
	TRAILERS,
	WHOLE,
	PARTS
};

static int
not_http(struct ak_err *err, const char *why)
{
	return ak_fail(err, AK_PROTOCOL, "the answer is not HTTP: %s", why);
}

/* "HTTP/1.1 200 OK" */
static int
take_status(struct ak_answer *answer, const char *line, struct ak_err *err)
{
	if (strncmp(line, "HTTP/1.", 7) != 0 ||
	    (line[7] != '0' && line[7] != '1') || line[8] != ' ' ||
	    !isdigit((unsigned char)line[9]) ||
	    !isdigit((unsigned char)line[10]) ||
	    !isdigit((unsigned char)line[11]) ||
	    (line[12] != ' ' && line[12] != '\0') || line[9] == '0')
		return not_http(err, "status line");
	answer->status = (line[9] - '0') * 100 + (line[10] - '0') * 10 +
	    (line[11] - '0');
	answer->close = line[7] == '0';
	answer->part = HEADERS;
	return 0;
}

/* Digits alone, few enough not to overflow. */
static bool
digits(const char *s, uint64_t *value)
{
	size_t len = strspn(s, "0123456789");

	if (len == 0 || len > SIZE_DIGITS || s[len] != '\0')
		return false;
	*value = 0;
	for (size_t i = 0; i < len; i++)
		*value = *value * 10 + (uint64_t)(s[i] - '0');
	return true;
}

static int
take_length(struct ak_answer *answer, const char *value, struct ak_err *err)
{
	if (answer->sized || !digits(value, &answer->left))
		return not_http(err, "content-length");
	answer->sized = true;
	return 0;
}

static int
take_coding(struct ak_answer *answer, const char *value, struct ak_err *err)
{
	if (answer->chunked || strcasecmp(value, "chunked") != 0)
		return not_http(err, "transfer-encoding");
	answer->chunked = true;
	return 0;
}

static int
take_connection(struct ak_answer *answer, const char *value,
    struct ak_err *err AK_UNUSED)
{
	answer->close = answer->close || strcasecmp(value, "close") == 0;
	return 0;
}

static int
take_retry(struct ak_answer *answer, const char *value,
    struct ak_err *err AK_UNUSED)
{
	uint64_t seconds;

	if (digits(value, &seconds))
		answer->retry_after = (int64_t)seconds;
	return 0;
}

static const struct {
	const char *name;
	int (*take)(struct ak_answer *, const char *, struct ak_err *);
} known[] = {
	{ "content-length", take_length },
	{ "transfer-encoding", take_coding },
	{ "connection", take_connection },
	{ "retry-after", take_retry },
};

static int
take_header(struct ak_answer *answer, char *line, struct ak_err *err)
{
	char *colon = strchr(line, ':'), *value;

	if (!colon || colon == line ||
	    strcspn(line, " \t") < (size_t)(colon - line))
		return not_http(err, "header");
	*colon = '\0';
	value = colon + 1 + strspn(colon + 1, " \t");
	for (size_t len = strlen(value);
	     len > 0 && strchr(" \t", value[len - 1]); len--)
		value[len - 1] = '\0';
	for (size_t i = 0; i < AK_COUNT(known); i++)
		if (strcasecmp(line, known[i].name) == 0)
			return known[i].take(answer, value, err);
	return 0;
}

/* What follows the headers, RFC 9112 section 6.3. */
static int
begin_body(struct ak_answer *answer, struct ak_err *err)
{
	if (answer->chunked && answer->sized)
		return not_http(err, "both a length and chunks");
	if (answer->status < 200) {
		if (answer->status == 101 || answer->chunked || answer->sized)
			return not_http(err, "status");
		answer->status = 0;
		answer->part = STATUS_LINE;
		return 0;
	}
	if (answer->bodiless || answer->status == 204 || answer->status == 304)
		answer->part = WHOLE;
	else if (answer->chunked)
		answer->part = CHUNK_SIZE;
	else if (answer->sized)
		answer->part = answer->left > 0 ? SIZED_BODY : WHOLE;
	else
		answer->part = UNTIL_CLOSE;
	answer->close = answer->close || answer->part == UNTIL_CLOSE;
	return 0;
}

/* "1a2b;extension" */
static int
take_size(struct ak_answer *answer, const char *line, struct ak_err *err)
{
	size_t len = strspn(line, "0123456789abcdefABCDEF");

	if (len == 0 || len > SIZE_DIGITS || strchr("; \t", line[len]) == NULL)
		return not_http(err, "chunk size");
	answer->left = strtoull(line, NULL, 16);
	answer->part = answer->left > 0 ? CHUNK_DATA : TRAILERS;
	return 0;
}

static int
take_line(struct ak_answer *answer, char *line, struct ak_err *err)
{
	switch (answer->part) {
	case STATUS_LINE:
		return take_status(answer, line, err);
	case HEADERS:
		return *line ? take_header(answer, line, err)
			     : begin_body(answer, err);
	case CHUNK_SIZE:
		return take_size(answer, line, err);
	case CHUNK_END:
		answer->part = CHUNK_SIZE;
		return *line ? not_http(err, "chunk") : 0;
	default:
		if (!*line)
			answer->part = WHOLE;
		return 0;
	}
}

/* Up to a line feed; returns how many bytes, or -1. */
static ssize_t
feed_line(struct ak_answer *answer, const char *data, size_t len,
    struct ak_err *err)
{
	struct ak_buf *line = &answer->line;
	const char *feed = memchr(data, '\n', len);
	size_t size = feed ? (size_t)(feed - data) : len;
	bool body = answer->part == CHUNK_SIZE || answer->part == CHUNK_END;

	answer->head = body ? line->len + size : answer->head + size;
	if (answer->head > HEAD_MAX)
		return not_http(err, "headers exceed 64 KiB");
	ak_buf_add(line, data, size);
	if (!feed)
		return (ssize_t)len;
	if (line->len > 0 && line->data[line->len - 1] == '\r')
		line->data[--line->len] = '\0';
	if (strlen(line->data) != line->len)
		return not_http(err, "a NUL in a header");
	if (take_line(answer, line->data, err) == -1)
		return -1;
	ak_buf_reset(line);
	return (ssize_t)size + 1;
}

static ssize_t
feed_body(struct ak_answer *answer, const char *data, size_t len)
{
	bool endless = answer->part == UNTIL_CLOSE;

	if (!endless && len > answer->left)
		len = (size_t)answer->left;
	if (!answer->on_body(answer->arg, answer->status, data, len)) {
		answer->refused = true;
		return -1;
	}
	if (endless || (answer->left -= len) > 0)
		return (ssize_t)len;
	answer->part = answer->part == SIZED_BODY ? WHOLE : CHUNK_END;
	return (ssize_t)len;
}

int
ak_answer_feed(struct ak_answer *answer, const char *data, size_t len,
    struct ak_err *err)
{
	while (len > 0 && answer->part != WHOLE) {
		bool body = answer->part == SIZED_BODY ||
		    answer->part == UNTIL_CLOSE || answer->part == CHUNK_DATA;
		ssize_t used = body ? feed_body(answer, data, len)
				    : feed_line(answer, data, len, err);

		if (used == -1)
			return -1;
		data += used;
		len -= (size_t)used;
	}
	/* More than the answer is another's: this connection is lost. */
	answer->close = answer->close || len > 0;
	return answer->part == WHOLE;
}

int
ak_answer_end(struct ak_answer *answer, struct ak_err *err)
{
	answer->close = true;
	if (answer->part == WHOLE || answer->part == UNTIL_CLOSE)
		return 1;
	if (answer->status == 0 && answer->head == 0)
		return ak_fail(err, AK_UNAVAILABLE, "closed without an answer");
	return ak_fail(err, AK_UNAVAILABLE, "closed within the answer");
}

void
ak_answer_free(struct ak_answer *answer)
{
	ak_buf_free(&answer->line);
}
