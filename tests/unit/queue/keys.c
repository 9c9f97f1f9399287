/*
 * Which file of keys is taken, and who one is by a key.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/crypt.h"
#include "tests/unit/tap.h"
#include "tools/queue/conf.h"

/* Of "aq-alice" and "aq-bob". */
static char alice[65], bob[65];

static void
hash(const char *key, char hex[65])
{
	struct ak_sha256 *sum = ak_sha256_new();
	AK_BUF struct ak_buf buf = { 0 };
	uint8_t digest[AK_SHA256_SIZE];

	ak_sha256_add(sum, key, strlen(key));
	ak_sha256_end(sum, digest);
	ak_crypt_hex(&buf, digest, sizeof(digest));
	memcpy(hex, buf.data, 65);
}

static void
test_refused(void)
{
	static const struct {
		const char *claim, *text, *error;
	} rows[] = {
		{ "a client without a hash", "[a]\nweight = 1\n",
		    "keys: [a]: without sha256" },
		{ "a key in place of its hash", "[a]\nsha256 = aq-secret\n",
		    "keys:2: sha256: not 64 hexadecimal digits of a hash" },
		{ "a word that is not known", "[a]\nwieght = 1\n",
		    "keys:2: wieght: no such key" },
		{ "a weight that is none", "[a]\nweight = 5000\n",
		    "keys:2: weight: not a whole number from 0 to 1000" },
		{ "manage that is neither", "[a]\nmanage = si\n",
		    "keys:2: manage: not yes or no" },
	};

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		struct keys *keys = NULL;
		struct ak_err err = { 0 };

		ok(keys_parse("keys", rows[i].text, &keys, &err) == -1,
		    "%s is refused", rows[i].claim);
		is_str(err.text, rows[i].error, "%s is told", rows[i].claim);
		ok(strstr(err.text, "aq-secret") == NULL, "%s: no key is told",
		    rows[i].claim);
	}
}

static void
test_twice(void)
{
	AK_FREE char *text = ak_printf("[a]\nsha256=%s\n[b]\nsha256=%s\n",
	    alice, alice);
	struct keys *keys = NULL;
	struct ak_err err = { 0 };

	ok(keys_parse("keys", text, &keys, &err) == -1,
	    "two clients with one key are refused");
	ok(strstr(err.text, "have the same key") != NULL, "and told");
}

static void
test_modes(void)
{
	static const struct {
		mode_t mode;
		int code;
	} rows[] = { { 0600, AK_DONE }, { 0400, AK_DONE }, { 0640, AK_NOPERM },
		{ 0604, AK_NOPERM }, { 0620, AK_NOPERM } };
	char path[] = "/tmp/aikit-keys-XXXXXX";
	AK_CLOSE int fd = mkstemp(path);
	AK_FREE char *text = ak_printf("[a]\nsha256=%s\n", alice);

	ok(write(fd, text, strlen(text)) > 0, "a file of keys");
	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		struct keys *keys = NULL;
		struct ak_err err = { 0 };
		int got;

		fchmod(fd, rows[i].mode);
		got = keys_read(path, &keys, &err);
		is_int(got == 0 ? AK_DONE : (int)err.code, rows[i].code,
		    "mode %03o", (unsigned int)rows[i].mode);
		keys_free(keys);
	}
	unlink(path);
}

/* Asks as a request with such a head would. */
static int
identify(struct settings *settings, const struct listen_conf *listen,
    const char *fields, struct identity *who)
{
	static struct http1_head head;
	AK_FREE char *text =
	    ak_printf("POST /api/chat HTTP/1.1\r\nHost: q\r\n%s\r\n", fields);
	struct asker asker = { listen, &head, text, "127.0.0.1" };
	int got;

	head = (struct http1_head){ 0 };
	if (http1_request(&head, text, strlen(text), &http1_limits) !=
	    HTTP1_DONE)
		return -2;
	got = keys_identify(settings, &asker, who);
	return got;
}

