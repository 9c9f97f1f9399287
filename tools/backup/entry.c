/*
 * entry - entries and lists of chunks in memory.
 */
#include <sys/stat.h>

#include <string.h>

#include "tools/backup/meta.h"

void
chunks_add(struct chunks *chunks, const struct chunk *chunk)
{
	if (chunks->count == chunks->cap) {
		chunks->cap = chunks->cap > 0 ? chunks->cap * 2 : 1;
		chunks->items = ak_resize(chunks->items, chunks->cap,
		    sizeof(*chunks->items));
	}
	chunks->items[chunks->count++] = *chunk;
}

void
chunks_copy(struct chunks *to, const struct chunks *from)
{
	*to = (struct chunks){ .count = from->count, .cap = from->count };
	if (from->count == 0)
		return;
	to->items = ak_resize(NULL, from->count, sizeof(*to->items));
	memcpy(to->items, from->items, from->count * sizeof(*to->items));
}

void
chunks_free(struct chunks *chunks)
{
	free(chunks->items);
	*chunks = (struct chunks){ 0 };
}

void
entry_free(struct entry *entry)
{
	for (size_t i = 0; i < entry->xattr_count; i++) {
		free(entry->xattrs[i].name);
		free(entry->xattrs[i].value);
	}
	free(entry->xattrs);
	free(entry->path);
	free(entry->link);
	free(entry->holes);
	chunks_free(&entry->chunks);
	chunks_free(&entry->lists);
	*entry = (struct entry){ 0 };
}

/* With a NUL behind, for what takes strings. */
static void *
copy_bytes(const void *from, size_t len)
{
	char *to;

	if (!from)
		return NULL;
	to = ak_malloc(len + 1);
	memcpy(to, from, len);
	to[len] = '\0';
	return to;
}

static void
copy_xattrs(struct entry *to, const struct entry *from)
{
	to->xattrs = NULL;
	if (from->xattr_count == 0)
		return;
	to->xattrs = ak_calloc(from->xattr_count, sizeof(*to->xattrs));
	for (size_t i = 0; i < from->xattr_count; i++) {
		const struct xattr *x = &from->xattrs[i];

		to->xattrs[i].name = ak_strdup(x->name);
		to->xattrs[i].value = copy_bytes(x->value, x->len);
		to->xattrs[i].len = x->len;
	}
}

void
entry_copy(struct entry *to, const struct entry *from)
{
	*to = *from;
	to->path = copy_bytes(from->path, from->path_len);
	to->link = copy_bytes(from->link, from->link_len);
	to->holes = copy_bytes(from->holes,
	    from->hole_count * sizeof(*from->holes));
	copy_xattrs(to, from);
	chunks_copy(&to->chunks, &from->chunks);
	chunks_copy(&to->lists, &from->lists);
}

const char *
entry_type_name(enum entry_type type)
{
	static const char *const names[] = {
		[ENTRY_FILE] = "file",
		[ENTRY_DIR] = "dir",
		[ENTRY_LINK] = "link",
		[ENTRY_FIFO] = "fifo",
		[ENTRY_SOCKET] = "socket",
		[ENTRY_CHAR] = "char",
		[ENTRY_BLOCK] = "block",
	};
	_Static_assert(AK_COUNT(names) == ENTRY_TYPES, "a name each");

	return type > 0 && type < ENTRY_TYPES ? names[type] : "unknown";
}

static const uint32_t kinds[] = {
	[ENTRY_FILE] = S_IFREG,
	[ENTRY_DIR] = S_IFDIR,
	[ENTRY_LINK] = S_IFLNK,
	[ENTRY_FIFO] = S_IFIFO,
	[ENTRY_SOCKET] = S_IFSOCK,
	[ENTRY_CHAR] = S_IFCHR,
	[ENTRY_BLOCK] = S_IFBLK,
};
_Static_assert(AK_COUNT(kinds) == ENTRY_TYPES, "a kind each");

uint32_t
entry_kind(enum entry_type type)
{
	return kinds[type];
}

enum entry_type
entry_type_of(uint32_t mode)
{
	for (unsigned type = ENTRY_FILE; type < ENTRY_TYPES; type++)
		if (kinds[type] == (mode & S_IFMT))
			return (enum entry_type)type;
	return ENTRY_FILE;
}

void
entry_add_xattr(struct entry *entry, const char *name, const void *value,
    size_t len)
{
	entry->xattrs = ak_resize(entry->xattrs, entry->xattr_count + 1,
	    sizeof(*entry->xattrs));
	entry->xattrs[entry->xattr_count++] = (struct xattr){ ak_strdup(name),
		copy_bytes(value, len), len };
}

static int
order_xattrs(const void *a, const void *b)
{
	const struct xattr *one = a, *other = b;

	return strcmp(one->name, other->name);
}

void
entry_sort_xattrs(struct entry *entry)
{
	if (entry->xattr_count > 1)
		qsort(entry->xattrs, entry->xattr_count, sizeof(*entry->xattrs),
		    order_xattrs);
}
