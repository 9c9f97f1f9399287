/*
 * tree: entries as bytes and back, cut into chunks that stay the same.
 *
 * Storage is here a list in memory, so that the stream is tried alone.
 */
#include "tools/backup/tree.h"

#include <string.h>

#include "lib/crypt.h"
#include "tests/unit/tap.h"

static struct ak_err err;

struct stored {
	struct chunk chunk;
	uint8_t *data;
};
static struct stored *stored;
static size_t stored_count, new_count;

static struct stored *
find(const uint8_t *id)
{
	for (size_t i = 0; i < stored_count; i++)
		if (memcmp(stored[i].chunk.id, id, ID_SIZE) == 0)
			return &stored[i];
	return NULL;
}

int
saver_chunk(struct saver *saver AK_UNUSED, enum pack_kind kind,
    const void *data, size_t len, struct chunk *chunk,
    struct ak_err *why AK_UNUSED)
{
	struct ak_sha256 *hash = ak_sha256_new();

	ak_sha256_add(hash, data, len);
	ak_sha256_end(hash, chunk->id);
	chunk->len = (uint32_t)len;
	if (kind != PACK_META)
		return -1;
	if (find(chunk->id))
		return 0;
	stored = ak_resize(stored, stored_count + 1, sizeof(*stored));
	stored[stored_count] = (struct stored){ *chunk, ak_malloc(len) };
	memcpy(stored[stored_count++].data, data, len);
	new_count++;
	return 0;
}

int
loader_get(struct loader *loader AK_UNUSED, const struct chunk *chunk,
    const uint8_t **data, struct ak_err *why)
{
	struct stored *found = find(chunk->id);

	if (!found)
		return ak_fail(why, AK_DATA, "no such chunk");
	*data = found->data;
	return 0;
}

static void
orders(void)
{
	static const struct {
		const char *a, *b;
	} rows[] = {
		{ "", "a" },
		{ "a", "a/b" },
		{ "a/b", "a b" },
		{ "a/z", "a.txt" },
		{ "a/z/z", "a/z-" },
		{ "a\x01", "b" },
		{ "a/\xff", "a\x01" },
		{ "b", "\xc3" },
	};

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		const uint8_t *a = (const uint8_t *)rows[i].a;
		const uint8_t *b = (const uint8_t *)rows[i].b;
		size_t a_len = strlen(rows[i].a), b_len = strlen(rows[i].b);

		ok(tree_compare(a, a_len, b, b_len) < 0 &&
			tree_compare(b, b_len, a, a_len) > 0 &&
			tree_compare(a, a_len, a, a_len) == 0,
		    "\"%s\" comes before the next", rows[i].a);
	}
}

static uint8_t *
bytes(const char *s)
{
	return (uint8_t *)ak_strdup(s);
}

static void
fill(struct entry *entry, const char *path)
{
	struct chunk one = { .id = { 1, 2, 3 }, .len = 70000 };

	*entry = (struct entry){ .path = bytes(path),
		.path_len = strlen(path),
		.type = ENTRY_FILE,
		.mode = 04755,
		.uid = 1000,
		.gid = UINT32_MAX,
		.flags = ENTRY_IMMUTABLE,
		.mtime = -1,
		.ctime = INT64_C(1700000000123456789),
		.size = 70000 + 4096,
		.ino = UINT64_MAX,
		.dev = 2049,
		.link_group = 7,
		.changed = true };
	entry->xattrs = ak_calloc(1, sizeof(*entry->xattrs));
	entry->xattr_count = 1;
	entry->xattrs[0] = (struct xattr){ ak_strdup("user.x"), bytes("yz"),
		2 };
	entry->xattrs[0].value[0] = '\0';
	entry->holes = ak_calloc(1, sizeof(*entry->holes));
	entry->hole_count = 1;
	entry->holes[0] = (struct hole){ 4096, 4096 };
	chunks_add(&entry->chunks, &one);
}

static void
one_entry(void)
{
	AK_BUF struct ak_buf buf = { 0 }, again = { 0 };
	struct entry entry, got = { 0 };
	const uint8_t *at, *before = (const uint8_t *)"srv/data/a";

	fill(&entry, "srv/data/a\xff");
	tree_encode(&buf, &entry, before, 10);
	at = (const uint8_t *)buf.data;
	is_int(tree_decode(&at, at + buf.len, &got, before, 10, &err), 0,
	    "an entry with everything is read");
	ok(at == (const uint8_t *)buf.data + buf.len, "to its end");
	tree_encode(&again, &got, before, 10);
	ok(again.len == buf.len && memcmp(again.data, buf.data, buf.len) == 0,
	    "and is the same");
	is_str((char *)got.path, "srv/data/a\xff", "with its name");
	entry_free(&got);
	for (size_t len = 0; len < buf.len; len++) {
		uint8_t *cut = ak_malloc(len);

		at = cut;
		if (len > 0)
			memcpy(cut, buf.data, len);
		if (tree_decode(&at, at + len, &got, before, 10, &err) == 0) {
			ok(false, "cut to %zu bytes it is bad", len);
			entry_free(&got);
		}
		free(cut);
	}
	ok(true, "cut anywhere it is bad");
	entry_free(&entry);
}

