/*
 * heads - what the unit tests of http1 share: rows, and cutting them anywhere.
 */
#ifndef HEADS_H
#define HEADS_H

#include <string.h>

#include "tests/unit/tap.h"
#include "tools/queue/http1.h"

/* A request line and Host, and what follows them. */
#define GET(rest) "GET / HTTP/1.1\r\nHost: a\r\n" rest "\r\n"
#define POST(rest) "POST / HTTP/1.1\r\nHost: a\r\n" rest
#define CODED "Transfer-Encoding: chunked\r\n"

struct row {
	const char *claim;
	const char *text;
	size_t len; /* 0: strlen */
	enum http1_bad bad;
};

static enum http1_got
read_head(struct http1_head *head, const char *data, size_t len, bool response)
{
	/* In memory of its own size, so that a byte too far is seen. */
	AK_FREE char *copy = ak_malloc(len + !len);

	memcpy(copy, data, len);
	return response
	    ? http1_response(head, copy, len, HTTP1_GET, &http1_limits)
	    : http1_request(head, copy, len, &http1_limits);
}

static bool
same_head(const struct http1_head *a, const struct http1_head *b)
{
	/* Of what is refused only the reason counts. */
	if (a->bad || b->bad)
		return a->bad == b->bad;
	return memcmp(a, b, offsetof(struct http1_head, fields)) == 0 &&
	    memcmp(a->fields, b->fields, a->count * sizeof(a->fields[0])) == 0;
}

/* In two pieces, for each place, and one byte at a time. */
static bool
cut_anywhere(const char *text, size_t len, const struct http1_head *whole,
    bool response)
{
	static struct http1_head slow, cut;
	enum http1_got got = HTTP1_MORE;
	bool same = true;

	memset(&slow, 0, sizeof(slow));
	for (size_t i = 1; i <= len; i++) {
		memset(&cut, 0, sizeof(cut));
		got = read_head(&cut, text, i, response);
		if (got == HTTP1_MORE)
			read_head(&cut, text, len, response);
		same = same && same_head(&cut, whole);
	}
	for (size_t i = 1; i <= len && (i == 1 || got == HTTP1_MORE); i++)
		got = read_head(&slow, text, i, response);
	return same && same_head(&slow, whole);
}

static void
judge(const struct row *row, bool response)
{
	static struct http1_head head;
	size_t len = row->len ? row->len : strlen(row->text);
	enum http1_got got;

	memset(&head, 0, sizeof(head));
	got = read_head(&head, row->text, len, response);
	is_str(http1_kind(head.bad), http1_kind(row->bad), "%s", row->claim);
	ok(got == (row->bad ? HTTP1_BAD : HTTP1_DONE), "%s: all is read",
	    row->claim);
	ok(cut_anywhere(row->text, len, &head, response),
	    "%s: the same wherever it is cut", row->claim);
}

#endif
