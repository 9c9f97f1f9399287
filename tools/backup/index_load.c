/*
 * index_load - segments of the index, read and written.
 */
#include <stdio.h>
#include <string.h>

#include "lib/crypt.h"
#include "tools/backup/index_segment.h"
#include "tools/backup/index_table.h"
#include "tools/backup/repo_config.h"
#include "tools/backup/varint.h"

#define PACK_HEAD_SIZE 45 /* in a segment */
#define SEGMENT_DUE ((size_t)4 << 20)

int
segment_parse(const void *data, size_t len, segment_each *each, void *arg,
    struct ak_err *err)
{
	const uint8_t *at = data, *end = at + len;

	while (at < end) {
		struct pack_list list = { 0 };
		uint64_t size;
		int result;

		if (end - at < PACK_HEAD_SIZE || at[32] > PACK_META)
			return ak_fail(err, AK_DATA, "damaged: no segment");
		size = le_get(at + 41, 4);
		if (size > (size_t)(end - at) - PACK_HEAD_SIZE)
			return ak_fail(err, AK_DATA, "damaged: cut short");
		if (pack_list_decode(&list, at + PACK_HEAD_SIZE, size, err) ==
		    -1)
			return -1;
		memcpy(list.pack, at, ID_SIZE);
		list.kind = at[32];
		list.size = le_get(at + 33, 8);
		result = each(arg, &list, err);
		pack_list_free(&list);
		if (result == -1)
			return -1;
		at += PACK_HEAD_SIZE + size;
	}
	return 0;
}

struct loading {
	struct repo *repo;
	struct index *index;
	struct index_table trash; /* names in trash/ */
};

static int
take_pack(void *arg, const struct pack_list *list, AK_UNUSED struct ak_err *err)
{
	struct loading *loading = arg;
	bool trashed = table_next(&loading->trash, list->pack, NULL) != NULL;

	index_take(loading->index, list, trashed, false);
	return 0;
}

static int
load_trash(void *arg, const char *name, AK_UNUSED uint64_t size,
    AK_UNUSED struct ak_err *err)
{
	struct loading *loading = arg;
	struct index_entry entry = { .pack = 0 };
	uint8_t pack[ID_SIZE];

	if (!hex_read(strrchr(name, '/') + 1, pack, sizeof(pack)))
		return 0;
	memcpy(entry.prefix, pack, PREFIX);
	table_add(&loading->trash, &entry);
	return 0;
}

/*
 * A segment that is damaged, or was merged into another meanwhile, is passed
 * over: what it knew is in the footers, and index_adopt() reads them.
 */
static int
load_segment(void *arg, const char *name, AK_UNUSED uint64_t size,
    struct ak_err *err)
{
	struct loading *loading = arg;
	AK_BUF struct ak_buf plain = { 0 };

	if (object_open(loading->repo, name, SEAL_INDEX, &plain, err) == 0 &&
	    segment_parse(plain.data, plain.len, take_pack, loading, err) == 0)
		return 0;
	if (err->code != AK_DATA && err->code != AK_NOINPUT)
		return -1;
	*err = (struct ak_err){ 0 };
	return 0;
}

int
index_load(struct repo *repo, struct index **index, struct ak_err *err)
{
	const struct store_ops *ops = repo->store->ops;
	struct loading loading = { .repo = repo };
	int result;

	loading.index = ak_calloc(1, sizeof(*loading.index));
	pthread_mutex_init(&loading.index->mutex, NULL);
	result = ops->list(repo->store, "trash/", load_trash, &loading, err);
	if (result == 0)
		result = object_list(repo, "index/", load_segment, &loading,
		    err);
	table_free(&loading.trash);
	if (result == 0)
		*index = loading.index;
	else
		index_free(loading.index);
	return result;
}

int
segment_put(struct repo *repo, const struct ak_buf *plain, struct ak_err *err)
{
	AK_BUF struct ak_buf squeezed = { 0 }, sealed = { 0 }, name = { 0 };
	struct squeeze *squeeze = squeeze_new(repo->level);
	uint8_t digest[ID_SIZE];

	squeeze_add(squeeze, plain->data, plain->len, &squeezed);
	squeeze_free(squeeze);
	seal_object(repo->cipher, repo->keys.use[SEAL_META], SEAL_INDEX,
	    squeezed.data, squeezed.len, &sealed);
	seal_hash(sealed.data, sealed.len, digest);
	ak_buf_str(&name, "index/");
	ak_crypt_hex(&name, digest, sizeof(digest));
	return object_put(repo, name.data, sealed.data, sealed.len, err);
}

/* Packs before the segment that names them, wherever the power is cut. */
int
index_commit(struct repo *repo, struct index *index, struct ak_err *err)
{
	AK_BUF struct ak_buf plain = { 0 };

	pthread_mutex_lock(&index->mutex);
	plain = index->pending;
	index->pending = (struct ak_buf){ 0 };
	pthread_mutex_unlock(&index->mutex);
	if (plain.len == 0)
		return 0;
	if (repo->store->ops->sync(repo->store, err) == -1)
		return -1;
	return segment_put(repo, &plain, err);
}

int
index_commit_due(struct repo *repo, struct index *index, struct ak_err *err)
{
	if (index_pending(index) < SEGMENT_DUE)
		return 0;
	return index_commit(repo, index, err);
}
