/*
 * slot - key slots: the master key, sealed by what a person has.
 *
 * A slot is one line of JSON. Its last member is the sealed master key, and
 * what stands before that is associated data: no word of it can be changed.
 * A passphrase goes through scrypt; a key file and a recovery code are random,
 * and through SHA-256 alone.
 */
#include <string.h>

#include "lib/crypt.h"
#include "lib/json.h"
#include "lib/secret.h"
#include "lib/str.h"
#include "tools/backup/repo_config.h"
#include "tools/backup/slot_text.h"

/* Of 32 bytes, what one that happens to be a line feed at the end leaves. */
#define KEY_FILE_MIN 31
#define PASSPHRASE_MIN 1

static const struct seal_cost cost = { (uint64_t)1 << 17, 8, 1 };
static const uint8_t zero[SEAL_NONCE];

static int
key_of(const struct slot_text *slot, const struct ak_buf *secret,
    uint8_t key[SEAL_KEY], struct ak_err *err)
{
	AK_SECRET struct ak_buf plain = { 0 };
	uint8_t digest[32];

	if (slot->about.type == SLOT_PASSPHRASE)
		return seal_scrypt(secret, slot->salt, &slot->cost, key, err);
	ak_buf_grow(&plain, secret->len);
	if (slot->about.type == SLOT_RECOVERY)
		slot_normalise(secret, &plain);
	else
		ak_buf_add(&plain, secret->data, secret->len);
	seal_hash(plain.data, plain.len, digest);
	seal_hkdf(digest, slot->salt, sizeof(slot->salt), SEAL_SLOT, key);
	ak_crypt_wipe(digest, sizeof(digest));
	return 0;
}

static int
check_secret(enum slot_type type, const struct ak_buf *secret,
    struct ak_err *err)
{
	size_t min = type == SLOT_KEY_FILE ? KEY_FILE_MIN : PASSPHRASE_MIN;

	if (type == SLOT_RECOVERY && !slot_is_code(secret))
		return ak_fail(err, AK_DATA, "no recovery code");
	if (secret->len >= min)
		return 0;
	return ak_fail(err, AK_DATA, "%s of %zu bytes, %zu are the least",
	    type == SLOT_KEY_FILE ? "a key file" : "a passphrase", secret->len,
	    min);
}

static void
seal_master(const struct repo *repo, const struct slot_text *slot,
    const uint8_t key[SEAL_KEY], struct ak_buf *text)
{
	struct seal *seal = seal_new(repo->cipher, key);
	uint8_t sealed[SEAL_KEY + SEAL_TAG];

	slot_print(slot, text);
	seal_put(seal,
	    &(struct seal_message){ .nonce = zero,
		.aad = text->data,
		.aad_len = text->len,
		.data = repo->keys.master,
		.len = SEAL_KEY,
		.out = sealed });
	seal_free(seal);
	slot_print_end(text, sealed);
}

static int
put_slot(struct repo *repo, const struct ak_buf *text, char id[17],
    struct ak_err *err)
{
	AK_BUF struct ak_buf hex = { 0 };
	char name[32] = "keys/";
	uint8_t digest[32];

	seal_hash(text->data, text->len, digest);
	ak_crypt_hex(&hex, digest, 8);
	memcpy(name + 5, hex.data, 17);
	if (object_put(repo, name, text->data, text->len, err) == -1 ||
	    repo->store->ops->sync(repo->store, err) == -1)
		return -1;
	memcpy(id, hex.data, 17);
	return 0;
}

int
slot_add(struct repo *repo, const struct slot *about,
    const struct ak_buf *secret, char id[17], struct ak_err *err)
{
	struct slot_text slot = { .about = *about, .cost = cost };
	AK_BUF struct ak_buf text = { 0 };
	uint8_t key[SEAL_KEY];

	if (repo->cipher == SEAL_NONE)
		return ak_fail(err, AK_USAGE,
		    "this repository has no cipher, and so no keys");
	if (check_secret(about->type, secret, err) == -1)
		return -1;
	slot.about.created = ak_str_now() / 1000000000 * 1000000000;
	slot.cipher = repo->cipher;
	seal_salt(slot.salt);
	if (repo->store->ops->lock(repo->store, STORE_SHARED,
		"aikit-backup key", err) == -1 ||
	    key_of(&slot, secret, key, err) == -1)
		return -1;
	seal_master(repo, &slot, key, &text);
	ak_crypt_wipe(key, sizeof(key));
	return put_slot(repo, &text, id, err);
}

