/*
 * chunk - where a file is cut, by what it is.
 *
 * The hash at a byte depends on it and the 63 before, since the table's values
 * are shifted out after 64 steps. It is tested by its upper bits, those that
 * depend on most bytes.
 */
#include "tools/backup/chunk.h"

#include <string.h>

#include "tools/backup/seal.h"

#define WINDOW 64

static const struct cut {
	uint32_t min, average, max;
	unsigned before, behind; /* bits that must be 0, either side of it */
} cuts[] = {
	[CHUNK_DEFAULT] = { 16 << 10, 64 << 10, 256 << 10, 18, 14 },
	[CHUNK_SMALL] = { 32 << 10, 32 << 10, 32 << 10, 0, 0 },
	[CHUNK_DB] = { 16 << 10, 16 << 10, 16 << 10, 0, 0 },
	[CHUNK_BLOB] = { 256 << 10, 1 << 20, 4 << 20, 22, 18 },
	[CHUNK_TREE] = { 1 << 20, 1 << 20, 1 << 20, 0, 0 },
};
_Static_assert(AK_COUNT(cuts) == CHUNK_CLASSES, "a row for each class");

void
chunker_init(struct chunker *chunker, const uint8_t key[32])
{
	for (size_t i = 0; i < AK_COUNT(chunker->gear); i++) {
		uint8_t byte = (uint8_t)i, mac[32];
		uint64_t value = 0;

		seal_hmac(key, &byte, 1, mac);
		for (size_t n = 8; n-- > 0;)
			value = value << 8 | mac[n];
		chunker->gear[i] = value;
	}
}

uint32_t
chunk_max(enum chunk_class class, uint32_t page)
{
	return class == CHUNK_DB && page > cuts[class].max ? page
							   : cuts[class].max;
}

/*
 * The first place in from..to where the upper bits are 0; to when none. This
 * is gone through for every byte there is: eight at a time, with one branch
 * for all, is twice as fast as one by one.
 */
static size_t
roll(const struct chunker *chunker, uint64_t *hash, const uint8_t *data,
    size_t from, size_t to, unsigned bits)
{
	const uint64_t *gear = chunker->gear;
	uint64_t h = *hash, below = (uint64_t)1 << (64 - bits);
	size_t i = from;

	for (; to - i >= 8; i += 8) {
		uint64_t a = (h << 1) + gear[data[i]];
		uint64_t b = (a << 1) + gear[data[i + 1]];
		uint64_t c = (b << 1) + gear[data[i + 2]];
		uint64_t d = (c << 1) + gear[data[i + 3]];
		uint64_t e = (d << 1) + gear[data[i + 4]];
		uint64_t f = (e << 1) + gear[data[i + 5]];
		uint64_t g = (f << 1) + gear[data[i + 6]];
		uint64_t k = (g << 1) + gear[data[i + 7]];

		if ((a < below) | (b < below) | (c < below) | (d < below) |
		    (e < below) | (f < below) | (g < below) | (k < below))
			break;
		h = k;
	}
	for (; i < to; i++) {
		h = (h << 1) + gear[data[i]];
		if (h < below)
			return i;
	}
	*hash = h;
	return to;
}

/* The chunk ends behind the byte at which the hash is found good. */
static size_t
cut_by_content(const struct chunker *chunker, struct chunk_scan *scan,
    const uint8_t *data, size_t len)
{
	const struct cut *cut = &cuts[scan->class];
	size_t first = len < cut->average ? len : cut->average;
	size_t second = len < cut->max ? len : cut->max;
	size_t at;

	if (len <= cut->min)
		return 0;
	if (scan->seen == 0) {
		scan->hash = 0;
		scan->seen = cut->min;
		for (size_t i = cut->min - WINDOW; i < cut->min; i++)
			scan->hash = (scan->hash << 1) + chunker->gear[data[i]];
	}
	if (scan->seen < first) {
		at = roll(chunker, &scan->hash, data, scan->seen, first,
		    cut->before);
		if (at < first)
			return at + 1;
		scan->seen = first;
	}
	at = roll(chunker, &scan->hash, data, scan->seen, second, cut->behind);
	if (at < second)
		return at + 1;
	scan->seen = second;
	return len >= cut->max ? cut->max : 0;
}

size_t
chunk_cut(const struct chunker *chunker, struct chunk_scan *scan,
    const uint8_t *data, size_t len, bool last)
{
	uint32_t max = chunk_max(scan->class, scan->page);
	size_t end = 0;

	if (cuts[scan->class].before != 0)
		end = cut_by_content(chunker, scan, data, len);
	else if (len >= max)
		end = max;
	if (end == 0 && last)
		end = len;
	if (end > 0)
		scan->seen = 0;
	return end;
}
