/*
 * mend - damaged objects rebuilt from the parity beside them, in a store.
 *
 * The shards that are well are read once and taken out of the rows; what is
 * left is as many equations as there are shards that are not.
 */
#include <stdio.h>
#include <string.h>

#include "lib/crypt.h"
#include "tools/backup/parity_impl.h"

#define PIECE ((size_t)32 << 10)

/* Never the parity alone, wherever the power is cut: so a lost object looks. */
int
parity_put(struct store *store, const char *name, const void *data, size_t len,
    struct ak_err *err)
{
	AK_BUF struct ak_buf parity = { 0 };
	char beside[PARITY_NAME];

	parity_name(name, beside);
	parity_of(data, len, &parity);
	if (store_put(store, name, data, len, err) == -1 ||
	    store->ops->sync(store, err) == -1)
		return -1;
	return store_put(store, beside, parity.data, parity.len, err);
}

int
parity_add(struct store *store, const char *name, struct ak_err *err)
{
	AK_BUF struct ak_buf whole = { 0 }, parity = { 0 };
	char beside[PARITY_NAME];

	parity_name(name, beside);
	if (store_read(store, name, PARITY_MAX, &whole, err) == -1)
		return -1;
	parity_of(whole.data, whole.len, &parity);
	return store_put(store, beside, parity.data, parity.len, err);
}

int
parity_remove(struct store *store, const char *name, struct ak_err *err)
{
	char beside[PARITY_NAME];

	parity_name(name, beside);
	if (store->ops->remove(store, beside, err) == -1)
		return -1;
	return store->ops->remove(store, name, err);
}

void
parity_patch_free(struct parity_patch *patch)
{
	free(patch->data);
	*patch = (struct parity_patch){ 0 };
}

/* A piece of a shard as it is; what the object is too short for are zeroes. */
static int
read_shard(struct store *store, const char *name, const struct parity *parity,
    uint64_t offset, uint8_t *piece, struct ak_err *err)
{
	uint64_t size;

	memset(piece, 0, PIECE);
	if (store->ops->size(store, name, &size, err) == -1)
		return -1;
	if (size > parity->size)
		size = parity->size;
	if (offset >= size)
		return 0;
	return store->ops->get(store, name, offset, piece,
	    size - offset < PIECE ? (size_t)(size - offset) : PIECE, err);
}

static size_t
piece_len(const struct parity *parity, size_t at)
{
	return parity->shard - at < PIECE ? parity->shard - at : PIECE;
}

static int
shard_sum(struct store *store, const char *name, const struct parity *parity,
    size_t shard, uint32_t *sum, struct ak_err *err)
{
	AK_FREE uint8_t *piece = ak_malloc(PIECE);

	*sum = 0;
	for (size_t at = 0; at < parity->shard; at += PIECE) {
		if (read_shard(store, name, parity,
			(uint64_t)shard * parity->shard + at, piece, err) == -1)
			return -1;
		*sum = crc32c(*sum, piece, piece_len(parity, at));
	}
	return 0;
}

/* Which shards are not what they were. An unreadable one is such, too. */
static int
find_bad(struct store *store, const char *name, struct parity_patch *patch,
    struct ak_err *err)
{
	const struct parity *parity = &patch->parity;

	for (size_t i = 0; i < parity->shards; i++) {
		struct ak_err unread = { 0 };
		uint32_t sum;

		if (shard_sum(store, name, parity, i, &sum, &unread) == 0 &&
		    sum == parity->sums[i])
			continue;
		if (patch->count == PARITY_ROWS || patch->count == parity->rows)
			return ak_fail(err, AK_DATA,
			    "%s: more than %u of its %u shards are damaged",
			    name, parity->rows, parity->shards);
		patch->which[patch->count++] = (uint8_t)i;
	}
	return 0;
}

static bool
is_bad(const struct parity_patch *patch, size_t shard)
{
	for (size_t i = 0; i < patch->count; i++)
		if (patch->which[i] == shard)
			return true;
	return false;
}

struct equations {
	uint8_t *rows[PARITY_ROWS];
	uint8_t factor[PARITY_ROWS][PARITY_ROWS];
};

