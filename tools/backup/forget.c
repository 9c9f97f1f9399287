/*
 * forget - snapshots removed: those named, or those that no rule keeps.
 *
 * Rules are applied to each host, kit and set of sources by itself, so that a
 * machine which backs up often does not push another's snapshots out. What they
 * stored is freed by prune.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/str.h"
#include "tools/backup/care.h"
#include "tools/backup/commands.h"
#include "tools/backup/retain.h"
#include "tools/backup/snap.h"

#define MOST 1000000

static struct {
	struct retain retain;
	int64_t within_ms;
	bool plan, yes;
} o = { .retain = { .minimum = 3 } };

const struct ak_opt forget_options[] = {
	{ 0, "keep-last", "n", "the last n",
	    AK_INT(&o.retain.keep[RETAIN_LAST], 0, MOST) },
	{ 0, "keep-hourly", "n", "one of each of n hours",
	    AK_INT(&o.retain.keep[RETAIN_HOURLY], 0, MOST) },
	{ 0, "keep-daily", "n", "one of each of n days",
	    AK_INT(&o.retain.keep[RETAIN_DAILY], 0, MOST) },
	{ 0, "keep-weekly", "n", "one of each of n weeks",
	    AK_INT(&o.retain.keep[RETAIN_WEEKLY], 0, MOST) },
	{ 0, "keep-monthly", "n", "one of each of n months",
	    AK_INT(&o.retain.keep[RETAIN_MONTHLY], 0, MOST) },
	{ 0, "keep-yearly", "n", "one of each of n years",
	    AK_INT(&o.retain.keep[RETAIN_YEARLY], 0, MOST) },
	{ 0, "keep-within", "time", "all of this time before the newest",
	    AK_DURATION(&o.within_ms, 0, INT64_MAX) },
	{ 0, "keep-min", "n", "the last n stay, whatever the rules (3)",
	    AK_INT(&o.retain.minimum, 0, MOST) },
	{ 0, "plan", NULL, "what would be removed", AK_FLAG(&o.plan) },
	{ 0, "yes", NULL, "do not ask", AK_FLAG(&o.yes) },
	{ 0 },
};

static const struct ak_view forget_view = {
	"forget",
	AK_COLUMNS({ "action", "ACTION", AK_SHOW_TEXT, 0, NULL },
	    { "snapshot", "SNAPSHOT", AK_SHOW_TEXT, 0, NULL },
	    { "age", "AGE", AK_SHOW_AGE, 0, NULL },
	    { "host", "HOST", AK_SHOW_TEXT, 0, NULL },
	    { "reason", "REASON", AK_SHOW_TEXT, 0, NULL }),
	false,
};

struct decision {
	const struct snap *snap;
	struct retain_item item;
	bool named;
	bool decided;
};

struct forgetting {
	struct ak_ctx *ctx;
	struct repo *repo;
	struct snaps snaps;
	struct decision *decisions;
	size_t remove;
};

/* What the rules are applied to together. */
static bool
same_group(const struct snap *a, const struct snap *b)
{
	if (!ak_streq(a->host, b->host) || !ak_streq(a->stack, b->stack) ||
	    a->source_count != b->source_count)
		return false;
	for (size_t i = 0; i < a->source_count; i++)
		if (!ak_streq(a->sources[i].name, b->sources[i].name))
			return false;
	return true;
}

static void
decide_group(struct forgetting *forgetting, size_t first)
{
	size_t count = forgetting->snaps.count, in = 0;
	AK_FREE struct retain_item *items = ak_calloc(count, sizeof(*items));
	AK_FREE size_t *which = ak_calloc(count, sizeof(*which));
	struct decision *all = forgetting->decisions;

	for (size_t i = first; i < count; i++)
		if (!all[i].decided &&
		    same_group(all[first].snap, all[i].snap)) {
			items[in].time = all[i].snap->begin;
			which[in++] = i;
		}
	retain_apply(&o.retain, ak_str_now(), items, in);
	for (size_t i = 0; i < in; i++) {
		all[which[i]].item = items[i];
		all[which[i]].decided = true;
	}
}

static void
decide(struct forgetting *forgetting)
{
	size_t count = forgetting->snaps.count;

	forgetting->decisions = ak_calloc(count + 1,
	    sizeof(*forgetting->decisions));
	for (size_t i = 0; i < count; i++)
		forgetting->decisions[i].snap = forgetting->snaps.items[i];
	for (size_t i = 0; i < count; i++)
		if (!forgetting->decisions[i].decided)
			decide_group(forgetting, i);
}

