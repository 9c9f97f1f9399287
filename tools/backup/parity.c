/*
 * parity - the object that stands beside another: made, and read.
 *
 *	0   "AIKR" | u8 version 1 | u8 shards | u8 rows | u8 0
 *	8   u64 size | u32 shard | u32 0
 *	24  SHA-256 of the object
 *	56  u32 CRC-32C of each shard, then of each row
 *	..  SHA-256 of all before; then the rows
 *
 * Row i is the sum over j of shard j / (128 + i + j), in GF(256).
 */
#include "tools/backup/parity.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/crypt.h"
#include "tools/backup/parity_impl.h"

#define BLOCK ((uint32_t)4096)
#define PIECE ((size_t)32 << 10)

static void
put32(uint8_t *to, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t
get32(const uint8_t *from)
{
	return (uint32_t)from[0] | (uint32_t)from[1] << 8 |
	    (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

void
parity_name(const char *object, char name[PARITY_NAME])
{
	const char *rest = object;

	if (ak_starts(object, "packs/"))
		rest += strlen("packs/");
	else if (ak_starts(object, "meta/"))
		rest += strlen("meta/");
	snprintf(name, PARITY_NAME, "parity/%s", rest);
}

/*
 * A lost block of a disk is to cost one shard; what is smaller than a block
 * has one shard and one row, which is its copy by another name.
 */
void
parity_shape(struct parity *parity, uint64_t size)
{
	uint64_t shard = (size + PARITY_SHARDS - 1) / PARITY_SHARDS;

	if (size <= BLOCK)
		shard = (size + 63) / 64 * 64;
	else if (shard < BLOCK)
		shard = BLOCK;
	else
		shard = (shard + 63) / 64 * 64;
	if (shard == 0)
		shard = 64;
	parity->size = size;
	parity->shard = (uint32_t)shard;
	parity->shards = (uint8_t)(size == 0 ? 1 : (size + shard - 1) / shard);
	parity->rows = parity->shards < PARITY_ROWS ? parity->shards
						    : PARITY_ROWS;
}

uint8_t
parity_factor(size_t row, size_t shard)
{
	return gf_inverse((uint8_t)((PARITY_SHARDS + row) ^ shard));
}

size_t
parity_head(const struct parity *parity)
{
	return 56 + 4 * (size_t)(parity->shards + parity->rows) + 32;
}

/* Where bytes are read from: memory, or a descriptor. */
struct from {
	const uint8_t *data;
	int fd;
};

static int
read_piece(const struct from *from, uint64_t offset, uint8_t *to, size_t len,
    struct ak_err *err)
{
	if (from->data != NULL) {
		memcpy(to, from->data + offset, len);
		return 0;
	}
	while (len > 0) {
		ssize_t got = pread(from->fd, to, len, (off_t)offset);

		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return ak_fail_sys(err, AK_IO, "reading for parity");
		if (got == 0)
			return ak_fail(err, AK_DATA,
			    "reading for parity: shorter than it was");
		to += got;
		offset += (uint64_t)got;
		len -= (size_t)got;
	}
	return 0;
}

/* One shard into all rows, and its sum. */
static int
add_shard(struct parity *parity, const struct from *from, size_t shard,
    uint8_t *rows, struct ak_err *err)
{
	AK_FREE uint8_t *piece = ak_malloc(PIECE);
	uint64_t begin = (uint64_t)shard * parity->shard;

	for (size_t at = 0; at < parity->shard; at += PIECE) {
		size_t len = parity->shard - at < PIECE ? parity->shard - at
							: PIECE;
		size_t have = 0;

		if (begin + at < parity->size)
			have = parity->size - begin - at < len
			    ? (size_t)(parity->size - begin - at)
			    : len;
		if (read_piece(from, begin + at, piece, have, err) == -1)
			return -1;
		memset(piece + have, 0, len - have);
		parity->sums[shard] = crc32c(parity->sums[shard], piece, len);
		for (size_t row = 0; row < parity->rows; row++)
			gf_add(rows + row * parity->shard + at, piece,
			    parity_factor(row, shard), len);
	}
	return 0;
}

static void
encode(const struct parity *parity, const uint8_t *rows, struct ak_buf *out)
{
	uint8_t head[56] = "AIKR\1";
	uint8_t sum[4], digest[32];
	struct ak_sha256 *hash = ak_sha256_new();
	size_t begin = out->len;

	head[5] = parity->shards;
	head[6] = parity->rows;
	put32(head + 8, (uint32_t)parity->size);
	put32(head + 12, (uint32_t)(parity->size >> 32));
	put32(head + 16, parity->shard);
	memcpy(head + 24, parity->sha256, 32);
	ak_buf_add(out, head, sizeof(head));
	for (size_t i = 0; i < (size_t)(parity->shards + parity->rows); i++) {
		put32(sum, parity->sums[i]);
		ak_buf_add(out, sum, 4);
	}
	ak_sha256_add(hash, out->data + begin, out->len - begin);
	ak_sha256_end(hash, digest);
	ak_buf_add(out, digest, sizeof(digest));
	ak_buf_add(out, rows, (size_t)parity->rows * parity->shard);
}

static int
make(const struct from *from, uint64_t size, const uint8_t sha256[32],
    struct ak_buf *out, struct ak_err *err)
{
	struct parity parity = { 0 };
	AK_FREE uint8_t *rows = NULL;

	if (size > PARITY_MAX)
		return ak_fail(err, AK_DATA, "too large for parity");
	parity_shape(&parity, size);
	memcpy(parity.sha256, sha256, 32);
	rows = ak_calloc(parity.rows, parity.shard);
	for (size_t i = 0; i < parity.shards; i++)
		if (add_shard(&parity, from, i, rows, err) == -1)
			return -1;
	for (size_t i = 0; i < parity.rows; i++)
		parity.sums[parity.shards + i] = crc32c(0,
		    rows + i * parity.shard, parity.shard);
	encode(&parity, rows, out);
	return 0;
}

int
parity_of_fd(int fd, uint64_t size, const uint8_t sha256[32],
    struct ak_buf *out, struct ak_err *err)
{
	return make(&(struct from){ .fd = fd }, size, sha256, out, err);
}

void
parity_of(const void *data, size_t len, struct ak_buf *out)
{
	struct ak_sha256 *hash = ak_sha256_new();
	struct ak_err none = { 0 };
	uint8_t sha256[32];

	ak_sha256_add(hash, data, len);
	ak_sha256_end(hash, sha256);
	if (make(&(struct from){ .data = data, .fd = -1 }, len, sha256, out,
		&none) == -1)
		abort();
}

/* The shape follows from the size, so no other is believed. */
static bool
shape_holds(const struct parity *parity)
{
	struct parity right = { 0 };

	if (parity->size > PARITY_MAX)
		return false;
	parity_shape(&right, parity->size);
	return right.shard == parity->shard && right.rows == parity->rows &&
	    right.shards == parity->shards;
}

int
parity_parse(struct parity *parity, const uint8_t *data, size_t len,
    const uint8_t **rows, struct ak_err *err)
{
	struct parity new = { 0 };
	struct ak_sha256 *hash;
	uint8_t digest[32];
	size_t head;

	if (len < 56 || memcmp(data, "AIKR", 4) != 0)
		return ak_fail(err, AK_DATA, "no parity");
	if (data[4] != 1)
		return ak_fail(err, AK_CONFIG,
		    "parity of version %u, which this program does not know",
		    data[4]);
	new.shards = data[5];
	new.rows = data[6];
	new.size = get32(data + 8) | (uint64_t)get32(data + 12) << 32;
	new.shard = get32(data + 16);
	memcpy(new.sha256, data + 24, 32);
	if (data[7] != 0 || get32(data + 20) != 0 || !shape_holds(&new))
		return ak_fail(err, AK_DATA, "its head is damaged");
	head = parity_head(&new);
	if (len < head || (rows && len != head + (size_t) new.rows *new.shard))
		return ak_fail(err, AK_DATA, "it is cut off");
	hash = ak_sha256_new();
	ak_sha256_add(hash, data, head - 32);
	ak_sha256_end(hash, digest);
	if (memcmp(digest, data + head - 32, 32) != 0)
		return ak_fail(err, AK_DATA, "its head is damaged");
	for (size_t i = 0; i < (size_t)(new.shards + new.rows); i++)
		new.sums[i] = get32(data + 56 + 4 * i);
	*parity = new;
	if (rows)
		*rows = data + head;
	return 0;
}
