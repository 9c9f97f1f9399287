/*
 * tree - the order of entries, and one entry as bytes.
 */
#include "tools/backup/tree.h"

#include <string.h>

static int
rank(uint8_t byte)
{
	return byte == '/' ? 0 : byte;
}

int
tree_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	size_t len = a_len < b_len ? a_len : b_len;

	for (size_t i = 0; i < len; i++)
		if (a[i] != b[i])
			return rank(a[i]) - rank(b[i]);
	return (a_len > b_len) - (a_len < b_len);
}

static void
put_varint(struct ak_buf *buf, uint64_t value)
{
	while (value >= 0x80) {
		ak_buf_char(buf, (char)(value | 0x80));
		value >>= 7;
	}
	ak_buf_char(buf, (char)value);
}

static void
put_bytes(struct ak_buf *buf, const void *data, size_t len)
{
	put_varint(buf, len);
	ak_buf_add(buf, data, len);
}

static void
put_time(struct ak_buf *buf, int64_t ns)
{
	uint8_t bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)((uint64_t)ns >> (8 * i));
	ak_buf_add(buf, bytes, sizeof(bytes));
}

void
tree_encode_chunks(struct ak_buf *buf, const struct chunk *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		ak_buf_add(buf, items[i].id, ID_SIZE);
		put_varint(buf, items[i].len);
	}
}

static unsigned
has_of(const struct entry *entry)
{
	return (entry->xattr_count > 0 ? TREE_HAS_XATTRS : 0U) |
	    (entry->hole_count > 0 ? TREE_HAS_HOLES : 0U) |
	    (entry->changed ? TREE_HAS_CHANGED : 0U) |
	    (entry->flags != 0 ? TREE_HAS_FLAGS : 0U) |
	    (entry->lists.count > 0 ? TREE_HAS_LISTS : 0U);
}

static void
put_path(struct ak_buf *buf, const struct entry *entry, const uint8_t *before,
    size_t before_len)
{
	size_t shared = 0, len = entry->path_len;

	while (before && shared < len && shared < before_len &&
	    entry->path[shared] == before[shared])
		shared++;
	put_varint(buf, shared);
	put_bytes(buf, entry->path ? entry->path + shared : NULL, len - shared);
}

static void
put_extras(struct ak_buf *buf, const struct entry *entry, unsigned has)
{
	if (entry->type == ENTRY_LINK)
		put_bytes(buf, entry->link, entry->link_len);
	if (entry->type == ENTRY_CHAR || entry->type == ENTRY_BLOCK)
		put_varint(buf, entry->rdev);
	if (has & TREE_HAS_XATTRS)
		put_varint(buf, entry->xattr_count);
	for (size_t i = 0; i < entry->xattr_count; i++) {
		const struct xattr *x = &entry->xattrs[i];

		put_bytes(buf, x->name, strlen(x->name));
		put_bytes(buf, x->value, x->len);
	}
	if (has & TREE_HAS_HOLES)
		put_varint(buf, entry->hole_count);
	for (size_t i = 0; i < entry->hole_count; i++) {
		put_varint(buf, entry->holes[i].offset);
		put_varint(buf, entry->holes[i].len);
	}
	if (has & TREE_HAS_FLAGS)
		put_varint(buf, entry->flags);
}

void
tree_encode(struct ak_buf *buf, const struct entry *entry,
    const uint8_t *before, size_t before_len)
{
	unsigned has = has_of(entry);
	const struct chunks *chunks = has & TREE_HAS_LISTS ? &entry->lists
							   : &entry->chunks;

	put_path(buf, entry, before, before_len);
	ak_buf_char(buf, (char)entry->type);
	ak_buf_char(buf, (char)has);
	put_varint(buf, entry->mode);
	put_varint(buf, entry->uid);
	put_varint(buf, entry->gid);
	put_time(buf, entry->mtime);
	put_time(buf, entry->ctime);
	put_varint(buf, entry->size);
	put_varint(buf, entry->ino);
	put_varint(buf, entry->dev);
	put_varint(buf, entry->link_group);
	put_extras(buf, entry, has);
	put_varint(buf, chunks->count);
	tree_encode_chunks(buf, chunks->items, chunks->count);
}
