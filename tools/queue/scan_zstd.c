/*
 * scan_zstd - a compressed body for the scanner, by libzstd.
 *
 * The one file that knows libzstd. What a body may become is bounded twice: in
 * bytes, and in the window that the decoder must hold.
 */
#include <zstd.h>

#include "tools/queue/scan.h"

#define WINDOW_LOG 23 /* 8 MiB */
#define PIECE 16384

struct scan_zstd {
	ZSTD_DStream *stream;
	uint64_t left;
	size_t due; /* what libzstd still wants; 0 at the end of a frame */
	scan_take_fn *take;
	void *arg;
	char piece[PIECE];
};

struct scan_zstd *
scan_zstd_new(uint64_t max, scan_take_fn *take, void *arg)
{
	struct scan_zstd *zstd = ak_calloc(1, sizeof(*zstd));

	zstd->stream = ZSTD_createDStream();
	if (zstd->stream)
		ZSTD_DCtx_setParameter(zstd->stream, ZSTD_d_windowLogMax,
		    WINDOW_LOG);
	zstd->left = max;
	zstd->due = 1;
	zstd->take = take;
	zstd->arg = arg;
	return zstd;
}

void
scan_zstd_free(struct scan_zstd *zstd)
{
	if (zstd)
		ZSTD_freeDStream(zstd->stream);
	free(zstd);
}

static int
fail(struct scan *scan, const char *why)
{
	if (!scan->error) {
		scan->error = why;
		scan->at = scan->lex.at;
	}
	return -1;
}

static int
hand_on(struct scan_zstd *zstd, size_t len, struct scan *scan)
{
	if (len > zstd->left)
		return fail(scan, "the body is too large when decoded");
	zstd->left -= len;
	if (zstd->take)
		zstd->take(zstd->arg, zstd->piece, len);
	return scan_feed(scan, zstd->piece, len);
}

int
scan_zstd_feed(struct scan_zstd *zstd, const char *data, size_t len,
    struct scan *scan)
{
	ZSTD_inBuffer in = { data, len, 0 };
	ZSTD_outBuffer out = { zstd->piece, PIECE, 0 };

	if (scan->error)
		return -1;
	if (!zstd->stream)
		return fail(scan, "no memory for zstd");
	/* A full piece may not have been all that there was. */
	while (in.pos < in.size || (out.pos == out.size && zstd->due != 0)) {
		out.pos = 0;
		zstd->due = ZSTD_decompressStream(zstd->stream, &out, &in);
		if (ZSTD_isError(zstd->due))
			return fail(scan, "not zstd, or a window over 8 MiB");
		if (hand_on(zstd, out.pos, scan) == -1)
			return -1;
	}
	return 0;
}

int
scan_zstd_end(struct scan_zstd *zstd, struct scan *scan)
{
	if (!scan->error && zstd->due != 0)
		return fail(scan, "the zstd frame is cut short");
	return scan_end(scan);
}
