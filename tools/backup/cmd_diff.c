/*
 * cmd_diff - from one snapshot to another, source by source.
 *
 * Trees are read side by side. A file is the same when its chunks are: the same
 * bytes are cut alike in one repository.
 */
#include <string.h>

#include "tools/backup/commands.h"
#include "tools/backup/session.h"

#define FRAMES 4

static const struct ak_view view = {
	"change",
	AK_COLUMNS({ "change", "CHANGE", AK_SHOW_TEXT, 7,
		       "removed=red added=green" },
	    { "was_bytes", "WAS", AK_SHOW_SIZE, 6, NULL },
	    { "size_bytes", "SIZE", AK_SHOW_SIZE, 6, NULL },
	    { "path", "PATH", AK_SHOW_TEXT, 0, NULL },
	    { "what", "WHAT", AK_SHOW_TEXT, 0, NULL }),
	true,
};

/* One side: where its tree is. */
struct side {
	struct tree_reader *reader;
	struct entry *entry; /* NULL at the end */
};

struct diff {
	struct ak_ctx *ctx;
	struct session session;
	const char *prefix;
	bool any;
};

static bool
same_chunks(const struct entry *a, const struct entry *b)
{
	return a->size == b->size && a->chunks.count == b->chunks.count &&
	    a->hole_count == b->hole_count &&
	    (a->hole_count == 0 ||
		memcmp(a->holes, b->holes, a->hole_count * sizeof(*a->holes)) ==
		    0) &&
	    (a->chunks.count == 0 ||
		memcmp(a->chunks.items, b->chunks.items,
		    a->chunks.count * sizeof(*a->chunks.items)) == 0);
}

static bool
same_xattrs(const struct entry *a, const struct entry *b)
{
	if (a->xattr_count != b->xattr_count)
		return false;
	for (size_t i = 0; i < a->xattr_count; i++) {
		const struct xattr *x = &a->xattrs[i], *y = &b->xattrs[i];

		if (strcmp(x->name, y->name) != 0 || x->len != y->len ||
		    memcmp(x->value, y->value, x->len) != 0)
			return false;
	}
	return true;
}

enum { WHAT_MOST = 8 };

static size_t
what_differs(const struct entry *a, const struct entry *b,
    const char *what[WHAT_MOST])
{
	size_t n = 0;

	if (a->type != b->type)
		what[n++] = "type";
	if (a->type == ENTRY_FILE && b->type == ENTRY_FILE &&
	    !same_chunks(a, b))
		what[n++] = "bytes";
	if (a->link_len != b->link_len ||
	    (a->link_len > 0 && memcmp(a->link, b->link, a->link_len) != 0))
		what[n++] = "target";
	if (a->mode != b->mode)
		what[n++] = "mode";
	if (a->uid != b->uid || a->gid != b->gid)
		what[n++] = "owner";
	if (!same_xattrs(a, b))
		what[n++] = "attributes";
	if (a->flags != b->flags || a->rdev != b->rdev)
		what[n++] = "flags";
	if (a->mtime != b->mtime)
		what[n++] = "mtime";
	return n;
}

static void
record(struct diff *diff, const char *change, const struct entry *a,
    const struct entry *b)
{
	struct ak_out *out = diff->ctx->out;
	const struct entry *either = b ? b : a;
	AK_BUF struct ak_buf path = { 0 };
	const char *what[WHAT_MOST];
	size_t n = a && b ? what_differs(a, b, what) : 0;

	if (!either || (a && b && n == 0))
		return;
	diff->any = true;
	path_join(&path, diff->prefix, (const char *)either->path);
	ak_out_begin(out, &view);
	ak_out_str(out, "change", change);
	ak_out_str(out, "path", path.len > 0 ? path.data : "/");
	ak_out_str(out, "kind", entry_type_name(either->type));
	if (a && a->type == ENTRY_FILE)
		ak_out_int(out, "was_bytes", (int64_t)a->size);
	if (b && b->type == ENTRY_FILE)
		ak_out_int(out, "size_bytes", (int64_t)b->size);
	if (n > 0) {
		ak_out_list(out, "what");
		for (size_t i = 0; i < n; i++)
			ak_out_item(out, what[i]);
		ak_out_list_end(out);
	}
	ak_out_end(out);
}

static int
step(struct side *side, struct ak_err *err)
{
	int got = tree_reader_next(side->reader, &side->entry, err);

	if (got != 1)
		side->entry = NULL;
	return got == -1 ? -1 : 0;
}

static int
compare_next(struct diff *diff, struct side *a, struct side *b,
    struct ak_err *err)
{
	int order = !a->entry ? 1
	    : !b->entry	      ? -1
			      : tree_compare(a->entry->path, a->entry->path_len,
				    b->entry->path, b->entry->path_len);

	if (order < 0)
		record(diff, "removed", a->entry, NULL);
	else if (order > 0)
		record(diff, "added", NULL, b->entry);
	else
		record(diff, "changed", a->entry, b->entry);
	if (order <= 0 && step(a, err) == -1)
		return -1;
	return order >= 0 ? step(b, err) : 0;
}

/* NULL for a source that one of them does not have: an empty tree. */
static int
compare(struct diff *diff, struct loader *other, const struct snap_source *a,
    const struct snap_source *b)
{
	static const struct chunks none = { 0 };
	struct ak_err *err = &diff->ctx->err;
	struct side one = { tree_reader_new(diff->session.loader,
				a && !a->failed ? &a->tree : &none),
		NULL };
	struct side two = {
		tree_reader_new(other, b && !b->failed ? &b->tree : &none), NULL
	};
	int got;

	diff->prefix = a ? a->prefix : b->prefix;
	got = step(&one, err) == -1 || step(&two, err) == -1 ? -1 : 0;
	while (got == 0 && (one.entry || two.entry) &&
	    !ak_out_failed(diff->ctx->out))
		got = compare_next(diff, &one, &two, err);
	tree_reader_free(one.reader);
	tree_reader_free(two.reader);
	return got;
}

static const struct snap_source *
source_of(const struct snap *snap, const char *name)
{
	for (size_t i = 0; i < snap->source_count; i++)
		if (ak_streq(snap->sources[i].name, name))
			return &snap->sources[i];
	return NULL;
}

static int
compare_all(struct diff *diff, struct loader *other, const struct snap *a,
    const struct snap *b)
{
	for (size_t i = 0; i < a->source_count; i++)
		if (compare(diff, other, &a->sources[i],
			source_of(b, a->sources[i].name)) == -1)
			return -1;
	for (size_t i = 0; i < b->source_count; i++)
		if (!source_of(a, b->sources[i].name) &&
		    compare(diff, other, NULL, &b->sources[i]) == -1)
			return -1;
	return diff->any ? 1 : 0;
}

int
diff_run(struct ak_ctx *ctx, int count AK_UNUSED, char *operands[])
{
	struct diff diff = { .ctx = ctx };
	struct snap *a = NULL, *b = NULL;
	struct loader *other;
	int got = session_open(&diff.session, ctx, FRAMES);

	if (got == 0)
		got = snap_find(diff.session.repo, operands[0], &a, &ctx->err);
	if (got == 0)
		got = snap_find(diff.session.repo, operands[1], &b, &ctx->err);
	if (got == 0) {
		other = loader_new(diff.session.repo, diff.session.index,
		    FRAMES);
		got = compare_all(&diff, other, a, b);
		loader_free(other);
	}
	if (a)
		snap_free(a);
	if (b)
		snap_free(b);
	session_close(&diff.session);
	return got;
}
