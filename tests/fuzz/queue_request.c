/*
 * queue_request - fuzz: whatever the bytes, a request is the same wherever it
 * is cut; and what is passed on, at once or in two steps, is read again as the
 * same request, by framing, path and fields, and as nothing more.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tools/queue/http1.h"

static struct http1_head whole, cut, again;

static void
read_cut(const uint8_t *data, size_t size, size_t step)
{
	enum http1_got got = HTTP1_MORE;
	size_t len = 0;

	memset(&cut, 0, sizeof(cut));
	while (got == HTTP1_MORE && len < size) {
		AK_FREE char *copy = NULL;

		len = step < size - len ? len + step : size;
		copy = ak_malloc(len);
		memcpy(copy, data, len);
		got = http1_request(&cut, copy, len, &http1_limits);
	}
}

static bool
same(struct http1_slice a, const char *in_a, struct http1_slice b,
    const char *in_b)
{
	return a.len == b.len && memcmp(in_a + a.at, in_b + b.at, a.len) == 0;
}

static void
pass_on(const char *data)
{
	AK_BUF struct ak_buf out = { 0 }, held = { 0 }, later = { 0 };
	const struct http1_onward how = {
		.host = "h:1", .framing = whole.framing, .length = whole.length
	};
	const struct http1_onward bare = { .framing = HTTP1_NONE };

	http1_put_request(&out, &whole, data, &how);
	http1_put_request(&held, &whole, data, &bare);
	http1_put_again(&later, (struct http1_span){ held.data, held.len },
	    &how);
	law(later.len == out.len && memcmp(later.data, out.data, out.len) == 0);
	memset(&again, 0, sizeof(again));
	law(http1_request(&again, out.data, out.len, &http1_limits) ==
	    HTTP1_DONE);
	law(again.bytes == out.len);
	law(again.framing == whole.framing && again.length == whole.length);
	law(again.method == whole.method && again.minor == 1);
	law(same(whole.method_name, data, again.method_name, out.data));
	law(whole.path.len == 0 ||
	    same(whole.path, data, again.path, out.data));
	law(same(whole.query, data, again.query, out.data));
	law(http1_is(out.data, again.host, "h:1"));
	law(again.count <= whole.count + 2);
	law(!http1_find(&again, out.data, "connection"));
	law(!http1_find(&again, out.data, "expect"));
	for (size_t i = 0; i < again.count; i++)
		law(again.fields[i].name_len > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AK_FREE char *copy = ak_malloc(size + !size);
	enum http1_got got;

	memcpy(copy, data, size);
	memset(&whole, 0, sizeof(whole));
	got = http1_request(&whole, copy, size, &http1_limits);
	law((got == HTTP1_BAD) == (whole.bad != HTTP1_GOOD));
	for (size_t step = 1; step < 40; step = step * 2 + 1) {
		read_cut(data, size, step);
		law(cut.bad == whole.bad);
		if (got == HTTP1_DONE) {
			size_t n = whole.count * sizeof(whole.fields[0]);

			law(memcmp(&cut, &whole,
				offsetof(struct http1_head, fields)) == 0);
			law(memcmp(cut.fields, whole.fields, n) == 0);
		}
	}
	if (got == HTTP1_DONE) {
		law(whole.bytes <= size);
		law(copy[whole.bytes - 1] == '\n');
		/* One field more may go out than came in. */
		if (whole.count < HTTP1_FIELDS - 1)
			pass_on(copy);
	}
	return 0;
}
