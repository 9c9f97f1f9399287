/*
 * index_adopt - packs that no segment knows: what a killed run left whole.
 *
 * They are in the next segments of this run. Two runs at once may adopt each
 * other's packs; a pack in two segments is taken once.
 */
#include <string.h>

#include "tools/backup/index_table.h"

struct adoption {
	struct repo *repo;
	struct index *index;
	struct pack_reader *reader;
	bool commit;
};

static bool
is_known(struct index *index, const uint8_t pack[ID_SIZE])
{
	bool known;

	pthread_mutex_lock(&index->mutex);
	known = table_next(&index->known, pack, NULL) != NULL;
	pthread_mutex_unlock(&index->mutex);
	return known;
}

static bool
is_trashed(struct adoption *adoption, const char *name)
{
	struct store *store = adoption->repo->store;
	AK_FREE char *trash = ak_printf("trash/%s", strrchr(name, '/') + 1);
	struct ak_err ignored = { 0 };
	uint64_t size;

	return store->ops->size(store, trash, &size, &ignored) == 0;
}

static int
adopt(void *arg, const char *name, AK_UNUSED uint64_t size, struct ak_err *err)
{
	struct adoption *adoption = arg;
	struct pack_list list = { 0 };
	uint8_t pack[ID_SIZE];
	enum pack_kind kind;

	if (!pack_by_name(name, pack, &kind) ||
	    is_known(adoption->index, pack) || is_trashed(adoption, name))
		return 0;
	if (pack_read_footer(adoption->reader, name, &list, err) == 0 ||
	    pack_scan(adoption->reader, name, &list, err) == 0) {
		*err = (struct ak_err){ 0 };
		if (list.chunk_count > 0)
			index_take(adoption->index, &list, false, true);
		pack_list_free(&list);
		return adoption->commit
		    ? index_commit_due(adoption->repo, adoption->index, err)
		    : 0;
	}
	if (err->code != AK_DATA && err->code != AK_NOINPUT)
		return -1;
	*err = (struct ak_err){ 0 };
	return 0;
}

int
index_adopt(struct repo *repo, struct index *index, bool commit,
    struct ak_err *err)
{
	const struct store_ops *ops = repo->store->ops;
	struct adoption adoption = { repo, index, pack_reader_new(repo),
		commit };
	int result = ops->list(repo->store, "packs/", adopt, &adoption, err);

	if (result == 0)
		result = ops->list(repo->store, "meta/", adopt, &adoption, err);
	pack_reader_free(adoption.reader);
	return result;
}
