/*
 * crypt - random bytes, hashes, comparison and wiping, by OpenSSL's libcrypto.
 */
#ifndef AK_CRYPT_H
#define AK_CRYPT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/ak.h"
#include "lib/buf.h"

#define AK_SHA256_SIZE 32

/* Random bytes fit for keys. Ends the program when the system has none. */
void ak_crypt_random(void *data, size_t len);

/* A running SHA-256 (FIPS 180-4). */
struct ak_sha256;
struct ak_sha256 *ak_sha256_new(void) AK_MUST;
void ak_sha256_add(struct ak_sha256 *hash, const void *data, size_t len);
/* Finishes and frees. */
void ak_sha256_end(struct ak_sha256 *hash, uint8_t digest[AK_SHA256_SIZE]);

/* Appends lower-case hexadecimal, or base64url without padding (RFC 4648). */
void ak_crypt_hex(struct ak_buf *buf, const void *data, size_t len);
void ak_crypt_base64url(struct ak_buf *buf, const void *data, size_t len);

/* Equal? Takes the same time wherever they differ. */
bool ak_crypt_equal(const void *a, const void *b, size_t len);
/* Overwrites, and is not optimised away. */
void ak_crypt_wipe(void *data, size_t len);

#endif
