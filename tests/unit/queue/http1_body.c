/*
 * http1_body - unit test: chunks, lengths, and where a body ends.
 */
#include <string.h>

#include "tests/unit/tap.h"
#include "tools/queue/http1.h"

#define TEN "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN

struct row {
	const char *claim;
	const char *text;
	size_t len; /* 0: strlen */
	enum http1_bad bad;
	const char *payload; /* NULL: not complete */
	size_t left;	     /* bytes behind the body */
};

static const struct row chunks[] = {
	{ "no chunk", "0\r\n\r\n", 0, HTTP1_GOOD, "", 0 },
	{ "two chunks", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 0, HTTP1_GOOD,
	    "abcde", 0 },
	{ "what is behind stays", "1\r\na\r\n0\r\n\r\nGET /", 0, HTTP1_GOOD,
	    "a", 5 },
	{ "a size in either case",
	    "00a\r\n" TEN "\r\nA\r\n" TEN "\r\n0\r\n\r\n", 0, HTTP1_GOOD,
	    TEN TEN, 0 },
	{ "a size of 16 digits", "0000000000000001\r\na\r\n0\r\n\r\n", 0,
	    HTTP1_GOOD, "a", 0 },
	{ "a size of 17 digits", "00000000000000001\r\na\r\n0\r\n\r\n", 0,
	    HTTP1_CHUNK_SIZE_LONG, NULL, 0 },
	{ "a size of 2^63", "8000000000000000\r\n", 0, HTTP1_CHUNK_SIZE_LONG,
	    NULL, 0 },
	{ "a size with a sign", "+1\r\na\r\n0\r\n\r\n", 0, HTTP1_CHUNK_SIZE,
	    NULL, 0 },
	{ "a size below zero", "-1\r\na\r\n0\r\n\r\n", 0, HTTP1_CHUNK_SIZE,
	    NULL, 0 },
	{ "a size with 0x", "0x1\r\na\r\n0\r\n\r\n", 0, HTTP1_CHUNK_SIZE, NULL,
	    0 },
	{ "a size with an underscore", "1_0\r\n", 0, HTTP1_CHUNK_SIZE, NULL,
	    0 },
	{ "a blank before the size", " 1\r\na\r\n", 0, HTTP1_CHUNK_SIZE, NULL,
	    0 },
	{ "a blank after the size", "1 \r\na\r\n", 0, HTTP1_CHUNK_SIZE, NULL,
	    0 },
	{ "a tab after the size", "1\t;a\r\na\r\n", 0, HTTP1_CHUNK_SIZE, NULL,
	    0 },
	{ "no size", "\r\na\r\n", 0, HTTP1_CHUNK_SIZE, NULL, 0 },
	{ "an extension without a size", ";a\r\n", 0, HTTP1_CHUNK_SIZE, NULL,
	    0 },
	{ "bare LF after the size", "1\na\r\n0\r\n\r\n", 0, HTTP1_BARE_LF, NULL,
	    0 },
	{ "bare CR after the size", "1\ra\r\n", 0, HTTP1_BARE_CR, NULL, 0 },
	{ "an extension is skipped", "1;a=\"b\";c\r\na\r\n0;d\r\n\r\n", 0,
	    HTTP1_GOOD, "a", 0 },
	{ "an extension of 256 bytes",
	    "1;" SIXTY SIXTY SIXTY SIXTY "0123456789012345\r\na\r\n0\r\n\r\n",
	    0, HTTP1_GOOD, "a", 0 },
	{ "an extension of 257 bytes",
	    "1;" SIXTY SIXTY SIXTY SIXTY "01234567890123456\r\na\r\n0\r\n\r\n",
	    0, HTTP1_CHUNK_EXT_LONG, NULL, 0 },
	{ "an extension with LF", "1;a\nb\r\na\r\n0\r\n\r\n", 0, HTTP1_BARE_LF,
	    NULL, 0 },
	{ "an extension with CR", "1;a\rb\r\na\r\n0\r\n\r\n", 0, HTTP1_BARE_CR,
	    NULL, 0 },
	{ "an extension with a control byte", "1;a\x01\r\na\r\n", 0,
	    HTTP1_CHUNK_EXT, NULL, 0 },
	{ "an extension with NUL", "1;a\0\r\na\r\n", 9, HTTP1_CHUNK_EXT, NULL,
	    0 },
	{ "data without CRLF", "1\r\nab\r\n", 0, HTTP1_CHUNK_END, NULL, 0 },
	{ "data with bare LF", "1\r\na\n0\r\n\r\n", 0, HTTP1_CHUNK_END, NULL,
	    0 },
	{ "data with bare CR", "1\r\na\r0\r\n\r\n", 0, HTTP1_CHUNK_END, NULL,
	    0 },
	{ "bare LF at the end", "0\r\n\n", 0, HTTP1_BARE_LF, NULL, 0 },
	{ "bare CR at the end", "0\r\n\rX", 0, HTTP1_BARE_CR, NULL, 0 },
	{ "trailers are dropped", "1\r\na\r\n0\r\nX-Sum: b\r\nC:\r\n\r\n", 0,
	    HTTP1_GOOD, "a", 0 },
	{ "a trailer Content-Length", "0\r\nContent-Length: 5\r\n\r\n", 0,
	    HTTP1_TRAILER_REFUSED, NULL, 0 },
	{ "a trailer transfer-encoding", "0\r\ntransfer-encoding: x\r\n\r\n", 0,
	    HTTP1_TRAILER_REFUSED, NULL, 0 },
	{ "a trailer Host", "0\r\nHost: x\r\n\r\n", 0, HTTP1_TRAILER_REFUSED,
	    NULL, 0 },
	{ "a trailer Authorization", "0\r\nA: b\r\nAUTHORIZATION: x\r\n\r\n", 0,
	    HTTP1_TRAILER_REFUSED, NULL, 0 },
	{ "a trailer with a long name passes",
	    "0\r\nX-A-Name-Longer-Than-Any-That-Is-Refused: 1\r\n\r\n", 0,
	    HTTP1_GOOD, "", 0 },
	{ "a trailer with a folded line", "0\r\nA: b\r\n c\r\n\r\n", 0,
	    HTTP1_FOLD, NULL, 0 },
	{ "a trailer with a blank before the colon", "0\r\nA : b\r\n\r\n", 0,
	    HTTP1_TRAILER, NULL, 0 },
	{ "a trailer without a name", "0\r\n: b\r\n\r\n", 0, HTTP1_TRAILER,
	    NULL, 0 },
	{ "a trailer without a colon", "0\r\nab\r\n\r\n", 0, HTTP1_BARE_CR,
	    NULL, 0 },
	{ "a trailer with bare LF", "0\r\nA: b\n\r\n", 0, HTTP1_BARE_LF, NULL,
	    0 },
	{ "a trailer name with LF", "0\r\nA\n: b\r\n\r\n", 0, HTTP1_BARE_LF,
	    NULL, 0 },
	{ "a trailer with bare CR", "0\r\nA: b\rc\r\n\r\n", 0, HTTP1_BARE_CR,
	    NULL, 0 },
	{ "a trailer with a control byte", "0\r\nA: \x01\r\n\r\n", 0,
	    HTTP1_CONTROL, NULL, 0 },
};

