/*
 * index_table - the table of an index: which chunk is in which pack.
 *
 * A table is as many small ones as there are parts, told apart by a byte of the
 * prefix. Each grows by itself and by a quarter: what a million chunks take
 * while they are read is what they take in the end.
 */
#include "tools/backup/index_table.h"

#include <string.h>

#define SIZE_LEAST ((size_t)16)

void
table_free(struct index_table *table)
{
	for (size_t i = 0; i < INDEX_PARTS; i++)
		free(table->parts[i].entries);
	*table = (struct index_table){ 0 };
}

static size_t
part_of(const uint8_t prefix[PREFIX])
{
	return prefix[PREFIX - 1] % INDEX_PARTS;
}

/* Sizes are any number, and so it is the share of all hashes that counts. */
static size_t
home_of(const struct index_part *part, const uint8_t prefix[PREFIX])
{
	uint32_t hash;

	memcpy(&hash, prefix, sizeof(hash));
	return (size_t)((uint64_t)hash * part->size >> 32);
}

static size_t
next_of(const struct index_part *part, size_t at)
{
	return at + 1 < part->size ? at + 1 : 0;
}

struct index_entry *
table_next(const struct index_table *table, const uint8_t prefix[PREFIX],
    const struct index_entry *after)
{
	const struct index_part *part = &table->parts[part_of(prefix)];
	size_t at;

	if (part->size == 0)
		return NULL;
	at = after ? next_of(part, (size_t)(after - part->entries))
		   : home_of(part, prefix);
	for (; part->entries[at].pack != ENTRY_FREE; at = next_of(part, at))
		if (memcmp(part->entries[at].prefix, prefix, PREFIX) == 0)
			return &part->entries[at];
	return NULL;
}

static void
put(struct index_part *part, const struct index_entry *entry)
{
	size_t at = home_of(part, entry->prefix);

	while (part->entries[at].pack != ENTRY_FREE)
		at = next_of(part, at);
	part->entries[at] = *entry;
}

static void
grow(struct index_part *part)
{
	struct index_part larger = { .used = part->used };

	larger.size = part->size ? part->size + part->size / 4 : SIZE_LEAST;
	larger.entries = ak_resize(NULL, larger.size, sizeof(*larger.entries));
	for (size_t i = 0; i < larger.size; i++)
		larger.entries[i].pack = ENTRY_FREE;
	for (size_t i = 0; i < part->size; i++)
		if (part->entries[i].pack != ENTRY_FREE)
			put(&larger, &part->entries[i]);
	free(part->entries);
	*part = larger;
}

/* Three quarters are full at most. */
void
table_add(struct index_table *table, const struct index_entry *entry)
{
	struct index_part *part = &table->parts[part_of(entry->prefix)];

	if (part->used >= part->size / 4 * 3)
		grow(part);
	put(part, entry);
	part->used++;
}
