/*
 * save - what goes in comes out, is stored once, and damage is told.
 */
#include "tools/backup/save.h"

#include <dirent.h>

#include "lib/crypt.h"
#include "tests/unit/backup/place.h"
#include "tools/backup/load.h"

#define FILES 100

static const struct {
	enum chunk_class class;
	uint32_t page;
	size_t max; /* bytes */
} kinds[] = {
	{ CHUNK_SMALL, 0, 32 << 10 },
	{ CHUNK_DEFAULT, 0, 1 << 20 },
	{ CHUNK_DB, 4096, 1 << 20 },
	{ CHUNK_BLOB, 0, 11 << 20 },
};

static struct item items[FILES];
static uint64_t state;

static uint32_t
next(void)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33);
}

/* The bytes of file n, the same each time: words, or random ones. */
static void
make(size_t n, struct ak_buf *buf)
{
	size_t kind = n % AK_COUNT(kinds), len;

	state = n;
	len = n < 8 ? n / 4 : next() % kinds[kind].max;
	if (kind == 3 && n > 12)
		len = len % 4096;
	ak_buf_reset(buf);
	while (buf->len < len) {
		uint32_t value = next();

		if (kind == 3)
			ak_buf_add(buf, &value, 4);
		else
			ak_buf_printf(buf, "word%u ", value % 5000);
	}
	buf->len = len;
}

static int
feed(struct saver *saver, size_t n, const struct ak_buf *buf)
{
	size_t kind = n % AK_COUNT(kinds), at = 0, len;
	struct item_how how = { kinds[kind].class, kinds[kind].page, n == 3 };
	uint8_t *room;

	if (item_begin(saver, &items[n], &how, &err) == -1)
		return -1;
	while (at < buf->len) {
		if (item_room(saver, &room, &len, &err) == -1)
			return -1;
		if (len > buf->len - at)
			len = buf->len - at;
		memcpy(room, buf->data + at, len);
		at += len;
		if (item_filled(saver, len, &err) == -1)
			return -1;
	}
	return item_end(saver, &err);
}

static int
save_all(struct repo *repo, struct index *index, bool independent,
    struct saver_stats *stats)
{
	struct saver_options how = { .workers = 3, .independent = independent };
	AK_BUF struct ak_buf buf = { 0 };
	struct saver *saver = NULL;
	int result = saver_open(repo, index, &how, &saver, &err);

	for (size_t n = 0; n < FILES && result == 0; n++) {
		make(n, &buf);
		result = feed(saver, n, &buf);
	}
	for (size_t n = 0; n < FILES && result == 0; n++)
		result = item_wait(saver, &items[n], &err);
	if (result == 0)
		result = saver_finish(saver, &err);
	*stats = saver_stats(saver);
	saver_close(saver);
	return result;
}

/* The number of files that came back as they were. */
static size_t
load_all(struct repo *repo, struct index *index)
{
	struct loader *loader = loader_new(repo, index, 4);
	AK_BUF struct ak_buf want = { 0 };
	const uint8_t *data;
	size_t good = 0;

	for (size_t n = 0; n < FILES; n++) {
		size_t at = 0;
		bool same = true;

		make(n, &want);
		for (size_t i = 0; i < items[n].chunks.count && same; i++) {
			struct chunk *chunk = &items[n].chunks.items[i];

			same = loader_get(loader, chunk, &data, &err) == 0 &&
			    at + chunk->len <= want.len &&
			    memcmp(want.data + at, data, chunk->len) == 0;
			at += chunk->len;
		}
		good += same && at == want.len;
	}
	loader_free(loader);
	return good;
}

static void
test_round(enum seal_cipher cipher, const char *name)
{
	struct repo *repo = a_repo(name, cipher);
	struct index *index = NULL, *again = NULL;
	struct saver_stats first, second, third;

	if (index_load(repo, &index, &err) == -1)
		exit(1);
	is_int(save_all(repo, index, false, &first), 0, "%s: saved %s", name,
	    err.text);
	printf("# %llu read, %llu stored, %llu chunks, %zu packs\n",
	    (unsigned long long)first.read_bytes,
	    (unsigned long long)first.stored_bytes,
	    (unsigned long long)first.chunks, index_pack_count(index));
	is_int((long long)load_all(repo, index), FILES, "%s: and loaded", name);
	is_int(save_all(repo, index, false, &second), 0, "%s: saved again",
	    name);
	is_int((long long)second.stored_bytes, 0, "%s: nothing is new", name);
	ok(index_load(repo, &again, &err) == 0, "%s: its index is read", name);
	is_int((long long)index_pack_count(again),
	    (long long)index_pack_count(index), "%s: with all packs", name);
	is_int((long long)load_all(repo, again), FILES, "%s: and loads", name);
	is_int(save_all(repo, again, true, &third), 0, "%s: a second copy",
	    name);
	is_int((long long)third.new_bytes, (long long)first.new_bytes,
	    "%s: of everything", name);
	index_free(index);
	index_free(again);
	repo_close(repo);
}

static int
one_pack(void *arg, const char *name, AK_UNUSED uint64_t size,
    AK_UNUSED struct ak_err *unused)
{
	snprintf(arg, 256, "%s", name);
	return 0;
}

/* Removes what is in a directory. */
static void
empty(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	if (dir == NULL)
		exit(1);
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' &&
		    unlinkat(dirfd(dir), entry->d_name, 0) == -1)
			exit(1);
	closedir(dir);
}

/* One frame is lost: the files in it, and no others. */
static void
test_damage(void)
{
	struct repo *repo = a_repo("damage", SEAL_AES_256_GCM);
	struct index *index = NULL, *adopted = NULL;
	struct saver_stats stats;
	char name[256], path[512];
	size_t good, packs;

	if (index_load(repo, &index, &err) == -1 ||
	    save_all(repo, index, false, &stats) == -1)
		exit(1);
	packs = index_pack_count(index);
	snprintf(path, sizeof(path), "%s/index", at("damage"));
	empty(path);
	if (index_load(repo, &adopted, &err) == -1)
		exit(1);
	is_int((long long)index_pack_count(adopted), 0, "without an index");
	is_int(index_adopt(repo, adopted, false, &err), 0, "packs are adopted");
	is_int((long long)index_pack_count(adopted), (long long)packs,
	    "all of them");
	is_int((long long)load_all(repo, adopted), FILES, "and all loads");
	index_free(index);
	index_free(adopted);

	repo->store->ops->list(repo->store, "packs/", one_pack, name, &err);
	snprintf(path, sizeof(path), "%s/%s", at("damage"), name);
	ok(flip(path, 5000), "one bit flips");
	ok(flip(path, -3), "and one of the footer");
	index = NULL;
	if (index_load(repo, &index, &err) == -1)
		exit(1);
	is_int(index_adopt(repo, index, false, &err), 0, "the pack is scanned");
	good = load_all(repo, index);
	ok(good < FILES && good > FILES / 4, "%zu of %d files remain", good,
	    FILES);
	is_int(err.code, AK_DATA, "the rest is named: %s", err.text);
	index_free(index);
	repo_close(repo);
}

int
main(void)
{
	place_begin();
	test_round(SEAL_AES_256_GCM, "aes");
	test_round(SEAL_NONE, "none");
	test_damage();
	for (size_t n = 0; n < FILES; n++)
		item_free(&items[n]);
	return done_testing();
}
