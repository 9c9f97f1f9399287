/*
 * cmd_ls - entries of a snapshot below a path; and names in all snapshots.
 */
#include "tools/backup/commands.h"
#include "tools/backup/glob.h"
#include "tools/backup/records.h"
#include "tools/backup/session.h"

#define FRAMES 4

struct look {
	struct ak_ctx *ctx;
	struct session session;
	struct wanted wanted;
	struct snap *snap;
	const char *pattern;
	size_t lost, found;
};

static void
on_lost(void *arg, const struct snap_source *source, const struct ak_err *why)
{
	struct look *look = arg;

	look->lost++;
	ak_cmd_warn(look->ctx, "%s: %s", source->name, why->text);
}

static int
list_entry(void *arg, const struct snap_source *source AK_UNUSED,
    const char *path, const struct entry *entry, struct ak_err *err)
{
	struct look *look = arg;

	record_entry(look->ctx->out, NULL, *path ? path : "/", entry);
	return ak_out_failed(look->ctx->out) ? ak_fail(err, AK_IO, "stdout")
					     : 0;
}

static int
find_entry(void *arg, const struct snap_source *source, const char *path,
    const struct entry *entry, struct ak_err *err)
{
	struct look *look = arg;

	if (!glob_match_entry(look->pattern, source->prefix,
		(const char *)entry->path, entry->type == ENTRY_DIR))
		return 0;
	look->found++;
	record_entry(look->ctx->out, look->snap, path, entry);
	return ak_out_failed(look->ctx->out) ? ak_fail(err, AK_IO, "stdout")
					     : 0;
}

static int
visit_snap(struct look *look,
    int (*entry)(void *arg, const struct snap_source *source, const char *path,
	const struct entry *entry, struct ak_err *err))
{
	struct visit visit = { &look->session, look->snap, &look->wanted, entry,
		on_lost, look };

	return visit_all(&visit, &look->ctx->err);
}

static int
outcome(const struct look *look)
{
	const char *missing = wanted_missing(&look->wanted);

	if (look->lost > 0)
		return ak_fail(&look->ctx->err, AK_DATA,
		    "%zu parts of trees are lost", look->lost);
	if (missing)
		return ak_fail(&look->ctx->err, AK_NOINPUT,
		    "%s: not in the snapshot", missing);
	return 0;
}

static void
end(struct look *look)
{
	wanted_free(&look->wanted);
	session_close(&look->session);
}

int
ls_run(struct ak_ctx *ctx, int count, char *operands[])
{
	struct look look = { .ctx = ctx };
	int got = wanted_set(&look.wanted, (size_t)count - 1, operands + 1,
	    &ctx->err);

	if (got == 0)
		got = session_open(&look.session, ctx, FRAMES);
	if (got == 0)
		got = snap_find(look.session.repo, operands[0], &look.snap,
		    &ctx->err);
	if (got == 0) {
		got = visit_snap(&look, list_entry);
		snap_free(look.snap);
	}
	if (got == 0)
		got = outcome(&look);
	end(&look);
	/* What failed is told when it is closed. */
	return ak_out_failed(ctx->out) ? 0 : got;
}

static int
find_all(struct look *look, const struct snaps *snaps)
{
	for (size_t i = 0; i < snaps->count; i++) {
		look->snap = snaps->items[i];
		if (visit_snap(look, find_entry) == -1)
			return -1;
	}
	if (outcome(look) == -1)
		return -1;
	return look->found > 0 ? 0 : 1;
}

int
find_run(struct ak_ctx *ctx, int count AK_UNUSED, char *operands[])
{
	struct look look = { .ctx = ctx, .pattern = operands[0] };
	struct snaps snaps = { 0 };
	int got = session_open(&look.session, ctx, FRAMES);

	if (got == 0)
		got = snap_list(look.session.repo, &snaps, &ctx->err);
	if (got == 0)
		got = find_all(&look, &snaps);
	snaps_free(&snaps);
	end(&look);
	/* What failed is told when it is closed. */
	return ak_out_failed(ctx->out) ? 0 : got;
}
