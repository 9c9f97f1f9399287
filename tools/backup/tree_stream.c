/*
 * tree_stream - entries written as chunks of a tree, and read back.
 *
 * A chunk ends behind an entry whose path hashes below a bound that grows with
 * what the entry takes, so that cuts come every 64 KiB whatever the entries
 * are, and stay where they are when a neighbour changes.
 */
#include <string.h>

#include "tools/backup/tree.h"

#define AVERAGE 65536U
#define LIST_LEAST 64U
#define LIST_MOST 1024U

struct tree_writer {
	struct saver *saver;
	struct chunks chunks;
	struct ak_buf buf;
	struct ak_buf path; /* of the entry before */
	bool begun;
};

struct tree_writer *
tree_writer_new(struct saver *saver)
{
	struct tree_writer *writer = ak_calloc(1, sizeof(*writer));

	writer->saver = saver;
	return writer;
}

void
tree_writer_free(struct tree_writer *writer)
{
	if (!writer)
		return;
	chunks_free(&writer->chunks);
	ak_buf_free(&writer->buf);
	ak_buf_free(&writer->path);
	free(writer);
}

static int
end_chunk(struct tree_writer *writer, struct ak_err *err)
{
	struct chunk chunk;

	if (writer->buf.len == 0)
		return 0;
	if (saver_chunk(writer->saver, PACK_META, writer->buf.data,
		writer->buf.len, &chunk, err) == -1)
		return -1;
	chunks_add(&writer->chunks, &chunk);
	ak_buf_reset(&writer->buf);
	writer->begun = false;
	return 0;
}

/* FNV-1a, and its bits mixed: the bound looks at the high ones. */
static uint32_t
hash_path(const uint8_t *path, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ path[i]) * 0x100000001b3;
	hash ^= hash >> 32;
	hash *= 0x9e3779b97f4a7c15;
	return (uint32_t)(hash >> 32) % AVERAGE;
}

/*
 * By the length of the whole entry, not of what is left of it by the path
 * before: the cut must not depend on a neighbour.
 */
static bool
cut_here(const struct tree_writer *writer, const struct entry *entry,
    size_t added)
{
	return writer->buf.len >= TREE_CHUNK_MAX ||
	    hash_path(entry->path, entry->path_len) < added;
}

/* The list in pieces that end behind an id which begins with a zero byte. */
static int
write_lists(struct tree_writer *writer, struct entry *entry, struct ak_err *err)
{
	AK_BUF struct ak_buf buf = { 0 };
	const struct chunk *items = entry->chunks.items;
	size_t begin = 0, count = entry->chunks.count;

	for (size_t i = 0; i < count; i++) {
		size_t n = i + 1 - begin;
		struct chunk chunk;

		if (i + 1 < count && n < LIST_MOST &&
		    (n < LIST_LEAST || items[i].id[0] != 0))
			continue;
		ak_buf_reset(&buf);
		tree_encode_chunks(&buf, items + begin, n);
		if (saver_chunk(writer->saver, PACK_META, buf.data, buf.len,
			&chunk, err) == -1)
			return -1;
		chunks_add(&entry->lists, &chunk);
		begin = i + 1;
	}
	return 0;
}

int
tree_writer_add(struct tree_writer *writer, const struct entry *entry,
    struct ak_err *err)
{
	struct entry with = *entry;
	size_t before = writer->buf.len, shared = 0, added;
	int put = 0;

	with.lists = (struct chunks){ 0 };
	if (entry->chunks.count > TREE_LIST_MAX)
		put = write_lists(writer, &with, err);
	if (put == 0)
		tree_encode(&writer->buf, &with,
		    writer->begun ? (const uint8_t *)writer->path.data : NULL,
		    writer->path.len);
	chunks_free(&with.lists);
	if (put == -1)
		return -1;
	while (writer->begun && shared < writer->path.len &&
	    shared < entry->path_len &&
	    (uint8_t)writer->path.data[shared] == entry->path[shared])
		shared++;
	added = writer->buf.len - before + shared;
	ak_buf_reset(&writer->path);
	ak_buf_add(&writer->path, entry->path, entry->path_len);
	writer->begun = true;
	return cut_here(writer, entry, added) ? end_chunk(writer, err) : 0;
}

int
tree_writer_end(struct tree_writer *writer, struct chunks *chunks,
    struct ak_err *err)
{
	int put = end_chunk(writer, err);