/* All of the payload, from pieces of at most step bytes; what is left over. */
static size_t
decode(struct http1_body *body, const struct row *row, size_t first,
    size_t step, struct ak_buf *out)
{
	size_t len = row->len ? row->len : strlen(row->text), at = 0;
	size_t piece = first;

	while (at < len && !body->done && !body->bad) {
		size_t n = piece < len - at ? piece : len - at, used;
		AK_FREE char *copy = ak_malloc(n);
		struct http1_span span;
		enum http1_got got;

		memcpy(copy, row->text + at, n);
		got = http1_body(body, copy, n, &used, &span);
		ak_buf_add(out, span.data, span.len);
		at += used;
		if ((got == HTTP1_BAD) != (body->bad != HTTP1_GOOD) ||
		    (got == HTTP1_MORE && used == 0))
			return len + 1;
		piece = step;
	}
	return len - at;
}

static void
judge(const struct row *row)
{
	size_t len = row->len ? row->len : strlen(row->text);
	const struct http1_head head = { .framing = HTTP1_CHUNKED };
	bool same = true;

	for (size_t first = 1; first <= len; first++) {
		for (size_t step = 1; step <= len;
		     step += len - 1 + (len == 1)) {
			AK_BUF struct ak_buf out = { 0 };
			struct http1_body body;
			size_t left;

			http1_body_start(&body, &head);
			left = decode(&body, row, first, step, &out);
			same = same && body.bad == row->bad &&
			    body.done == (row->payload != NULL) &&
			    (!row->payload ||
				(left == row->left &&
				    ak_streq(ak_buf_text(&out), row->payload)));
		}
	}
	ok(same, "%s: %s", row->claim, http1_kind(row->bad));
}

