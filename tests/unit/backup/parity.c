/*
 * parity - unit test: what is damaged in up to four places comes back, and
 * what cannot is said to.
 */
#include "tools/backup/parity.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/tap.h"

#define LARGEST ((size_t)3 << 20)

static uint8_t object[LARGEST], got[LARGEST];
static uint64_t state = 88172645463325252;

/* xorshift64: the same in every run. */
static uint64_t
next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void
arithmetic(void)
{
	static uint8_t data[1000], plain[1000], fast[1000];
	bool inverse = true, same = true;

	for (unsigned a = 1; a < 256; a++)
		inverse &= gf_mul((uint8_t)a, gf_inverse((uint8_t)a)) == 1;
	ok(inverse, "a times its inverse is 1, for each of 255");
	is_int(gf_mul(0x80, 2), 0x1d, "the polynomial is 0x11d");
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)next();
	for (unsigned factor = 0; factor < 256; factor++) {
		size_t len = next() % sizeof(data);

		memcpy(plain, data, sizeof(data));
		memcpy(fast, data, sizeof(data));
		gf_plain(true);
		gf_add(plain, data, (uint8_t)factor, len);
		gf_plain(false);
		gf_add(fast, data, (uint8_t)factor, len);
		same &= memcmp(plain, fast, sizeof(fast)) == 0;
		same &= len == 0 ||
		    plain[0] == (data[0] ^ gf_mul(data[0], (uint8_t)factor));
	}
	ok(same, "what the processor does is what tables do");
	is_int(crc32c(0, "123456789", 9), 0xe3069283,
	    "CRC-32C of RFC 3720 by the processor");
	gf_plain(true);
	is_int(crc32c(0, "123456789", 9), 0xe3069283, "and by a table");
	gf_plain(false);
}

struct shape {
	size_t size;
	unsigned shards, rows;
	uint32_t shard;
};
static const struct shape shapes[] = {
	{ 0, 1, 1, 64 },
	{ 1, 1, 1, 64 },
	{ 700, 1, 1, 704 },
	{ 4096, 1, 1, 4096 },
	{ 4097, 2, 2, 4096 },
	{ 60000, 15, 4, 4096 },
	{ (size_t)128 * 4096, 128, 4, 4096 },
	{ (size_t)128 * 4096 + 1, 127, 4, 4160 },
	{ LARGEST, 128, 4, 24576 },
};

static void
parse(const struct shape *shape)
{
	AK_BUF struct ak_buf bytes = { 0 };
	struct parity parity;
	struct ak_err err = { 0 };
	const uint8_t *rows;

	parity_of(object, shape->size, &bytes);
	ok(parity_parse(&parity, (uint8_t *)bytes.data, bytes.len, &rows,
	       &err) == 0,
	    "parity of %zu bytes is read", shape->size);
	ok(parity.size == shape->size && parity.shards == shape->shards &&
		parity.rows == shape->rows && parity.shard == shape->shard,
	    "%u shards of %u bytes, %u rows", parity.shards, parity.shard,
	    parity.rows);
	bytes.data[bytes.len / 2 < 60 ? 30 : 57] ^= 1;
	ok(parity_parse(&parity, (uint8_t *)bytes.data, bytes.len, &rows,
	       &err) == -1 &&
		err.code == AK_DATA,
	    "with a bit of its head turned it is not");
}

/* Turns bits in count different shards. */
static void
damage(const char *path, const struct parity *parity, unsigned count)
{
	AK_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool hit[PARITY_SHARDS] = { 0 };

	while (count > 0) {
		size_t at = next() % parity->size;

		if (hit[at / parity->shard])
			continue;
		hit[at / parity->shard] = true;
		count--;
		got[0] = (uint8_t)(object[at] ^ (1 + next() % 255));
		if (pwrite(fd, got, 1, (off_t)at) != 1)
			abort();
	}
}

