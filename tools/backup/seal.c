/*
 * seal - the keys of a repository, and sealing by them. All of OpenSSL is here.
 *
 * HMAC and HKDF are short, and written out: through EVP each would cost more
 * than the hashing. SHA-256 is called by its old name for the same reason.
 */
#include "tools/backup/seal.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "lib/crypt.h"

#define BLOCK 64 /* of SHA-256 */
#define SCRYPT_MEMORY_MAX ((uint64_t)1 << 30)

static const char *const use_info[] = {
	[SEAL_DATA] = "aikit-backup data 1",
	[SEAL_META] = "aikit-backup meta 1",
	[SEAL_MAC] = "aikit-backup mac 1",
	[SEAL_GEAR] = "aikit-backup gear 1",
};
_Static_assert(AK_COUNT(use_info) == SEAL_USES, "a text for each use");

static const char *const cipher_names[] = {
	[SEAL_NONE] = "none",
	[SEAL_AES_256_GCM] = "aes-256-gcm",
	[SEAL_CHACHA20_POLY1305] = "chacha20-poly1305",
};

const char *
seal_cipher_name(enum seal_cipher cipher)
{
	return cipher < AK_COUNT(cipher_names) ? cipher_names[cipher] : NULL;
}

int
seal_cipher_by_name(const char *name)
{
	for (size_t i = 0; i < AK_COUNT(cipher_names); i++)
		if (ak_streq(name, cipher_names[i]))
			return (int)i;
	return -1;
}

/* libcrypto fails here only when it has no memory. */
static void
must(int done)
{
	if (done == 1)
		return;
	dprintf(STDERR_FILENO, "seal: libcrypto failed\n");
	_exit(AK_SYSTEM);
}

void
seal_hash(const void *data, size_t len, uint8_t out[32])
{
	SHA256_CTX context;

	must(SHA256_Init(&context));
	must(SHA256_Update(&context, data, len));
	must(SHA256_Final(out, &context));
}

struct span {
	const void *data;
	size_t len;
};

/* RFC 2104, over several pieces. Keys are at most a block long. */
static void
hmac(const void *key, size_t key_len, const struct span spans[], size_t count,
    uint8_t out[32])
{
	uint8_t pad[BLOCK] = { 0 }, inner[32];
	SHA256_CTX context;

	memcpy(pad, key, key_len);
	for (size_t i = 0; i < BLOCK; i++)
		pad[i] ^= 0x36;
	must(SHA256_Init(&context));
	must(SHA256_Update(&context, pad, BLOCK));
	for (size_t i = 0; i < count; i++)
		must(SHA256_Update(&context, spans[i].data, spans[i].len));
	must(SHA256_Final(inner, &context));
	for (size_t i = 0; i < BLOCK; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	must(SHA256_Init(&context));
	must(SHA256_Update(&context, pad, BLOCK));
	must(SHA256_Update(&context, inner, sizeof(inner)));
	must(SHA256_Final(out, &context));
	ak_crypt_wipe(pad, sizeof(pad));
	ak_crypt_wipe(&context, sizeof(context));
}

void
seal_hmac(const uint8_t key[SEAL_KEY], const void *data, size_t len,
    uint8_t out[32])
{
	struct span span = { data, len };

	hmac(key, SEAL_KEY, &span, 1, out);
}

/* RFC 5869: extract, and the first block of expand. */
void
seal_hkdf(const uint8_t key[SEAL_KEY], const void *salt, size_t salt_len,
    const char *info, uint8_t out[SEAL_KEY])
{
	static const uint8_t one = 1;
	struct span spans[] = { { info, strlen(info) }, { &one, 1 } };
	uint8_t extracted[32];
	struct span span = { key, SEAL_KEY };

	hmac(salt, salt_len, &span, 1, extracted);
	hmac(extracted, sizeof(extracted), spans, 2, out);
	ak_crypt_wipe(extracted, sizeof(extracted));
}

void
seal_keys_derive(struct seal_keys *keys)
{
	for (size_t i = 0; i < SEAL_USES; i++)
		seal_hkdf(keys->master, "", 0, use_info[i], keys->use[i]);
}

void
seal_keys_wipe(struct seal_keys *keys)
{
	ak_crypt_wipe(keys, sizeof(*keys));
}

/* Random bytes alone would be the same in two copies of one running machine. */
void
seal_salt(uint8_t out[32])
{
	static unsigned counter;
	struct {
		uint8_t random[32];
		struct timespec real, monotonic;
		pid_t pid;
		unsigned count;
	} seed;

	memset(&seed, 0, sizeof(seed));
	ak_crypt_random(seed.random, sizeof(seed.random));
	clock_gettime(CLOCK_REALTIME, &seed.real);
	clock_gettime(CLOCK_MONOTONIC, &seed.monotonic);
	seed.pid = getpid();
	seed.count = __atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED);
	seal_hash(&seed, sizeof(seed), out);
}

