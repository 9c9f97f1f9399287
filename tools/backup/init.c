/*
 * init - a repository made.
 */
#include <string.h>

#include "tools/backup/commands.h"
#include "tools/backup/parity.h"
#include "tools/backup/repo_config.h"
#include "tools/backup/verify.h"

static struct {
	const char *cipher, *compression;
	bool no_parity, plan;
} o;

const struct ak_opt init_options[] = {
	{ 0, "cipher", "name",
	    "aes-256-gcm (the default), chacha20-poly1305, none",
	    AK_STRING(&o.cipher) },
	{ 0, "compression", "how", "fast, default or max",
	    AK_STRING(&o.compression) },
	{ 0, "no-parity", NULL, "no rows to repair damage from",
	    AK_FLAG(&o.no_parity) },
	{ 0, "plan", NULL, "whether it could be made", AK_FLAG(&o.plan) },
	{ 0 },
};

static const struct ak_view repository_view = {
	"repository",
	AK_COLUMNS({ "path", "PATH", AK_SHOW_TEXT, 0, NULL },
	    { "id", "ID", AK_SHOW_TEXT, 0, NULL },
	    { "cipher", "CIPHER", AK_SHOW_TEXT, 0, NULL }),
	false,
};

static int
level_of(const char *name, int *level, struct ak_err *err)
{
	static const struct {
		const char *name;
		int level;
	} levels[] = { { "fast", 1 }, { "default", 3 }, { "max", 9 } };

	for (size_t i = 0; i < AK_COUNT(levels); i++)
		if (ak_streq(levels[i].name, name ? name : "default")) {
			*level = levels[i].level;
			return 0;
		}
	return ak_fail(err, AK_USAGE, "%s: not fast, default or max", name);
}

static int
asked(struct repo_init *how, struct ak_err *err)
{
	int cipher = seal_cipher_by_name(o.cipher ? o.cipher : "aes-256-gcm");

	if (cipher == -1)
		return ak_fail(err, AK_USAGE,
		    "%s: not aes-256-gcm, chacha20-poly1305 or none", o.cipher);
	if (!backup_options.repo) {
		ak_err_set(err, AK_USAGE, "no repository is named");
		ak_err_help(err, "--repo DIR");
		return -1;
	}
	how->cipher = (enum seal_cipher)cipher;
	how->parity = !o.no_parity;
	how->reader = restore_py;
	return level_of(o.compression, &how->level, err);
}

/* The texts for people have their parity as all else has. */
static int
protect_texts(struct repo *repo, struct ak_err *err)
{
	if (!repo->parity)
		return 0;
	if (parity_put(repo->store, "README.txt", repo_readme,
		strlen(repo_readme), err) == -1 ||
	    parity_put(repo->store, "restore.py", restore_py,
		strlen(restore_py), err) == -1)
		return -1;
	return repo->store->ops->sync(repo->store, err);
}

static void
record(struct ak_out *out, const char *path, const char *id,
    enum seal_cipher cipher)
{
	ak_out_begin(out, &repository_view);
	ak_out_str(out, "path", path);
	ak_out_str(out, "id", id);
	ak_out_str(out, "cipher", seal_cipher_name(cipher));
	ak_out_end(out);
}

/* It has no id until it is there. */
static int
would(struct ak_ctx *ctx, const struct repo_init *how)
{
	if (store_check_local(backup_options.repo, &ctx->err) == -1)
		return -1;
	record(ctx->out, backup_options.repo, NULL, how->cipher);
	return 1;
}

int
init_run(struct ak_ctx *ctx, AK_UNUSED int count, AK_UNUSED char *operands[])
{
	struct repo_secret secret = { 0 };
	struct repo_init how = { 0 };
	REPO struct repo *repo = NULL;
	int got;

	if (asked(&how, &ctx->err) == -1)
		return -1;
	if (o.plan)
		return would(ctx, &how);
	if (how.cipher != SEAL_NONE &&
	    repo_secret_read(&secret, true, &ctx->err) == -1)
		return -1;
	got = repo_init(backup_options.repo, &how,
	    how.cipher == SEAL_NONE ? NULL : &secret, &repo, &ctx->err);
	repo_secret_free(&secret);
	if (got == -1 || protect_texts(repo, &ctx->err) == -1)
		return -1;
	record(ctx->out, repo->path, repo->id, repo->cipher);
	return 0;
}
