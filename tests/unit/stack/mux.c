/*
 * mux - the stream of a log gives the same lines however it is cut.
 */
#include "tools/stack/mux.h"

#include <stdint.h>
#include <string.h>

#include "tests/unit/tap.h"

#define T1 "2026-01-31T12:00:00.000000001Z "
#define T2 "2026-01-31T12:00:00.000000002Z "
#define T3 "2026-01-31T12:00:00.000000003Z "

/* "1:text" is a frame of stdout, "2:text" of stderr; NULL ends. */
#define FRAMES 6

static const struct {
	const char *claim;
	const char *frames[FRAMES];
	const char *lines; /* "TIME|STREAM|TEXT" each; P: partial */
} framed[] = {
	{ "a frame is a line", { "1:" T1 "hello\n" },
	    "00.000000001Z|stdout|hello\n" },
	{ "the streams are told apart", { "1:" T1 "a\n", "2:" T2 "b\n" },
	    "00.000000001Z|stdout|a\n00.000000002Z|stderr|b\n" },
	{ "fragments are one line, with the time of the first",
	    { "1:" T1 "ab", "1:" T2 "cd", "1:" T3 "ef\n" },
	    "00.000000001Z|stdout|abcdef\n" },
	{ "a line of the other stream does not part them",
	    { "1:" T1 "ab", "2:" T2 "x\n", "1:" T3 "cd\n" },
	    "00.000000002Z|stderr|x\n00.000000001Z|stdout|abcd\n" },
	{ "an empty line is a line", { "1:" T1 "\n", "1:" T2 "b\n" },
	    "00.000000001Z|stdout|\n00.000000002Z|stdout|b\n" },
	{ "a line without its end is a line", { "1:" T1 "half" },
	    "00.000000001Z|stdout|half\n" },
	{ "an empty frame is nothing", { "1:", "1:" T1 "a\n" },
	    "00.000000001Z|stdout|a\n" },
	{ "no time is no time", { "1:hello\n" }, "|stdout|hello\n" },
	{ "what begins like a time is text", { "1:2026-01-31 hello\n" },
	    "|stdout|2026-01-31 hello\n" },
	{ "a time cut short is text", { "1:2026-01-31T12:00" },
	    "|stdout|2026-01-31T12:00\n" },
	{ "only the first is the time", { "1:" T1 T2 "x\n" },
	    "00.000000001Z|stdout|" T2 "x\n" },
	{ "another zone becomes UTC",
	    { "1:2026-01-31T14:00:00.000000004+02:00 z\n" },
	    "00.000000004Z|stdout|z\n" },
	{ "a carriage return stays", { "1:" T1 "a\r\n" },
	    "00.000000001Z|stdout|a\r\n" },
	{ "stdin is told as stdout", { "0:" T1 "a\n" },
	    "00.000000001Z|stdout|a\n" },
};

static const struct {
	const char *claim, *bytes, *lines;
} raw[] = {
	{ "a terminal's lines end in CR LF", T1 "a\r\n" T2 "b\r\n",
	    "00.000000001Z|stdout|a\n00.000000002Z|stdout|b\n" },
	{ "only the last CR goes", T1 "a\rb\r\n",
	    "00.000000001Z|stdout|a\rb\n" },
	{ "an empty line", T1 "\r\n" T2 "\r\n",
	    "00.000000001Z|stdout|\n00.000000002Z|stdout|\n" },
	{ "a line without its end", T1 "a", "00.000000001Z|stdout|a\n" },
	{ "bytes without a time", "plain\nmore\n",
	    "|stdout|plain\n|stdout|more\n" },
	{ "nothing at all", "", "" },
};

static void
add_line(void *arg, const struct mux_line *line)
{
	struct ak_buf *lines = arg;
	size_t skip = strlen(line->time) > 17 ? 17 : 0;

	ak_buf_printf(lines, "%s|%s|%s", line->time + skip, line->stream,
	    line->partial ? "P" : "");
	ak_buf_add(lines, line->text, line->len);
	ak_buf_char(lines, '\n');
}

static void
add_frame(struct ak_buf *bytes, int stream, const char *text, size_t len)
{
	const char header[8] = { (char)stream, 0, 0, 0, (char)(len >> 24),
		(char)(len >> 16), (char)(len >> 8), (char)len };

	ak_buf_add(bytes, header, sizeof(header));
	ak_buf_add(bytes, text, len);
}

/* Fed in two parts, and byte by byte when at is behind the end. */
static void
feed(const struct ak_buf *bytes, size_t at, bool is_raw, struct ak_buf *lines)
{
	struct mux mux = { .raw = is_raw, .line = add_line, .arg = lines };
	struct ak_err err = { 0 };
	int failed = 0;

	ak_buf_reset(lines);
	if (at <= bytes->len) {
		failed |= mux_feed(&mux, bytes->data, at, &err);
		failed |= mux_feed(&mux, bytes->data + at, bytes->len - at,
		    &err);
	} else {
		for (size_t i = 0; i < bytes->len; i++)
			failed |= mux_feed(&mux, bytes->data + i, 1, &err);
	}
	mux_end(&mux);
	mux_free(&mux);
	if (failed != 0)
		ak_buf_str(lines, err.text);
}

