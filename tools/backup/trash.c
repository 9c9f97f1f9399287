/*
 * trash - packs that are going to be removed, and packs that are damaged.
 */
#include "tools/backup/trash.h"

#include <string.h>

#include "lib/crypt.h"
#include "lib/json.h"
#include "tools/backup/repo_config.h"

#define TRASH_MAX ((size_t)4096)

static const char *const reasons[] = {
	[TRASH_UNUSED] = "unused",
	[TRASH_DAMAGED] = "damaged",
};

static void
trash_name(const uint8_t pack[ID_SIZE], struct ak_buf *name)
{
	ak_buf_str(name, "trash/");
	ak_crypt_hex(name, pack, ID_SIZE);
}

int
trash_put(struct repo *repo, const struct trash *trash, struct ak_err *err)
{
	AK_BUF struct ak_buf text = { 0 }, name = { 0 };
	char pack[PACK_NAME];
	uint8_t digest[ID_SIZE];

	pack_name(trash->pack, trash->kind, pack);
	trash_name(trash->pack, &name);
	ak_buf_printf(&text,
	    "{\"pack\":\"%s\",\"why\":\"%s\",\"since_us\":%lld}\n", pack,
	    reasons[trash->why], (long long)(trash->since / 1000));
	seal_hash(text.data, text.len, digest);
	ak_crypt_hex(&text, digest, sizeof(digest));
	ak_buf_char(&text, '\n');
	return store_put(repo->store, name.data, text.data, text.len, err);
}

int
trash_parse(struct trash *trash, const char *data, size_t len,
    struct ak_err *err)
{
	AK_JSON struct ak_json *json = NULL;
	const char *feed = memchr(data, '\n', len);
	struct trash new = { 0 };
	const char *pack, *why;

	/* It says its sum as config does. */
	if (!feed || !object_check("config", data, len))
		return ak_fail(err, AK_DATA, "damaged");
	if (ak_json_parse(&json, data, (size_t)(feed - data), err) == -1)
		return -1;
	pack = ak_json_str(ak_json_get(json, "pack"));
	why = ak_json_str(ak_json_get(json, "why"));
	new.since = ak_json_int(ak_json_get(json, "since_us"), 0);
	if (!pack || !pack_by_name(pack, new.pack, &new.kind))
		return ak_fail(err, AK_DATA, "names no pack");
	if (new.since < 0 || new.since > INT64_MAX / 1000)
		return ak_fail(err, AK_DATA, "has no time");
	new.since *= 1000;
	new.why = ak_streq(why, reasons[TRASH_DAMAGED]) ? TRASH_DAMAGED
							: TRASH_UNUSED;
	*trash = new;
	return 0;
}

int
trash_remove(struct repo *repo, const uint8_t pack[ID_SIZE], struct ak_err *err)
{
	AK_BUF struct ak_buf name = { 0 };

	trash_name(pack, &name);
	return repo->store->ops->remove(repo->store, name.data, err);
}

struct listing {
	struct repo *repo;
	struct trashes *all;
	int64_t now;
};

/* Which room its pack is in is then asked from the store. */
static bool
guess(struct listing *listing, const char *name, struct trash *trash)
{
	struct store *store = listing->repo->store;
	struct ak_err ignored = { 0 };
	char pack[PACK_NAME];
	uint64_t size;

	if (!hex_read(strrchr(name, '/') + 1, trash->pack, ID_SIZE))
		return false;
	trash->since = listing->now;
	pack_name(trash->pack, PACK_META, pack);
	trash->kind = store->ops->size(store, pack, &size, &ignored) == 0
	    ? PACK_META
	    : PACK_DATA;
	return true;
}

static int
add(void *arg, const char *name, AK_UNUSED uint64_t size,
    AK_UNUSED struct ak_err *err)
{
	struct listing *listing = arg;
	struct trashes *all = listing->all;
	AK_BUF struct ak_buf text = { 0 };
	struct trash trash = { 0 };
	struct ak_err why = { 0 };

	if ((store_read(listing->repo->store, name, TRASH_MAX, &text, &why) ==
		    -1 ||
		trash_parse(&trash, text.data, text.len, &why) == -1) &&
	    !guess(listing, name, &trash))
		return 0;
	all->items = ak_resize(all->items, all->count + 1, sizeof(*all->items));
	all->items[all->count++] = trash;
	return 0;
}

int
trash_list(struct repo *repo, struct trashes *all, struct ak_err *err)
{
	struct store *store = repo->store;
	struct listing listing = { .repo = repo, .all = all };

	*all = (struct trashes){ 0 };
	if (store->ops->now(store, &listing.now, err) == -1)
		return -1;
	return store->ops->list(store, "trash/", add, &listing, err);
}
