/*
 * repair - what is damaged, put right by the first thing that helps.
 *
 *	a pack             its parity; else what of it is whole goes into a new
 *	                   pack, and it is marked damaged, so that the next
 *	                   backup stores again what is lost
 *	any other object   its parity; an index segment is made anew
 *	parity             made again, when its object is whole
 */
#include <stdio.h>
#include <string.h>

#include "lib/crypt.h"
#include "lib/str.h"
#include "tools/backup/parity.h"
#include "tools/backup/repo_config.h"
#include "tools/backup/trash.h"
#include "tools/backup/verify.h"

/* "parity/ab/ID" is of either kind of pack, any other of what it is named. */
static int
rows_again(struct repo *repo, const char *name, struct ak_err *err)
{
	const char *own = name + strlen("parity/");
	AK_BUF struct ak_buf data = { 0 };
	uint8_t pack[ID_SIZE];
	char object[PARITY_NAME];
	uint64_t size;

	snprintf(object, sizeof(object), "%s", own);
	if (strlen(own) == 67 && own[2] == '/' &&
	    hex_read(own + 3, pack, ID_SIZE)) {
		pack_name(pack, PACK_DATA, object);
		if (repo->store->ops->size(repo->store, object, &size, err) ==
		    -1)
			pack_name(pack, PACK_META, object);
	}
	if (store_read(repo->store, object, OBJECT_MAX, &data, err) == -1)
		return -1;
	if (!object_check(object, data.data, data.len))
		return ak_fail(err, AK_DATA, "%s: damaged as well", object);
	return parity_add(repo->store, object, err);
}

static int
text_again(struct repo *repo, const char *own, struct ak_err *err)
{
	const char *text = ak_streq(own, "restore.py") ? restore_py
						       : repo_readme;

	return parity_put(repo->store, own, text, strlen(text), err);
}

struct salvage {
	struct verify *verify;
	struct pack_reader *reader;
	struct pack_writer *writer;
	struct pack_plain plain;
	size_t frames_lost;
};

static int
on_done(void *arg, const struct pack_list *list, struct ak_err *err)
{
	return index_add_pack(arg, list, err);
}

/* All chunks of a frame that opens, into the new pack. */
static int
keep_frame(struct salvage *salvage, const struct pack_at *at,
    struct ak_err *err)
{
	struct pack_plain *plain = &salvage->plain;
	const uint8_t *data;

	if (pack_read_frame(salvage->reader, at, false, plain, err) == -1) {
		salvage->frames_lost++;
		if (err->code != AK_DATA && err->code != AK_NOINPUT &&
		    err->code != AK_IO)
			return -1;
		*err = (struct ak_err){ 0 };
		return 0;
	}
	data = plain->data + plain->begin;
	for (size_t i = 0; i < plain->count; i++) {
		struct chunk chunk = { .len = plain->lens[i] };

		seal_hash(data, chunk.len, chunk.id);
		if (pack_writer_add(salvage->writer, &chunk, data,
			at->frame->codec == PACK_ZSTD, err) == -1)
			return -1;
		data += chunk.len;
	}
	return 0;
}

/* What the index knows of its frames; else what a walk through it finds. */
static int
list_frames(struct salvage *salvage, const char *name, struct pack_list *list,
    struct ak_err *err)
{
	if (pack_read_footer(salvage->reader, name, list, err) == 0)
		return 0;
	*err = (struct ak_err){ 0 };
	if (pack_scan(salvage->reader, name, list, err) == 0)
		return 0;
	if (err->code != AK_DATA && err->code != AK_NOINPUT)
		return -1;
	*err = (struct ak_err){ 0 };
	return 0;
}

static const struct pack_list *
known_frames(const struct index *index, const uint8_t pack[ID_SIZE])
{
	for (size_t i = 0; i < index_pack_count(index); i++) {
		const struct pack_list *list = index_pack(index, (uint32_t)i);

		if (memcmp(list->pack, pack, ID_SIZE) == 0)
			return list;
	}
	return NULL;
}

static int
keep_frames(struct salvage *salvage, const char *name,
    const struct trash *trash, struct ak_err *err)
{
	struct pack_list own = { 0 };
	const struct pack_list
	    *list = known_frames(salvage->verify->session.index, trash->pack);
	int got = 0;

	if (!list) {
		got = list_frames(salvage, name, &own, err);
		list = &own;
	}
	for (size_t i = 0; i < list->frame_count && got == 0; i++) {
		struct pack_at at = { .pack = trash->pack,
			.kind = trash->kind,
			.number = (uint32_t)i,
			.frame = &list->frames[i] };

		got = keep_frame(salvage, &at, err);
	}
	pack_list_free(&own);
	return got;
}

/* New pack, index, then the mark: until it is there, nothing is worse. */
static int
salvage_pack(struct verify *verify, const char *name, struct ak_err *err)
{
	struct repo *repo = verify->session.repo;
	struct index *index = verify->session.index;
	struct trash trash = { .why = TRASH_DAMAGED };
	struct salvage salvage = { .verify = verify };
	int got;

	if (!pack_by_name(name, trash.pack, &trash.kind))
		return ak_fail(err, AK_DATA, "%s: no pack", name);
	salvage.reader = pack_reader_new(repo);
	salvage.writer = pack_writer_new(repo, trash.kind);
	pack_writer_on_done(salvage.writer, on_done, index);
	got = keep_frames(&salvage, name, &trash, err);
	if (got == 0)
		got = pack_writer_end(salvage.writer, err);
	pack_writer_free(salvage.writer);
	pack_reader_free(salvage.reader);
	pack_plain_free(&salvage.plain);
	if (got == -1 || index_commit(repo, index, err) == -1 ||
	    repo->store->ops->sync(repo->store, err) == -1 ||
	    repo->store->ops->now(repo->store, &trash.since, err) == -1)
		return -1;
	return trash_put(repo, &trash, err);
}

