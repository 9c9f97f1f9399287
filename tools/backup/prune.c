/*
 * prune - the command: what is needed, what is to be done with each pack.
 */
#include "tools/backup/prune.h"

#include <string.h>

#include "lib/str.h"
#include "tools/backup/care.h"
#include "tools/backup/commands.h"

static struct {
	bool plan;
	int64_t grace_ms;
} o = { .grace_ms = INT64_C(24) * 3600 * 1000 };

const struct ak_opt prune_options[] = {
	{ 0, "plan", NULL, "what would be done", AK_FLAG(&o.plan) },
	{ 0, "grace", "time", "how old a mark must be (24h)",
	    AK_DURATION(&o.grace_ms, 0, INT64_MAX) },
	{ 0 },
};

static const struct ak_view prune_view = {
	"prune",
	AK_COLUMNS({ "packs", "PACKS", AK_SHOW_NUMBER, 0, NULL },
	    { "unused_bytes", "UNUSED", AK_SHOW_SIZE, 0, NULL },
	    { "marked", "MARKED", AK_SHOW_NUMBER, 0, NULL },
	    { "rewritten", "REWRITTEN", AK_SHOW_NUMBER, 0, NULL },
	    { "removed", "REMOVED", AK_SHOW_NUMBER, 0, NULL },
	    { "unmarked", "UNMARKED", AK_SHOW_NUMBER, 0, NULL },
	    { "freed_bytes", "FREED", AK_SHOW_SIZE, 0, NULL },
	    { "seconds", "TOOK", AK_SHOW_SECONDS, 0, NULL }),
	false,
};

/* The places behind the first are only kept when somebody asked for copies. */
static int
mark(void *arg, const struct chunk *chunk, const struct place *first,
    AK_UNUSED struct ak_err *err)
{
	struct prune *prune = arg;
	struct place place;

	prune->packs[first->pack].used += chunk->len;
	for (size_t n = 1; prune->copies &&
	     index_find(prune->session.index, chunk->id, n, &place);
	     n++)
		if (places_add(&prune->closure.seen, &place))
			prune->packs[place.pack].used += chunk->len;
	return 0;
}

/* A snapshot that cannot be read may need anything. */
static int
mark_all(struct prune *prune, struct ak_err *err)
{
	struct snaps snaps = { 0 };
	int got = snap_list(prune->session.repo, &snaps, err);

	if (got == 0 && snaps.bad_count > 0) {
		ak_err_set(err, AK_DATA,
		    "snapshot %s cannot be read: nothing is removed",
		    snaps.bad[0]);
		ak_err_help(err, "aikit-backup verify --repair");
		got = -1;
	}
	for (size_t i = 0; i < snaps.count; i++)
		prune->copies |= snaps.items[i]->independent;
	for (size_t i = 0; i < snaps.count && got == 0; i++)
		got = closure_add(&prune->closure, snaps.items[i], err);
	snaps_free(&snaps);
	return got;
}

static void
count_plain(struct prune *prune)
{
	for (size_t i = 0; i < prune->count; i++) {
		const struct pack_list *list = index_pack(prune->session.index,
		    (uint32_t)i);

		for (size_t j = 0; j < list->frame_count; j++)
			prune->packs[i].plain += list->frames[j].rlen;
	}
}

static bool
is_small(const struct prune *prune, size_t i)
{
	const struct pack_list *list = index_pack(prune->session.index,
	    (uint32_t)i);

	return list->size < prune->session.repo->pack_size / 16;
}

/* Packs of a thirty-second of what one should be are many files for little. */
#define SMALL_ENOUGH 8

static void
choose(struct prune *prune)
{
	const struct index *index = prune->session.index;
	size_t small[2] = { 0 };

	for (size_t i = 0; i < prune->count; i++)
		if (!index_trashed(index, (uint32_t)i) && is_small(prune, i) &&
		    prune->packs[i].used > 0)
			small[index_pack(index, (uint32_t)i)->kind]++;
	for (size_t i = 0; i < prune->count; i++) {
		struct prune_pack *pack = &prune->packs[i];
		enum pack_kind kind = index_pack(index, (uint32_t)i)->kind;

		if (index_trashed(index, (uint32_t)i))
			continue;
		prune->unused += pack->plain > pack->used
		    ? pack->plain - pack->used
		    : 0;
		if (pack->used == 0)
			pack->action = PRUNE_MARK;
		else if (pack->used < pack->plain / 3 * 2 ||
		    (is_small(prune, i) && small[kind] >= SMALL_ENOUGH))
			pack->action = PRUNE_REWRITE;
		prune->marked += pack->action != PRUNE_KEEP;
		prune->rewritten += pack->action == PRUNE_REWRITE;
	}
}

struct waste {
	struct prune_pack *pack;
	double used; /* of 1 */
};

static int
emptier(const void *a, const void *b)
{
	double left = ((const struct waste *)a)->used;
	double right = ((const struct waste *)b)->used;

	return (left > right) - (left < right);
}