static void
trailers_end(void)
{
	AK_BUF struct ak_buf text = { 0 };
	const struct http1_head head = { .framing = HTTP1_CHUNKED };
	struct http1_body body;
	struct http1_span span;
	size_t used;

	ak_buf_str(&text, "0\r\n");
	while (text.len < 9000)
		ak_buf_str(&text, "A: bcdefgh\r\n");
	ak_buf_str(&text, "\r\n");
	http1_body_start(&body, &head);
	is_int(http1_body(&body, text.data, text.len, &used, &span), HTTP1_BAD,
	    "trailers have a limit");
	is_int(body.bad, HTTP1_TRAILER_LONG, "and it is named");
}

static void
others(void)
{
	struct http1_head head = { .framing = HTTP1_LENGTH, .length = 5 };
	struct http1_body body;
	struct http1_span span;
	size_t used;

	http1_body_start(&body, &head);
	is_int(http1_body(&body, "abc", 3, &used, &span), HTTP1_MORE,
	    "a part of a length is not all");
	is_int((long long)span.len, 3, "but is handed on");
	is_int(http1_body_eof(&body), -1, "an end there cuts it short");
	is_int(http1_body(&body, "defgh", 5, &used, &span), HTTP1_DONE,
	    "the rest is");
	is_int((long long)used, 2, "and no more than that is taken");
	is_int(http1_body_eof(&body), 0, "an end after it is well");
	head.length = 0;
	http1_body_start(&body, &head);
	ok(body.done, "a length of 0 is done at once");
	head.framing = HTTP1_NONE;
	http1_body_start(&body, &head);
	ok(body.done, "as is no body");
	head.framing = HTTP1_CLOSE;
	http1_body_start(&body, &head);
	is_int(http1_body(&body, "abc", 3, &used, &span), HTTP1_MORE,
	    "until the end is never done");
	ok(http1_body_eof(&body) == 0 && body.done, "but by the end");
	head.framing = HTTP1_CHUNKED;
	http1_body_start(&body, &head);
	is_int(http1_body_eof(&body), -1, "an end cuts chunks short");
}

static void
lines(void)
{
	static const struct {
		size_t size;
		const char *line;
	} rows[] = { { 1, "1\r\n" }, { 16, "10\r\n" },
		{ 0xabcdef, "abcdef\r\n" },
		{ SIZE_MAX, "ffffffffffffffff\r\n" } };

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		char line[HTTP1_CHUNK_LINE + 1] = { 0 };

		http1_chunk_line(line, rows[i].size);
		is_str(line, rows[i].line, "the line before %zu bytes",
		    rows[i].size);
	}
}

int
main(void)
{
	for (size_t i = 0; i < AK_COUNT(chunks); i++)
		judge(&chunks[i]);
	trailers_end();
	others();
	lines();
	return done_testing();
}
