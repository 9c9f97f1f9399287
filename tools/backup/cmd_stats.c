/*
 * cmd_stats - what was backed up, and what it takes.
 *
 * total: the bytes of all files, in each snapshot anew. unique: the chunks they
 * have, each once. stored: what the packs hold of it, compressed and sealed.
 */
#include "tools/backup/closure.h"
#include "tools/backup/commands.h"

#define FRAMES 4

static const struct ak_view view = {
	"stats",
	AK_COLUMNS({ "snapshots", "SNAPSHOTS", AK_SHOW_NUMBER, 0, NULL },
	    { "files", "FILES", AK_SHOW_NUMBER, 0, NULL },
	    { "total_bytes", "TOTAL", AK_SHOW_SIZE, 0, NULL },
	    { "chunks", "CHUNKS", AK_SHOW_NUMBER, 0, NULL },
	    { "unique_bytes", "UNIQUE", AK_SHOW_SIZE, 0, NULL },
	    { "packs", "PACKS", AK_SHOW_NUMBER, 0, NULL },
	    { "stored_bytes", "STORED", AK_SHOW_SIZE, 0, NULL },
	    { "ratio", "RATIO", AK_SHOW_NUMBER, 0, NULL }),
	false,
};

struct sums {
	uint64_t snapshots, files, total;
	uint64_t chunks, unique, missing;
	uint64_t packs, stored, packed; /* packed: plain bytes of all packs */
};

static void
count_snap(struct sums *sums, const struct snap *snap)
{
	sums->snapshots++;
	for (size_t i = 0; i < snap->source_count; i++) {
		sums->files += snap->sources[i].files;
		sums->total += snap->sources[i].bytes;
	}
}

static int
on_chunk(void *arg, const struct chunk *chunk,
    const struct place *place AK_UNUSED, struct ak_err *err AK_UNUSED)
{
	struct sums *sums = arg;

	sums->chunks++;
	sums->unique += chunk->len;
	return 0;
}

static int
on_missing(void *arg, const struct chunk *chunk AK_UNUSED,
    struct ak_err *why AK_UNUSED)
{
	struct sums *sums = arg;

	sums->missing++;
	return 0;
}

static void
count_packs(struct sums *sums, const struct index *index)
{
	for (size_t i = 0; i < index_pack_count(index); i++) {
		const struct pack_list *pack = index_pack(index, (uint32_t)i);

		sums->packs++;
		for (size_t j = 0; j < pack->frame_count; j++) {
			sums->stored += pack->frames[j].clen;
			sums->packed += pack->frames[j].rlen;
		}
	}
}

/*
 * Of one snapshot, what its chunks take is not known apart from others in the
 * same frames: packs and what is stored are of the whole repository.
 */
static void
report(struct ak_out *out, const struct sums *sums, bool whole)
{
	ak_out_begin(out, &view);
	ak_out_int(out, "snapshots", (int64_t)sums->snapshots);
	ak_out_int(out, "files", (int64_t)sums->files);
	ak_out_int(out, "total_bytes", (int64_t)sums->total);
	ak_out_int(out, "chunks", (int64_t)sums->chunks);
	ak_out_int(out, "unique_bytes", (int64_t)sums->unique);
	if (whole) {
		ak_out_int(out, "packs", (int64_t)sums->packs);
		ak_out_int(out, "stored_bytes", (int64_t)sums->stored);
		if (sums->stored > 0)
			ak_out_number(out, "ratio",
			    (double)sums->total / (double)sums->stored);
	}
	if (sums->missing > 0)
		ak_out_int(out, "missing", (int64_t)sums->missing);
	ak_out_end(out);
}

static int
count_all(struct closure *closure, struct sums *sums, const struct snaps *snaps,
    struct ak_err *err)
{
	for (size_t i = 0; i < snaps->count; i++) {
		count_snap(sums, snaps->items[i]);
		if (closure_add(closure, snaps->items[i], err) == -1)
			return -1;
	}
	count_packs(sums, closure->session->index);
	return 0;
}

static int
count_one(struct closure *closure, struct sums *sums, const char *which,
    struct ak_err *err)
{
	struct snap *snap = NULL;
	int got;

	if (snap_find(closure->session->repo, which, &snap, err) == -1)
		return -1;
	count_snap(sums, snap);
	got = closure_add(closure, snap, err);
	snap_free(snap);
	return got;
}

int
stats_run(struct ak_ctx *ctx, int count, char *operands[])
{
	struct session session = { 0 };
	struct sums sums = { 0 };
	struct closure closure = { .session = &session,
		.chunk = on_chunk,
		.missing = on_missing,
		.unread = on_missing,
		.arg = &sums };
	struct snaps snaps = { 0 };
	int got = session_open(&session, ctx, FRAMES);

	if (got == 0 && count > 0)
		got = count_one(&closure, &sums, operands[0], &ctx->err);
	else if (got == 0)
		got = snap_list(session.repo, &snaps, &ctx->err) == -1
		    ? -1
		    : count_all(&closure, &sums, &snaps, &ctx->err);
	if (got == 0)
		report(ctx->out, &sums, count == 0);
	if (got == 0 && sums.missing > 0)
		got = ak_fail(&ctx->err, AK_DATA, "%llu chunks are missing",
		    (unsigned long long)sums.missing);
	closure_free(&closure);
	snaps_free(&snaps);
	session_close(&session);
	return got;
}