/* Of what stays as it is, at most a twentieth may be of no use. */
static void
choose_more(struct prune *prune)
{
	AK_FREE struct waste *stay = ak_calloc(prune->count + 1, sizeof(*stay));
	uint64_t unused = 0, plain = 0;
	size_t count = 0;

	for (size_t i = 0; i < prune->count; i++) {
		struct prune_pack *pack = &prune->packs[i];

		if (index_trashed(prune->session.index, (uint32_t)i) ||
		    pack->action != PRUNE_KEEP || pack->used >= pack->plain)
			continue;
		stay[count++] = (struct waste){ pack,
			(double)pack->used / (double)pack->plain };
		unused += pack->plain - pack->used;
		plain += pack->plain;
	}
	qsort(stay, count, sizeof(*stay), emptier);
	for (size_t i = 0; i < count && unused > plain / 20; i++) {
		stay[i].pack->action = PRUNE_REWRITE;
		unused -= stay[i].pack->plain - stay[i].pack->used;
		prune->marked++;
		prune->rewritten++;
	}
}

/* What was rewritten is safe before what it was in is marked. */
static int
mark_packs(struct prune *prune, struct ak_err *err)
{
	struct store *store = prune->session.repo->store;

	for (size_t i = 0; i < prune->count; i++) {
		const struct pack_list *list = index_pack(prune->session.index,
		    (uint32_t)i);
		struct trash trash = { .kind = list->kind,
			.why = TRASH_UNUSED };

		if (prune->packs[i].action == PRUNE_KEEP)
			continue;
		memcpy(trash.pack, list->pack, ID_SIZE);
		if (store->ops->now(store, &trash.since, err) == -1 ||
		    trash_put(prune->session.repo, &trash, err) == -1)
			return -1;
		prune->packs[i].moved = true;
	}
	return store->ops->sync(store, err);
}

static int
act(struct prune *prune, struct ak_err *err)
{
	struct repo *repo = prune->session.repo;

	if (prune_rewrite(prune, err) == -1 ||
	    index_commit(repo, prune->session.index, err) == -1 ||
	    repo->store->ops->sync(repo->store, err) == -1 ||
	    mark_packs(prune, err) == -1)
		return -1;
	return prune_sweep(prune, err);
}

static int
open_it(struct prune *prune)
{
	struct ak_err *err = &prune->ctx->err;
	struct session *session = &prune->session;
	struct store *store;

	if (repo_open_asked(&session->repo, err) == -1)
		return -1;
	store = session->repo->store;
	if (store->ops->lock(store, o.plan ? STORE_SHARED : STORE_EXCLUSIVE,
		"aikit-backup prune", err) == -1 ||
	    index_load(session->repo, &session->index, err) == -1 ||
	    index_adopt(session->repo, session->index, !o.plan, err) == -1)
		return -1;
	session->loader = loader_new(session->repo, session->index, 16);
	prune->count = index_pack_count(session->index);
	prune->packs = ak_calloc(prune->count + 1, sizeof(*prune->packs));
	prune->closure = (struct closure){
		.session = session, .chunk = mark, .arg = prune
	};
	return store->ops->now(store, &prune->now, err);
}

static void
record(struct prune *prune, int64_t begin)
{
	struct ak_out *out = prune->ctx->out;

	ak_out_begin(out, &prune_view);
	ak_out_bool(out, "plan", o.plan);
	ak_out_int(out, "packs", (int64_t)prune->count);
	ak_out_int(out, "unused_bytes", (int64_t)prune->unused);
	ak_out_int(out, "marked", (int64_t)prune->marked);
	ak_out_int(out, "rewritten", (int64_t)prune->rewritten);
	ak_out_int(out, "removed", (int64_t)prune->removed);
	ak_out_int(out, "unmarked", (int64_t)prune->restored);
	ak_out_int(out, "freed_bytes", (int64_t)prune->freed);
	ak_out_number(out, "seconds", (double)(ak_str_now() - begin) / 1e9);
	ak_out_end(out);
}

static int
prune_it(struct prune *prune, int64_t begin)
{
	struct ak_err *err = &prune->ctx->err;

	if (open_it(prune) == -1 || mark_all(prune, err) == -1)
		return -1;
	count_plain(prune);
	choose(prune);
	choose_more(prune);
	if ((o.plan ? prune_sweep_plan(prune, err) : act(prune, err)) == -1)
		return -1;
	record(prune, begin);
	if (o.plan)
		return prune->marked + prune->removed + prune->restored > 0;
	return 0;
}

int
prune_run(struct ak_ctx *ctx, AK_UNUSED int count, AK_UNUSED char *operands[])
{
	struct prune prune = { .ctx = ctx,
		.plan = o.plan,
		.grace = o.grace_ms * INT64_C(1000000) };
	int64_t begin = ak_str_now();
	int got = prune_it(&prune, begin);

	if (prune.session.repo && !o.plan && ctx->err.code != AK_TEMPFAIL)
		care_done(ctx, prune.session.repo, CARE_PRUNE, begin,
		    got == -1 ? ctx->err.text : NULL);
	closure_free(&prune.closure);
	free(prune.packs);
	free(prune.trash.items);
	session_close(&prune.session);
	return got;
}
