/*
 * prune_sweep - packs that were marked, are old enough, and are not needed.
 *
 * A pack goes before the index forgets it, and the mark goes last: wherever
 * this is cut short, the next run does the same again.
 */
#include <stdio.h>
#include <string.h>

#include "tools/backup/parity.h"
#include "tools/backup/prune.h"
#include "tools/backup/reindex.h"
#include "tools/backup/repo_config.h"

#define SEGMENTS_MANY 16

/* NULL: no segment knew it. */
static struct prune_pack *
pack_of(struct prune *prune, const uint8_t id[ID_SIZE])
{
	for (size_t i = 0; i < prune->count; i++)
		if (memcmp(index_pack(prune->session.index, (uint32_t)i)->pack,
			id, ID_SIZE) == 0)
			return &prune->packs[i];
	return NULL;
}

static int
remove_pack(struct prune *prune, const struct trash *trash, struct ak_err *err)
{
	struct store *store = prune->session.repo->store;
	struct ak_err ignored = { 0 };
	char name[PACK_NAME];
	uint64_t size = 0;

	pack_name(trash->pack, trash->kind, name);
	if (store->ops->size(store, name, &size, &ignored) == 0)
		prune->freed += size;
	prune->removed++;
	return prune->plan ? 0 : parity_remove(store, name, err);
}

/*
 * What a backup that ran beside an earlier prune refers to is needed after all.
 * Of what is damaged the mark stays until nothing needs it.
 */
static int
sweep_one(struct prune *prune, struct trash *trash, struct ak_err *err)
{
	struct prune_pack *pack = pack_of(prune, trash->pack);
	bool needed = pack && pack->used > 0 && !pack->moved;

	if (needed && trash->why == TRASH_UNUSED) {
		prune->restored++;
		return prune->plan
		    ? 0
		    : trash_remove(prune->session.repo, trash->pack, err);
	}
	if (needed || prune->now - trash->since < prune->grace)
		return 0;
	if (remove_pack(prune, trash, err) == -1)
		return -1;
	if (pack)
		pack->gone = true;
	trash->since = -1; /* its mark is to go */
	return 0;
}

static bool
is_kept(void *arg, const uint8_t id[ID_SIZE])
{
	const struct prune *prune = arg;

	for (size_t i = 0; i < prune->trash.count; i++)
		if (prune->trash.items[i].since == -1 &&
		    memcmp(prune->trash.items[i].pack, id, ID_SIZE) == 0)
			return false;
	return true;
}

static int
count_one(void *arg, AK_UNUSED const char *name, AK_UNUSED uint64_t size,
    AK_UNUSED struct ak_err *err)
{
	++*(size_t *)arg;
	return 0;
}

/* Rows of a pack that is not there: of a run that was cut short. */
static int
sweep_rows(void *arg, const char *name, AK_UNUSED uint64_t size,
    struct ak_err *err)
{
	struct prune *prune = arg;
	struct store *store = prune->session.repo->store;
	struct ak_err ignored = { 0 };
	uint8_t id[ID_SIZE];
	char object[PACK_NAME];
	uint64_t there;

	if (strlen(name) != 74 || name[9] != '/' ||
	    !hex_read(strrchr(name, '/') + 1, id, ID_SIZE))
		return 0;
	for (int kind = 0; kind < 2; kind++) {
		pack_name(id, (enum pack_kind)kind, object);
		if (store->ops->size(store, object, &there, &ignored) == 0)
			return 0;
	}
	prune->rows++;
	return store->ops->remove(store, name, err);
}

static int
tidy(struct prune *prune, struct ak_err *err)
{
	struct repo *repo = prune->session.repo;
	struct store *store = repo->store;
	size_t segments = 0;

	if (store->ops->sync(store, err) == -1 ||
	    store->ops->list(store, "index/", count_one, &segments, err) == -1)
		return -1;
	if (prune->removed == 0 && segments < SEGMENTS_MANY)
		return 0;
	if (index_rewrite(repo, is_kept, prune, err) == -1)
		return -1;
	for (size_t i = 0; i < prune->trash.count; i++)
		if (prune->trash.items[i].since == -1 &&
		    trash_remove(repo, prune->trash.items[i].pack, err) == -1)
			return -1;
	return store->ops->list(store, "parity/", sweep_rows, prune, err);
}

int
prune_sweep_plan(struct prune *prune, struct ak_err *err)
{
	struct store *store = prune->session.repo->store;

	if (store->ops->now(store, &prune->now, err) == -1 ||
	    trash_list(prune->session.repo, &prune->trash, err) == -1)
		return -1;
	for (size_t i = 0; i < prune->trash.count; i++)
		if (sweep_one(prune, &prune->trash.items[i], err) == -1)
			return -1;
	return 0;
}

int
prune_sweep(struct prune *prune, struct ak_err *err)
{
	struct store *store = prune->session.repo->store;

	if (prune_sweep_plan(prune, err) == -1 || tidy(prune, err) == -1)
		return -1;
	return store->ops->sync(store, err);
}
