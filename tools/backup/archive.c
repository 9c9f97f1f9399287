/*
 * archive - tar archives by libarchive.
 */
#include "tools/backup/archive.h"

#include <sys/stat.h>

#include <archive.h>
#include <archive_entry.h>
#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <string.h>

#include "tools/backup/acl.h"

#define NS INT64_C(1000000000)
#define BLOCK 65536

struct tar_out {
	struct archive *archive;
	struct archive_entry *entry;
};

struct tar_in {
	struct archive *archive;
};

static const struct {
	enum acl_tag tag;
	int name;
} tags[] = {
	{ ACL_USER_OBJ, ARCHIVE_ENTRY_ACL_USER_OBJ },
	{ ACL_USER, ARCHIVE_ENTRY_ACL_USER },
	{ ACL_GROUP_OBJ, ARCHIVE_ENTRY_ACL_GROUP_OBJ },
	{ ACL_GROUP, ARCHIVE_ENTRY_ACL_GROUP },
	{ ACL_MASK, ARCHIVE_ENTRY_ACL_MASK },
	{ ACL_OTHER, ARCHIVE_ENTRY_ACL_OTHER },
};

static int
failed(struct archive *archive, enum ak_code code, struct ak_err *err)
{
	const char *text = archive_error_string(archive);
	char first = (char)tolower(text ? (unsigned char)*text : 'f');

	text = text && *text ? text : "failed";
	errno = archive_errno(archive);
	if (code == AK_IO && errno > 0)
		return ak_fail_sys(err, code, "archive: %c%s", first, text + 1);
	return ak_fail(err, code, "archive: %c%s", first, text + 1);
}

/* Names are bytes: in this locale libarchive passes them on. */
static void
set_locale(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
}

int
tar_out_open(int fd, int level, struct tar_out **out, struct ak_err *err)
{
	struct tar_out *new = ak_calloc(1, sizeof(*new));
	AK_FREE char *text = ak_printf("%d", level);
	struct archive *a = archive_write_new();

	set_locale();
	new->archive = a;
	new->entry = archive_entry_new();
	if (archive_write_set_format_pax(a) == ARCHIVE_OK &&
	    archive_write_add_filter_zstd(a) == ARCHIVE_OK &&
	    archive_write_set_filter_option(a, "zstd", "compression-level",
		text) == ARCHIVE_OK &&
	    archive_write_set_format_option(a, "pax", "xattrheader",
		"SCHILY") == ARCHIVE_OK &&
	    archive_write_set_bytes_in_last_block(a, 1) == ARCHIVE_OK &&
	    archive_write_open_fd(a, fd) == ARCHIVE_OK) {
		*out = new;
		return 0;
	}
	(void)failed(a, AK_IO, err);
	archive_write_free(a);
	archive_entry_free(new->entry);
	free(new);
	return -1;
}

static int
name_of(enum acl_tag tag)
{
	for (size_t i = 0; i < AK_COUNT(tags); i++)
		if (tags[i].tag == tag)
			return tags[i].name;
	return 0;
}

static void
add_acl(struct archive_entry *to, int type, const struct xattr *x)
{
	struct acl_entry entries[ACL_MOST];
	size_t count = acl_read(x, entries);

	for (size_t i = 0; i < count; i++)
		archive_entry_acl_add_entry(to, type, (int)entries[i].perm,
		    name_of(entries[i].tag), (int)entries[i].id, NULL);
}

static void
add_xattrs(struct archive_entry *to, const struct entry *entry)
{
	for (size_t i = 0; i < entry->xattr_count; i++) {
		const struct xattr *x = &entry->xattrs[i];

		if (ak_streq(x->name, ACL_ACCESS))
			add_acl(to, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, x);
		else if (ak_streq(x->name, ACL_DEFAULT))
			add_acl(to, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, x);
		else
			archive_entry_xattr_add_entry(to, x->name, x->value,
			    x->len);
	}
}

/* What lies between the holes; a file that is one hole has an empty end. */
static void
add_sparse(struct archive_entry *to, const struct entry *entry)
{
	uint64_t at = 0;

	for (size_t i = 0; i < entry->hole_count; i++) {
		const struct hole *hole = &entry->holes[i];

		if (hole->offset > at)
			archive_entry_sparse_add_entry(to, (int64_t)at,
			    (int64_t)(hole->offset - at));
		at = hole->offset + hole->len;
	}
	if (entry->hole_count > 0)
		archive_entry_sparse_add_entry(to, (int64_t)at,
		    (int64_t)(entry->size - at));
}

