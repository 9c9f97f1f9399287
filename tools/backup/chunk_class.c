/*
 * chunk_class - what a file is, by its first bytes, its name and its size.
 */
#include <ctype.h>
#include <string.h>

#include "lib/ak.h"
#include "tools/backup/chunk.h"

#define SMALL_MAX ((uint64_t)32 << 10)
#define BLOB_MIN ((uint64_t)4 << 20)
#define SQLITE_MAGIC "SQLite format 3" /* and a NUL */
#define PG_PAGE 8192
#define SAMPLE 4096
/*
 * The sum of the squares of how often each byte is in a sample: 69616 for
 * random bytes, 262144 for base64. Some 7.9 bits a byte lie at this bound.
 */
#define EVEN_MAX 81920

static bool
is_even(const uint8_t *sample)
{
	uint32_t count[256] = { 0 }, sum = 0;

	for (size_t i = 0; i < SAMPLE; i++)
		count[sample[i]]++;
	for (size_t i = 0; i < 256; i++)
		sum += count[i] * count[i];
	return sum <= EVEN_MAX;
}

/* Two of three samples: a head in front does not make it compressible. */
static bool
is_random(const struct chunk_hint *hint)
{
	size_t room = hint->head_len - SAMPLE;

	if (hint->head_len < (size_t)3 * SAMPLE)
		return false;
	return is_even(hint->head) + is_even(hint->head + room / 2) +
	    is_even(hint->head + room) >=
	    2;
}

/* Names of blobs in a model store: "sha256-" and 64 digits. */
static bool
is_digest(const char *name)
{
	return ak_starts(name, "sha256-") &&
	    strspn(name + 7, "0123456789abcdef") == 64 && name[71] == '\0';
}

/* "16384", "16384.1", "16384_fsm", "16384_vm": relations of PostgreSQL. */
static bool
is_relation(const char *name)
{
	size_t n = strspn(name, "0123456789");
	const char *rest = name + n;

	if (n == 0)
		return false;
	if (*rest == '.' && isdigit((unsigned char)rest[1])) {
		rest++;
		rest += strspn(rest, "0123456789");
	}
	return *rest == '\0' || ak_streq(rest, "_fsm") ||
	    ak_streq(rest, "_vm") || ak_streq(rest, "_init");
}

/* The page size of a SQLite database, which its head tells; else 0. */
static uint32_t
sqlite_page(const struct chunk_hint *hint)
{
	uint32_t page;

	if (hint->head_len < 100 ||
	    memcmp(hint->head, SQLITE_MAGIC, sizeof(SQLITE_MAGIC)) != 0)
		return 0;
	page = (uint32_t)hint->head[16] << 8 | hint->head[17];
	if (page == 1)
		page = 65536;
	return page >= 512 && (page & (page - 1)) == 0 ? page : 0;
}

enum chunk_class
chunk_classify(const struct chunk_hint *hint, uint32_t *page)
{
	*page = sqlite_page(hint);
	if (*page == 0 && hint->pg_directory && is_relation(hint->name) &&
	    hint->size % PG_PAGE == 0)
		*page = PG_PAGE;
	if (hint->size <= SMALL_MAX) {
		*page = 0;
		return CHUNK_SMALL;
	}
	if (*page != 0)
		return CHUNK_DB;
	if (is_digest(hint->name) ||
	    (hint->size >= BLOB_MIN && is_random(hint)))
		return CHUNK_BLOB;
	return CHUNK_DEFAULT;
}
