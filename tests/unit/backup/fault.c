/*
 * fault - whatever storage operation fails, ends the program or loses what was
 * not synced: the next run succeeds, and every snapshot there is reads whole.
 */
#include <sys/wait.h>

#include "lib/str.h"
#include "tests/unit/backup/place.h"
#include "tools/backup/load.h"
#include "tools/backup/save.h"
#include "tools/backup/snap.h"

#define FILE_SIZE ((size_t)300 * 1000)
#define OPS_MOST 60

/* The bytes of run n. */
static void
make(unsigned n, uint8_t *data)
{
	for (size_t i = 0; i < FILE_SIZE; i++)
		data[i] = (uint8_t)(i / 7 % 11 * n + i / 1000);
}

static int
save(struct repo *repo, struct index *index, unsigned n, struct item *item)
{
	struct saver_options how = { .workers = 1 };
	struct item_how class = { .class = CHUNK_DEFAULT };
	static uint8_t data[FILE_SIZE];
	struct saver *saver = NULL;
	int result = saver_open(repo, index, &how, &saver, &err);
	uint8_t *room;
	size_t len;

	make(n, data);
	if (result == 0)
		result = item_begin(saver, item, &class, &err);
	for (size_t at = 0; at < FILE_SIZE && result == 0; at += len) {
		result = item_room(saver, &room, &len, &err);
		if (result == -1)
			break;
		len = len < FILE_SIZE - at ? len : FILE_SIZE - at;
		memcpy(room, data + at, len);
		result = item_filled(saver, len, &err);
	}
	if (result == 0)
		result = item_end(saver, &err);
	if (result == 0)
		result = item_wait(saver, item, &err);
	if (result == 0)
		result = saver_finish(saver, &err);
	saver_close(saver);
	return result;
}

/* One run of a backup; its snapshot is called after n. */
static int
run(const char *name, unsigned n)
{
	struct repo_secret secret = a_key(KEY_TEXT);
	REPO struct repo *repo = NULL;
	struct index *index = NULL;
	struct item item = { 0 };
	static char type[] = "dir";
	struct snap_source source = { .type = type, .files = n };
	struct snap snap = { .begin = n * INT64_C(1000000000),
		.sources = &source,
		.source_count = 1 };
	int result = repo_open(at(name), &secret, &repo, &err);

	repo_secret_free(&secret);
	if (result == 0)
		result = repo->store->ops->lock(repo->store, STORE_SHARED,
		    "test", &err);
	if (result == 0)
		result = index_load(repo, &index, &err);
	if (result == 0)
		result = index_adopt(repo, index, false, &err);
	if (result == 0)
		result = save(repo, index, n, &item);
	source.tree = item.chunks;
	if (result == 0)
		result = snap_write(repo, &snap, NULL, &err);
	item_free(&item);
	index_free(index);
	return result;
}

static bool
is_whole(struct loader *loader, const struct snap *snap)
{
	const struct chunks *tree = &snap->sources[0].tree;
	static uint8_t want[FILE_SIZE];
	const uint8_t *data;
	size_t pos = 0;

	make((unsigned)snap->sources[0].files, want);
	for (size_t i = 0; i < tree->count; i++) {
		if (loader_get(loader, &tree->items[i], &data, &err) == -1 ||
		    pos + tree->items[i].len > FILE_SIZE ||
		    memcmp(want + pos, data, tree->items[i].len) != 0)
			return false;
		pos += tree->items[i].len;
	}
	return pos == FILE_SIZE;
}

/* How many snapshots there are; -1 when one does not read. */
static int
check(const char *name)
{
	struct repo_secret secret = a_key(KEY_TEXT);
	REPO struct repo *repo = NULL;
	struct index *index = NULL;
	struct snaps snaps = { 0 };
	struct loader *loader;
	int good = 0;

	if (repo_open(at(name), &secret, &repo, &err) == -1 ||
	    index_load(repo, &index, &err) == -1 ||
	    snap_list(repo, &snaps, &err) == -1)
		return -1;
	repo_secret_free(&secret);
	loader = loader_new(repo, index, 2);
	for (size_t i = 0; i < snaps.count; i++)
		good += is_whole(loader, snaps.items[i]);
	if (snaps.bad_count > 0 || good != (int)snaps.count)
		good = -1;
	loader_free(loader);
	index_free(index);
	snaps_free(&snaps);
	return good;
}

