/*
 * seal - the keys of a repository, and sealing by them. All of OpenSSL is here.
 *
 * master (32 random bytes) -> HKDF-SHA256 (RFC 5869) -> one key a purpose.
 * Ciphers are AEADs with 32-byte keys, 12-byte nonces, 16-byte tags.
 */
#ifndef BACKUP_SEAL_H
#define BACKUP_SEAL_H

#include <stdint.h>

#include "lib/buf.h"
#include "lib/err.h"

#define SEAL_KEY 32
#define SEAL_TAG 16
#define SEAL_NONCE 12

enum seal_cipher { SEAL_NONE, SEAL_AES_256_GCM, SEAL_CHACHA20_POLY1305 };

enum seal_use { SEAL_DATA, SEAL_META, SEAL_MAC, SEAL_GEAR, SEAL_USES };

struct seal_keys {
	enum seal_cipher cipher;
	uint8_t master[SEAL_KEY];
	uint8_t use[SEAL_USES][SEAL_KEY];
};

void seal_keys_derive(struct seal_keys *keys); /* use[] from master */
void seal_keys_wipe(struct seal_keys *keys);

/* HKDF-SHA256 of key with salt and info, 32 bytes out. */
void seal_hkdf(const uint8_t key[SEAL_KEY], const void *salt, size_t salt_len,
    const char *info, uint8_t out[SEAL_KEY]);
void seal_hmac(const uint8_t key[SEAL_KEY], const void *data, size_t len,
    uint8_t out[32]);
/* One SHA-256; faster than lib/crypt.h's running one for small pieces. */
void seal_hash(const void *data, size_t len, uint8_t out[32]);
/* 32 bytes that no other process, host or copy of a machine has. */
void seal_salt(uint8_t out[32]);
/* scrypt (RFC 7914): n a power of 2. AK_SYSTEM when memory is not had. */
struct seal_cost {
	uint64_t n;
	uint32_t r, p;
};
int seal_scrypt(const struct ak_buf *secret, const uint8_t salt[32],
    const struct seal_cost *cost, uint8_t out[SEAL_KEY], struct ak_err *err)
    AK_MUST;
/* "none", "aes-256-gcm", "chacha20-poly1305"; NULL, or -1 when none is. */
const char *seal_cipher_name(enum seal_cipher cipher);
int seal_cipher_by_name(const char *name);

/*
 * A cipher context, kept for many messages under one key; one thread's.
 * out has room for len + SEAL_TAG (seal) or len - SEAL_TAG (open), and may be
 * data itself. With SEAL_NONE the bytes are clear, and the tag is the begin of
 * the SHA-256 of nonce, aad and data.
 */
struct seal;
struct seal *seal_new(enum seal_cipher cipher, const uint8_t key[SEAL_KEY]);
void seal_free(struct seal *seal);
struct seal_message {
	const uint8_t *nonce; /* SEAL_NONCE bytes */
	const void *aad;
	size_t aad_len;
	const void *data;
	size_t len;
	uint8_t *out;
};
void seal_put(struct seal *seal, const struct seal_message *message);
/* AK_DATA when the tag does not hold; out is then wiped. */
int seal_get(struct seal *seal, const struct seal_message *message,
    struct ak_err *err) AK_MUST;

/*
 * One sealed object (index segment, snapshot): a head of magic, version,
 * cipher, salt; then the sealed bytes. Key: HKDF(key, salt, info). Both append
 * to out; info is one of the texts below.
 */
#define SEAL_INDEX "aikit-backup index 1"
#define SEAL_SNAPSHOT "aikit-backup snapshot 1"
#define SEAL_CHECKPOINT "aikit-backup checkpoint 1"
#define SEAL_PACK "aikit-backup pack 1"
#define SEAL_SLOT "aikit-backup slot 1"
#define SEAL_HEAD 40 /* bytes before the sealed ones */
void seal_object(enum seal_cipher cipher, const uint8_t key[SEAL_KEY],
    const char *info, const void *data, size_t len, struct ak_buf *out);
int seal_object_open(const uint8_t key[SEAL_KEY], const char *info,
    const void *data, size_t len, struct ak_buf *out, struct ak_err *err)
    AK_MUST;

#endif
