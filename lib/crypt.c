/*
 * crypt - random bytes, hashes, comparison and wiping, by OpenSSL's libcrypto.
 *
 * Random bytes come from getrandom(2), which is what libcrypto seeds itself
 * from: its own generator would only add its start.
 */
#include "lib/crypt.h"

#include <sys/random.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * SHA-256 is called by its old name: through EVP the first hash of a process
 * costs 1.1 ms for providers that are then asked nothing.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/sha.h>

/* Nothing that a caller could do is right without them. */
static AK_NORETURN void
give_up(const char *what)
{
	dprintf(STDERR_FILENO, "%s: %s\n", program_invocation_short_name, what);
	_exit(71);
}

void
ak_crypt_random(void *data, size_t len)
{
	char *to = data;

	while (len > 0) {
		ssize_t got = getrandom(to, len, 0);

		if (got == -1 && errno == EINTR)
			continue;
		if (got <= 0)
			give_up("the system has no random bytes");
		to += got;
		len -= (size_t)got;
	}
}

struct ak_sha256 {
	SHA256_CTX context;
};

static void
must(int done)
{
	if (done != 1)
		give_up("SHA-256 failed");
}

struct ak_sha256 *
ak_sha256_new(void)
{
	struct ak_sha256 *new = ak_calloc(1, sizeof(*new));

	must(SHA256_Init(&new->context));
	return new;
}

void
ak_sha256_add(struct ak_sha256 *hash, const void *data, size_t len)
{
	must(SHA256_Update(&hash->context, data, len));
}

void
ak_sha256_end(struct ak_sha256 *hash, uint8_t digest[AK_SHA256_SIZE])
{
	must(SHA256_Final(digest, &hash->context));
	ak_crypt_wipe(hash, sizeof(*hash));
	free(hash);
}

void
ak_crypt_hex(struct ak_buf *buf, const void *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *bytes = data;

	for (size_t i = 0; i < len; i++) {
		ak_buf_char(buf, digits[bytes[i] >> 4]);
		ak_buf_char(buf, digits[bytes[i] & 15]);
	}
}

void
ak_crypt_base64url(struct ak_buf *buf, const void *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789-_";
	const uint8_t *bytes = data;

	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i < 3 ? len - i : 3;
		uint32_t group = (uint32_t)bytes[i] << 16;

		if (left > 1)
			group |= (uint32_t)bytes[i + 1] << 8;
		if (left > 2)
			group |= bytes[i + 2];
		for (size_t k = 0; k <= left; k++)
			ak_buf_char(buf, digits[group >> (18 - 6 * k) & 63]);
	}
}

bool
ak_crypt_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

void
ak_crypt_wipe(void *data, size_t len)
{
	if (len > 0)
		explicit_bzero(data, len);
}