static struct timespec
split(int64_t ns)
{
	int64_t s = ns / NS - (ns % NS < 0);

	return (struct timespec){ s, ns - s * NS };
}

static void
fill(struct archive_entry *to, const char *path, const struct entry *entry)
{
	struct timespec mtime = split(entry->mtime);
	struct timespec ctime = split(entry->ctime);

	archive_entry_clear(to);
	archive_entry_copy_pathname(to, path);
	archive_entry_set_filetype(to, entry_kind(entry->type));
	archive_entry_set_perm(to, entry->mode);
	archive_entry_set_uid(to, entry->uid);
	archive_entry_set_gid(to, entry->gid);
	archive_entry_set_mtime(to, mtime.tv_sec, mtime.tv_nsec);
	archive_entry_set_ctime(to, ctime.tv_sec, ctime.tv_nsec);
	archive_entry_set_size(to, (int64_t)entry->size);
	archive_entry_set_rdev(to, entry->rdev);
	if (entry->type == ENTRY_LINK)
		archive_entry_copy_symlink(to, entry->link);
	if (entry->flags != 0)
		archive_entry_set_fflags(to, entry->flags, 0);
	add_xattrs(to, entry);
	add_sparse(to, entry);
}

int
tar_out_entry(struct tar_out *out, const char *path, const struct entry *entry,
    const char *first, struct ak_err *err)
{
	int got;

	if (entry->type == ENTRY_SOCKET)
		return 1;
	fill(out->entry, path, entry);
	if (first) {
		archive_entry_copy_hardlink(out->entry, first);
		archive_entry_set_size(out->entry, 0);
		archive_entry_sparse_clear(out->entry);
	}
	got = archive_write_header(out->archive, out->entry);
	return got == ARCHIVE_OK || got == ARCHIVE_WARN
	    ? 0
	    : failed(out->archive, AK_IO, err);
}

int
tar_out_data(struct tar_out *out, const void *data, size_t len,
    struct ak_err *err)
{
	return archive_write_data(out->archive, data, len) == (la_ssize_t)len
	    ? 0
	    : failed(out->archive, AK_IO, err);
}

int
tar_out_close(struct tar_out *out, struct ak_err *err)
{
	int got = archive_write_close(out->archive);

	if (got != ARCHIVE_OK)
		got = failed(out->archive, AK_IO, err);
	archive_write_free(out->archive);
	archive_entry_free(out->entry);
	free(out);
	return got;
}

