/*
 * tree_decode - entries from bytes that are not trusted.
 */
#include <string.h>

#include "tools/backup/tree.h"

#define PATH_LIMIT ((size_t)1 << 20)
#define ID_LEAST (ID_SIZE + 1) /* bytes of a chunk in a list, at least */

/* Reading: once bad, all that is got is 0, and the end tells it. */
struct input {
	const uint8_t *at, *end;
	bool bad;
};

static uint64_t
get_varint(struct input *in, uint64_t max)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = in->at < in->end ? *in->at : 0x80;

		if (in->at == in->end || (shift == 63 && byte > 1) ||
		    (shift > 0 && byte == 0))
			break;
		in->at++;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80 && value <= max)
			return value;
		if (byte < 0x80)
			break;
	}
	in->bad = true;
	in->at = in->end;
	return 0;
}

/* How many things follow, of which each takes at least so many bytes. */
static size_t
get_count(struct input *in, size_t least)
{
	return (size_t)get_varint(in, (uint64_t)(in->end - in->at) / least);
}

static const uint8_t *
get_raw(struct input *in, size_t len)
{
	const uint8_t *data = in->at;

	if (len > (size_t)(in->end - in->at)) {
		in->bad = true;
		in->at = in->end;
		return NULL;
	}
	in->at += len;
	return data;
}

/* A copy with a NUL behind it; without one in it when it is to be a string. */
static void *
get_bytes(struct input *in, size_t *len, bool string)
{
	size_t count = get_count(in, 1);
	const uint8_t *data = get_raw(in, count);
	uint8_t *copy;

	if (!data || (string && memchr(data, '\0', count))) {
		in->bad = true;
		return NULL;
	}
	copy = ak_malloc(count + 1);
	memcpy(copy, data, count);
	copy[count] = '\0';
	*len = count;
	return copy;
}

static int64_t
get_time(struct input *in)
{
	const uint8_t *data = get_raw(in, 8);
	uint64_t ns = 0;

	for (int i = 0; data && i < 8; i++)
		ns |= (uint64_t)data[i] << (8 * i);
	return (int64_t)ns;
}

static void
get_chunk(struct input *in, struct chunk *chunk)
{
	const uint8_t *id = get_raw(in, ID_SIZE);

	if (id)
		memcpy(chunk->id, id, ID_SIZE);
	chunk->len = (uint32_t)get_varint(in, UINT32_MAX);
}

int
tree_decode_chunks(const uint8_t *data, size_t len, struct chunks *chunks,
    struct ak_err *err)
{
	struct input in = { .at = data, .end = data + len };

	while (in.at < in.end) {
		struct chunk chunk = { 0 };

		get_chunk(&in, &chunk);
		if (in.bad || chunk.len == 0)
			return ak_fail(err, AK_DATA, "a list of chunks is bad");
		chunks_add(chunks, &chunk);
	}
	return 0;
}

/* No part is empty, "." or "..". */
static bool
path_good(const uint8_t *path, size_t len)
{
	size_t begin = 0;

	if (memchr(path, '\0', len))
		return false;
	for (size_t i = 0; len > 0 && i <= len; i++) {
		size_t n = i - begin;

		if (i < len && path[i] != '/')
			continue;
		if (n == 0 || (n == 1 && path[begin] == '.') ||
		    (n == 2 && path[begin] == '.' && path[begin + 1] == '.'))
			return false;
		begin = i + 1;
	}
	return true;
}

static void
get_path(struct input *in, struct entry *entry, const uint8_t *before,
    size_t before_len)
{
	size_t shared = (size_t)get_varint(in, before ? before_len : 0);
	size_t count = get_count(in, 1);
	const uint8_t *rest = get_raw(in, count);

	if (!rest || in->bad || shared + count > PATH_LIMIT) {
		in->bad = true;
		return;
	}
	entry->path = ak_malloc(shared + count + 1);
	if (shared > 0)
		memcpy(entry->path, before, shared);
	memcpy(entry->path + shared, rest, count);
	entry->path_len = shared + count;
	entry->path[entry->path_len] = '\0';
	if (!path_good(entry->path, entry->path_len) ||
	    (before &&
		tree_compare(before, before_len, entry->path,
		    entry->path_len) >= 0))
		in->bad = true;
}

