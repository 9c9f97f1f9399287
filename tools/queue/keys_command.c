/*
 * keys_command - keys that are given out, told, and taken back.
 *
 * A new key is shown once and kept nowhere: the file has its hash.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/cmd.h"
#include "lib/crypt.h"
#include "lib/file.h"
#include "lib/lock.h"
#include "lib/secret.h"
#include "tools/queue/ask.h"
#include "tools/queue/conf.h"

#define KEYS_DEFAULT "/etc/aikit/queue.keys"
#define KEYS_MAX ((size_t)4 << 20)
#define NAME_MAX_BYTES 49 /* of a section: lib/conf.h */

static struct {
	const char *file, *class, *class_best;
	int64_t weight, limit;
	bool manage;
} o;

const struct ak_opt keys_options[] = {
	{ 'f', "file", "path", "the file of keys (" KEYS_DEFAULT ")",
	    AK_STRING(&o.file) },
	{ 'c', "class", "name", "add: the class of its requests",
	    AK_STRING(&o.class) },
	{ 0, "class-best", "name", "add: the best that a header may ask for",
	    AK_STRING(&o.class_best) },
	{ 'w', "weight", "n", "add: its share beside others",
	    AK_INT(&o.weight, 0, 1000) },
	{ 'n', "limit", "n", "add: requests at work at once",
	    AK_INT(&o.limit, 0, 100000) },
	{ 0, "manage", NULL, "add: may pull, create, copy and delete models",
	    AK_FLAG(&o.manage) },
	{ 0 },
};

static const struct ak_view list_view = { "key",
	AK_COLUMNS({ "client", "CLIENT", AK_SHOW_TEXT, 0, NULL },
	    { "class", "CLASS", AK_SHOW_TEXT, 0, NULL },
	    { "class_best", "BEST", AK_SHOW_TEXT, 0, NULL },
	    { "weight", "WEIGHT", AK_SHOW_NUMBER, 0, NULL },
	    { "limit", "LIMIT", AK_SHOW_NUMBER, 0, NULL },
	    { "manage", "MANAGE", AK_SHOW_TEXT, 0, NULL }),
	false };

static const struct ak_view key_view = { "new_key",
	AK_COLUMNS({ "client", "CLIENT", AK_SHOW_TEXT, 0, NULL },
	    { "key", "KEY, SHOWN ONCE", AK_SHOW_TEXT, 0, NULL }),
	false };

/* The file, its directory and a lock in it. */
struct keyfile {
	const char *path, *name;
	int dir, lock;
};

static void
keyfile_close(struct keyfile *file)
{
	if (file->lock != -1)
		close(file->lock);
	if (file->dir != -1)
		close(file->dir);
}
#define KEYFILE __attribute__((cleanup(keyfile_close)))

static int
keyfile_open(struct keyfile *file, struct ak_err *err)
{
	const char *slash;
	AK_FREE char *above = NULL;

	file->path = o.file != NULL ? o.file : KEYS_DEFAULT;
	slash = strrchr(file->path, '/');
	file->name = slash != NULL ? slash + 1 : file->path;
	above = slash == NULL
	    ? ak_strdup(".")
	    : ak_strndup(file->path,
		  slash == file->path ? 1 : (size_t)(slash - file->path));
	if (ak_dir_open(AT_FDCWD, above, &file->dir, err) == -1)
		return -1;
	return ak_lock(file->dir, ".queue.keys.lock", "aikit-queue keys",
	    &file->lock, err);
}

/* Nothing when there is none yet: the first key makes it. */
static int
keyfile_read(const struct keyfile *file, struct ak_buf *text,
    struct keys **keys, struct ak_err *err)
{
	if (access(file->path, F_OK) == -1 && errno == ENOENT)
		return keys_parse(file->path, "", keys, err);
	if (keys_read(file->path, keys, err) == -1)
		return -1;
	return ak_file_read(file->dir, file->name, KEYS_MAX, text, err);
}

static const struct key_entry *
by_name(const struct keys *keys, const char *name)
{
	for (size_t i = 0; i < keys->count; i++)
		if (ak_streq(keys->entries[i].name, name))
			return &keys->entries[i];
	return NULL;
}

/* The owner stays who it was: a service reads it as its own user. */
static int
keyfile_write(const struct keyfile *file, const struct ak_buf *text,
    struct ak_err *err)
{
	struct stat was;
	bool there = fstatat(file->dir, file->name, &was, 0) == 0;

	if (ak_file_replace(file->dir, file->name, ak_buf_text(text), text->len,
		0600, err) == -1)
		return -1;
	if (there && was.st_uid != geteuid() &&
	    fchownat(file->dir, file->name, was.st_uid, was.st_gid,
		AT_SYMLINK_NOFOLLOW) == -1)
		return ak_fail_sys(err, AK_IO, "%s: owner", file->path);
	return 0;
}

static int
check_name(const char *name, struct ak_err *err)
{
	if (*name == '\0' || strlen(name) > NAME_MAX_BYTES ||
	    strpbrk(name, "[];#\n\r\t") != NULL || name[0] == ' ' ||
	    name[strlen(name) - 1] == ' ')
		return ak_fail(err, AK_USAGE,
		    "%s: not a name of at most %d bytes without []#;", name,
		    NAME_MAX_BYTES);
	return 0;
}

static void
make_key(struct ak_buf *key)
{
	uint8_t random[32];

	ak_crypt_random(random, sizeof(random));
	ak_buf_str(key, KEY_PREFIX);
	ak_crypt_base64url(key, random, sizeof(random));
	ak_crypt_wipe(random, sizeof(random));
}

