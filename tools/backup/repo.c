/*
 * repo - a repository opened: its store, its configuration, its keys.
 *
 * config is written last by init: a directory without it is no repository, and
 * an init that was cut short is begun again in the same place.
 */
#include "tools/backup/repo.h"

#include <string.h>

#include "lib/crypt.h"
#include "lib/str.h"
#include "tools/backup/parity.h"
#include "tools/backup/repo_config.h"

#define CONFIG "config"
#define CONFIG_MAX 65536

static const uint8_t no_key[SEAL_KEY];

/* With cipher none nothing is secret, and the master key is zero. */
static void
set_keys(struct repo *repo, const uint8_t master[SEAL_KEY])
{
	repo->keys.cipher = repo->cipher;
	if (master != repo->keys.master)
		memcpy(repo->keys.master, master, SEAL_KEY);
	seal_keys_derive(&repo->keys);
	chunker_init(&repo->chunker, repo->keys.use[SEAL_GEAR]);
	parity_attach(repo);
}

void
repo_close(struct repo *repo)
{
	if (!repo)
		return;
	seal_keys_wipe(&repo->keys);
	store_close(repo->store);
	free(repo->path);
	ak_crypt_wipe(&repo->chunker, sizeof(repo->chunker));
	free(repo);
}

void
repo_close_scope(struct repo **repo)
{
	repo_close(*repo);
}

int
repo_config_write(struct repo *repo, struct ak_err *err)
{
	AK_BUF struct ak_buf text = { 0 };

	config_print(repo, &text);
	if (object_put(repo, CONFIG, text.data, text.len, err) == -1)
		return -1;
	return repo->store->ops->sync(repo->store, err);
}

/* Slots of an init that was cut short open a key that was never used. */
static int
remove_slot(void *arg, const char *name, AK_UNUSED uint64_t size,
    struct ak_err *err)
{
	return object_remove(arg, name, err);
}

static struct repo *
new_repo(const char *path, const struct repo_init *how)
{
	struct repo *repo = ak_calloc(1, sizeof(*repo));
	AK_BUF struct ak_buf hex = { 0 };
	uint8_t id[16], master[SEAL_KEY] = { 0 };

	ak_crypt_random(id, sizeof(id));
	ak_crypt_hex(&hex, id, sizeof(id));
	memcpy(repo->id, hex.data, sizeof(repo->id));
	repo->path = ak_strdup(path);
	repo->created = ak_str_now() / 1000000 * 1000000;
	repo->cipher = how->cipher;
	repo->parity = how->parity;
	repo->level = how->level ? how->level : 3;
	repo->frame_size = (size_t)1 << 20;
	repo->pack_size = (size_t)32 << 20;
	if (how->cipher != SEAL_NONE)
		ak_crypt_random(master, sizeof(master));
	set_keys(repo, master);
	ak_crypt_wipe(master, sizeof(master));
	return repo;
}

static int
put_texts(struct repo *repo, const struct repo_init *how, struct ak_err *err)
{
	if (store_put(repo->store, "README.txt", repo_readme,
		strlen(repo_readme), err) == -1)
		return -1;
	if (!how->reader)
		return 0;
	return store_put(repo->store, "restore.py", how->reader,
	    strlen(how->reader), err);
}

static int
add_first_slot(struct repo *repo, const struct repo_secret *secret,
    struct ak_err *err)
{
	static char label[] = "first";
	struct slot slot = { .label = label,
		.type = secret->key_file ? SLOT_KEY_FILE : SLOT_PASSPHRASE };
	char id[17];

	return slot_add(repo, &slot, &secret->bytes, id, err);
}

int
repo_init(const char *path, const struct repo_init *how,
    const struct repo_secret *secret, struct repo **repo, struct ak_err *err)
{
	REPO struct repo *new = new_repo(path, how);
	struct store *store;

	if ((how->cipher == SEAL_NONE) != (secret == NULL))
		return ak_fail(err, AK_USAGE,
		    "a key is for a repository with a cipher");
	if (store_open_local(path, true, &new->store, err) == -1)
		return -1;
	store = new->store;
	if (store->ops->lock(store, STORE_EXCLUSIVE, "aikit-backup init",
		err) == -1 ||
	    object_list(new, "keys/", remove_slot, new, err) == -1 ||
	    put_texts(new, how, err) == -1)
		return -1;
	if (secret && add_first_slot(new, secret, err) == -1)
		return -1;
	if (store->ops->sync(store, err) == -1 ||
	    repo_config_write(new, err) == -1)
		return -1;
	*repo = ak_take(&new);
	return 0;
}

