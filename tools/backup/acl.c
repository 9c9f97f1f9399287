/*
 * acl - POSIX ACLs as Linux keeps them in xattrs.
 */
#include "tools/backup/acl.h"

#include <endian.h>
#include <string.h>

#define VERSION 2

struct stored {
	uint16_t tag, perm;
	uint32_t id;
};

size_t
acl_read(const struct xattr *xattr, struct acl_entry entries[ACL_MOST])
{
	size_t n = 0;
	struct stored one;

	for (size_t at = sizeof(uint32_t);
	     at + sizeof(one) <= xattr->len && n < ACL_MOST;
	     at += sizeof(one)) {
		memcpy(&one, xattr->value + at, sizeof(one));
		entries[n++] = (struct acl_entry){ le16toh(one.tag),
			le16toh(one.perm) & 7U, le32toh(one.id) };
	}
	return n;
}

static int
order(const void *a, const void *b)
{
	const struct acl_entry *one = a, *other = b;

	if (one->tag != other->tag)
		return one->tag < other->tag ? -1 : 1;
	return (one->id > other->id) - (one->id < other->id);
}

void
acl_add(struct entry *entry, const char *name, struct acl_entry *entries,
    size_t count)
{
	AK_BUF struct ak_buf buf = { 0 };
	uint32_t version = htole32(VERSION);

	qsort(entries, count, sizeof(*entries), order);
	ak_buf_add(&buf, &version, sizeof(version));
	for (size_t i = 0; i < count; i++) {
		bool named = entries[i].tag == ACL_USER ||
		    entries[i].tag == ACL_GROUP;
		struct stored one = { htole16((uint16_t)entries[i].tag),
			htole16((uint16_t)(entries[i].perm & 7)),
			htole32(named ? entries[i].id : UINT32_MAX) };

		ak_buf_add(&buf, &one, sizeof(one));
	}
	entry_add_xattr(entry, name, buf.data, buf.len);
}