static void
get_xattrs(struct input *in, struct entry *entry)
{
	size_t count = get_count(in, 2);

	if (count == 0)
		in->bad = true;
	if (in->bad)
		return;
	entry->xattrs = ak_calloc(count, sizeof(*entry->xattrs));
	for (size_t i = 0; i < count && !in->bad; i++) {
		struct xattr *x = &entry->xattrs[entry->xattr_count++];
		size_t len;

		x->name = get_bytes(in, &len, true);
		x->value = get_bytes(in, &x->len, false);
	}
}

/* Ascending, apart, none empty, and inside the file. */
static void
get_holes(struct input *in, struct entry *entry)
{
	size_t count = get_count(in, 2);
	uint64_t at = 0;

	if (count == 0 || entry->type != ENTRY_FILE)
		in->bad = true;
	if (in->bad)
		return;
	entry->holes = ak_calloc(count, sizeof(*entry->holes));
	for (size_t i = 0; i < count && !in->bad; i++) {
		uint64_t offset = get_varint(in, entry->size);
		uint64_t len = get_varint(in, entry->size - offset);

		if (len == 0 || offset < at)
			in->bad = true;
		at = offset + len;
		entry->holes[entry->hole_count++] = (struct hole){ offset,
			len };
	}
}

/* The bytes of all chunks and holes are the size of the file. */
static bool
adds_up(const struct entry *entry)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < entry->hole_count; i++)
		sum += entry->holes[i].len;
	for (size_t i = 0; i < entry->chunks.count; i++)
		if (__builtin_add_overflow(sum, entry->chunks.items[i].len,
			&sum))
			return false;
	return sum == entry->size;
}

static void
get_chunks(struct input *in, struct entry *entry, unsigned has)
{
	size_t count = get_count(in, ID_LEAST);
	struct chunks *chunks = has & TREE_HAS_LISTS ? &entry->lists
						     : &entry->chunks;

	if (in->bad || ((has & TREE_HAS_LISTS) && count == 0) ||
	    (entry->type != ENTRY_FILE && count > 0)) {
		in->bad = true;
		return;
	}
	if (count > 0)
		chunks->items = ak_calloc(count, sizeof(*chunks->items));
	chunks->cap = count;
	while (chunks->count < count && !in->bad) {
		struct chunk *chunk = &chunks->items[chunks->count++];

		get_chunk(in, chunk);
		in->bad = in->bad || chunk->len == 0;
	}
	if (!(has & TREE_HAS_LISTS) && !adds_up(entry))
		in->bad = true;
}

static void
get_entry(struct input *in, struct entry *entry)
{
	unsigned has;

	entry->type = (enum entry_type)get_varint(in, ENTRY_TYPES - 1);
	has = (unsigned)get_varint(in, TREE_HAS_ALL);
	entry->changed = has & TREE_HAS_CHANGED;
	entry->mode = (uint32_t)get_varint(in, 07777);
	entry->uid = (uint32_t)get_varint(in, UINT32_MAX);
	entry->gid = (uint32_t)get_varint(in, UINT32_MAX);
	entry->mtime = get_time(in);
	entry->ctime = get_time(in);
	entry->size = get_varint(in, INT64_MAX);
	entry->ino = get_varint(in, UINT64_MAX);
	entry->dev = get_varint(in, UINT64_MAX);
	entry->link_group = get_varint(in, UINT64_MAX);
	if (entry->type == 0 || (entry->type != ENTRY_FILE && entry->size > 0))
		in->bad = true;
	if (entry->type == ENTRY_LINK)
		entry->link = get_bytes(in, &entry->link_len, true);
	if (entry->type == ENTRY_CHAR || entry->type == ENTRY_BLOCK)
		entry->rdev = get_varint(in, UINT64_MAX);
	if (has & TREE_HAS_XATTRS)
		get_xattrs(in, entry);
	if (has & TREE_HAS_HOLES)
		get_holes(in, entry);
	if (has & TREE_HAS_FLAGS)
		entry->flags = (uint32_t)get_varint(in, UINT32_MAX);
	get_chunks(in, entry, has);
}

int
tree_decode(const uint8_t **at, const uint8_t *end, struct entry *entry,
    const uint8_t *before, size_t before_len, struct ak_err *err)
{
	struct input in = { .at = *at, .end = end };
	struct entry got = { 0 };

	get_path(&in, &got, before, before_len);
	if (!in.bad)
		get_entry(&in, &got);
	if (in.bad) {
		entry_free(&got);
		return ak_fail(err, AK_DATA, "an entry of a tree is bad");
	}
	*entry = got;
	*at = in.at;
	return 0;
}
