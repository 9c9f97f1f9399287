/*
 * verify_scrub - has every object the hash that it is named by?
 *
 * Nothing of this needs a key. What is not named by its bytes says their sum
 * itself, or has a copy; only locks/ and tmp/ hold nothing that matters.
 */
#include <stdio.h>
#include <string.h>

#include "lib/crypt.h"
#include "lib/str.h"
#include "tools/backup/parity.h"
#include "tools/backup/pool.h"
#include "tools/backup/repo_config.h"
#include "tools/backup/verify.h"

#define PIECE ((size_t)256 << 10)
#define PARITY_OBJECT ((size_t)64 << 20)

struct object {
	char *name;
	uint64_t size;
};

struct scrub {
	struct verify *verify;
	struct object *objects;
	size_t count, cap;
	bool packs;
};

static int
add_object(void *arg, const char *name, uint64_t size,
    AK_UNUSED struct ak_err *err)
{
	struct scrub *scrub = arg;
	enum pack_kind kind;
	uint8_t pack[ID_SIZE];

	if (pack_by_name(name, pack, &kind) &&
	    (!scrub->packs || !verify_wanted(scrub->verify, pack)))
		return 0;
	if (scrub->count == scrub->cap) {
		scrub->cap = scrub->cap ? scrub->cap * 2 : 256;
		scrub->objects = ak_resize(scrub->objects, scrub->cap,
		    sizeof(*scrub->objects));
	}
	scrub->objects[scrub->count++] = (struct object){
		.name = ak_strdup(name), .size = size
	};
	scrub->verify->total_bytes += size;
	return 0;
}

static void
found(struct scrub *scrub, const char *name, const char *what)
{
	damage_add(&scrub->verify->damage, name, DAMAGE_WHOLE, what);
}

/* 0 whether it is well or not; -1 when the store fails otherwise. */
static int
unread(struct scrub *scrub, const struct object *object,
    const struct ak_err *why, struct ak_err *err)
{
	switch (why->code) {
	case AK_NOINPUT:
	case AK_DATA:
	case AK_IO:
		found(scrub, object->name, why->text);
		return 0;
	default:
		*err = *why;
		return -1;
	}
}

/* A pack: piece by piece. */
static int
hash_pack(struct scrub *scrub, const struct object *object, uint8_t *piece,
    uint8_t digest[ID_SIZE], struct ak_err *err)
{
	struct store *store = scrub->verify->session.repo->store;
	struct ak_sha256 *hash = ak_sha256_new();
	int got = 0;

	for (uint64_t at = 0; at < object->size && got == 0; at += PIECE) {
		size_t len = object->size - at < PIECE
		    ? (size_t)(object->size - at)
		    : PIECE;

		got = store->ops->get(store, object->name, at, piece, len, err);
		if (got == 0)
			ak_sha256_add(hash, piece, len);
	}
	ak_sha256_end(hash, digest);
	return got;
}

static int
scrub_pack(struct scrub *scrub, const struct object *object,
    const uint8_t pack[ID_SIZE], uint8_t *piece, struct ak_err *err)
{
	uint8_t digest[ID_SIZE];
	struct ak_err why = { 0 };

	if (hash_pack(scrub, object, piece, digest, &why) == -1)
		return unread(scrub, object, &why, err);
	if (memcmp(digest, pack, ID_SIZE) != 0)
		found(scrub, object->name, "not the bytes it is named by");
	return 0;
}

/* Rows of a pack: the head has a digest, each row a sum. */
static bool
rows_hold(const uint8_t *data, size_t len, struct ak_err *why)
{
	struct parity parity;
	const uint8_t *rows;

	if (parity_parse(&parity, data, len, &rows, why) == -1)
		return false;
	for (size_t i = 0; i < parity.rows; i++)
		if (crc32c(0, rows + i * parity.shard, parity.shard) !=
		    parity.sums[parity.shards + i]) {
			ak_err_set(why, AK_DATA, "a row is damaged");
			return false;
		}
	return true;
}

/* What the parity beside it says of the whole. */
static bool
same_as_before(struct scrub *scrub, const char *name, const struct ak_buf *data)
{
	struct store *store = scrub->verify->session.repo->store;
	AK_BUF struct ak_buf bytes = { 0 };
	char beside[PARITY_NAME];
	struct parity parity;
	struct ak_err none = { 0 };
	uint8_t digest[ID_SIZE];

	parity_name(name, beside);
	if (store_read(store, beside, PARITY_OBJECT, &bytes, &none) == -1 ||
	    parity_parse(&parity, (const uint8_t *)bytes.data, bytes.len, NULL,
		&none) == -1)
		return false;
	seal_hash(data->data, data->len, digest);
	return memcmp(digest, parity.sha256, ID_SIZE) == 0;
}

