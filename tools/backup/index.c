/*
 * index - which chunk lies in which pack.
 */
#include "tools/backup/index.h"

#include <string.h>

#include "tools/backup/index_table.h"
#include "tools/backup/varint.h"

/* Callers that only look have a const index; its mutex is no part of that. */
static struct index *
lock(const struct index *index)
{
	struct index *own = (struct index *)(uintptr_t)index;

	pthread_mutex_lock(&own->mutex);
	return own;
}

static void
unlock(struct index *own)
{
	pthread_mutex_unlock(&own->mutex);
}

void
index_free(struct index *index)
{
	if (!index)
		return;
	for (size_t i = 0; i < index->pack_count; i++) {
		pack_list_free(index->packs[i]);
		free(index->packs[i]);
	}
	free(index->packs);
	free(index->trashed);
	table_free(&index->table);
	table_free(&index->claims);
	table_free(&index->known);
	ak_buf_free(&index->pending);
	pthread_mutex_destroy(&index->mutex);
	free(index);
}

void
index_forget(struct index *index)
{
	struct index *own = lock(index);

	own->forgotten = true;
	table_free(&own->claims);
	unlock(own);
}

/* A chunk of which every pack is going to be removed is stored anew. */
static bool
is_kept(const struct index *index, const struct index_entry *entry)
{
	return entry->pack == ENTRY_CLAIMED || !index->trashed[entry->pack];
}

static enum claim
claim(struct index *index, const uint8_t id[ID_SIZE])
{
	struct index_table *table = index->forgotten ? &index->claims
						     : &index->table;
	struct index_entry entry = { .pack = ENTRY_CLAIMED };
	const struct index_entry *at = NULL;

	while ((at = table_next(table, id, at)) != NULL)
		if (is_kept(index, at))
			return CLAIM_KNOWN;
	memcpy(entry.prefix, id, PREFIX);
	table_add(table, &entry);
	return CLAIM_NEW;
}

enum claim
index_claim(struct index *index, const uint8_t id[ID_SIZE])
{
	struct index *own = lock(index);
	enum claim result = claim(own, id);

	unlock(own);
	return result;
}

/* Those of trashed packs come behind all others. */
static bool
find(const struct index *index, const uint8_t id[ID_SIZE], size_t nth,
    struct place *place)
{
	for (int trashed = 0; trashed < 2; trashed++) {
		const struct index_entry *entry = NULL;

		while ((entry = table_next(&index->table, id, entry)) != NULL) {
			if (entry->pack == ENTRY_CLAIMED ||
			    index->trashed[entry->pack] != trashed || nth-- > 0)
				continue;
			*place = (struct place){ entry->pack, entry->frame,
				entry->ordinal };
			return true;
		}
	}
	return false;
}

bool
index_find(const struct index *index, const uint8_t id[ID_SIZE], size_t nth,
    struct place *place)
{
	struct index *own = lock(index);
	bool found = find(own, id, nth, place);

	unlock(own);
	return found;
}

const struct pack_list *
index_pack(const struct index *index, uint32_t pack)
{
	struct index *own = lock(index);
	const struct pack_list *list = own->packs[pack];

	unlock(own);
	return list;
}

size_t
index_pack_count(const struct index *index)
{
	struct index *own = lock(index);
	size_t count = own->pack_count;

	unlock(own);
	return count;
}

bool
index_trashed(const struct index *index, uint32_t pack)
{
	struct index *own = lock(index);
	bool trashed = own->trashed[pack];

	unlock(own);
	return trashed;
}

size_t
index_pending(const struct index *index)
{
	struct index *own = lock(index);
	size_t len = own->pending.len;

	unlock(own);
	return len;
}

/* Fills the entry that was claimed for the chunk, or adds one. */
static void
take_chunk(struct index_table *table, const struct index_entry *entry)
{
	struct index_entry *at = NULL;

	while ((at = table_next(table, entry->prefix, at)) != NULL)
		if (at->pack == ENTRY_CLAIMED) {
			*at = *entry;
			return;
		}
	table_add(table, entry);
}

static void
take_chunks(struct index *index, const struct pack_list *list, uint32_t pack)
{
	struct index_entry entry = { .pack = pack };
	uint32_t last = UINT32_MAX;

	for (size_t i = 0; i < list->chunk_count; i++) {
		const struct pack_chunk *chunk = &list->chunks[i];

		entry.ordinal = chunk->frame == last
		    ? (uint16_t)(entry.ordinal + 1)
		    : 0;
		entry.frame = (uint16_t)chunk->frame;
		last = chunk->frame;
		memcpy(entry.prefix, chunk->id, PREFIX);
		take_chunk(&index->table, &entry);
	}
}

static bool
is_known(struct index *index, const struct pack_list *list)
{
	struct index_entry entry = { .pack = 0 };

	if (table_next(&index->known, list->pack, NULL))
		return true;
	memcpy(entry.prefix, list->pack, PREFIX);
	table_add(&index->known, &entry);
	return false;
}

static struct pack_list *
copy_frames(const struct pack_list *list)
{
	struct pack_list *copy = ak_calloc(1, sizeof(*copy));

	*copy = *list;
	copy->chunks = NULL;
	copy->frames = ak_calloc(list->frame_count + 1, sizeof(*copy->frames));
	memcpy(copy->frames, list->frames,
	    list->frame_count * sizeof(*copy->frames));
	return copy;
}

/* A segment is packs: id, kind, size, length of the list, the list. */
static void
add_pending(struct index *index, const struct pack_list *list)
{
	struct ak_buf *buf = &index->pending;
	size_t begin = buf->len;
	uint8_t head[45];

	memcpy(head, list->pack, ID_SIZE);
	head[32] = (uint8_t)list->kind;
	le_put(head + 33, list->size, 8);
	ak_buf_add(buf, head, sizeof(head));
	pack_list_encode(list, buf);
	le_put((uint8_t *)buf->data + begin + 41,
	    buf->len - begin - sizeof(head), 4);
}

void
index_take(struct index *index, const struct pack_list *list, bool trashed,
    bool pending)
{
	struct index *own = lock(index);
	size_t count = own->pack_count;

	if (is_known(own, list)) {
		unlock(own);
		return;
	}
	if (count == own->pack_cap) {
		own->pack_cap = count ? count * 2 : 64;
		own->packs = ak_resize(own->packs, own->pack_cap,
		    sizeof(void *));
		own->trashed = ak_resize(own->trashed, own->pack_cap,
		    sizeof(*own->trashed));
	}
	own->packs[count] = copy_frames(list);
	own->trashed[count] = trashed;
	own->pack_count++;
	take_chunks(own, list, (uint32_t)count);
	if (pending)
		add_pending(own, list);
	unlock(own);
}

int
index_add_pack(struct index *index, const struct pack_list *list,
    AK_UNUSED struct ak_err *err)
{
	index_take(index, list, false, true);
	return 0;
}