static void
mend_it(struct store *store, size_t size, unsigned bad)
{
	struct ak_err err = { 0 };
	struct parity parity = { 0 };
	AK_BUF struct ak_buf bytes = { 0 };
	size_t mended = 99;

	if (parity_put(store, "meta/ab/abc", object, size, &err) == -1 ||
	    store_read(store, "parity/ab/abc", LARGEST, &bytes, &err) == -1 ||
	    parity_parse(&parity, (uint8_t *)bytes.data, bytes.len, NULL,
		&err) == -1)
		abort();
	chmod("r/meta/ab/abc", 0600);
	damage("r/meta/ab/abc", &parity, bad);
	if (bad > parity.rows) {
		ok(parity_mend(store, "meta/ab/abc", &mended, &err) == -1 &&
			err.code == AK_DATA && mended == 99,
		    "%u of %u shards are too many", bad, parity.shards);
		return;
	}
	ok(parity_mend(store, "meta/ab/abc", &mended, &err) == 0 &&
		store->ops->get(store, "meta/ab/abc", 0, got, size, &err) ==
		    0 &&
		memcmp(got, object, size) == 0 && mended == bad,
	    "%u damaged shards of %u come back: %s", bad, parity.shards,
	    err.text);
}

/* The object is cut off: the shards behind are bad as well. */
static void
cut_off(struct store *store)
{
	struct ak_err err = { 0 };
	size_t mended;

	if (parity_put(store, "config", object, LARGEST, &err) == -1)
		abort();
	chmod("r/config", 0600);
	{
		AK_CLOSE int fd = open("r/config", O_WRONLY);

		if (ftruncate(fd, LARGEST - (size_t)3 * 24576 + 5) == -1)
			abort();
	}
	ok(parity_mend(store, "config", &mended, &err) == 0 && mended == 3 &&
		store->ops->get(store, "config", 0, got, LARGEST, &err) == 0 &&
		memcmp(got, object, LARGEST) == 0,
	    "what was cut off comes back: %s", err.text);
}

static void
range(struct store *store)
{
	struct parity_patch patch = { 0 };
	struct ak_err err = { 0 };
	bool same = true;

	if (parity_put(store, "packs/cd/cdef", object, LARGEST, &err) == -1)
		abort();
	chmod("r/packs/cd/cdef", 0600);
	damage("r/packs/cd/cdef",
	    &(struct parity){ .size = LARGEST, .shard = 24576 }, 4);
	ok(parity_solve(store, "packs/cd/cdef", &patch, &err) == 0 &&
		patch.count == 4,
	    "which shards are bad is known");
	for (int i = 0; i < 200; i++) {
		size_t at = next() % LARGEST, len = next() % (LARGEST - at);

		same &= parity_get(&patch, at, got, len, &err) == 0 &&
		    memcmp(got, object + at, len) == 0;
	}
	ok(same, "any range of it is as it was, without a write");
	ok(parity_get(&patch, LARGEST - 1, got, 2, &err) == -1,
	    "but none beyond its end");
	parity_patch_free(&patch);
}

static int
drop(const char *path, AK_UNUSED const struct stat *st, AK_UNUSED int type,
    AK_UNUSED struct FTW *ftw)
{
	return remove(path);
}

int
main(void)
{
	static char where[] = "/tmp/aikit-parity-XXXXXX";
	struct store *store = NULL;
	struct ak_err err = { 0 };

	for (size_t i = 0; i < LARGEST; i++)
		object[i] = (uint8_t)(next() >> 32);
	arithmetic();
	for (size_t i = 0; i < AK_COUNT(shapes); i++)
		parse(&shapes[i]);
	if (!mkdtemp(where) || chdir(where) == -1 ||
	    store_open_local("r", true, &store, &err) == -1)
		abort();
	for (unsigned round = 0; round < 3; round++)
		for (unsigned bad = 0; bad <= 5; bad++)
			mend_it(store, LARGEST, bad);
	mend_it(store, 700, 1);
	mend_it(store, 5000, 2);
	mend_it(store, 60000, 4);
	cut_off(store);
	range(store);
	store_close(store);
	nftw(where, drop, 8, FTW_DEPTH | FTW_PHYS);
	return done_testing();
}