int
seal_scrypt(const struct ak_buf *secret, const uint8_t salt[32],
    const struct seal_cost *cost, uint8_t out[SEAL_KEY], struct ak_err *err)
{
	if (cost->n < 2 || (cost->n & (cost->n - 1)) != 0 || cost->r == 0 ||
	    cost->p == 0 || cost->p > 16 || cost->r > 64 ||
	    cost->n > SCRYPT_MEMORY_MAX / 128 / cost->r)
		return ak_fail(err, AK_DATA,
		    "scrypt: asks for more than 1 GiB, or for nothing");
	if (EVP_PBE_scrypt(ak_buf_text(secret), secret->len, salt, 32, cost->n,
		cost->r, cost->p, SCRYPT_MEMORY_MAX * 2, out, SEAL_KEY) == 1)
		return 0;
	ERR_clear_error();
	return ak_fail(err, AK_SYSTEM, "scrypt: not enough memory");
}

struct seal {
	enum seal_cipher cipher;
	uint8_t key[SEAL_KEY];
	EVP_CIPHER_CTX *context[2]; /* to open, to seal; made when needed */
};

struct seal *
seal_new(enum seal_cipher cipher, const uint8_t key[SEAL_KEY])
{
	struct seal *new = ak_calloc(1, sizeof(*new));

	new->cipher = cipher;
	memcpy(new->key, key, SEAL_KEY);
	return new;
}

void
seal_free(struct seal *seal)
{
	if (!seal)
		return;
	EVP_CIPHER_CTX_free(seal->context[0]);
	EVP_CIPHER_CTX_free(seal->context[1]);
	ak_crypt_wipe(seal, sizeof(*seal));
	free(seal);
}

static EVP_CIPHER_CTX *
context_for(struct seal *seal, int sealing, const struct seal_message *message)
{
	EVP_CIPHER_CTX *context = seal->context[sealing];
	int len;

	if (!context) {
		context = seal->context[sealing] = EVP_CIPHER_CTX_new();
		must(context != NULL);
		must(EVP_CipherInit_ex(context,
		    seal->cipher == SEAL_AES_256_GCM ? EVP_aes_256_gcm()
						     : EVP_chacha20_poly1305(),
		    NULL, seal->key, NULL, sealing));
	}
	must(EVP_CipherInit_ex(context, NULL, NULL, NULL, message->nonce,
	    sealing));
	must(EVP_CipherUpdate(context, NULL, &len, message->aad,
	    (int)message->aad_len));
	return context;
}

/* Of clear bytes: what tells damage, though not who did it. */
static void
clear_tag(const struct seal_message *message, const void *data, size_t len,
    uint8_t tag[SEAL_TAG])
{
	uint8_t digest[32];
	SHA256_CTX context;

	must(SHA256_Init(&context));
	must(SHA256_Update(&context, message->nonce, SEAL_NONCE));
	must(SHA256_Update(&context, message->aad, message->aad_len));
	must(SHA256_Update(&context, data, len));
	must(SHA256_Final(digest, &context));
	memcpy(tag, digest, SEAL_TAG);
}

void
seal_put(struct seal *seal, const struct seal_message *message)
{
	EVP_CIPHER_CTX *context;
	uint8_t tag[SEAL_TAG];
	int len;

	if (seal->cipher == SEAL_NONE) {
		clear_tag(message, message->data, message->len, tag);
		memmove(message->out, message->data, message->len);
		memcpy(message->out + message->len, tag, SEAL_TAG);
		return;
	}
	context = context_for(seal, 1, message);
	must(EVP_CipherUpdate(context, message->out, &len, message->data,
	    (int)message->len));
	must(EVP_CipherFinal_ex(context, message->out + len, &len));
	must(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG,
	    message->out + message->len));
}

static bool
open_sealed(struct seal *seal, const struct seal_message *message, size_t plain)
{
	EVP_CIPHER_CTX *context = context_for(seal, 0, message);
	const uint8_t *data = message->data;
	uint8_t tag[SEAL_TAG];
	int len;

	memcpy(tag, data + plain, SEAL_TAG);
	must(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG,
	    tag));
	must(EVP_CipherUpdate(context, message->out, &len, data, (int)plain));
	if (EVP_CipherFinal_ex(context, message->out + len, &len) == 1)
		return true;
	ERR_clear_error();
	return false;
}

int
seal_get(struct seal *seal, const struct seal_message *message,
    struct ak_err *err)
{
	const uint8_t *data = message->data;
	size_t plain = message->len - SEAL_TAG;
	uint8_t tag[SEAL_TAG];
	bool good;

	if (message->len < SEAL_TAG || message->len > INT32_MAX)
		return ak_fail(err, AK_DATA, "damaged: no sealed bytes");
	if (seal->cipher == SEAL_NONE) {
		clear_tag(message, data, plain, tag);
		good = ak_crypt_equal(tag, data + plain, SEAL_TAG);
		memmove(message->out, data, plain);
	} else {
		good = open_sealed(seal, message, plain);
	}
	if (good)
		return 0;
	ak_crypt_wipe(message->out, plain);
	return ak_fail(err, AK_DATA, "damaged: its seal is broken");
}