	if (put == 0) {
		*chunks = writer->chunks;
		writer->chunks = (struct chunks){ 0 };
	}
	tree_writer_free(writer);
	return put;
}

int
tree_writer_so_far(const struct tree_writer *writer, struct chunks *chunks,
    struct ak_err *err)
{
	struct chunk rest;

	if (writer->buf.len > 0 &&
	    saver_chunk(writer->saver, PACK_META, writer->buf.data,
		writer->buf.len, &rest, err) == -1)
		return -1;
	chunks_copy(chunks, &writer->chunks);
	if (writer->buf.len > 0)
		chunks_add(chunks, &rest);
	return 0;
}

struct tree_reader {
	struct loader *loader;
	struct chunks chunks;
	size_t next;	    /* chunk to be read */
	struct ak_buf data; /* of the chunk being read */
	size_t at;
	struct entry entry;
	struct ak_buf path; /* of the entry before, also across chunks */
	bool any;
};

struct tree_reader *
tree_reader_new(struct loader *loader, const struct chunks *chunks)
{
	struct tree_reader *reader = ak_calloc(1, sizeof(*reader));

	reader->loader = loader;
	chunks_copy(&reader->chunks, chunks);
	return reader;
}

void
tree_reader_free(struct tree_reader *reader)
{
	if (!reader)
		return;
	chunks_free(&reader->chunks);
	ak_buf_free(&reader->data);
	ak_buf_free(&reader->path);
	entry_free(&reader->entry);
	free(reader);
}

static int
read_chunk(struct tree_reader *reader, struct ak_err *err)
{
	const struct chunk *chunk = &reader->chunks.items[reader->next++];
	const uint8_t *data;

	ak_buf_reset(&reader->data);
	reader->at = 0;
	if (loader_get(reader->loader, chunk, &data, err) == -1)
		return -1;
	ak_buf_add(&reader->data, data, chunk->len);
	return 0;
}

/* The pieces of a long list, and whether it then is that of this file. */
static int
read_lists(struct tree_reader *reader, struct ak_err *err)
{
	struct entry *entry = &reader->entry;
	uint64_t sum = 0;

	for (size_t i = 0; i < entry->lists.count; i++) {
		const struct chunk *chunk = &entry->lists.items[i];
		const uint8_t *data;

		if (loader_get(reader->loader, chunk, &data, err) == -1 ||
		    tree_decode_chunks(data, chunk->len, &entry->chunks, err) ==
			-1)
			return ak_fail_in(err, "%s", entry->path);
	}
	for (size_t i = 0; i < entry->chunks.count; i++)
		sum += entry->chunks.items[i].len;
	for (size_t i = 0; i < entry->hole_count; i++)
		sum += entry->holes[i].len;
	return sum == entry->size
	    ? 0
	    : ak_fail(err, AK_DATA, "%s: its chunks are not its size",
		  entry->path);
}

/* What is bad makes the rest of its chunk unreadable. */
static int
decode_next(struct tree_reader *reader, struct ak_err *err)
{
	const uint8_t *data = (const uint8_t *)reader->data.data;
	const uint8_t *at = data + reader->at;
	bool first = reader->at == 0;
	struct entry *entry = &reader->entry;

	entry_free(entry);
	if (tree_decode(&at, data + reader->data.len, entry,
		first ? NULL : (const uint8_t *)reader->path.data,
		reader->path.len, err) == 0 &&
	    (!reader->any ||
		tree_compare((const uint8_t *)reader->path.data,
		    reader->path.len, entry->path, entry->path_len) < 0)) {
		reader->at = (size_t)(at - data);
		reader->any = true;
		ak_buf_reset(&reader->path);
		ak_buf_add(&reader->path, entry->path, entry->path_len);
		ak_buf_grow(&reader->path, 1);
		return 0;
	}
	reader->at = reader->data.len;
	return ak_fail(err, AK_DATA, "an entry of a tree is bad");
}

int
tree_reader_next(struct tree_reader *reader, struct entry **entry,
    struct ak_err *err)
{
	while (reader->at == reader->data.len) {
		if (reader->next == reader->chunks.count)
			return 0;
		if (read_chunk(reader, err) == -1)
			return -1;
	}
	if (decode_next(reader, err) == -1)
		return -1;
	if (reader->entry.lists.count > 0 && read_lists(reader, err) == -1)
		return -1;
	*entry = &reader->entry;
	return 1;
}