/* A text for people: this program's, or as it was put by another. */
static bool
text_holds(struct scrub *scrub, const char *name, const struct ak_buf *data)
{
	const char *ours = ak_streq(name, "restore.py") ? restore_py
							: repo_readme;

	return (data->len == strlen(ours) &&
		   memcmp(data->data, ours, data->len) == 0) ||
	    same_as_before(scrub, name, data);
}

static bool
is_text(const char *name)
{
	return ak_streq(name, "README.txt") || ak_streq(name, "restore.py");
}

static bool
small_holds(struct scrub *scrub, const char *name, const struct ak_buf *data,
    struct ak_err *why)
{
	if (ak_starts(name, "parity/"))
		return rows_hold((const uint8_t *)data->data, data->len, why);
	ak_err_set(why, AK_DATA, "not the bytes it was put with");
	if (is_text(name))
		return text_holds(scrub, name, data);
	/* A mark in trash/ has its digest below it as config has. */
	return object_check(ak_starts(name, "trash/") ? "config" : name,
	    data->data, data->len);
}

/*
 * Parity is put after its object, and removed before it: one without is an
 * object lost. Rows of a pack alone are of a run that was cut short; that a
 * pack is lost is what the index tells.
 */
static int
missed(struct scrub *scrub, const char *name, struct ak_err *err)
{
	const char *own = name + strlen("parity/");
	struct store *store = scrub->verify->session.repo->store;
	struct ak_err why = { 0 };
	uint64_t size;

	if (!ak_starts(own, "snaps/") && !ak_starts(own, "keys/") &&
	    !ak_starts(own, "index/") && !is_text(own))
		return 0;
	if (store->ops->size(store, own, &size, &why) == 0)
		return 0;
	if (why.code == AK_NOINPUT) {
		found(scrub, own, "missing");
		return 0;
	}
	*err = why;
	return -1;
}

static int
scrub_small(struct scrub *scrub, const struct object *object,
    struct ak_err *err)
{
	struct store *store = scrub->verify->session.repo->store;
	AK_BUF struct ak_buf data = { 0 };
	struct ak_err why = { 0 };

	if (store_read(store, object->name, OBJECT_MAX, &data, &why) == -1)
		return unread(scrub, object, &why, err);
	if (!small_holds(scrub, object->name, &data, &why))
		found(scrub, object->name, why.text);
	return ak_starts(object->name, "parity/")
	    ? missed(scrub, object->name, err)
	    : 0;
}

static void *
begin(AK_UNUSED void *arg)
{
	return ak_malloc(PIECE);
}

static int
each(void *arg, void *own, size_t item, struct ak_err *err)
{
	struct scrub *scrub = arg;
	const struct object *object = &scrub->objects[item];
	uint8_t pack[ID_SIZE];
	enum pack_kind kind;
	int got;

	got = pack_by_name(object->name, pack, &kind)
	    ? scrub_pack(scrub, object, pack, own, err)
	    : scrub_small(scrub, object, err);
	verify_tell(scrub->verify, object->size, 0);
	return got;
}

static void
read_whole(struct scrub *scrub)
{
	int64_t now = ak_str_now();
	uint8_t pack[ID_SIZE];
	enum pack_kind kind;

	for (size_t i = 0; i < scrub->count; i++)
		if (pack_by_name(scrub->objects[i].name, pack, &kind) &&
		    !damage_find(&scrub->verify->damage,
			scrub->objects[i].name))
			verified_set(&scrub->verify->verified, pack, now);
}

static int
list_objects(struct scrub *scrub, struct ak_err *err)
{
	static const char *const rooms[] = { "packs/", "meta/", "index/",
		"keys/", "snaps/", "trash/", "parity/" };
	static const char *const alone[] = { "config", "README.txt",
		"restore.py" };
	struct store *store = scrub->verify->session.repo->store;

	for (size_t i = 0; i < AK_COUNT(rooms); i++)
		if (store->ops->list(store, rooms[i], add_object, scrub, err) ==
		    -1)
			return -1;
	for (size_t i = 0; i < AK_COUNT(alone); i++) {
		struct ak_err none = { 0 };
		uint64_t size = 0;

		if (store->ops->size(store, alone[i], &size, &none) == 0 ||
		    i == 0)
			(void)add_object(scrub, alone[i], size, err);
	}
	return 0;
}

int
verify_scrub(struct verify *verify, bool packs, struct ak_err *err)
{
	struct scrub scrub = { .verify = verify, .packs = packs };
	struct pool pool = {
		.begin = begin, .end = free, .each = each, .arg = &scrub
	};
	int got = list_objects(&scrub, err);

	pool.count = scrub.count;
	if (got == 0)
		got = pool_run(&pool, err);
	if (got == 0)
		read_whole(&scrub);
	for (size_t i = 0; i < scrub.count; i++)
		free(scrub.objects[i].name);
	free(scrub.objects);
	return got;
}