int
slot_remove(struct repo *repo, const char *id, struct ak_err *err)
{
	AK_FREE char *name = ak_printf("keys/%s", id);
	uint64_t size;

	if (strlen(id) != 16 || strspn(id, "0123456789abcdef") != 16)
		return ak_fail(err, AK_NOINPUT, "%s: no such key slot", id);
	if (repo->store->ops->lock(repo->store, STORE_SHARED,
		"aikit-backup key", err) == -1)
		return -1;
	if (repo->store->ops->size(repo->store, name, &size, err) == -1)
		return err->code == AK_NOINPUT
		    ? ak_fail(err, AK_NOINPUT, "%s: no such key slot", id)
		    : -1;
	if (object_remove(repo, name, err) == -1)
		return -1;
	return repo->store->ops->sync(repo->store, err);
}

struct walk {
	struct repo *repo;
	int (*each)(void *arg, const struct slot_text *slot,
	    struct ak_err *err);
	void *arg;
	size_t damaged;
};

static int
walk_one(void *arg, const char *name, AK_UNUSED uint64_t size,
    struct ak_err *err)
{
	struct walk *walk = arg;
	struct slot_text slot = { 0 };
	AK_BUF struct ak_buf text = { 0 };
	int result;

	if (object_read(walk->repo, name, SLOT_MAX, &text, err) == -1 ||
	    slot_parse(&slot, text.data, text.len, err) == -1) {
		if (err->code != AK_DATA && err->code != AK_NOINPUT)
			return -1;
		walk->damaged++;
		*err = (struct ak_err){ 0 };
		return 0;
	}
	strncpy(slot.about.id, name + strlen("keys/"),
	    sizeof(slot.about.id) - 1);
	result = walk->each(walk->arg, &slot, err);
	free(slot.about.label);
	return result;
}

static int
walk_slots(struct walk *walk, struct ak_err *err)
{
	return object_list(walk->repo, "keys/", walk_one, walk, err);
}

struct opening {
	struct repo *repo;
	const struct repo_secret *secret;
	enum slot_type type; /* those that are tried in this round */
	bool found;
};

static int
try_slot(void *arg, const struct slot_text *slot, struct ak_err *err)
{
	struct opening *opening = arg;
	struct ak_err broken = { 0 };
	uint8_t key[SEAL_KEY];
	struct seal *seal;

	if (opening->found || slot->about.type != opening->type)
		return 0;
	if (key_of(slot, &opening->secret->bytes, key, err) == -1)
		return -1;
	seal = seal_new(slot->cipher, key);
	ak_crypt_wipe(key, sizeof(key));
	opening->found = seal_get(seal,
			     &(struct seal_message){ .nonce = zero,
				 .aad = slot->text,
				 .aad_len = slot->text_len,
				 .data = slot->sealed,
				 .len = sizeof(slot->sealed),
				 .out = opening->repo->keys.master },
			     &broken) == 0;
	seal_free(seal);
	if (opening->found)
		memcpy(opening->repo->slot, slot->about.id,
		    sizeof(opening->repo->slot));
	return 0;
}

/* Recovery codes before passphrases: they cost nothing to try. */
int
slot_open(struct repo *repo, const struct repo_secret *secret,
    struct ak_err *err)
{
	struct opening opening = {
		.repo = repo, .secret = secret, .type = SLOT_KEY_FILE
	};
	struct walk walk = { repo, try_slot, &opening, 0 };

	if (!secret->key_file)
		opening.type = slot_is_code(&secret->bytes) ? SLOT_RECOVERY
							    : SLOT_PASSPHRASE;
	if (walk_slots(&walk, err) == -1)
		return -1;
	if (!opening.found && opening.type == SLOT_RECOVERY) {
		opening.type = SLOT_PASSPHRASE;
		if (walk_slots(&walk, err) == -1)
			return -1;
	}
	if (opening.found)
		return 0;
	if (walk.damaged > 0)
		return ak_fail(err, AK_DATA,
		    "no key slot opens, and %zu are damaged", walk.damaged);
	return ak_fail(err, AK_NOPERM, "no key slot opens with this %s",
	    secret->key_file ? "key file" : "passphrase");
}

struct telling {
	int (*each)(void *arg, const struct slot *slot, struct ak_err *err);
	void *arg;
};

static int
tell_slot(void *arg, const struct slot_text *slot, struct ak_err *err)
{
	struct telling *telling = arg;

	return telling->each(telling->arg, &slot->about, err);
}

int
slot_each(struct repo *repo,
    int (*each)(void *arg, const struct slot *slot, struct ak_err *err),
    void *arg, struct ak_err *err)
{
	struct telling telling = { each, arg };
	struct walk walk = { repo, tell_slot, &telling, 0 };

	return walk_slots(&walk, err);
}
