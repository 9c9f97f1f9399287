/*
 * queue_response - fuzz: whatever the bytes, a response is the same wherever it
 * is cut, its body ends where its framing says, and what is passed back is read
 * again as the same response.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tools/queue/http1.h"

static struct http1_head whole, cut, again;

static void
pass_back(const char *data)
{
	AK_BUF struct ak_buf out = { 0 };
	bool none = whole.framing == HTTP1_NONE;
	const struct http1_onward how = {
		.framing = whole.framing == HTTP1_CLOSE ? HTTP1_CHUNKED
							: whole.framing,
		.length = whole.length,
		.close = !whole.keep_alive,
	};

	http1_put_response(&out, &whole, data, &how);
	memset(&again, 0, sizeof(again));
	law(http1_response(&again, out.data, out.len, HTTP1_GET,
		&http1_limits) == HTTP1_DONE);
	law(again.bytes == out.len);
	law(again.status == whole.status);
	law(again.keep_alive == whole.keep_alive ||
	    again.framing == HTTP1_CLOSE);
	if (!none)
		law(again.framing == how.framing &&
		    (again.length == how.length ||
			how.framing != HTTP1_LENGTH));
}

static void
read_body(const uint8_t *data, size_t size)
{
	struct http1_body body;
	struct http1_span span;
	size_t at = whole.bytes, used;

	http1_body_start(&body, &whole);
	while (at < size && !body.done) {
		enum http1_got got = http1_body(&body, (const char *)data + at,
		    size - at, &used, &span);

		law(used <= size - at && span.len <= used);
		law(got == HTTP1_BAD || used > 0);
		if (got == HTTP1_BAD)
			break;
		at += used;
	}
	if (body.framing == HTTP1_LENGTH && body.done)
		law(at - whole.bytes == (size_t)whole.length);
	if (body.framing == HTTP1_NONE)
		law(body.done && at == whole.bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* The first byte says what was asked. */
	enum http1_method to = size > 0 && data[0] & 1 ? HTTP1_HEAD : HTTP1_GET;
	AK_FREE char *copy = ak_malloc(size + 1);
	enum http1_got got;

	if (size > 0)
		data++, size--;
	memcpy(copy, data, size);
	memset(&whole, 0, sizeof(whole));
	got = http1_response(&whole, copy, size, to, &http1_limits);
	law((got == HTTP1_BAD) == (whole.bad != HTTP1_GOOD));
	memset(&cut, 0, sizeof(cut));
	for (size_t len = 1; len <= size; len++)
		if (http1_response(&cut, copy, len, to, &http1_limits) !=
		    HTTP1_MORE)
			break;
	law(cut.bad == whole.bad);
	if (got != HTTP1_DONE)
		return 0;
	law(memcmp(&cut, &whole, offsetof(struct http1_head, fields)) == 0);
	read_body(data, size);
	if (whole.count < HTTP1_FIELDS - 2)
		pass_back(copy);
	return 0;
}
