/*
 * closure - every chunk that snapshots need, each told once.
 */
#include "tools/backup/closure.h"

#include <string.h>

/* Never 0: an ordinal takes 12 bits, a frame 16, a pack 32. */
static uint64_t
key_of(const struct place *place)
{
	return (uint64_t)place->pack << 29 | (uint64_t)place->frame << 13 |
	    (uint64_t)place->ordinal << 1 | 1;
}

/* Where the key is, or belongs. cap is a power of 2, and never full. */
static size_t
slot_of(const struct places *places, uint64_t key)
{
	size_t at = (size_t)(key * 0x9e3779b97f4a7c15 >> 20) &
	    (places->cap - 1);

	while (places->slots[at] != 0 && places->slots[at] != key)
		at = (at + 1) & (places->cap - 1);
	return at;
}

static void
widen(struct places *places)
{
	struct places wide = { .cap = places->cap ? places->cap * 2 : 4096,
		.count = places->count };

	wide.slots = ak_calloc(wide.cap, sizeof(*wide.slots));
	for (size_t i = 0; i < places->cap; i++)
		if (places->slots[i] != 0)
			wide.slots[slot_of(&wide, places->slots[i])] =
			    places->slots[i];
	free(places->slots);
	*places = wide;
}

bool
places_add(struct places *places, const struct place *place)
{
	uint64_t key = key_of(place);
	size_t at;

	if (places->count * 4 >= places->cap * 3)
		widen(places);
	at = slot_of(places, key);
	if (places->slots[at] != 0)
		return false;
	places->slots[at] = key;
	places->count++;
	return true;
}

bool
places_has(const struct places *places, const struct place *place)
{
	uint64_t key = key_of(place);

	return places->cap > 0 && places->slots[slot_of(places, key)] == key;
}

void
places_free(struct places *places)
{
	free(places->slots);
	*places = (struct places){ 0 };
}

bool
place_holds(const struct index *index, const uint8_t id[ID_SIZE],
    const struct place *want)
{
	struct place place;

	for (size_t n = 0; index_find(index, id, n, &place); n++)
		if (place.pack == want->pack && place.frame == want->frame &&
		    place.ordinal == want->ordinal)
			return true;
	return false;
}

static int
tell_missing(struct closure *closure, const struct chunk *chunk)
{
	AK_BUF struct ak_buf hex = { 0 };
	struct ak_err why = { 0 };

	for (size_t i = 0; i < 8; i++)
		ak_buf_printf(&hex, "%02x", chunk->id[i]);
	ak_err_set(&why, AK_DATA, "chunk %s is in no pack", hex.data);
	return closure->missing(closure->arg, chunk, &why);
}

/* 1 it is new, 0 it was told, or is missing and that was told, -1. */
static int
visit_chunk(struct closure *closure, const struct chunk *chunk,
    struct ak_err *err)
{
	struct place place;

	if (!index_find(closure->session->index, chunk->id, 0, &place)) {
		if (closure->missing)
			return tell_missing(closure, chunk);
		return ak_fail(err, AK_DATA,
		    "a chunk that a snapshot needs is in no pack");
	}
	if (!places_add(&closure->seen, &place))
		return 0;
	if (closure->chunk &&
	    closure->chunk(closure->arg, chunk, &place, err) == -1)
		return -1;
	return 1;
}

static int
visit_chunks(struct closure *closure, const struct chunks *chunks,
    struct ak_err *err)
{
	for (size_t i = 0; i < chunks->count; i++)
		if (visit_chunk(closure, &chunks->items[i], err) == -1)
			return -1;
	return 0;
}

/* 1 its bytes are a copy of the caller's, 0 it is seen or unreadable, -1. */
static int
visit_meta(struct closure *closure, const struct chunk *chunk,
    struct ak_buf *bytes, struct ak_err *err)
{
	struct ak_err why = { 0 };
	const uint8_t *data;
	int new = visit_chunk(closure, chunk, err);

	if (new != 1)
		return new;
	if (loader_get(closure->session->loader, chunk, &data, &why) == 0) {
		ak_buf_reset(bytes);
		ak_buf_add(bytes, data, chunk->len);
		return 1;
	}
	if (closure->unread && why.code == AK_DATA)
		return closure->unread(closure->arg, chunk, &why);
	*err = why;
	return -1;
}

static int
visit_list(struct closure *closure, const struct chunk *list,
    struct ak_err *err)
{
	AK_BUF struct ak_buf bytes = { 0 };
	struct chunks chunks = { 0 };
	int got = visit_meta(closure, list, &bytes, err);

	if (got != 1)
		return got;
	got = tree_decode_chunks((const uint8_t *)bytes.data, bytes.len,
	    &chunks, err);
	if (got == 0)
		got = visit_chunks(closure, &chunks, err);
	chunks_free(&chunks);
	return got;
}

static int
visit_entry_chunks(struct closure *closure, const struct entry *entry,
    struct ak_err *err)
{
	for (size_t i = 0; i < entry->lists.count; i++)
		if (visit_list(closure, &entry->lists.items[i], err) == -1)
			return -1;
	return visit_chunks(closure, &entry->chunks, err);
}

/* The entries of one chunk of a tree; each chunk is read by itself. */
static int
visit_tree(struct closure *closure, const struct chunk *tree,
    struct ak_err *err)
{
	AK_BUF struct ak_buf bytes = { 0 }, path = { 0 };
	const uint8_t *at, *end;
	int got = visit_meta(closure, tree, &bytes, err);

	if (got != 1)
		return got;
	at = (const uint8_t *)bytes.data;
	end = at + bytes.len;
	for (got = 0; at < end && got == 0;) {
		struct entry entry = { 0 };

		got = tree_decode(&at, end, &entry,
		    path.data ? (const uint8_t *)path.data : NULL, path.len,
		    err);
		if (got == 0) {
			ak_buf_reset(&path);
			ak_buf_add(&path, entry.path, entry.path_len);
			got = visit_entry_chunks(closure, &entry, err);
		}
		entry_free(&entry);
	}
	return got;
}

int
closure_add(struct closure *closure, const struct snap *snap,
    struct ak_err *err)
{
	for (size_t i = 0; i < snap->source_count; i++) {
		const struct chunks *tree = &snap->sources[i].tree;

		for (size_t j = 0; j < tree->count; j++)
			if (visit_tree(closure, &tree->items[j], err) == -1)
				return ak_fail_in(err, "%s", snap->name);
	}
	return 0;
}

void
closure_free(struct closure *closure)
{
	places_free(&closure->seen);
}