/* As many rows as shards are bad, of those that are well. */
static int
choose_rows(const struct parity_patch *patch, const char *name, uint8_t *rows,
    size_t chosen[PARITY_ROWS], struct ak_err *err)
{
	const struct parity *parity = &patch->parity;
	size_t count = 0;

	for (size_t i = 0; i < parity->rows && count < patch->count; i++)
		if (crc32c(0, rows + i * parity->shard, parity->shard) ==
		    parity->sums[parity->shards + i])
			chosen[count++] = i;
	if (count < patch->count)
		return ak_fail(err, AK_DATA,
		    "%s: its parity is damaged as well", name);
	return 0;
}

/* Takes every shard that is well out of the chosen rows. */
static int
reduce(struct store *store, const char *name, const struct parity_patch *patch,
    struct equations *equations, const size_t chosen[], struct ak_err *err)
{
	AK_FREE uint8_t *piece = ak_malloc(PIECE);
	const struct parity *parity = &patch->parity;

	for (size_t i = 0; i < parity->shards; i++) {
		if (is_bad(patch, i))
			continue;
		for (size_t at = 0; at < parity->shard; at += PIECE) {
			if (read_shard(store, name, parity,
				(uint64_t)i * parity->shard + at, piece,
				err) == -1)
				return -1;
			for (size_t n = 0; n < patch->count; n++)
				gf_add(equations->rows[n] + at, piece,
				    parity_factor(chosen[n], i),
				    piece_len(parity, at));
		}
	}
	return 0;
}

/* A row of the equations by its inverse, so that its factor is 1. */
static void
scale(struct equations *equations, size_t row, size_t count, uint32_t len)
{
	uint8_t by = gf_inverse(equations->factor[row][row]);
	AK_FREE uint8_t *new = ak_calloc(1, len);

	gf_add(new, equations->rows[row], by, len);
	memcpy(equations->rows[row], new, len);
	for (size_t i = 0; i < count; i++)
		equations->factor[row][i] = gf_mul(equations->factor[row][i],
		    by);
}

/*
 * Gauss and Jordan. Every square part of a Cauchy matrix has an inverse, and
 * so has each leading one: no pivot is ever 0.
 */
static void
eliminate(struct equations *equations, size_t count, uint32_t len)
{
	for (size_t row = 0; row < count; row++) {
		scale(equations, row, count, len);
		for (size_t other = 0; other < count; other++) {
			uint8_t by = equations->factor[other][row];

			if (other == row)
				continue;
			gf_add(equations->rows[other], equations->rows[row], by,
			    len);
			for (size_t i = 0; i < count; i++)
				equations->factor[other][i] ^= gf_mul(by,
				    equations->factor[row][i]);
		}
	}
}

static int
solve(struct store *store, const char *name, struct parity_patch *patch,
    uint8_t *rows, struct ak_err *err)
{
	struct equations equations = { 0 };
	size_t chosen[PARITY_ROWS] = { 0 };
	uint32_t len = patch->parity.shard;

	if (choose_rows(patch, name, rows, chosen, err) == -1)
		return -1;
	patch->data = ak_malloc(PARITY_ROWS * (size_t)len);
	for (size_t i = 0; i < patch->count; i++) {
		equations.rows[i] = patch->data + i * len;
		memcpy(equations.rows[i], rows + chosen[i] * len, len);
		for (size_t j = 0; j < patch->count; j++)
			equations.factor[i][j] = parity_factor(chosen[i],
			    patch->which[j]);
	}
	if (reduce(store, name, patch, &equations, chosen, err) == -1)
		return -1;
	eliminate(&equations, patch->count, len);
	return 0;
}

int
parity_solve(struct store *store, const char *name, struct parity_patch *patch,
    struct ak_err *err)
{
	AK_BUF struct ak_buf parity = { 0 };
	char beside[PARITY_NAME];
	const uint8_t *rows;

	*patch = (struct parity_patch){ .store = store };
	snprintf(patch->name, sizeof(patch->name), "%s", name);
	parity_name(name, beside);
	if (store_read(store, beside, PARITY_MAX, &parity, err) == -1)
		return -1;
	if (parity_parse(&patch->parity, (const uint8_t *)parity.data,
		parity.len, &rows, err) == -1)
		return ak_fail_in(err, "%s", beside);
	if (find_bad(store, name, patch, err) == 0 &&
	    solve(store, name, patch,
		(uint8_t *)parity.data + parity_head(&patch->parity), err) == 0)
		return 0;
	parity_patch_free(patch);
	return -1;
}