static void
add_section(struct ak_buf *text, const char *name, const struct ak_buf *key)
{
	struct ak_sha256 *sum = ak_sha256_new();
	uint8_t hash[AK_SHA256_SIZE];

	ak_sha256_add(sum, key->data, key->len);
	ak_sha256_end(sum, hash);
	if (text->len > 0 && text->data[text->len - 1] != '\n')
		ak_buf_char(text, '\n');
	ak_buf_printf(text, "[%s]\nsha256 = ", name);
	ak_crypt_hex(text, hash, sizeof(hash));
	ak_buf_char(text, '\n');
	if (o.class != NULL)
		ak_buf_printf(text, "class = %s\n", o.class);
	if (o.class_best != NULL)
		ak_buf_printf(text, "class_best = %s\n", o.class_best);
	if (o.weight > 0)
		ak_buf_printf(text, "weight = %lld\n", (long long)o.weight);
	if (o.limit > 0)
		ak_buf_printf(text, "limit = %lld\n", (long long)o.limit);
	if (o.manage)
		ak_buf_str(text, "manage = yes\n");
}

static void
free_keys(struct keys **keys)
{
	keys_free(*keys);
}
#define KEYS __attribute__((cleanup(free_keys)))

static int
add(struct ak_ctx *ctx, const char *name)
{
	KEYFILE struct keyfile file = { .dir = -1, .lock = -1 };
	KEYS struct keys *keys = NULL, *after = NULL;
	AK_BUF struct ak_buf text = { 0 };
	AK_SECRET struct ak_buf key = { 0 };

	if (check_name(name, &ctx->err) == -1 ||
	    keyfile_open(&file, &ctx->err) == -1 ||
	    keyfile_read(&file, &text, &keys, &ctx->err) == -1)
		return -1;
	if (by_name(keys, name) != NULL) {
		ak_err_set(&ctx->err, AK_DATA, "%s: has a key", name);
		ak_err_help(&ctx->err, "aikit-queue keys rm %s first", name);
		return -1;
	}
	make_key(&key);
	add_section(&text, name, &key);
	if (keys_parse(file.path, text.data, &after, &ctx->err) == -1 ||
	    keyfile_write(&file, &text, &ctx->err) == -1)
		return -1;
	ak_out_begin(ctx->out, &key_view);
	ak_out_str(ctx->out, "client", name);
	ak_out_str(ctx->out, "key", key.data);
	ak_out_end(ctx->out);
	ak_cmd_tell(ctx, "the queue knows it after aikit-queue reload");
	return 0;
}

static int
list(struct ak_ctx *ctx)
{
	KEYS struct keys *keys = NULL;

	if (keys_read(o.file != NULL ? o.file : KEYS_DEFAULT, &keys,
		&ctx->err) == -1)
		return -1;
	for (size_t i = 0; i < keys->count; i++) {
		const struct key_entry *entry = &keys->entries[i];

		ak_out_begin(ctx->out, &list_view);
		ak_out_str(ctx->out, "client", entry->name);
		ak_out_str(ctx->out, "class", entry->class);
		ak_out_str(ctx->out, "class_best", entry->class_best);
		if (entry->weight > 0)
			ak_out_int(ctx->out, "weight", entry->weight);
		if (entry->limit > 0)
			ak_out_int(ctx->out, "limit", entry->limit);
		ak_out_bool(ctx->out, "manage", entry->manage);
		ak_out_end(ctx->out);
	}
	return 0;
}

/* The lines of a section, from its head to the next; comments go with them. */
static void
drop_section(struct ak_buf *text, const char *name)
{
	AK_FREE char *head = ak_printf("[%s]", name);
	AK_BUF struct ak_buf kept = { 0 };
	bool within = false;

	for (const char *at = ak_buf_text(text); *at != '\0';) {
		size_t len = strcspn(at, "\n");
		const char *word = at + strspn(at, " \t");

		if (*word == '[')
			within = ak_starts(word, head);
		len += at[len] == '\n';
		if (!within)
			ak_buf_add(&kept, at, len);
		at += len;
	}
	ak_buf_reset(text);
	ak_buf_add(text, ak_buf_text(&kept), kept.len);
}

static int
rm(struct ak_ctx *ctx, const char *name)
{
	KEYFILE struct keyfile file = { .dir = -1, .lock = -1 };
	KEYS struct keys *keys = NULL, *after = NULL;
	AK_BUF struct ak_buf text = { 0 };

	if (keyfile_open(&file, &ctx->err) == -1 ||
	    keyfile_read(&file, &text, &keys, &ctx->err) == -1)
		return -1;
	if (by_name(keys, name) == NULL)
		return ak_fail(&ctx->err, AK_DATA, "%s: has no key", name);
	drop_section(&text, name);
	if (keys_parse(file.path, ak_buf_text(&text), &after, &ctx->err) == -1)
		return -1;
	if (by_name(after, name) != NULL)
		return ak_fail(&ctx->err, AK_DATA,
		    "%s: its section of %s was not found", name, file.path);
	return keyfile_write(&file, &text, &ctx->err);
}

int
keys_run(struct ak_ctx *ctx, int count, char *operands[])
{
	bool adds = ak_streq(operands[0], "add");

	if (ak_streq(operands[0], "list") && count == 1)
		return list(ctx);
	if ((adds || ak_streq(operands[0], "rm")) && count == 2)
		return adds ? add(ctx, operands[1]) : rm(ctx, operands[1]);
	return ak_fail(&ctx->err, AK_USAGE, "%s: not add NAME, list or rm NAME",
	    operands[0]);
}
