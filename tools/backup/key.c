/*
 * key - the slots that open a repository: shown, added, removed, replaced.
 *
 * Whoever had a secret may have the master key: removing a slot keeps out those
 * who did not look before.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/crypt.h"
#include "lib/secret.h"
#include "tools/backup/commands.h"
#include "tools/backup/repo.h"

static struct {
	const char *key_file, *passphrase_file, *label;
	bool recovery, plan;
} o;

const struct ak_opt key_options[] = {
	{ 0, "new-key-file", "file", "the new slot is opened by this key",
	    AK_STRING(&o.key_file) },
	{ 0, "new-passphrase-file", "file", "by the passphrase in this file",
	    AK_STRING(&o.passphrase_file) },
	{ 0, "recovery", NULL, "by a code to write down, shown once",
	    AK_FLAG(&o.recovery) },
	{ 0, "label", "text", "what it is for", AK_STRING(&o.label) },
	{ 0, "plan", NULL, "which slots would come and go", AK_FLAG(&o.plan) },
	{ 0 },
};

static const struct ak_view key_view = {
	"key",
	AK_COLUMNS({ "action", "ACTION", AK_SHOW_TEXT, 0, NULL },
	    { "id", "ID", AK_SHOW_TEXT, 0, NULL },
	    { "kind", "KIND", AK_SHOW_TEXT, 0, NULL },
	    { "created", "CREATED", AK_SHOW_TIME, 0, NULL },
	    { "label", "LABEL", AK_SHOW_TEXT, 0, NULL },
	    { "code", "CODE", AK_SHOW_TEXT, 0, NULL }),
	false,
};

static const char *const kinds[] = {
	[SLOT_PASSPHRASE] = "passphrase",
	[SLOT_KEY_FILE] = "key_file",
	[SLOT_RECOVERY] = "recovery",
};
_Static_assert(AK_COUNT(kinds) == SLOT_TYPES, "a name a kind");

/*
 * action: NULL, or what --plan tells of it. code: of a new slot, or NULL. What
 * is not known of a new one stays away.
 */
static void
record(struct ak_out *out, const struct slot *slot, const char *action,
    const struct ak_buf *code)
{
	ak_out_begin(out, &key_view);
	ak_out_str(out, "action", action);
	if (slot->id[0] != '\0')
		ak_out_str(out, "id", slot->id);
	ak_out_str(out, "kind", kinds[slot->type]);
	if (slot->created != 0)
		ak_out_time(out, "created", slot->created);
	if (slot->label && slot->label[0] != '\0')
		ak_out_str(out, "label", slot->label);
	if (code != NULL)
		ak_out_bytes(out, "code", code->data, code->len);
	ak_out_end(out);
}

static int
show(void *arg, const struct slot *slot, AK_UNUSED struct ak_err *err)
{
	record(arg, slot, NULL, NULL);
	return 0;
}

static int
count_slot(void *arg, AK_UNUSED const struct slot *slot,
    AK_UNUSED struct ak_err *err)
{
	++*(size_t *)arg;
	return 0;
}

/* One thing alone, -1 when there are more. */
static int
new_type(enum slot_type *type, struct ak_err *err)
{
	if ((o.key_file != NULL) + (o.passphrase_file != NULL) + o.recovery > 1)
		return ak_fail(err, AK_USAGE,
		    "a slot is opened by one thing alone");
	*type = o.recovery ? SLOT_RECOVERY
	    : o.key_file   ? SLOT_KEY_FILE
			   : SLOT_PASSPHRASE;
	return 0;
}

/* What the new slot is opened by; a new key file is made when missing. */
static int
new_secret(enum slot_type *type, struct ak_buf *bytes, struct ak_err *err)
{
	struct backup_options before = backup_options;
	struct repo_secret secret = { 0 };
	int got;

	if (new_type(type, err) == -1)
		return -1;
	if (o.recovery) {
		char code[SLOT_RECOVERY_CODE];

		slot_recovery_code(code);
		ak_buf_str(bytes, code);
		ak_crypt_wipe(code, sizeof(code));
		return 0;
	}
	backup_options.key_file = o.key_file;
	backup_options.passphrase_file = o.passphrase_file;
	got = repo_secret_read(&secret, true, err);
	backup_options = before;
	if (got == 0)
		ak_buf_add(bytes, secret.bytes.data, secret.bytes.len);
	repo_secret_free(&secret);
	return got;
}

