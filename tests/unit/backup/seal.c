/*
 * seal - known answers of HMAC, HKDF and scrypt; and that nothing opens but
 * what was sealed.
 */
#include "tools/backup/seal.h"

#include <string.h>

#include "lib/crypt.h"
#include "tests/unit/tap.h"

static struct ak_err err;
static const uint8_t nonce[SEAL_NONCE] = { 7 };

static const char *
hex(const void *data, size_t len)
{
	static struct ak_buf buf;

	ak_buf_reset(&buf);
	ak_crypt_hex(&buf, data, len);
	return ak_buf_text(&buf);
}

/* RFC 4231, case 2 with its key padded; the others as
 * Python's hashlib has them. */
static void
test_known(void)
{
	static const uint8_t jefe[SEAL_KEY] = "Jefe";
	static const char text[] = "what do ya want for nothing?";
	AK_BUF struct ak_buf secret = { 0 };
	struct seal_cost cost = { 1024, 8, 1 };
	uint8_t out[32], key[SEAL_KEY], salt[32] = { 0 };

	seal_hash("abc", 3, out);
	is_str(hex(out, 32),
	    "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad",
	    "SHA-256 of abc");
	seal_hmac(jefe, text, strlen(text), out);
	is_str(hex(out, 32),
	    "5bdcc146bf60754e6a042426089575c7"
	    "5a003f089d2739839dec58b964ec3843",
	    "HMAC-SHA256, RFC 4231 case 2");
	memset(key, 0x0b, sizeof(key));
	seal_hkdf(key, "salt", 4, "info", out);
	is_str(hex(out, 32),
	    "20818451610896c07e77bc9ea5f06a4d"
	    "b922b2c726adda1af6c0a779dfe0446a",
	    "HKDF-SHA256 of 32 bytes");
	ak_buf_str(&secret, "password");
	ok(seal_scrypt(&secret, salt, &cost, out, &err) == 0, "scrypt runs");
	is_str(hex(out, 32),
	    "771e1028865eb6820f661efc0b7c4c31"
	    "9c05bf6c8c5c746f0688605b9796b6f3",
	    "scrypt 1024 8 1");
	cost.n = (uint64_t)1 << 40;
	ok(seal_scrypt(&secret, salt, &cost, out, &err) == -1 &&
		err.code == AK_DATA,
	    "scrypt of 2^40 is refused: %s", err.text);
	cost.n = 1000;
	ok(seal_scrypt(&secret, salt, &cost, out, &err) == -1,
	    "n that is no power of 2 is refused");
}

static int
open_one(struct seal *seal, const uint8_t *sealed, size_t len, uint8_t *out)
{
	return seal_get(seal,
	    &(struct seal_message){ nonce, "head", 4, sealed, len, out }, &err);
}

static void
test_cipher(enum seal_cipher cipher)
{
	static const uint8_t key[SEAL_KEY] = { 1, 2, 3 };
	const char *name = seal_cipher_name(cipher);
	uint8_t plain[1000], sealed[1016], out[1016];
	struct seal *seal = seal_new(cipher, key);
	bool all = true;

	is_int(seal_cipher_by_name(name), cipher, "%s has its name", name);
	ak_crypt_random(plain, sizeof(plain));
	seal_put(seal,
	    &(struct seal_message){ nonce, "head", 4, plain, 1000, sealed });
	ok(open_one(seal, sealed, 1016, out) == 0 &&
		memcmp(out, plain, 1000) == 0,
	    "%s: what is sealed opens", name);
	for (size_t i = 0; i < sizeof(sealed); i++) {
		sealed[i] ^= 16;
		all = all && open_one(seal, sealed, 1016, out) == -1 &&
		    err.code == AK_DATA;
		sealed[i] ^= 16;
	}
	ok(all, "%s: no byte of it can change", name);
	ok(open_one(seal, sealed, 1015, out) == -1, "%s: nor be cut", name);
	ok(open_one(seal, sealed, 3, out) == -1, "%s: nor be three", name);
	memcpy(out, plain, 1000);
	seal_put(seal,
	    &(struct seal_message){ nonce, "head", 4, out, 1000, out });
	ok(memcmp(out, sealed, 1016) == 0, "%s: in place, the same", name);
	seal_free(seal);
}

static void
test_object(enum seal_cipher cipher)
{
	static const uint8_t key[SEAL_KEY] = { 9 };
	AK_BUF struct ak_buf sealed = { 0 }, out = { 0 };
	const char *name = seal_cipher_name(cipher);
	bool all = true;

	seal_object(cipher, key, SEAL_INDEX, "text", 4, &sealed);
	is_int((long long)sealed.len, SEAL_HEAD + 4 + SEAL_TAG,
	    "%s: an object of 4 bytes", name);
	ok(seal_object_open(key, SEAL_INDEX, sealed.data, sealed.len, &out,
	       &err) == 0,
	    "%s: opens", name);
	is_str(out.data, "text", "%s: to what it was", name);
	for (size_t i = 0; i < sealed.len; i++) {
		sealed.data[i] ^= 1;
		ak_buf_reset(&out);
		all = all &&
		    seal_object_open(key, SEAL_INDEX, sealed.data, sealed.len,
			&out, &err) == -1;
		sealed.data[i] ^= 1;
	}
	ok(all, "%s: no bit of it can change", name);
	if (cipher != SEAL_NONE)
		ok(seal_object_open(key, SEAL_SNAPSHOT, sealed.data, sealed.len,
		       &out, &err) == -1,
		    "%s: an index is no snapshot", name);
	sealed.data[4] = 9;
	ok(seal_object_open(key, SEAL_INDEX, sealed.data, sealed.len, &out,
	       &err) == -1 &&
		err.code == AK_CONFIG,
	    "%s: a later version is told: %s", name, err.text);
}

int
main(void)
{
	uint8_t a[32], b[32];

	test_known();
	for (int cipher = SEAL_NONE; cipher <= SEAL_CHACHA20_POLY1305;
	     cipher++) {
		test_cipher((enum seal_cipher)cipher);
		test_object((enum seal_cipher)cipher);
	}
	is_int(seal_cipher_by_name("rot13"), -1, "no other cipher is known");
	seal_salt(a);
	seal_salt(b);
	ok(memcmp(a, b, 32) != 0, "no salt comes twice");
	return done_testing();
}
