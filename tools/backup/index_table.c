/*
 * index_table - the table of an index: which chunk is in which pack.
 */
#include "tools/backup/index_table.h"

#include <string.h>

#define SIZE_LEAST ((size_t)1024)

void
table_free(struct index_table *table)
{
	free(table->entries);
	*table = (struct index_table){ 0 };
}

static size_t
home_of(const struct index_table *table, const uint8_t prefix[PREFIX])
{
	uint64_t hash;

	memcpy(&hash, prefix, sizeof(hash));
	return (size_t)hash & (table->size - 1);
}

size_t
table_next(const struct index_table *table, const uint8_t prefix[PREFIX],
    size_t at)
{
	size_t mask = table->size - 1;

	if (table->size == 0)
		return SIZE_MAX;
	at = at == SIZE_MAX ? home_of(table, prefix) : (at + 1) & mask;
	for (; table->entries[at].pack != ENTRY_FREE; at = (at + 1) & mask)
		if (memcmp(table->entries[at].prefix, prefix, PREFIX) == 0)
			return at;
	return SIZE_MAX;
}

static void
put(struct index_table *table, const struct index_entry *entry)
{
	size_t mask = table->size - 1, at = home_of(table, entry->prefix);

	while (table->entries[at].pack != ENTRY_FREE)
		at = (at + 1) & mask;
	table->entries[at] = *entry;
}

/* At three quarters full. */
static void
grow(struct index_table *table)
{
	struct index_table larger = { .used = table->used };

	larger.size = table->size ? table->size * 2 : SIZE_LEAST;
	larger.entries = ak_resize(NULL, larger.size, sizeof(*larger.entries));
	for (size_t i = 0; i < larger.size; i++)
		larger.entries[i].pack = ENTRY_FREE;
	for (size_t i = 0; i < table->size; i++)
		if (table->entries[i].pack != ENTRY_FREE)
			put(&larger, &table->entries[i]);
	free(table->entries);
	*table = larger;
}

void
table_add(struct index_table *table, const struct index_entry *entry)
{
	if (table->used >= table->size / 4 * 3)
		grow(table);
	put(table, entry);
	table->used++;
}
