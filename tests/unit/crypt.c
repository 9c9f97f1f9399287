/*
 * crypt - known answers, and that nothing is left behind.
 */
#include "lib/crypt.h"

#include <string.h>

#include "lib/proc.h"
#include "tests/unit/tap.h"

/* FIPS 180-4, the examples of NIST. */
static const struct {
	const char *text, *hex;
} hashes[] = {
	{ "",
	    "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855" },
	{ "abc",
	    "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	    "248d6a61d20638b8e5c026930c3e6039"
	    "a33ce45964ff2167f6ecedd419db06c1" },
};

/* RFC 4648, section 10, and the two letters of its section 5. */
static const struct {
	const char *text, *encoded;
} encoded[] = {
	{ "", "" },
	{ "f", "Zg" },
	{ "fo", "Zm8" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg" },
	{ "fooba", "Zm9vYmE" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xfb\xff", "-_8" },
};

static void
test_sha256(void)
{
	for (size_t i = 0; i < AK_COUNT(hashes); i++) {
		AK_BUF struct ak_buf hex = { 0 };
		struct ak_sha256 *hash = ak_sha256_new();
		size_t len = strlen(hashes[i].text), half = len / 2;
		uint8_t digest[AK_SHA256_SIZE];

		ak_sha256_add(hash, hashes[i].text, half);
		ak_sha256_add(hash, hashes[i].text + half, len - half);
		ak_sha256_end(hash, digest);
		ak_crypt_hex(&hex, digest, sizeof(digest));
		is_str(hex.data, hashes[i].hex, "SHA-256 of \"%s\"",
		    hashes[i].text);
	}
}

static void
test_base64url(void)
{
	for (size_t i = 0; i < AK_COUNT(encoded); i++) {
		AK_BUF struct ak_buf buf = { 0 };

		ak_crypt_base64url(&buf, encoded[i].text,
		    strlen(encoded[i].text));
		is_str(ak_buf_text(&buf), encoded[i].encoded,
		    "base64url of %zu bytes: %s", strlen(encoded[i].text),
		    encoded[i].encoded);
	}
}

static void
test_random(void)
{
	uint8_t seen[256] = { 0 }, bytes[8192];
	size_t different = 0;

	ak_crypt_random(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		seen[bytes[i]] = 1;
	for (size_t i = 0; i < sizeof(seen); i++)
		different += seen[i];
	is_int((long long)different, 256, "8192 random bytes have every value");
	ak_crypt_random(bytes, 0);
}

/* The system is made to have none: strace(1) fails the call. */
static void
test_no_random(const char *self)
{
	const char *argv[] = { "strace", "-f", "-o", "/dev/null", "-e",
		"inject=getrandom:error=ENOSYS", self, "random", NULL };
	static const char *const env[] = { "ASAN_OPTIONS=detect_leaks=0",
		NULL };
	struct ak_proc proc = { .argv = argv,
		.env = env,
		.timeout_ms = 20000,
		.max_output = 4096 };
	AK_PROC_RESULT struct ak_proc_result result = { 0 };
	struct ak_err err = { 0 };

	ok(ak_proc_run(&proc, &result, &err) == 0,
	    "a program without random bytes (%s)", err.text);
	is_int(result.status, AK_SYSTEM, "ends");
	is_str(ak_buf_text(&result.err),
	    "crypt: the system has no random bytes\n", "and says why");
}

static void
test_equal(void)
{
	char secret[] = "hunter2";

	ok(ak_crypt_equal("abc", "abc", 3), "equal bytes are");
	ok(!ak_crypt_equal("abc", "abd", 3), "others are not");
	ok(ak_crypt_equal("abc", "abd", 2), "no further than len");
	ak_crypt_wipe(secret, sizeof(secret));
	ok(ak_crypt_equal(secret, "\0\0\0\0\0\0\0", sizeof(secret)),
	    "what is wiped is zero");
	ak_crypt_wipe(NULL, 0);
}

int
main(int argc, char *argv[])
{
	uint8_t byte;

	if (argc > 1) {
		ak_crypt_random(&byte, 1);
		return 0;
	}
	test_sha256();
	test_base64url();
	test_random();
	test_no_random(argv[0]);
	test_equal();
	return done_testing();
}