int
tar_in_open(int fd, struct tar_in **in, struct ak_err *err)
{
	struct archive *a = archive_read_new();

	set_locale();
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_bzip2(a);
	archive_read_support_filter_xz(a);
	archive_read_support_filter_lz4(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_format_tar(a);
	if (archive_read_open_fd(a, fd, BLOCK) != ARCHIVE_OK) {
		(void)failed(a, AK_DATA, err);
		archive_read_free(a);
		return -1;
	}
	*in = ak_calloc(1, sizeof(**in));
	(*in)->archive = a;
	return 0;
}

static enum acl_tag
tag_of(int name)
{
	for (size_t i = 0; i < AK_COUNT(tags); i++)
		if (tags[i].name == name)
			return tags[i].tag;
	return ACL_OTHER;
}

/* The group of the mode is the mask, where there is one. */
static void
get_acl(struct archive_entry *from, int type, const char *name,
    struct entry *entry)
{
	int perm, tag, id, kind, count = archive_entry_acl_reset(from, type);
	bool access = type == ARCHIVE_ENTRY_ACL_TYPE_ACCESS;
	struct acl_entry entries[ACL_MOST];
	const char *who;
	size_t n = 0;

	if (count <= (access ? 3 : 0))
		return;
	while (n < ACL_MOST &&
	    archive_entry_acl_next(from, type, &kind, &perm, &tag, &id, &who) ==
		ARCHIVE_OK) {
		entries[n++] = (struct acl_entry){ tag_of(tag),
			(unsigned)perm & 7, (uint32_t)id };
		if (access && tag == ARCHIVE_ENTRY_ACL_MASK)
			entry->mode = (entry->mode & ~070U) |
			    ((unsigned)perm & 7) << 3;
	}
	acl_add(entry, name, entries, n);
}

static void
get_xattrs(struct archive_entry *from, struct entry *entry)
{
	const char *name;
	const void *value;
	size_t len;

	archive_entry_xattr_reset(from);
	while (archive_entry_xattr_next(from, &name, &value, &len) ==
	    ARCHIVE_OK)
		entry_add_xattr(entry, name, value, len);
	get_acl(from, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, ACL_ACCESS, entry);
	get_acl(from, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, ACL_DEFAULT, entry);
	entry_sort_xattrs(entry);
}

static void
add_hole(struct entry *entry, int64_t from, int64_t to)
{
	if (to <= from)
		return;
	entry->holes = ak_resize(entry->holes, entry->hole_count + 1,
	    sizeof(*entry->holes));
	entry->holes[entry->hole_count++] = (struct hole){ (uint64_t)from,
		(uint64_t)(to - from) };
}

static void
get_holes(struct archive_entry *from, struct entry *entry)
{
	int64_t offset, len, at = 0;

	if (archive_entry_sparse_reset(from) == 0)
		return;
	while (archive_entry_sparse_next(from, &offset, &len) == ARCHIVE_OK) {
		add_hole(entry, at, offset);
		at = offset + len;
	}
	add_hole(entry, at, (int64_t)entry->size);
}

static int64_t
time_of(time_t s, long ns)
{
	int64_t whole;

	return __builtin_mul_overflow((int64_t)s, NS, &whole) ? INT64_MAX
							      : whole + ns;
}

static void
get_entry(struct archive_entry *from, struct entry *entry)
{
	const char *link = archive_entry_symlink(from);
	unsigned long set = 0, clear = 0;

	*entry = (struct entry){
		.type = entry_type_of(archive_entry_filetype(from)),
		.mode = archive_entry_perm(from),
		.uid = (uint32_t)archive_entry_uid(from),
		.gid = (uint32_t)archive_entry_gid(from),
		.mtime = time_of(archive_entry_mtime(from),
		    archive_entry_mtime_nsec(from)),
		.ctime = time_of(archive_entry_ctime(from),
		    archive_entry_ctime_nsec(from)),
		.rdev = archive_entry_rdev(from)
	};
	archive_entry_fflags(from, &set, &clear);
	entry->flags = (uint32_t)set &
	    (ENTRY_IMMUTABLE | ENTRY_APPEND | ENTRY_NODUMP);
	if (entry->type == ENTRY_FILE)
		entry->size = (uint64_t)archive_entry_size(from);
	if (entry->type == ENTRY_LINK) {
		entry->link = ak_strdup(link ? link : "");
		entry->link_len = strlen(entry->link);
	}
	get_xattrs(from, entry);
	if (entry->type == ENTRY_FILE)
		get_holes(from, entry);
}

int
tar_in_next(struct tar_in *in, struct entry *entry, char **path, char **first,
    struct ak_err *err)
{
	struct archive_entry *from;
	const char *name, *link;
	int got = archive_read_next_header(in->archive, &from);

	if (got == ARCHIVE_EOF)
		return 0;
	if (got < ARCHIVE_WARN)
		return failed(in->archive, AK_DATA, err);
	name = archive_entry_pathname(from);
	if (!name)
		return ak_fail(err, AK_DATA, "archive: an entry has no name");
	get_entry(from, entry);
	link = archive_entry_hardlink(from);
	*path = ak_strdup(name);
	*first = link ? ak_strdup(link) : NULL;
	return 1;
}

int
tar_in_data(struct tar_in *in, const void **data, size_t *len,
    struct ak_err *err)
{
	la_int64_t offset;
	int got = archive_read_data_block(in->archive, data, len, &offset);

	if (got == ARCHIVE_EOF) {
		*len = 0;
		return 0;
	}
	return got == ARCHIVE_OK || got == ARCHIVE_WARN
	    ? 0
	    : failed(in->archive, AK_DATA, err);
}

void
tar_in_close(struct tar_in *in)
{
	archive_read_free(in->archive);
	free(in);
}