/* The code is the point of the command, and is shown this once. */
static int
add(struct ak_ctx *ctx, struct repo *repo)
{
	AK_SECRET struct ak_buf bytes = { 0 };
	AK_FREE char *label = ak_strdup(o.label ? o.label : "");
	struct slot slot = { .label = label };

	if (new_secret(&slot.type, &bytes, &ctx->err) == -1 ||
	    slot_add(repo, &slot, &bytes, slot.id, &ctx->err) == -1)
		return -1;
	record(ctx->out, &slot, NULL,
	    slot.type == SLOT_RECOVERY ? &bytes : NULL);
	return 0;
}

struct wanted {
	struct ak_out *out;
	const char *id;
	bool found;
};

static int
show_wanted(void *arg, const struct slot *slot, AK_UNUSED struct ak_err *err)
{
	struct wanted *wanted = arg;

	if (!ak_streq(slot->id, wanted->id))
		return 0;
	wanted->found = true;
	record(wanted->out, slot, "remove", NULL);
	return 0;
}

static int
would_remove(struct ak_ctx *ctx, struct repo *repo, const char *id)
{
	struct wanted wanted = { .out = ctx->out, .id = id };

	if (slot_each(repo, show_wanted, &wanted, &ctx->err) == -1)
		return -1;
	if (!wanted.found)
		return ak_fail(&ctx->err, AK_NOINPUT, "%s: no such key slot",
		    id);
	return 1;
}

/* It has no id until it is there, and no code. */
static int
would_add(struct ak_ctx *ctx)
{
	AK_FREE char *label = ak_strdup(o.label ? o.label : "");
	struct slot slot = { .label = label };

	if (new_type(&slot.type, &ctx->err) == -1)
		return -1;
	record(ctx->out, &slot, "add", NULL);
	return 1;
}

/* Every key that is left opens it; without one nobody does. */
static int
rm(struct ak_ctx *ctx, struct repo *repo, const char *id)
{
	size_t count = 0;

	if (!id)
		return ak_fail(&ctx->err, AK_USAGE, "key rm: no slot is named");
	if (slot_each(repo, count_slot, &count, &ctx->err) == -1)
		return -1;
	if (count < 2) {
		ak_err_set(&ctx->err, AK_NOPERM, "%s: it is the last slot", id);
		ak_err_help(&ctx->err, "aikit-backup key add");
		return -1;
	}
	return o.plan ? would_remove(ctx, repo, id)
		      : slot_remove(repo, id, &ctx->err);
}

/*
 * The new one is there before the old one goes, and a code that nobody could
 * read opens nothing.
 */
static int
passwd(struct ak_ctx *ctx, struct repo *repo, const char *id)
{
	if (o.plan)
		return would_add(ctx) == -1
		    ? -1
		    : would_remove(ctx, repo, id ? id : repo->slot);
	if (add(ctx, repo) == -1)
		return -1;
	ak_out_flush(ctx->out);
	if (ak_out_failed(ctx->out))
		return 0; /* which is told when it is closed */
	return slot_remove(repo, id ? id : repo->slot, &ctx->err);
}

/* Alone: two at once would each leave the slot that the other removes. */
static int
change(struct ak_ctx *ctx, struct repo *repo, const char *what, const char *id)
{
	if (repo->store->ops->lock(repo->store,
		o.plan ? STORE_SHARED : STORE_EXCLUSIVE, "aikit-backup key",
		&ctx->err) == -1)
		return -1;
	return ak_streq(what, "rm") ? rm(ctx, repo, id) : passwd(ctx, repo, id);
}

int
key_run(struct ak_ctx *ctx, int count, char *operands[])
{
	REPO struct repo *repo = NULL;
	const char *what = operands[0], *id = count > 1 ? operands[1] : NULL;
	static const char *const known[] = { "list", "add", "rm", "passwd" };
	bool is_known = false;

	for (size_t i = 0; i < AK_COUNT(known); i++)
		is_known |= ak_streq(known[i], what);
	if (!is_known)
		return ak_fail(&ctx->err, AK_USAGE,
		    "%s: not list, add, rm or passwd", what);
	if (repo_open_asked(&repo, &ctx->err) == -1)
		return -1;
	if (ak_streq(what, "list"))
		return slot_each(repo, show, ctx->out, &ctx->err);
	if (ak_streq(what, "add"))
		return o.plan ? would_add(ctx) : add(ctx, repo);
	return change(ctx, repo, what, id);
}