static void
hostile(void)
{
	static const struct {
		const char *path, *what;
	} rows[] = {
		{ "../etc/passwd", "that goes up" },
		{ "a/../b", "that goes up inside" },
		{ "/etc", "from the root" },
		{ "a//b", "with an empty part" },
		{ "a/", "that ends in a slash" },
		{ ".", "that is a dot" },
		{ "a/./b", "with a dot inside" },
	};

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		AK_BUF struct ak_buf buf = { 0 };
		struct entry entry = { .path = bytes(rows[i].path),
			.path_len = strlen(rows[i].path),
			.type = ENTRY_DIR };
		struct entry got = { 0 };
		const uint8_t *at;

		tree_encode(&buf, &entry, NULL, 0);
		at = (const uint8_t *)buf.data;
		err = (struct ak_err){ 0 };
		ok(tree_decode(&at, at + buf.len, &got, NULL, 0, &err) == -1 &&
			err.code == AK_DATA,
		    "a path %s is refused", rows[i].what);
		entry_free(&entry);
		entry_free(&got);
	}
}

/* count entries, but not the one with the number left out. */
static struct chunks
write_tree(int count, int left_out)
{
	struct tree_writer *writer = tree_writer_new(NULL);
	struct chunks chunks = { 0 };

	for (int i = 0; i < count; i++) {
		AK_FREE char *path = ak_printf("dir/name-%06d", i);
		struct entry entry = { .path = (uint8_t *)path,
			.path_len = strlen(path),
			.type = ENTRY_DIR,
			.mode = 0755 };

		if (i != left_out &&
		    tree_writer_add(writer, &entry, &err) == -1)
			ok(false, "%s", err.text);
	}
	if (tree_writer_end(writer, &chunks, &err) == -1)
		ok(false, "%s", err.text);
	return chunks;
}

static void
streams(void)
{
	struct chunks chunks = write_tree(20000, -1), less;
	struct tree_reader *reader = tree_reader_new(NULL, &chunks);
	struct entry *entry;
	int n = 0;

	while (tree_reader_next(reader, &entry, &err) == 1)
		n++;
	is_int(n, 20000, "all entries come back");
	tree_reader_free(reader);
	ok(chunks.count > 8 && chunks.count < 60, "in %zu chunks",
	    chunks.count);
	new_count = 0;
	less = write_tree(20000, 10000);
	ok(new_count <= 2, "without one entry %zu chunks are new", new_count);
	chunks_free(&chunks);
	chunks_free(&less);
}

static void
lost(void)
{
	struct chunks chunks = write_tree(20000, -1);
	struct tree_reader *reader;
	struct entry *entry;
	int n = 0, bad = 0, got;

	chunks.items[chunks.count / 2].id[0] ^= 1;
	reader = tree_reader_new(NULL, &chunks);
	while ((got = tree_reader_next(reader, &entry, &err)) != 0) {
		n += got == 1;
		bad += got == -1;
	}
	is_int(bad, 1, "a lost chunk is told once");
	ok(n > 10000 && n < 20000, "and what is behind it is read (%d)", n);
	tree_reader_free(reader);
	chunks_free(&chunks);
}

static void
long_lists(void)
{
	struct tree_writer *writer = tree_writer_new(NULL);
	struct entry file = {
		.path = bytes("big"), .path_len = 3, .type = ENTRY_FILE
	};
	struct chunks chunks = { 0 };
	struct tree_reader *reader;
	struct entry *entry = NULL;

	for (unsigned i = 0; i < 5000; i++) {
		struct chunk chunk = { .id = { (uint8_t)(i % 251),
					   (uint8_t)(i >> 8), (uint8_t)i },
			.len = 16384 };

		chunks_add(&file.chunks, &chunk);
		file.size += chunk.len;
	}
	is_int(tree_writer_add(writer, &file, &err), 0, "a long list");
	is_int(tree_writer_end(writer, &chunks, &err), 0, "is written");
	reader = tree_reader_new(NULL, &chunks);
	is_int(tree_reader_next(reader, &entry, &err), 1, "and read");
	ok(entry && entry->lists.count > 4, "from chunks of its own");
	ok(entry && entry->chunks.count == 5000 &&
		memcmp(entry->chunks.items, file.chunks.items,
		    5000 * sizeof(struct chunk)) == 0,
	    "as the same list");
	tree_reader_free(reader);
	chunks_free(&chunks);
	entry_free(&file);
}

int
main(void)
{
	orders();
	one_entry();
	hostile();
	streams();
	lost();
	long_lists();
	for (size_t i = 0; i < stored_count; i++)
		free(stored[i].data);
	free(stored);
	return done_testing();
}
