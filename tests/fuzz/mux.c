/*
 * mux - fuzz: whatever the bytes of a log stream, the lines are the same
 * however they are cut, none holds a line feed or more than its limit, and no
 * byte of text is made up.
 */
#include "tools/stack/mux.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

struct seen {
	struct ak_buf lines;
	size_t bytes;
};

static void
add(void *arg, const struct mux_line *line)
{
	struct seen *seen = arg;

	law(line->len <= MUX_LINE_MAX);
	law(memchr(line->text, '\n', line->len) == NULL);
	law(strlen(line->time) == 0 || strlen(line->time) == MUX_TIME - 1);
	ak_buf_printf(&seen->lines, "%s|%s|%d|", line->time, line->stream,
	    line->partial);
	ak_buf_add(&seen->lines, line->text, line->len);
	ak_buf_char(&seen->lines, '\n');
	seen->bytes += line->len;
}

static bool
read_it(const uint8_t *data, size_t size, size_t step, bool raw,
    struct seen *seen)
{
	struct mux mux = { .raw = raw, .line = add, .arg = seen };
	struct ak_err err = { 0 };
	int failed = 0;

	for (size_t at = 0; at < size && failed == 0; at += step)
		failed = mux_feed(&mux, (const char *)data + at,
		    size - at < step ? size - at : step, &err);
	law(failed == 0 || err.code == AK_PROTOCOL);
	mux_end(&mux);
	mux_free(&mux);
	return failed == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen whole = { 0 }, cut = { 0 };
	bool raw;
	size_t step;

	if (size < 2)
		return 0;
	raw = data[0] & 1;
	step = 1 + data[1] % 11;
	data += 2;
	size -= 2;
	law(read_it(data, size, size > 0 ? size : 1, raw, &whole) ==
	    read_it(data, size, step, raw, &cut));
	law(whole.lines.len == cut.lines.len);
	law(whole.lines.len == 0 ||
	    memcmp(whole.lines.data, cut.lines.data, cut.lines.len) == 0);
	law(whole.bytes <= size);
	ak_buf_free(&whole.lines);
	ak_buf_free(&cut.lines);
	return 0;
}