/* Each fault says on stderr that it has come; so many are of no use. */
static void
hush(void)
{
	int null = open("/dev/null", O_WRONLY);

	if (null == -1 || dup2(null, STDERR_FILENO) == -1)
		exit(1);
	close(null);
}

/* The exit status of a run under a plan; 128 and the signal when it ended. */
static int
run_under(const char *plan, const char *name, unsigned n)
{
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		hush();
		setenv("AIKIT_FAULT", plan, 1);
		_exit(run(name, n) == 0 ? 0 : (int)err.code);
	}
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

/* What went wrong when operation n of a second run met the effect. */
static int
try(const char *effect, int n, bool parity, int *status)
{
	struct repo_init how = { .cipher = SEAL_AES_256_GCM, .parity = parity };
	AK_FREE char *name = ak_printf("%s%d-%d", effect, parity, n);
	AK_FREE char *plan = ak_printf("any:%d:%s", n, effect);
	struct repo_secret secret = a_key(KEY_TEXT);
	struct repo *repo = NULL;
	int bad = 0;

	if (repo_init(at(name), &how, &secret, &repo, &err) == -1)
		exit(1);
	repo_secret_free(&secret);
	repo_close(repo);
	bad += run(name, 1) != 0;
	*status = run_under(plan, name, 2);
	bad += check(name) < 1;
	bad += run(name, 3) != 0;
	bad += check(name) < 2;
	return bad;
}

/* Each operation in turn, until a run goes through without meeting it. */
static void
test_effect(const char *effect, int want, bool parity)
{
	int n = 1, status = want, bad = 0;

	for (; n < OPS_MOST && status != 0; n++) {
		bad += try(effect, n, parity, &status);
		bad += status != want && status != 0;
	}
	ok(n > 15 && n < OPS_MOST, "%s at each of %d operations%s", effect,
	    n - 2, parity ? ", with parity" : "");
	is_int(bad, 0, "nothing was lost, and each next run succeeded");
}

/*
 * A tree that could not be written is half in its pack: what comes after it,
 * of another source, must not end up in the same.
 */
static void
test_failed_for_good(void)
{
	struct repo_init how = { .cipher = SEAL_AES_256_GCM };
	struct repo_secret secret = a_key(KEY_TEXT);
	struct saver_options options = { .workers = 1 };
	static uint8_t data[3 << 20];
	struct repo *repo = NULL;
	struct index *index = NULL;
	struct saver *saver = NULL;
	struct ak_err first = { 0 };
	struct chunk chunk;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)((i * 2654435761U) >> 13);
	setenv("AIKIT_FAULT", "write:12:ENOSPC", 1);
	if (repo_init(at("for-good"), &how, &secret, &repo, &err) == -1 ||
	    index_load(repo, &index, &err) == -1 ||
	    saver_open(repo, index, &options, &saver, &err) == -1)
		exit(1);
	unsetenv("AIKIT_FAULT");
	repo_secret_free(&secret);
	for (int i = 0; i < 40 && first.code == AK_DONE; i++) {
		data[0] = (uint8_t)i;
		(void)!saver_chunk(saver, PACK_META, data, sizeof(data), &chunk,
		    &first);
	}
	is_int(first.code, AK_IO, "the disk is full: %s", first.text);
	is_int(saver_chunk(saver, PACK_META, "next", 4, &chunk, &err), -1,
	    "the next source cannot be stored either");
	is_int(saver_finish(saver, &err), -1, "and no snapshot follows");
	saver_close(saver);
	index_free(index);
	repo_close(repo);
}

static void
test_plans(void)
{
	static const char *const plans[] = { "write", "write:1", "write:0:kill",
		"x:1:kill", "write:1:x", "write:x:kill", ":::" };
	struct store *store;

	for (size_t i = 0; i < AK_COUNT(plans); i++) {
		setenv("AIKIT_FAULT", plans[i], 1);
		ok(store_open_local(place, false, &store, &err) == -1 &&
			err.code == AK_CONFIG,
		    "refused: %s", err.text);
	}
	unsetenv("AIKIT_FAULT");
}

int
main(void)
{
	place_begin();
	test_plans();
	test_failed_for_good();
	test_effect("kill", 128 + 9, false);
	test_effect("drop", 128 + 9, false);
	test_effect("reorder", 128 + 9, false);
	test_effect("reorder", 128 + 9, true);
	test_effect("ENOSPC", AK_IO, false);
	test_effect("EIO", AK_IO, true);
	return done_testing();
}