/* Named: that one goes, unless it is the newest or one of the last. */
static int
choose_named(struct forgetting *forgetting, int count, char *operands[],
    struct ak_err *err)
{
	for (size_t i = 0; i < forgetting->snaps.count; i++)
		forgetting->decisions[i].item.keep = true;
	for (int i = 0; i < count; i++) {
		struct snap *snap;
		struct decision *decision = forgetting->decisions;

		if (snap_find(forgetting->repo, operands[i], &snap, err) == -1)
			return -1;
		while (!ak_streq(decision->snap->name, snap->name))
			decision++;
		snap_free(snap);
		if (decision->item.newest || decision->item.minimum) {
			ak_err_set(err, AK_NOPERM, "%s: the last %lld stay",
			    operands[i],
			    (long long)(o.retain.minimum > 1 ? o.retain.minimum
							     : 1));
			ak_err_help(err, "--keep-min 1 leaves the newest");
			return -1;
		}
		decision->item.keep = false;
		decision->named = true;
	}
	return 0;
}

static void
records(struct forgetting *forgetting)
{
	struct ak_out *out = forgetting->ctx->out;
	AK_BUF struct ak_buf reason = { 0 };

	for (size_t i = 0; i < forgetting->snaps.count; i++) {
		const struct decision *decision = &forgetting->decisions[i];

		retain_reason(&decision->item, &reason);
		ak_out_begin(out, &forget_view);
		ak_out_str(out, "action",
		    decision->item.keep ? "keep" : "remove");
		ak_out_str(out, "snapshot", decision->snap->name);
		ak_out_time(out, ak_out_is_table(out) ? "age" : "begin",
		    decision->snap->begin);
		ak_out_str(out, "host", decision->snap->host);
		ak_out_str(out, "reason",
		    decision->named ? "named" : reason.data);
		ak_out_end(out);
		forgetting->remove += !decision->item.keep;
	}
	ak_out_flush(out);
}

/* Asked at a terminal; elsewhere it has to be said beforehand. */
static int
confirm(const struct forgetting *forgetting, struct ak_err *err)
{
	char answer[8] = "";

	if (o.yes)
		return 0;
	if (isatty(STDIN_FILENO) != 1) {
		ak_err_set(err, AK_USAGE, "%zu snapshots would be removed",
		    forgetting->remove);
		ak_err_help(err, "--yes does it, --plan shows it");
		return -1;
	}
	fprintf(stderr, "remove %zu snapshot%s? [y/N] ", forgetting->remove,
	    forgetting->remove == 1 ? "" : "s");
	if (!fgets(answer, sizeof(answer), stdin) ||
	    (answer[0] != 'y' && answer[0] != 'Y'))
		return ak_fail(err, AK_NO, "nothing was removed");
	return 0;
}

static int
remove_all(struct forgetting *forgetting, struct ak_err *err)
{
	for (size_t i = 0; i < forgetting->snaps.count; i++) {
		const struct decision *decision = &forgetting->decisions[i];
		AK_FREE char *name = ak_printf("snaps/%s",
		    decision->snap->name);

		if (!decision->item.keep &&
		    object_remove(forgetting->repo, name, err) == -1)
			return -1;
	}
	return forgetting->repo->store->ops->sync(forgetting->repo->store, err);
}

static int
forget(struct forgetting *forgetting, int count, char *operands[])
{
	struct ak_err *err = &forgetting->ctx->err;
	struct store *store;

	if (repo_open_asked(&forgetting->repo, err) == -1)
		return -1;
	store = forgetting->repo->store;
	if (store->ops->lock(store, STORE_SHARED, "aikit-backup forget", err) ==
		-1 ||
	    snap_list(forgetting->repo, &forgetting->snaps, err) == -1)
		return -1;
	for (size_t i = 0; i < forgetting->snaps.bad_count; i++)
		ak_cmd_warn(forgetting->ctx,
		    "snapshot %s cannot be read, and stays",
		    forgetting->snaps.bad[i]);
	decide(forgetting);
	if (count > 0 && choose_named(forgetting, count, operands, err) == -1)
		return -1;
	records(forgetting);
	if (o.plan)
		return forgetting->remove > 0 ? 1 : 0;
	if (forgetting->remove == 0)
		return 0;
	if (confirm(forgetting, err) == -1)
		return -1;
	return remove_all(forgetting, err);
}

int
forget_run(struct ak_ctx *ctx, int count, char *operands[])
{
	struct forgetting forgetting = { .ctx = ctx };
	int got;

	o.retain.within_ns = o.within_ms * INT64_C(1000000);
	if (count == 0 && !retain_asked(&o.retain))
		return ak_fail(&ctx->err, AK_USAGE,
		    "no rule says what to keep, and no snapshot is named");
	got = forget(&forgetting, count, operands);
	snaps_free(&forgetting.snaps);
	free(forgetting.decisions);
	repo_close(forgetting.repo);
	return got;
}
