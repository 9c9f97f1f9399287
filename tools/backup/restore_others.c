/*
 * restore_others - sources that lie in another.
 */
#include <string.h>

#include "tools/backup/restore.h"

static int
collect(void *arg, const struct snap_source *source AK_UNUSED, const char *path,
    const struct entry *entry, struct ak_err *err AK_UNUSED)
{
	struct restore *restore = arg;

	if (entry->type == ENTRY_DIR)
		return 0;
	restore->others = ak_resize(restore->others, restore->other_count + 1,
	    sizeof(*restore->others));
	restore->others[restore->other_count++] = ak_strdup(path);
	return 0;
}

/* What is lost of a tree is told when it is restored. */
static void
on_lost(void *arg AK_UNUSED, const struct snap_source *source AK_UNUSED,
    const struct ak_err *why AK_UNUSED)
{
}

static int
order_paths(const void *a, const void *b)
{
	const char *const *one = a, *const *other = b;

	return strcmp(*one, *other);
}

int
restore_others_collect(struct restore *restore, struct ak_err *err)
{
	struct wanted all = { 0 };
	struct visit visit = { &restore->session, restore->snap, &all, collect,
		on_lost, restore };

	for (size_t i = 0; i < restore->snap->source_count; i++) {
		const struct snap_source *source = &restore->snap->sources[i];

		if (ak_streq(source->type, "sqlite") &&
		    visit_source(&visit, source, err) == -1)
			return -1;
	}
	if (restore->other_count > 1)
		qsort(restore->others, restore->other_count,
		    sizeof(*restore->others), order_paths);
	return 0;
}

void
restore_others_free(struct restore *restore)
{
	for (size_t i = 0; i < restore->other_count; i++)
		free(restore->others[i]);
	free(restore->others);
}

/* A directory named besides the one it is in. */
static bool
in_nested(const struct restore *restore, const char *path)
{
	size_t own = strlen(restore->source->prefix);

	for (size_t i = 0; i < restore->snap->source_count; i++) {
		const struct snap_source *other = &restore->snap->sources[i];
		size_t len = strlen(other->prefix);

		if (!other->failed && len > own &&
		    ak_streq(other->type, "dir") &&
		    strncmp(path, other->prefix, len) == 0 &&
		    (path[len] == '\0' || path[len] == '/'))
			return true;
	}
	return false;
}

bool
restore_is_others(const struct restore *restore, const char *path)
{
	if (!ak_streq(restore->source->type, "dir"))
		return false;
	if (restore->other_count > 0 &&
	    bsearch(&path, restore->others, restore->other_count,
		sizeof(*restore->others), order_paths) != NULL)
		return true;
	return in_nested(restore, path);
}

static int
deepest_first(const void *a, const void *b)
{
	const struct snap_source *const *one = a, *const *other = b;
	size_t x = strlen((*one)->prefix), y = strlen((*other)->prefix);
	bool one_dir = ak_streq((*one)->type, "dir");
	bool other_dir = ak_streq((*other)->type, "dir");

	if (one_dir != other_dir)
		return one_dir - other_dir;
	if (x != y)
		return x > y ? -1 : 1;
	return (*one > *other) - (*one < *other);
}

const struct snap_source **
restore_order(const struct snap *snap)
{
	const struct snap_source **order = ak_calloc(snap->source_count + 1,
	    sizeof(struct snap_source *));

	for (size_t i = 0; i < snap->source_count; i++)
		order[i] = &snap->sources[i];
	qsort(order, snap->source_count, sizeof(struct snap_source *),
	    deepest_first);
	return order;
}
