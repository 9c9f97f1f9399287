/*
 * backup_tree - fuzz: whatever the bytes of a tree, an entry that is read has a
 * path that stays below its directory, and is written as the same bytes.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tools/backup/tree.h"

static void
stays_below(const struct entry *entry)
{
	const char *path = (const char *)entry->path;

	law(strlen(path) == entry->path_len);
	law(path[0] != '/' && strstr(path, "//") == NULL);
	law(strcmp(path, "..") != 0 && strncmp(path, "../", 3) != 0);
	law(strstr(path, "/../") == NULL);
	law(entry->path_len < 3 ||
	    strcmp(path + entry->path_len - 3, "/..") != 0);
}

/*
 * What is shared with the path before may have been written longer, so it is
 * the second writing that must be the first's.
 */
static void
the_same(const struct entry *entry)
{
	AK_BUF struct ak_buf once = { 0 }, twice = { 0 };
	struct ak_err err = { 0 };
	struct entry again = { 0 };
	const uint8_t *at;

	tree_encode(&once, entry, NULL, 0);
	at = (const uint8_t *)once.data;
	law(tree_decode(&at, at + once.len, &again, NULL, 0, &err) == 0);
	law(at == (const uint8_t *)once.data + once.len);
	tree_encode(&twice, &again, NULL, 0);
	law(once.len == twice.len &&
	    memcmp(once.data, twice.data, once.len) == 0);
	entry_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ak_err err = { 0 };
	const uint8_t *at = data, *end = data + size;
	struct entry before = { 0 }, entry = { 0 };
	struct chunks chunks = { 0 };

	while (at < end &&
	    tree_decode(&at, end, &entry, before.path, before.path_len, &err) ==
		0) {
		stays_below(&entry);
		the_same(&entry);
		law(!before.path ||
		    tree_compare(before.path, before.path_len, entry.path,
			entry.path_len) < 0);
		entry_free(&before);
		before = entry;
		entry = (struct entry){ 0 };
	}
	law(at == end || err.code == AK_DATA);
	entry_free(&before);
	if (tree_decode_chunks(data, size, &chunks, &err) == 0) {
		AK_BUF struct ak_buf buf = { 0 };

		tree_encode_chunks(&buf, chunks.items, chunks.count);
		law(buf.len == size &&
		    (size == 0 || memcmp(buf.data, data, size) == 0));
	}
	chunks_free(&chunks);
	return 0;
}