static void
test_identify(void)
{
	static const struct listen_conf open = { .client = "lan" },
					needs = { .need_key = true },
					users = { .trust_user = true,
						.client = "webui" };
	static const struct {
		const char *claim;
		const struct listen_conf *listen;
		const char *fields, *client;
		int status, class, best;
		bool manage;
	} rows[] = {
		{ "a key", &open, "Authorization: Bearer aq-alice\r\n", "alice",
		    0, 1, 0, true },
		{ "the word in any case", &open,
		    "authorization: bEARER  aq-alice\r\n", "alice", 0, 1, 0,
		    true },
		{ "x-api-key", &needs, "X-Api-Key: aq-bob\r\n", "bob", 0, 2, 2,
		    false },
		{ "no key where none is needed", &open, "", "lan", 0, -1, 0,
		    false },
		{ "another's dummy where none is needed", &open,
		    "Authorization: Bearer ollama\r\n", "lan", 0, -1, 0,
		    false },
		{ "one that looks like ours", &open,
		    "Authorization: Bearer aq-alicf\r\n", NULL, 401, 0, 0,
		    false },
		{ "none where one is needed", &needs, "", NULL, 401, 0, 0,
		    false },
		{ "a dummy where one is needed", &needs,
		    "Authorization: Bearer ollama\r\n", NULL, 401, 0, 0,
		    false },
		{ "another scheme", &needs, "Authorization: Basic aq-alice\r\n",
		    NULL, 401, 0, 0, false },
		{ "an empty key", &needs, "Authorization: Bearer \r\n", NULL,
		    401, 0, 0, false },
		{ "a user behind a key", &users,
		    "Authorization: Bearer aq-bob\r\n"
		    "X-OpenWebUI-User-Id: u1\r\n",
		    "u1", 0, 2, 2, false },
		{ "a key without a user", &users,
		    "Authorization: Bearer aq-bob\r\n", "bob", 0, 2, 2, false },
		{ "a user where that is not trusted", &open,
		    "X-OpenWebUI-User-Id: u1\r\n", "lan", 0, -1, 0, false },
	};
	AK_FREE char *text = ak_printf(
	    "[alice]\nsha256=%s\nclass=normal\nclass_best=interactive\n"
	    "manage=yes\n[bob]\nsha256=%s\nclass=batch\n",
	    alice, bob);
	struct settings settings;
	struct keys *keys = NULL;
	struct ak_err err = { 0 };

	is_int(keys_parse("keys", text, &keys, &err), 0, "two keys");
	settings_default(&settings);
	settings.keys = keys;
	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		struct identity who = { 0 };
		int got = identify(&settings, rows[i].listen, rows[i].fields,
		    &who);

		is_int(got, rows[i].status == 0 ? 0 : -1, "%s: is it served",
		    rows[i].claim);
		is_int(who.status, rows[i].status, "%s: status", rows[i].claim);
		if (got != 0)
			continue;
		is_str(who.client, rows[i].client, "%s: who", rows[i].claim);
		is_int(who.class, rows[i].class, "%s: class", rows[i].claim);
		is_int(who.class_best, rows[i].best, "%s: the best it may ask",
		    rows[i].claim);
		is_int(who.manage, rows[i].manage, "%s: manages",
		    rows[i].claim);
	}
	keys_free(keys);
}

/* Any number of keys, each found and no other. */
static void
test_many(void)
{
	AK_BUF struct ak_buf text = { 0 };
	struct keys *keys = NULL;
	struct ak_err err = { 0 };
	int found = 0, wrong = 0;

	for (int i = 0; i < 2000; i++) {
		char name[16], hex[65];

		snprintf(name, sizeof(name), "k%d", i);
		hash(name, hex);
		ak_buf_printf(&text, "[%s]\nsha256 = %s\n", name, hex);
	}
	is_int(keys_parse("keys", text.data, &keys, &err), 0, "2000 keys");
	for (int i = 0; i < 4000; i++) {
		char name[16];
		const struct key_entry *entry;

		snprintf(name, sizeof(name), "k%d", i);
		entry = keys_find(keys, name, strlen(name));
		found += entry != NULL;
		wrong += entry != NULL && !ak_streq(entry->name, name);
	}
	is_int(found, 2000, "each is found");
	is_int(wrong, 0, "and is itself");
	keys_free(keys);
}

int
main(void)
{
	hash("aq-alice", alice);
	hash("aq-bob", bob);
	test_refused();
	test_twice();
	test_modes();
	test_identify();
	test_many();
	return done_testing();
}
