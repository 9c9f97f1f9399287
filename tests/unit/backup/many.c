/*
 * many - chunks by the hundred thousand: no list of them, in memory or on the
 * disk, is as long as that, and each is found.
 */
#include "tests/unit/backup/place.h"
#include "tools/backup/save.h"
#include "tools/backup/verify.h"

#define CHUNKS 200000
#define LIST_MOST (65536 + PACK_FRAME_CHUNKS)
#define SEGMENT_MOST (8 << 20)

static void
chunk_of(uint64_t n, struct chunk *chunk)
{
	chunk->len = sizeof(n);
	seal_hash(&n, sizeof(n), chunk->id);
}

static int
save_all(struct repo *repo, struct index *index)
{
	struct saver_options how = { .workers = 1 };
	struct saver *saver = NULL;
	struct chunk chunk;
	int got = saver_open(repo, index, &how, &saver, &err);

	for (uint64_t n = 0; n < CHUNKS && got == 0; n++)
		got = saver_chunk(saver, PACK_META, &n, sizeof(n), &chunk,
		    &err);
	if (got == 0)
		got = saver_finish(saver, &err);
	saver_close(saver);
	return got;
}

/* How many chunks have one place and no other; those behind them have none. */
static size_t
found(const struct index *index)
{
	struct chunk chunk;
	struct place spot;
	size_t good = 0;

	for (uint64_t n = 0; n < (uint64_t)CHUNKS * 2; n++) {
		bool first, second;

		chunk_of(n, &chunk);
		first = index_find(index, chunk.id, 0, &spot);
		second = index_find(index, chunk.id, 1, &spot);
		good += first == (n < CHUNKS) && !second;
	}
	return good;
}

static size_t
longest(const struct index *index)
{
	size_t most = 0;

	for (uint32_t i = 0; i < index_pack_count(index); i++)
		if (index_pack(index, i)->chunk_count > most)
			most = index_pack(index, i)->chunk_count;
	return most;
}

struct segments {
	size_t count;
	uint64_t largest;
};

static int
segment(void *arg, AK_UNUSED const char *name, uint64_t size,
    AK_UNUSED struct ak_err *unused)
{
	struct segments *segments = arg;

	segments->count++;
	if (size > segments->largest)
		segments->largest = size;
	return 0;
}

static void
check(struct repo *repo, const char *when)
{
	struct segments segments = { 0 };
	struct index *index = NULL;

	if (index_load(repo, &index, &err) == -1)
		exit(1);
	is_int((long long)found(index), (long long)CHUNKS * 2,
	    "%s, each is found, once, and no other", when);
	ok(longest(index) <= LIST_MOST, "%s, a pack has at most %zu", when,
	    longest(index));
	is_int(repo->store->ops->list(repo->store, "index/", segment, &segments,
		   &err),
	    0, "%s, segments are listed", when);
	ok(segments.count > 1 && segments.largest < SEGMENT_MOST,
	    "%s, %zu segments, the largest of %llu bytes", when, segments.count,
	    (unsigned long long)segments.largest);
	index_free(index);
}

int
main(void)
{
	struct index *index = NULL;
	struct repo *repo;
	size_t packs;

	place_begin();
	repo = a_repo("many", SEAL_AES_256_GCM);
	if (index_load(repo, &index, &err) == -1)
		exit(1);
	is_int(save_all(repo, index), 0, "saved %s", err.text);
	index_free(index);
	check(repo, "as saved");
	is_int(reindex(repo, &packs, &err), 0, "made anew %s", err.text);
	check(repo, "made anew");
	repo_close(repo);
	return done_testing();
}