static void
everywhere(const struct ak_buf *bytes, bool is_raw, const char *want,
    const char *claim)
{
	AK_BUF struct ak_buf lines = { 0 };

	for (size_t at = 0; at <= bytes->len + 1; at++) {
		feed(bytes, at, is_raw, &lines);
		if (!ak_streq(ak_buf_text(&lines), want)) {
			is_str(ak_buf_text(&lines), want, "%s, cut at %zu",
			    claim, at);
			return;
		}
	}
	ok(true, "%s, wherever it is cut", claim);
}

static void
test_framed(size_t row)
{
	AK_BUF struct ak_buf bytes = { 0 };

	for (size_t i = 0; framed[row].frames[i] != NULL; i++) {
		const char *frame = framed[row].frames[i];

		add_frame(&bytes, frame[0] - '0', frame + 2, strlen(frame + 2));
	}
	everywhere(&bytes, false, framed[row].lines, framed[row].claim);
}

static void
test_raw(size_t row)
{
	AK_BUF struct ak_buf bytes = { 0 };

	ak_buf_str(&bytes, raw[row].bytes);
	everywhere(&bytes, true, raw[row].lines, raw[row].claim);
}

/* The daemon reads 16 KiB at once, and each part gets its time. */
static void
test_raw_fragments(void)
{
	AK_BUF struct ak_buf bytes = { 0 };
	AK_BUF struct ak_buf want = { 0 };
	AK_BUF struct ak_buf lines = { 0 };
	AK_BUF struct ak_buf part = { 0 };

	for (int i = 0; i < 16384; i++)
		ak_buf_char(&part, 'x');
	ak_buf_printf(&bytes, "%s%s%s%s%s", T1, part.data, T2, part.data,
	    T3 "end\r\n" T1 "next\r\n");
	ak_buf_printf(&want, "00.000000001Z|stdout|%s%send\n%s", part.data,
	    part.data, "00.000000001Z|stdout|next\n");
	for (size_t at = 16300; at < 16500; at++) {
		feed(&bytes, at, true, &lines);
		if (!ak_streq(lines.data, want.data))
			break;
	}
	ok(ak_streq(lines.data, want.data),
	    "times within a terminal's long line are taken out");
	feed(&bytes, SIZE_MAX, true, &lines);
	ok(ak_streq(lines.data, want.data), "byte by byte too");
}

struct sizes {
	size_t partial, whole, last, count;
	bool broken; /* a part begins within a character */
};

static void
add_size(void *arg, const struct mux_line *line)
{
	struct sizes *sizes = arg;

	sizes->count++;
	sizes->broken = sizes->broken ||
	    (line->len > 0 && (line->text[0] & 0xc0) == 0x80);
	if (line->partial)
		sizes->partial += line->len;
	else
		sizes->whole += line->len;
	sizes->last = line->len;
}

static struct sizes
feed_long(const char *character, size_t count, size_t step)
{
	struct sizes sizes = { 0 };
	struct mux mux = { .raw = true, .line = add_size, .arg = &sizes };
	struct ak_err err = { 0 };
	AK_BUF struct ak_buf bytes = { 0 };

	for (size_t i = 0; i < count; i++)
		ak_buf_str(&bytes, character);
	ak_buf_char(&bytes, '\n');
	for (size_t at = 0; at < bytes.len; at += step)
		if (mux_feed(&mux, bytes.data + at,
			bytes.len - at < step ? bytes.len - at : step,
			&err) == -1)
			sizes.broken = true;
	mux_end(&mux);
	mux_free(&mux);
	return sizes;
}

static void
test_long(void)
{
	struct sizes sizes = feed_long("x", MUX_LINE_MAX, 5000);

	ok(sizes.count == 1 && sizes.partial == 0 &&
		sizes.whole == MUX_LINE_MAX,
	    "a line of 1 MiB passes whole");
	sizes = feed_long("x", MUX_LINE_MAX + 1, 5000);
	ok(sizes.count == 2 && sizes.partial == MUX_LINE_MAX && sizes.last == 1,
	    "a byte more, and it comes in two parts");
	sizes = feed_long("\xe2\x82\xac", MUX_LINE_MAX, 4999);
	ok(!sizes.broken && sizes.count == 4 &&
		sizes.partial + sizes.whole == 3 * MUX_LINE_MAX,
	    "no character is cut, and no byte is lost");
	sizes = feed_long("\x80", MUX_LINE_MAX * 2, 4999);
	ok(sizes.partial + sizes.whole == MUX_LINE_MAX * 2,
	    "nor where there are no characters");
}

static void
test_no_frame(void)
{
	AK_BUF struct ak_buf lines = { 0 };
	struct mux mux = { .line = add_line, .arg = &lines };
	struct ak_err err = { 0 };

	ok(mux_feed(&mux, "HTTP/1.1 200", 12, &err) == -1 &&
		err.code == AK_PROTOCOL,
	    "what is no frame is another protocol");
	mux_free(&mux);
}

int
main(void)
{
	for (size_t i = 0; i < AK_COUNT(framed); i++)
		test_framed(i);
	for (size_t i = 0; i < AK_COUNT(raw); i++)
		test_raw(i);
	test_raw_fragments();
	test_long();
	test_no_frame();
	return done_testing();
}
