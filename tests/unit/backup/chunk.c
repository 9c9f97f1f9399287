/*
 * chunk - what a file is, and that it is cut alike however it comes.
 */
#include "tools/backup/chunk.h"

#include <string.h>

#include "lib/buf.h"
#include "tests/unit/tap.h"

#define LEN ((size_t)24 << 20)

static struct chunker chunker;
static uint8_t data[LEN + 1];

static void
make(uint64_t state)
{
	for (size_t i = 0; i < LEN; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		data[i] = (uint8_t)(state >> 56);
	}
}

struct cuts {
	size_t at[4096];
	size_t count;
};

/* Fed in steps: what is not yet enough for a chunk is asked for again. */
static void
cut_all(enum chunk_class class, const uint8_t *from, size_t len, size_t step,
    struct cuts *cuts)
{
	struct chunk_scan scan = { .class = class };
	size_t at = 0, have = 0, n;

	cuts->count = 0;
	while (at < len) {
		have = have + step < len ? have + step : len;
		while ((n = chunk_cut(&chunker, &scan, from + at, have - at,
			    have == len)) > 0) {
			at += n;
			cuts->at[cuts->count++] = at;
		}
	}
}

static void
test_steps(enum chunk_class class, const char *name, size_t min, size_t average)
{
	static struct cuts whole, steps;
	bool within = true;
	size_t before = 0, mean = 0;

	cut_all(class, data, LEN, LEN, &whole);
	cut_all(class, data, LEN, 65536, &steps);
	ok(whole.count == steps.count &&
		memcmp(whole.at, steps.at, whole.count * sizeof(size_t)) == 0,
	    "%s: cut alike in one and in steps, %zu chunks", name, whole.count);
	for (size_t i = 0; i + 1 < whole.count; i++) {
		size_t len = whole.at[i] - before;

		within = within && len > min && len <= chunk_max(class, 0);
		before = whole.at[i];
	}
	ok(within, "%s: none is too small or too large", name);
	if (whole.count > 0)
		mean = LEN / whole.count;
	ok(mean > average * 3 / 4 && mean < average * 3 / 2,
	    "%s: %zu bytes on average", name, mean);
}

/* One byte more at the front: the cuts behind it are the same again. */
static void
test_shift(void)
{
	static struct cuts cuts, shifted;
	size_t same = 0;

	cut_all(CHUNK_DEFAULT, data, LEN, LEN, &cuts);
	memmove(data + 1, data, LEN);
	cut_all(CHUNK_DEFAULT, data, LEN + 1, LEN + 1, &shifted);
	memmove(data, data + 1, LEN);
	for (size_t i = 0, k = 0; i < cuts.count; i++) {
		while (k < shifted.count && shifted.at[k] < cuts.at[i] + 1)
			k++;
		same += k < shifted.count && shifted.at[k] == cuts.at[i] + 1;
	}
	ok(same >= cuts.count - 6, "a byte in front: %zu of %zu cuts remain",
	    same, cuts.count);
}

/* The first chunk of so many bytes. */
static long long
first(enum chunk_class class, uint32_t page, size_t len, bool last)
{
	struct chunk_scan scan = { .class = class, .page = page };

	return (long long)chunk_cut(&chunker, &scan, data, len, last);
}

static void
test_fixed(void)
{
	is_int(first(CHUNK_DB, 4096, LEN, false), 16384,
	    "a page of 4 KiB: chunks of 16 KiB");
	is_int(first(CHUNK_DB, 65536, LEN, false), 65536,
	    "a page of 64 KiB: chunks of that");
	is_int(first(CHUNK_DB, 4096, 100, false), 0, "less is not enough");
	is_int(first(CHUNK_DB, 4096, 100, true), 100, "but at the end");
	is_int(first(CHUNK_SMALL, 0, 30000, true), 30000,
	    "a small file is one");
	is_int(first(CHUNK_DEFAULT, 0, 0, true), 0, "nothing is none");
}

static const struct {
	const char *what, *name, *head;
	uint64_t size;
	bool pg;
	enum chunk_class class;
	uint32_t page;
} rows[] = {
	{ "a little file", "a.txt", NULL, 32768, false, CHUNK_SMALL, 0 },
	{ "a text", "a.txt", NULL, 1 << 24, false, CHUNK_DEFAULT, 0 },
	{ "random bytes", "a.bin", "random", 1 << 24, false, CHUNK_BLOB, 0 },
	{ "few of them", "a.bin", "random", 1 << 20, false, CHUNK_DEFAULT, 0 },
	{ "SQLite", "a.db", "SQLite format 3", 1 << 20, false, CHUNK_DB, 4096 },
	{ "a relation", "16384", NULL, 1 << 20, true, CHUNK_DB, 8192 },
	{ "its segment", "16384.1", NULL, 1 << 20, true, CHUNK_DB, 8192 },
	{ "its map", "16384_vm", NULL, 65536, true, CHUNK_DB, 8192 },
	{ "half a page of it", "16384", NULL, 65537, true, CHUNK_DEFAULT, 0 },
	{ "one elsewhere", "16384", NULL, 1 << 20, false, CHUNK_DEFAULT, 0 },
	{ "a word there", "pg_control", NULL, 65536, true, CHUNK_DEFAULT, 0 },
	{ "a model",
	    "sha256-000102030405060708090a0b0c0d0e0f"
	    "101112131415161718191a1b1c1d1e1f",
	    NULL, 100000, false, CHUNK_BLOB, 0 },
	{ "not quite one", "sha256-0001", NULL, 100000, false, CHUNK_DEFAULT,
	    0 },
};

static void
test_classes(void)
{
	static uint8_t head[65536];

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		struct chunk_hint hint = { .name = rows[i].name,
			.head = head,
			.head_len = sizeof(head),
			.size = rows[i].size,
			.pg_directory = rows[i].pg };
		uint32_t page = 77;

		memset(head, 'x', sizeof(head));
		if (ak_streq(rows[i].head, "random"))
			memcpy(head + 5000, data, sizeof(head) - 5000);
		else if (rows[i].head)
			memcpy(head, rows[i].head, strlen(rows[i].head) + 1);
		head[16] = rows[i].head ? 16 : 'x';
		head[17] = rows[i].head ? 0 : 'x';
		is_int(chunk_classify(&hint, &page), rows[i].class, "%s",
		    rows[i].what);
		is_int(page, rows[i].page, "%s: its page", rows[i].what);
	}
}

int
main(void)
{
	static const uint8_t key[32] = { 1, 2, 3 };

	chunker_init(&chunker, key);
	make(7);
	test_steps(CHUNK_DEFAULT, "text", 16 << 10, 64 << 10);
	test_steps(CHUNK_BLOB, "blob", 256 << 10, 1 << 20);
	test_shift();
	test_fixed();
	test_classes();
	return done_testing();
}
