/*
 * queue_chunk - fuzz: whatever the bytes, the payload of a chunked body and its
 * end are the same wherever it is cut; and the payload, sent in our chunks, is
 * read as the same payload.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tools/queue/http1.h"

static const struct http1_head head = { .framing = HTTP1_CHUNKED };

/* Where the body ended, or where it is known to be bad. */
static size_t
decode(struct http1_body *body, const char *data, size_t size, size_t step,
    struct ak_buf *out)
{
	size_t at = 0;

	http1_body_start(body, &head);
	while (at < size && !body->done) {
		size_t n = step < size - at ? step : size - at, used;
		AK_FREE char *copy = ak_malloc(n);
		struct http1_span span;
		enum http1_got got;

		memcpy(copy, data + at, n);
		got = http1_body(body, copy, n, &used, &span);
		law(used <= n && span.len <= used);
		law(used > 0 || got == HTTP1_BAD);
		ak_buf_add(out, span.data, span.len);
		at += used;
		if (got == HTTP1_BAD)
			break;
	}
	return at;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AK_BUF struct ak_buf whole = { 0 }, cut = { 0 }, sent = { 0 };
	AK_BUF struct ak_buf again = { 0 };
	const char *data = (const char *)bytes;
	struct http1_body body, other;
	char line[HTTP1_CHUNK_LINE];
	size_t end = decode(&body, data, size, size + 1, &whole);

	for (size_t step = 1; step < 40; step = step * 2 + 1) {
		ak_buf_reset(&cut);
		law(decode(&other, data, size, step, &cut) == end);
		law(other.bad == body.bad && other.done == body.done);
		law(cut.len == whole.len &&
		    (cut.len == 0 ||
			memcmp(cut.data, whole.data, cut.len) == 0));
	}
	if (!body.done)
		return 0;
	for (size_t at = 0, n = 0; at < whole.len; at += n) {
		n = 1000 < whole.len - at ? 1000 : whole.len - at;
		ak_buf_add(&sent, line, http1_chunk_line(line, n));
		ak_buf_add(&sent, whole.data + at, n);
		ak_buf_str(&sent, HTTP1_CRLF);
	}
	ak_buf_str(&sent, HTTP1_LAST_CHUNK);
	law(decode(&other, sent.data, sent.len, 7, &again) == sent.len);
	law(other.done && again.len == whole.len);
	law(again.len == 0 || memcmp(again.data, whole.data, again.len) == 0);
	return 0;
}
