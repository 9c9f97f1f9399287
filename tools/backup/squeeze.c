/*
 * squeeze - zstd, for frames and sealed objects.
 */
#include "tools/backup/squeeze.h"

#include <stdio.h>
#include <unistd.h>
#include <zstd.h>

/* Of a window, as a power of 2: 8 MiB, which no frame of ours needs. */
#define WINDOW_MAX 23
#define USUAL 3 /* level */

struct squeeze {
	int level;
	ZSTD_CCtx *in; /* made when needed */
	ZSTD_DCtx *out;
};

struct squeeze *
squeeze_new(int level)
{
	struct squeeze *new = ak_calloc(1, sizeof(*new));

	new->level = level;
	return new;
}

void
squeeze_free(struct squeeze *squeeze)
{
	if (!squeeze)
		return;
	ZSTD_freeCCtx(squeeze->in);
	ZSTD_freeDCtx(squeeze->out);
	free(squeeze);
}

/* libzstd fails so only when it has no memory. */
static void
must(bool done)
{
	if (done)
		return;
	dprintf(STDERR_FILENO, "squeeze: libzstd failed\n");
	_exit(AK_SYSTEM);
}

/*
 * A frame is about 1 MiB of text or of database pages: of it the usual level
 * makes up to one per cent less with larger tables, and matches of 6 bytes earn
 * most of the time that those take.
 */
static ZSTD_CCtx *
in_of(struct squeeze *squeeze)
{
	static const struct {
		ZSTD_cParameter what;
		int value;
	} usual[] = { { ZSTD_c_hashLog, 18 }, { ZSTD_c_chainLog, 17 },
		{ ZSTD_c_minMatch, 6 } };

	if (squeeze->in)
		return squeeze->in;
	squeeze->in = ZSTD_createCCtx();
	must(squeeze->in != NULL);
	must(!ZSTD_isError(ZSTD_CCtx_setParameter(squeeze->in,
	    ZSTD_c_compressionLevel, squeeze->level)));
	for (size_t i = 0; squeeze->level == USUAL && i < AK_COUNT(usual); i++)
		must(!ZSTD_isError(ZSTD_CCtx_setParameter(squeeze->in,
		    usual[i].what, usual[i].value)));
	return squeeze->in;
}

void
squeeze_add(struct squeeze *squeeze, const void *data, size_t len,
    struct ak_buf *out)
{
	size_t bound = ZSTD_compressBound(len), got;

	ak_buf_grow(out, bound);
	got = ZSTD_compress2(in_of(squeeze), out->data + out->len, bound, data,
	    len);
	must(!ZSTD_isError(got));
	out->len += got;
	out->data[out->len] = '\0';
}

static ZSTD_DCtx *
out_of(struct squeeze *squeeze)
{
	if (!squeeze->out) {
		squeeze->out = ZSTD_createDCtx();
		must(squeeze->out != NULL);
		must(!ZSTD_isError(ZSTD_DCtx_setParameter(squeeze->out,
		    ZSTD_d_windowLogMax, WINDOW_MAX)));
	}
	return squeeze->out;
}

int
squeeze_get(struct squeeze *squeeze, const void *data, size_t len, void *out,
    size_t rlen, struct ak_err *err)
{
	size_t got = ZSTD_decompressDCtx(out_of(squeeze), out, rlen, data, len);

	if (ZSTD_isError(got))
		return ak_fail(err, AK_DATA, "zstd: %s",
		    ZSTD_getErrorName(got));
	if (got != rlen)
		return ak_fail(err, AK_DATA,
		    "zstd: %zu bytes where %zu should be", got, rlen);
	return 0;
}

/* The room for the next step: as much as there is already, and 64 KiB. */
static size_t
step_of(size_t have, size_t max)
{
	size_t step = have + 65536;

	return have + step > max ? max - have + 1 : step;
}

int
squeeze_grow(struct squeeze *squeeze, const void *data, size_t len, size_t max,
    struct ak_buf *out, struct ak_err *err)
{
	ZSTD_inBuffer in = { data, len, 0 };
	size_t begin = out->len, left = 1;

	must(!ZSTD_isError(ZSTD_DCtx_reset(out_of(squeeze),
	    ZSTD_reset_session_only)));
	while (left != 0) {
		size_t step = step_of(out->len - begin, max), before = in.pos;
		ZSTD_outBuffer to = { 0 };

		ak_buf_grow(out, step);
		to = (ZSTD_outBuffer){ out->data + out->len, step, 0 };
		left = ZSTD_decompressStream(squeeze->out, &to, &in);
		if (ZSTD_isError(left))
			return ak_fail(err, AK_DATA, "zstd: %s",
			    ZSTD_getErrorName(left));
		out->len += to.pos;
		if (out->len - begin > max)
			return ak_fail(err, AK_DATA, "larger than %zu bytes",
			    max);
		if (left != 0 && to.pos == 0 && in.pos == before)
			return ak_fail(err, AK_DATA, "zstd: cut short");
	}
	if (in.pos != len)
		return ak_fail(err, AK_DATA, "zstd: bytes behind its end");
	out->data[out->len] = '\0';
	return 0;
}
