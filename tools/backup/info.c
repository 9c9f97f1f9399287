/*
 * info - what a repository is: repo info, and repo upgrade.
 */
#include <string.h>

#include "tools/backup/care.h"
#include "tools/backup/commands.h"
#include "tools/backup/parity.h"
#include "tools/backup/repo_config.h"
#include "tools/backup/snap.h"
#include "tools/backup/verify.h"

struct room {
	int64_t count, bytes;
};

static const struct ak_view info_view = {
	"repository",
	AK_COLUMNS({ "path", "PATH", AK_SHOW_TEXT, 0, NULL },
	    { "id", "ID", AK_SHOW_TEXT, 0, NULL },
	    { "version", "VERSION", AK_SHOW_NUMBER, 0, NULL },
	    { "cipher", "CIPHER", AK_SHOW_TEXT, 0, NULL },
	    { "snapshots", "SNAPSHOTS", AK_SHOW_NUMBER, 0, NULL },
	    { "packs", "PACKS", AK_SHOW_NUMBER, 0, NULL },
	    { "size_bytes", "SIZE", AK_SHOW_SIZE, 0, NULL },
	    { "parity_bytes", "PARITY", AK_SHOW_SIZE, 0, NULL },
	    { "trash", "TRASH", AK_SHOW_NUMBER, 0, NULL },
	    { "verified", "VERIFIED", AK_SHOW_TIME, 0, NULL }),
	false,
};

static const struct ak_view upgrade_view = {
	"upgrade",
	AK_COLUMNS({ "action", "ACTION", AK_SHOW_TEXT, 0, NULL },
	    { "object", "OBJECT", AK_SHOW_TEXT, 0, NULL }),
	false,
};

static int
count(void *arg, AK_UNUSED const char *name, uint64_t size,
    AK_UNUSED struct ak_err *err)
{
	struct room *room = arg;

	room->count++;
	room->bytes += (int64_t)size;
	return 0;
}

static const char *const rooms[] = { "packs/", "meta/", "index/", "snaps/",
	"keys/", "trash/", "parity/" };
enum { PACKS, META, INDEX, SNAPS, KEYS, TRASH, PARITY, ROOMS };
_Static_assert(AK_COUNT(rooms) == ROOMS, "a name a room");

static void
record(struct ak_ctx *ctx, const struct repo *repo, const struct room *all,
    const struct care *care)
{
	struct ak_out *out = ctx->out;
	int64_t bytes = 0;

	for (size_t i = 0; i < ROOMS; i++)
		bytes += all[i].bytes;
	ak_out_begin(out, &info_view);
	ak_out_str(out, "path", repo->path);
	ak_out_str(out, "id", repo->id);
	ak_out_int(out, "version", REPO_VERSION);
	ak_out_str(out, "cipher", seal_cipher_name(repo->cipher));
	ak_out_int(out, "compression_level", repo->level);
	ak_out_bool(out, "parity", repo->parity);
	ak_out_time(out, "created", repo->created);
	ak_out_int(out, "snapshots", all[SNAPS].count);
	ak_out_int(out, "packs", all[PACKS].count + all[META].count);
	ak_out_int(out, "index_segments", all[INDEX].count);
	ak_out_int(out, "keys", all[KEYS].count);
	ak_out_int(out, "trash", all[TRASH].count);
	ak_out_int(out, "size_bytes", bytes);
	ak_out_int(out, "parity_bytes", all[PARITY].bytes);
	if (care->runs[CARE_DATA].success > 0)
		ak_out_time(out, "verified", care->runs[CARE_DATA].success);
	ak_out_end(out);
}

static int
info(struct ak_ctx *ctx, struct repo *repo)
{
	struct room all[ROOMS] = { 0 };
	struct store *store = repo->store;
	struct care care;

	for (size_t i = 0; i < ROOMS; i++)
		if (store->ops->list(store, rooms[i], count, &all[i],
			&ctx->err) == -1)
			return -1;
	if (care_read(repo, &care, &ctx->err) == -1)
		return -1;
	record(ctx, repo, all, &care);
	return 0;
}

static bool plan;
const struct ak_opt repo_options[] = {
	{ 0, "plan", NULL, "whether upgrade would change anything",
	    AK_FLAG(&plan) },
	{ 0 },
};

static const struct {
	const char *name, *text;
} texts[] = { { "README.txt", repo_readme }, { "restore.py", restore_py } };

static bool
is_newest(struct repo *repo, const char *name, const char *text)
{
	AK_BUF struct ak_buf there = { 0 };
	struct ak_err ignored = { 0 };

	return store_read(repo->store, name, 1 << 20, &there, &ignored) == 0 &&
	    there.len == strlen(text) &&
	    memcmp(there.data, text, there.len) == 0;
}

static int
upgrade_text(struct repo *repo, const char *name, const char *text,
    struct ak_err *err)
{
	return repo->parity
	    ? parity_put(repo->store, name, text, strlen(text), err)
	    : store_put(repo->store, name, text, strlen(text), err);
}

/* There is one version; what can be old are the texts beside it. */
static int
upgrade(struct ak_ctx *ctx, struct repo *repo)
{
	struct store *store = repo->store;
	bool any = false;

	if (!plan &&
	    store->ops->lock(store, STORE_EXCLUSIVE,
		"aikit-backup repo upgrade", &ctx->err) == -1)
		return -1;
	for (size_t i = 0; i < AK_COUNT(texts); i++) {
		if (is_newest(repo, texts[i].name, texts[i].text))
			continue;
		any = true;
		ak_out_begin(ctx->out, &upgrade_view);
		ak_out_str(ctx->out, "action", "replace");
		ak_out_str(ctx->out, "object", texts[i].name);
		ak_out_end(ctx->out);
		if (!plan &&
		    upgrade_text(repo, texts[i].name, texts[i].text,
			&ctx->err) == -1)
			return -1;
	}
	ak_out_note(ctx->out, "version %d is the newest", REPO_VERSION);
	if (plan)
		return any ? 1 : 0;
	return store->ops->sync(store, &ctx->err);
}

int
repo_run(struct ak_ctx *ctx, AK_UNUSED int words, char *operands[])
{
	REPO struct repo *repo = NULL;
	bool up = ak_streq(operands[0], "upgrade");

	if (!up && !ak_streq(operands[0], "info"))
		return ak_fail(&ctx->err, AK_USAGE, "%s: not info or upgrade",
		    operands[0]);
	if (repo_open_asked(&repo, &ctx->err) == -1)
		return -1;
	return up ? upgrade(ctx, repo) : info(ctx, repo);
}
