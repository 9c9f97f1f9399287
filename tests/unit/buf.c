/*
 * buf - unit test: a growable string of bytes.
 */
#include "lib/buf.h"

#include <string.h>

#include "tests/unit/tap.h"

static void
adding(void)
{
	AK_BUF struct ak_buf buf = { 0 };

	is_str(ak_buf_text(&buf), "", "an empty one reads as no text");
	ak_buf_add(&buf, NULL, 0);
	is_str(buf.data, "", "adding nothing leaves an empty string");
	ak_buf_str(&buf, "ab");
	ak_buf_char(&buf, 'c');
	ak_buf_add(&buf, "d\0e", 3);
	ok(buf.len == 6 && memcmp(buf.data, "abcd\0e", 7) == 0,
	    "bytes follow one another, a NUL behind them");
	ak_buf_drop(&buf, 0);
	ak_buf_drop(&buf, 3);
	ok(buf.len == 3 && memcmp(buf.data, "d\0e", 4) == 0,
	    "the first bytes can be dropped");
	ak_buf_reset(&buf);
	ok(buf.len == 0 && buf.cap > 0 && buf.data[0] == '\0',
	    "a reset empties and keeps the memory");
}

static void
printing(void)
{
	for (int len = 0; len < 300; len += 7) {
		AK_BUF struct ak_buf buf = { 0 };

		ak_buf_str(&buf, "<");
		ak_buf_printf(&buf, "%*s>", len, "");
		if (buf.len != (size_t)len + 2 || buf.data[buf.len] != '\0' ||
		    buf.data[buf.len - 1] != '>') {
			ok(false, "%d printed characters are all there", len);
			return;
		}
	}
	ok(true, "printed characters are all there, however many");
}

static void
growing(void)
{
	AK_BUF struct ak_buf buf = { 0 };
	size_t moves = 0, cap = 0;

	for (int i = 0; i < 1000000; i++) {
		ak_buf_char(&buf, 'x');
		moves += buf.cap != cap;
		cap = buf.cap;
	}
	ok(moves < 20, "a million bytes move fewer than twenty times");
	is_int((long long)strlen(buf.data), 1000000, "and are all there");
}

static void
taking(void)
{
	struct ak_buf buf = { 0 };
	AK_FREE char *none = ak_buf_take(&buf);
	AK_FREE char *text = NULL;

	is_str(none, "", "an empty one is taken as an empty string");
	ak_buf_str(&buf, "kept");
	text = ak_buf_take(&buf);
	is_str(text, "kept", "the bytes are taken as a string");
	ok(!buf.data && buf.len == 0 && buf.cap == 0, "and leave it empty");
}

int
main(void)
{
	adding();
	printing();
	growing();
	taking();
	return done_testing();
}
