/*
 * reindex - index segments made anew: from all packs, or from the old ones.
 */
#include "tools/backup/reindex.h"

#include <string.h>

#include "tools/backup/commands.h"
#include "tools/backup/index_segment.h"
#include "tools/backup/index_table.h"
#include "tools/backup/verify.h"

struct names {
	char **items;
	size_t count;
};

static int
add_name(void *arg, const char *name, AK_UNUSED uint64_t size,
    AK_UNUSED struct ak_err *err)
{
	struct names *names = arg;

	names->items = ak_resize(names->items, names->count + 1,
	    sizeof(*names->items));
	names->items[names->count++] = ak_strdup(name);
	return 0;
}

static void
names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
}

static struct index *
empty_index(void)
{
	struct index *index = ak_calloc(1, sizeof(*index));

	pthread_mutex_init(&index->mutex, NULL);
	return index;
}

/* What was there before goes once what replaces it is safe. */
static int
replace(struct repo *repo, struct index *index, const struct names *old,
    struct ak_err *err)
{
	struct store *store = repo->store;

	if (index_commit(repo, index, err) == -1 ||
	    store->ops->sync(store, err) == -1)
		return -1;
	for (size_t i = 0; i < old->count; i++)
		if (object_remove(repo, old->items[i], err) == -1)
			return -1;
	return store->ops->sync(store, err);
}

int
reindex(struct repo *repo, size_t *packs, struct ak_err *err)
{
	struct index *index = empty_index();
	struct names old = { 0 };
	int got;

	got = object_list(repo, "index/", add_name, &old, err);
	if (got == 0)
		got = index_adopt(repo, index, true, err);
	if (got == 0)
		got = replace(repo, index, &old, err);
	if (got == 0)
		*packs = index_pack_count(index);
	names_free(&old);
	index_free(index);
	return got;
}

struct rewriting {
	struct repo *repo;
	struct index *index;
	bool (*keep)(void *arg, const uint8_t pack[ID_SIZE]);
	void *arg;
};

static int
take_kept(void *arg, const struct pack_list *list, struct ak_err *err)
{
	struct rewriting *rewriting = arg;

	if (!rewriting->keep(rewriting->arg, list->pack))
		return 0;
	index_take(rewriting->index, list, false, true);
	return index_commit_due(rewriting->repo, rewriting->index, err);
}

/* One that is damaged is passed over, and its packs by index_adopt() not. */
static int
take_segment(struct rewriting *rewriting, const char *name, struct ak_err *err)
{
	AK_BUF struct ak_buf plain = { 0 };

	if (object_open(rewriting->repo, name, SEAL_INDEX, &plain, err) == 0 &&
	    segment_parse(plain.data, plain.len, take_kept, rewriting, err) ==
		0)
		return 0;
	if (err->code != AK_DATA && err->code != AK_NOINPUT)
		return -1;
	*err = (struct ak_err){ 0 };
	return 0;
}

int
index_rewrite(struct repo *repo,
    bool (*keep)(void *arg, const uint8_t pack[ID_SIZE]), void *arg,
    struct ak_err *err)
{
	struct rewriting rewriting = {
		.repo = repo, .index = empty_index(), .keep = keep, .arg = arg
	};
	struct names old = { 0 };
	int got;

	got = object_list(repo, "index/", add_name, &old, err);
	for (size_t i = 0; i < old.count && got == 0; i++)
		got = take_segment(&rewriting, old.items[i], err);
	if (got == 0)
		got = replace(repo, rewriting.index, &old, err);
	names_free(&old);
	index_free(rewriting.index);
	return got;
}

static const struct ak_view reindex_view = {
	"reindex",
	AK_COLUMNS({ "packs", "PACKS", AK_SHOW_NUMBER, 0, NULL },
	    { "not_indexed", "NOT INDEXED", AK_SHOW_NUMBER, 0, NULL }),
	false,
};

static bool plan;
const struct ak_opt reindex_options[] = {
	{ 0, "plan", NULL, "how many packs no segment knows", AK_FLAG(&plan) },
	{ 0 },
};

/* Packs, and those of them that no segment knows now. */
static int
compare(struct repo *repo, size_t *packs, size_t *missing, struct ak_err *err)
{
	struct index *index = NULL;
	size_t known;

	if (index_load(repo, &index, err) == -1)
		return -1;
	known = index_pack_count(index);
	if (index_adopt(repo, index, false, err) == -1) {
		index_free(index);
		return -1;
	}
	*packs = index_pack_count(index);
	*missing = *packs - known;
	index_free(index);
	return 0;
}

int
reindex_run(struct ak_ctx *ctx, AK_UNUSED int count, AK_UNUSED char *operands[])
{
	REPO struct repo *repo = NULL;
	struct store *store;
	size_t packs = 0, missing = 0;

	if (repo_open_asked(&repo, &ctx->err) == -1)
		return -1;
	store = repo->store;
	if (store->ops->lock(store, plan ? STORE_SHARED : STORE_EXCLUSIVE,
		"aikit-backup reindex", &ctx->err) == -1 ||
	    compare(repo, &packs, &missing, &ctx->err) == -1 ||
	    (!plan && reindex(repo, &packs, &ctx->err) == -1))
		return -1;
	ak_out_begin(ctx->out, &reindex_view);
	ak_out_int(ctx->out, "packs", (int64_t)packs);
	ak_out_int(ctx->out, "not_indexed", (int64_t)missing);
	ak_out_end(ctx->out);
	return plan && missing > 0 ? 1 : 0;
}
