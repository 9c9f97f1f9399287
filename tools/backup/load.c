/*
 * load - bytes out: chunks by their ids, every one checked by its hash.
 */
#include "tools/backup/load.h"

#include <string.h>

#include "lib/crypt.h"

struct slot_frame {
	uint32_t pack, frame;
	uint64_t used; /* when; 0: empty */
	struct pack_plain plain;
	size_t *offsets; /* of chunks in data; room for PACK_FRAME_CHUNKS */
};

struct loader {
	const struct index *index;
	struct pack_reader *reader;
	struct slot_frame *slots;
	size_t count;
	uint64_t clock;
};

struct loader *
loader_new(struct repo *repo, const struct index *index, size_t frames)
{
	struct loader *new = ak_calloc(1, sizeof(*new));

	new->index = index;
	new->reader = pack_reader_new(repo);
	new->count = frames > 0 ? frames : 1;
	new->slots = ak_calloc(new->count, sizeof(*new->slots));
	return new;
}

void
loader_free(struct loader *loader)
{
	if (!loader)
		return;
	for (size_t i = 0; i < loader->count; i++) {
		pack_plain_free(&loader->slots[i].plain);
		free(loader->slots[i].offsets);
	}
	free(loader->slots);
	pack_reader_free(loader->reader);
	free(loader);
}

/* The one that has the frame; else the one not used for longest, emptied. */
static struct slot_frame *
slot_for(struct loader *loader, const struct place *place)
{
	struct slot_frame *oldest = &loader->slots[0];

	for (size_t i = 0; i < loader->count; i++) {
		struct slot_frame *slot = &loader->slots[i];

		if (slot->used > 0 && slot->pack == place->pack &&
		    slot->frame == place->frame)
			return slot;
		if (slot->used < oldest->used)
			oldest = slot;
	}
	oldest->used = 0;
	return oldest;
}

static void
count_offsets(struct slot_frame *slot)
{
	size_t offset = slot->plain.begin;

	if (!slot->offsets)
		slot->offsets = ak_calloc(PACK_FRAME_CHUNKS, sizeof(size_t));
	for (size_t i = 0; i < slot->plain.count; i++) {
		slot->offsets[i] = offset;
		offset += slot->plain.lens[i];
	}
}

static int
fill(struct loader *loader, struct slot_frame *slot, const struct place *place,
    bool mend, struct ak_err *err)
{
	const struct pack_list *list = index_pack(loader->index, place->pack);
	struct pack_at at = { list->pack, list->kind, place->frame, NULL };

	slot->used = 0;
	if (place->frame >= list->frame_count)
		return ak_fail(err, AK_DATA, "damaged: no such frame");
	at.frame = &list->frames[place->frame];
	if (pack_read_frame(loader->reader, &at, mend, &slot->plain, err) == -1)
		return -1;
	slot->pack = place->pack;
	slot->frame = place->frame;
	count_offsets(slot);
	return 0;
}

static int
fail_chunk(struct loader *loader, const struct place *place, struct ak_err *err)
{
	const struct pack_list *list = index_pack(loader->index, place->pack);
	char name[PACK_NAME];

	pack_name(list->pack, list->kind, name);
	return ak_fail(err, AK_DATA,
	    "%s: frame %u: chunk %u is not what the index says", name,
	    place->frame, place->ordinal);
}

static int
get_at(struct loader *loader, const struct chunk *chunk,
    const struct place *place, bool mend, const uint8_t **data,
    struct ak_err *err)
{
	struct slot_frame *slot = slot_for(loader, place);
	uint8_t id[ID_SIZE];

	if (slot->used == 0 && fill(loader, slot, place, mend, err) == -1)
		return -1;
	slot->used = ++loader->clock;
	if (place->ordinal >= slot->plain.count ||
	    slot->plain.lens[place->ordinal] != chunk->len)
		return fail_chunk(loader, place, err);
	*data = slot->plain.data + slot->offsets[place->ordinal];
	seal_hash(*data, chunk->len, id);
	if (memcmp(id, chunk->id, ID_SIZE) != 0)
		return fail_chunk(loader, place, err);
	return 0;
}

/* 1 found and read, 0 found and not to be read, -1 not this one's fault. */
static int
get_any(struct loader *loader, const struct chunk *chunk, bool mend,
    const uint8_t **data, struct ak_err *err)
{
	struct ak_err now = { 0 };
	struct place place;

	for (size_t n = 0; index_find(loader->index, chunk->id, n, &place);
	     n++) {
		if (get_at(loader, chunk, &place, mend, data, &now) == 0)
			return 1;
		if (now.code != AK_DATA && now.code != AK_NOINPUT) {
			*err = now;
			return -1;
		}
		if (err->code == AK_DONE)
			*err = now;
	}
	return 0;
}

int
loader_get(struct loader *loader, const struct chunk *chunk,
    const uint8_t **data, struct ak_err *err)
{
	AK_BUF struct ak_buf hex = { 0 };
	struct ak_err why = { 0 };
	int result = get_any(loader, chunk, false, data, &why);

	if (result == 0)
		result = get_any(loader, chunk, true, data, &why);
	if (result == 1)
		return 0;
	if (why.code == AK_DONE) {
		ak_crypt_hex(&hex, chunk->id, ID_SIZE);
		return ak_fail(err, AK_DATA, "chunk %s: in no pack", hex.data);
	}
	if (why.code == AK_NOINPUT)
		why.code = AK_DATA;
	*err = why;
	return -1;
}