/* One run of bytes that lie in one shard. */
static int
get_run(const struct parity_patch *patch, uint64_t offset, uint8_t *to,
    size_t len, struct ak_err *err)
{
	uint32_t shard = patch->parity.shard;

	for (size_t i = 0; i < patch->count; i++)
		if (patch->which[i] == offset / shard) {
			memcpy(to, patch->data + i * shard + offset % shard,
			    len);
			return 0;
		}
	return patch->store->ops->get(patch->store, patch->name, offset, to,
	    len, err);
}

int
parity_get(const struct parity_patch *patch, uint64_t offset, void *data,
    size_t len, struct ak_err *err)
{
	uint32_t shard = patch->parity.shard;
	uint8_t *to = data;

	if (offset > patch->parity.size || len > patch->parity.size - offset)
		return ak_fail(err, AK_DATA, "%s: shorter than asked",
		    patch->name);
	while (len > 0) {
		size_t run = shard - (size_t)(offset % shard);

		if (run > len)
			run = len;
		if (get_run(patch, offset, to, run, err) == -1)
			return -1;
		offset += run;
		to += run;
		len -= run;
	}
	return 0;
}

/* The whole into a draft, and its hash. */
static int
write_whole(struct store *store, struct draft *draft, const char *name,
    const struct parity_patch *patch, struct ak_err *err)
{
	AK_FREE uint8_t *piece = ak_malloc(PIECE);
	struct ak_sha256 *hash = ak_sha256_new();
	uint8_t digest[32];
	int status = 0;

	for (uint64_t at = 0; at < patch->parity.size && status == 0;) {
		size_t len = patch->parity.size - at < PIECE
		    ? (size_t)(patch->parity.size - at)
		    : PIECE;

		status = parity_get(patch, at, piece, len, err);
		if (status == 0)
			status = store_write(store, draft, piece, len, err);
		ak_sha256_add(hash, piece, len);
		at += len;
	}
	ak_sha256_end(hash, digest);
	if (status == 0 && memcmp(digest, patch->parity.sha256, 32) != 0)
		return ak_fail(err, AK_DATA,
		    "%s: parity does not bring it back", name);
	return status;
}

int
parity_mend(struct store *store, const char *name, size_t *mended,
    struct ak_err *err)
{
	struct parity_patch patch;
	struct draft draft = { .fd = -1 };
	int status = -1;

	if (parity_solve(store, name, &patch, err) == -1)
		return -1;
	if (store->ops->draft(store, &draft, err) == 0) {
		if (write_whole(store, &draft, name, &patch, err) == -1)
			store->ops->abandon(store, &draft);
		else
			status = store->ops->commit(store, &draft, name, err);
	}
	if (status == 0)
		*mended = patch.count;
	parity_patch_free(&patch);
	return status;
}

static int
save_hook(struct repo *repo, const uint8_t pack[ID_SIZE], int fd, uint64_t size,
    struct ak_err *err)
{
	AK_BUF struct ak_buf parity = { 0 }, hex = { 0 };
	char beside[PARITY_NAME];

	ak_crypt_hex(&hex, pack, ID_SIZE);
	snprintf(beside, sizeof(beside), "parity/%.2s/%s", hex.data, hex.data);
	if (parity_of_fd(fd, size, pack, &parity, err) == -1)
		return -1;
	return store_put(repo->store, beside, parity.data, parity.len, err);
}

static int
mend_hook(struct repo *repo, const char *name, uint64_t offset, void *data,
    size_t len, struct ak_err *err)
{
	struct parity_patch patch;
	int status;

	if (parity_solve(repo->store, name, &patch, err) == -1)
		return -1;
	status = parity_get(&patch, offset, data, len, err);
	parity_patch_free(&patch);
	return status;
}

void
parity_attach(struct repo *repo)
{
	repo->parity_save = repo->parity ? save_hook : NULL;
	repo->parity_mend = mend_hook;
}
