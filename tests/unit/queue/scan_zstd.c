/*
 * scan_zstd - unit test: a compressed body, cut anywhere, and its bounds.
 */
#include <string.h>
#include <zstd.h>

#include "lib/buf.h"
#include "tests/unit/tap.h"
#include "tools/queue/scan.h"

static void
take(void *arg, const char *data, size_t len)
{
	ak_buf_add(arg, data, len);
}

static int
decode(struct scan *scan, const struct ak_buf *body, size_t step, uint64_t max,
    struct ak_buf *out)
{
	struct scan_zstd *zstd = scan_zstd_new(max, take, out);
	int result = 0;

	scan_begin(scan);
	for (size_t at = 0; result == 0 && at < body->len; at += step) {
		size_t n = step < body->len - at ? step : body->len - at;
		AK_FREE char *copy = ak_malloc(n);

		memcpy(copy, body->data + at, n);
		result = scan_zstd_feed(zstd, copy, n, scan);
	}
	if (result == 0)
		result = scan_zstd_end(zstd, scan);
	scan_zstd_free(zstd);
	return result;
}

static void
compress(struct ak_buf *body, const char *text, size_t len, int window_log)
{
	ZSTD_CCtx *stream = ZSTD_createCCtx();

	ZSTD_CCtx_setParameter(stream, ZSTD_c_windowLog, window_log);
	ZSTD_CCtx_setParameter(stream, ZSTD_c_contentSizeFlag, 0);
	ak_buf_grow(body, ZSTD_compressBound(len));
	{
		ZSTD_outBuffer out = { body->data, body->cap, 0 };
		ZSTD_inBuffer in = { text, len, 0 };

		/* In two calls, so that the window does not fit the size. */
		ZSTD_compressStream2(stream, &out, &in, ZSTD_e_continue);
		ok(ZSTD_compressStream2(stream, &out, &in, ZSTD_e_end) == 0,
		    "%zu bytes are compressed", len);
		body->len = out.pos;
	}
	ZSTD_freeCCtx(stream);
}

int
main(void)
{
	AK_BUF struct ak_buf text = { 0 }, body = { 0 }, out = { 0 };
	AK_BUF struct ak_buf wide = { 0 };
	struct scan scan;
	bool same = true;

	ak_buf_str(&text, "{\"model\":\"m\",\"prompt\":\"");
	while (text.len < 16384 * 3 - 2)
		ak_buf_char(&text, (char)('a' + text.len % 26));
	ak_buf_str(&text, "\"}");
	compress(&body, text.data, text.len, 17);
	for (size_t step = 1; step <= body.len; step++) {
		ak_buf_reset(&out);
		same = same &&
		    decode(&scan, &body, step, text.len, &out) == 0 &&
		    strcmp(scan.model, "m") == 0 && scan.prompt &&
		    out.len == text.len &&
		    memcmp(out.data, text.data, out.len) == 0;
	}
	ok(same, "a body of three pieces is read wherever it is cut");
	ak_buf_reset(&out);
	is_int(decode(&scan, &body, 7, text.len - 1, &out), -1,
	    "one byte over the limit is refused");
	is_str(scan.error, "the body is too large when decoded",
	    "and it says so");
	body.len--;
	is_int(decode(&scan, &body, 7, text.len, &out), -1,
	    "a frame cut short is refused");
	ak_buf_reset(&body);
	ak_buf_str(&body, "{\"model\":\"m\"}");
	is_int(decode(&scan, &body, 7, 1000, &out), -1,
	    "what is no zstd is refused");
	is_str(scan.error, "not zstd, or a window over 8 MiB",
	    "and it says so");
	ak_buf_reset(&body);
	is_int(decode(&scan, &body, 7, 1000, &out), -1, "as is nothing");
	compress(&wide, text.data, text.len, 24);
	is_int(decode(&scan, &wide, 7, text.len, &out), -1,
	    "a window of 16 MiB is refused");
	return done_testing();
}
