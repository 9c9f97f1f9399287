/*
 * acl - POSIX ACLs as Linux keeps them in xattrs (linux/posix_acl_xattr.h).
 */
#ifndef BACKUP_ACL_H
#define BACKUP_ACL_H

#include "tools/backup/meta.h"

#define ACL_ACCESS "system.posix_acl_access"
#define ACL_DEFAULT "system.posix_acl_default"
#define ACL_MOST 1024 /* entries; file systems keep fewer */

enum acl_tag {
	ACL_USER_OBJ = 0x01,
	ACL_USER = 0x02,
	ACL_GROUP_OBJ = 0x04,
	ACL_GROUP = 0x08,
	ACL_MASK = 0x10,
	ACL_OTHER = 0x20,
};

struct acl_entry {
	enum acl_tag tag;
	unsigned perm; /* 4 read, 2 write, 1 execute */
	uint32_t id;   /* of ACL_USER and ACL_GROUP */
};

/* How many there are. */
size_t acl_read(const struct xattr *xattr, struct acl_entry entries[ACL_MOST]);
/* As an xattr; sorts them as the kernel wants: by tag, then by number. */
void acl_add(struct entry *entry, const char *name, struct acl_entry *entries,
    size_t count);

#endif