static int
find_any(void *arg, AK_UNUSED const char *name, AK_UNUSED uint64_t size,
    AK_UNUSED struct ak_err *err)
{
	*(bool *)arg = true;
	return 0;
}

/* Packs without a config are a repository, and init is not what helps it. */
static int
fail_no_config(struct repo *repo, struct ak_err *err)
{
	struct store *store = repo->store;
	bool any = false;

	*err = (struct ak_err){ 0 };
	if (store->ops->list(store, "packs/", find_any, &any, err) == -1 ||
	    store->ops->list(store, "snaps/", find_any, &any, err) == -1)
		return -1;
	if (any) {
		ak_err_set(err, AK_DATA, "%s: its config is lost", repo->path);
		ak_err_help(err, "see docs/backup-recovery.md");
		return -1;
	}
	ak_err_set(err, AK_NOINPUT, "%s: no repository", repo->path);
	ak_err_help(err, "aikit-backup init --repo %s", repo->path);
	return -1;
}

static int
read_config(struct repo *repo, struct ak_buf *text, struct ak_err *err)
{
	if (object_read(repo, CONFIG, CONFIG_MAX, text, err) == 0)
		return config_parse(repo, text->data, text->len, err);
	if (err->code != AK_NOINPUT)
		return -1;
	return fail_no_config(repo, err);
}

static int
open_store(const char *path, struct repo **repo, struct ak_buf *text,
    struct ak_err *err)
{
	REPO struct repo *new = ak_calloc(1, sizeof(*new));

	new->path = ak_strdup(path);
	if (store_open_local(path, false, &new->store, err) == -1 ||
	    read_config(new, text, err) == -1)
		return -1;
	*repo = ak_take(&new);
	return 0;
}

int
repo_open_blind(const char *path, struct repo **repo, struct ak_err *err)
{
	AK_BUF struct ak_buf text = { 0 };

	return open_store(path, repo, &text, err);
}

static int
open_keys(struct repo *repo, const struct repo_secret *secret,
    const struct ak_buf *text, struct ak_err *err)
{
	if (repo->cipher == SEAL_NONE)
		set_keys(repo, no_key);
	else if (slot_open(repo, secret, err) == -1)
		return -1;
	else
		set_keys(repo, repo->keys.master);
	if (!config_check(repo, text->data, text->len))
		return ak_fail(err, AK_DATA,
		    "config: not written with the key of this repository");
	return 0;
}

int
repo_open(const char *path, const struct repo_secret *secret,
    struct repo **repo, struct ak_err *err)
{
	AK_BUF struct ak_buf text = { 0 };
	REPO struct repo *new = NULL;

	if (open_store(path, &new, &text, err) == -1 ||
	    open_keys(new, secret, &text, err) == -1)
		return -1;
	*repo = ak_take(&new);
	return 0;
}

int
repo_open_asked(struct repo **repo, struct ak_err *err)
{
	struct repo_secret secret = { 0 };
	AK_BUF struct ak_buf text = { 0 };
	REPO struct repo *new = NULL;
	int result = 0;

	if (!backup_options.repo) {
		ak_err_set(err, AK_USAGE, "no repository is named");
		ak_err_help(err, "--repo DIR");
		return -1;
	}
	if (open_store(backup_options.repo, &new, &text, err) == -1)
		return -1;
	/* Else whoever writes there could have it be clear from now on. */
	if (new->cipher == SEAL_NONE &&
	    (backup_options.key_file || backup_options.passphrase_file))
		return ak_fail(err, AK_CONFIG,
		    "%s: a key is given, and the repository has no cipher",
		    backup_options.repo);
	if (new->cipher != SEAL_NONE)
		result = repo_secret_read(&secret, false, err);
	if (result == 0)
		result = open_keys(new, &secret, &text, err);
	repo_secret_free(&secret);
	if (result == 0)
		*repo = ak_take(&new);
	return result;
}
