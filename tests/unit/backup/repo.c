/*
 * repo - a repository is made once, and opens by its keys alone.
 */
#include "tools/backup/repo.h"

#include "tests/unit/backup/place.h"

static int
try_open(const char *name, const char *text, bool key_file)
{
	struct repo_secret secret = a_key(text);
	struct repo *repo = NULL;
	int result;

	err = (struct ak_err){ 0 };
	secret.key_file = key_file;
	result = repo_open(at(name), &secret, &repo, &err);
	repo_secret_free(&secret);
	repo_close(repo);
	return result == 0 ? 0 : (int)err.code;
}

static void
test_open(void)
{
	struct repo_init how = { .cipher = SEAL_AES_256_GCM };
	struct repo_secret secret = a_key(KEY_TEXT);
	struct repo *repo = a_repo("one", SEAL_AES_256_GCM);

	repo_close(repo);
	is_int(try_open("one", KEY_TEXT, true), 0, "its key opens it");
	is_int(try_open("one", KEY_TEXT "x", true), AK_NOPERM,
	    "another does not: %s", err.text);
	is_int(try_open("one", "no", false), AK_NOPERM, "nor a passphrase: %s",
	    err.text);
	is_int(try_open("none", KEY_TEXT, true), AK_NOINPUT,
	    "where nothing is: %s", err.text);
	repo = NULL;
	ok(repo_init(at("one"), &how, &secret, &repo, &err) == -1 &&
		err.code == AK_CANTCREATE,
	    "it is not made twice: %s", err.text);
	repo_secret_free(&secret);
	mkdir(at("two"), 0700);
	is_int(try_open("two", KEY_TEXT, true), AK_NOINPUT,
	    "a directory is no repository: %s", err.text);
}

static void
test_clear(void)
{
	struct repo *repo = a_repo("clear", SEAL_NONE), *other = NULL;
	char id[33];

	memcpy(id, repo->id, sizeof(id));
	repo_close(repo);
	is_int(repo_open(at("clear"), NULL, &other, &err), 0,
	    "cipher none needs no key %s", err.text);
	is_str(other->id, id, "and it is that repository");
	repo_close(other);
}

static int
count_slot(void *arg, const struct slot *slot, AK_UNUSED struct ak_err *unused)
{
	if (slot->type != SLOT_KEY_FILE)
		memcpy(arg, slot->id, sizeof(slot->id));
	printf("# %s type %d %s\n", slot->id, (int)slot->type, slot->label);
	return 0;
}

static void
test_slots(void)
{
	struct repo *repo = a_repo("slots", SEAL_AES_256_GCM);
	struct slot recovery = { .type = SLOT_RECOVERY };
	struct slot pass = { .type = SLOT_PASSPHRASE };
	struct repo_secret words = a_key("correct horse"), code = { 0 };
	char text[SLOT_RECOVERY_CODE], id[17], seen[17] = "";

	slot_recovery_code(text);
	ak_buf_str(&code.bytes, text);
	ok(slot_add(repo, &recovery, &code.bytes, id, &err) == 0,
	    "a recovery code is added");
	ok(slot_each(repo, count_slot, seen, &err) == 0, "slots are listed");
	is_str(seen, id, "by their ids");
	for (char *c = text; *c; c++)
		*c = (char)(*c >= 'A' ? *c + 32 : *c == '-' ? ' ' : *c);
	is_int(try_open("slots", text, false), 0,
	    "it opens, typed in another way: %s", err.text);
	text[0] = text[0] == '2' ? '3' : '2';
	is_int(try_open("slots", text, false), AK_NOPERM,
	    "a wrong one does not");
	ok(slot_add(repo, &recovery, &words.bytes, id, &err) == -1,
	    "words are no recovery code: %s", err.text);
	ok(slot_add(repo, &pass, &words.bytes, id, &err) == 0,
	    "a passphrase is added");
	is_int(try_open("slots", "correct horse", false), 0, "and opens: %s",
	    err.text);
	is_int(slot_remove(repo, id, &err), 0, "and is removed");
	is_int(try_open("slots", "correct horse", false), AK_NOPERM,
	    "and opens no more");
	ok(slot_remove(repo, id, &err) == -1 && err.code == AK_NOINPUT,
	    "it is not removed twice: %s", err.text);
	ok(slot_remove(repo, "../config", &err) == -1, "nor what is none: %s",
	    err.text);
	repo_secret_free(&words);
	repo_secret_free(&code);
	repo_close(repo);
}

static void
test_damage(void)
{
	struct repo_init how = { .cipher = SEAL_AES_256_GCM, .parity = true };
	struct repo_secret secret = a_key(KEY_TEXT);
	struct repo *repo = NULL;
	struct stat st;

	repo_close(a_repo("hurt", SEAL_AES_256_GCM));
	stat(at("hurt/config"), &st);
	for (long i = 0; i < st.st_size; i += 7) {
		flip(at("hurt/config"), i);
		if (try_open("hurt", KEY_TEXT, true) != AK_DATA)
			break;
		flip(at("hurt/config"), i);
		if (i + 7 >= st.st_size)
			ok(true, "a bit flipped in config is damage");
	}
	is_int(try_open("hurt", KEY_TEXT, true), 0, "put right, it opens");
	ok(repo_init(at("pair"), &how, &secret, &repo, &err) == 0,
	    "with parity there are copies");
	repo_close(repo);
	flip(at("pair/config"), 20);
	is_int(try_open("pair", KEY_TEXT, true), 0, "which open: %s", err.text);
	repo_secret_free(&secret);
}

static void
test_lock(void)
{
	struct repo *repo = a_repo("lock", SEAL_NONE), *other = NULL;
	struct store *store;

	repo_close(repo);
	if (repo_open(at("lock"), NULL, &repo, &err) == -1 ||
	    repo_open(at("lock"), NULL, &other, &err) == -1)
		exit(1);
	store = other->store;
	close(creat(at("lock/tmp/left"), 0600));
	ok(repo->store->ops->lock(repo->store, STORE_SHARED, "test one",
	       &err) == 0,
	    "a shared lock");
	ok(access(at("lock/tmp/left"), F_OK) == -1,
	    "the first takes away what was left in tmp");
	ok(store->ops->lock(store, STORE_SHARED, "test two", &err) == 0,
	    "a second beside it");
	ok(store->ops->lock(store, STORE_EXCLUSIVE, "test two", &err) == -1 &&
		err.code == AK_TEMPFAIL,
	    "none alone: %s", err.text);
	repo_close(repo);
	ok(store->ops->lock(store, STORE_EXCLUSIVE, "test two", &err) == 0,
	    "alone, once the other is gone");
	if (repo_open(at("lock"), NULL, &repo, &err) == -1)
		exit(1);
	ok(repo->store->ops->lock(repo->store, STORE_SHARED, "test three",
	       &err) == -1 &&
		err.code == AK_TEMPFAIL,
	    "then nobody else: %s", err.text);
	repo_close(repo);
	repo_close(other);
}

int
main(void)
{
	place_begin();
	test_open();
	test_clear();
	test_slots();
	test_damage();
	test_lock();
	return done_testing();
}