static enum damage_state
repair_pack(struct verify *verify, const char *name, struct ak_err *err)
{
	uint8_t pack[ID_SIZE];
	enum pack_kind kind;
	size_t mended;

	/* Its digest was looked at: it is whole as of now. */
	if (parity_mend(verify->session.repo->store, name, &mended, err) == 0) {
		if (pack_by_name(name, pack, &kind))
			verified_set(&verify->verified, pack, ak_str_now());
		return DAMAGE_MENDED;
	}
	if (verify->session.index && salvage_pack(verify, name, err) == -1)
		ak_cmd_warn(verify->ctx, "%s", err->text);
	return DAMAGE_LOST;
}

static enum damage_state
repair_one(struct verify *verify, const char *name)
{
	struct repo *repo = verify->session.repo;
	struct ak_err err = { 0 };
	const char *own = ak_starts(name, "parity/") ? name + strlen("parity/")
						     : name;
	size_t mended;
	int got;

	if (ak_starts(name, "packs/") || ak_starts(name, "meta/"))
		return repair_pack(verify, name, &err);
	if (ak_streq(own, "README.txt") || ak_streq(own, "restore.py"))
		got = text_again(repo, own, &err);
	else if (ak_starts(name, "trash/"))
		got = repo->store->ops->remove(repo->store, name, &err);
	else if (own != name)
		got = rows_again(repo, name, &err);
	else
		got = parity_mend(repo->store, name, &mended, &err);
	if (got == -1 && ak_starts(name, "index/") && verify->session.index)
		got = reindex(repo, &mended, &err);
	if (got == -1)
		ak_cmd_warn(verify->ctx, "%s", err.text);
	return got == 0 ? DAMAGE_MENDED : DAMAGE_FOUND;
}

/* Chunks that no pack has may be in one that the index has lost. */
static int
look_again(struct verify *verify, struct ak_err *err)
{
	struct session *session = &verify->session;
	struct verify again = { .ctx = verify->ctx,
		.damage = { .mutex = PTHREAD_MUTEX_INITIALIZER } };
	size_t packs;
	int got;

	if (reindex(session->repo, &packs, err) == -1)
		return -1;
	loader_free(session->loader);
	session->loader = NULL;
	index_free(session->index);
	session->index = NULL;
	if (index_load(session->repo, &session->index, err) == -1)
		return -1;
	session->loader = loader_new(session->repo, session->index, 16);
	again.session = *session;
	got = verify_fast(&again, NULL, err);
	for (size_t i = 0; i < verify->damage.count; i++) {
		struct damage_item *item = &verify->damage.items[i];

		if (item->frame == DAMAGE_CHUNKS)
			item->state = damage_find(&again.damage, item->object)
			    ? DAMAGE_LOST
			    : DAMAGE_MENDED;
	}
	damage_free(&again.damage);
	return got;
}

/* Several findings of one object are one repair. */
static void
repair_objects(struct verify *verify)
{
	struct damage *damage = &verify->damage;

	for (size_t i = 0; i < damage->count; i++) {
		struct damage_item *item = &damage->items[i];
		size_t first = 0;

		if (item->frame == DAMAGE_CHUNKS)
			continue;
		while (damage->items[first].frame == DAMAGE_CHUNKS ||
		    !ak_streq(damage->items[first].object, item->object))
			first++;
		item->state = first < i ? damage->items[first].state
					: repair_one(verify, item->object);
	}
}

/* What a run that was cut short, or a hand, left without its parity. */
static int
protect(void *arg, const char *name, AK_UNUSED uint64_t size,
    struct ak_err *err)
{
	struct verify *verify = arg;
	struct store *store = verify->session.repo->store;
	struct ak_err why = { 0 };
	char beside[PARITY_NAME];
	uint64_t there;

	parity_name(name, beside);
	if (store->ops->size(store, beside, &there, &why) == 0 ||
	    rows_again(verify->session.repo, beside, &why) == 0 ||
	    why.code == AK_DATA || why.code == AK_NOINPUT)
		return 0;
	*err = why;
	return -1;
}

static int
protect_all(struct verify *verify, struct ak_err *err)
{
	static const char *const rooms[] = { "packs/", "meta/", "index/",
		"snaps/", "keys/" };
	struct store *store = verify->session.repo->store;

	if (!verify->session.repo->parity)
		return 0;
	for (size_t i = 0; i < AK_COUNT(rooms); i++)
		if (store->ops->list(store, rooms[i], protect, verify, err) ==
		    -1)
			return -1;
	return protect(verify, "config", 0, err);
}

int
repair_all(struct verify *verify, struct ak_err *err)
{
	struct store *store = verify->session.repo->store;
	bool gaps = false;

	if (store->ops->lock(store, STORE_EXCLUSIVE, "aikit-backup repair",
		err) == -1)
		return -1;
	repair_objects(verify);
	for (size_t i = 0; i < verify->damage.count; i++)
		gaps |= verify->damage.items[i].frame == DAMAGE_CHUNKS;
	if ((gaps && look_again(verify, err) == -1) ||
	    protect_all(verify, err) == -1)
		return -1;
	return store->ops->sync(store, err);
}
