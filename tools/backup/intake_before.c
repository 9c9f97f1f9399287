/*
 * intake_before - the trees of earlier runs, walked beside a directory.
 *
 * All are sorted alike, so that each is read once and in one pass.
 */
#include "tools/backup/intake.h"

#define RACY_NS INT64_C(2000000000)

/* What is lost of a tree before is read again: the new one lacks nothing. */
static void
next(struct intake *in, struct before *before)
{
	struct ak_err err = { 0 };
	int got;

	do {
		got = tree_reader_next(before->tree, &before->at, &err);
		if (got == -1 && !before->cut_short && in->tell)
			in->tell(in->arg, err.text);
	} while (got == -1 && err.code == AK_DATA);
	if (got != 1)
		before->at = NULL;
}

void
intake_before_begin(struct intake *in)
{
	for (size_t i = 0; i < BEFORES; i++)
		if (in->before[i].tree)
			next(in, &in->before[i]);
}

static const struct entry *
find(struct intake *in, struct before *before, const struct walk_place *place)
{
	while (before->at) {
		int order = tree_compare(before->at->path, before->at->path_len,
		    (const uint8_t *)place->path, place->path_len);

		if (order == 0)
			return before->at;
		if (order > 0)
			return NULL;
		next(in, before);
	}
	return NULL;
}

/* All its chunks are where they can be read, and will be. */
static bool
still_there(const struct index *index, const struct chunks *chunks)
{
	for (size_t i = 0; i < chunks->count; i++) {
		struct place place;

		if (!index_find(index, chunks->items[i].id, 0, &place) ||
		    index_trashed(index, place.pack))
			return false;
	}
	return true;
}

static bool
same_inode(const struct entry *a, const struct entry *b)
{
	return a->type == b->type && a->size == b->size &&
	    a->mtime == b->mtime && a->ctime == b->ctime && a->ino == b->ino &&
	    a->mode == b->mode && a->uid == b->uid && a->gid == b->gid &&
	    a->rdev == b->rdev && a->flags == b->flags;
}

/*
 * A change within the same tick of the clock as the last backup would leave
 * times as they are: what is so new is read again.
 */
static bool
is_unchanged(const struct intake *in, const struct before *before,
    const struct entry *now)
{
	int64_t racy = before->begin - RACY_NS;

	return !in->full && !before->at->changed &&
	    same_inode(now, before->at) && now->mtime < racy &&
	    now->ctime < racy && still_there(in->index, &before->at->chunks);
}

const struct entry *
intake_before(struct intake *in, const struct walk_place *place,
    bool *unchanged)
{
	const struct entry *any = NULL;

	*unchanged = false;
	for (size_t i = 0; i < BEFORES && !*unchanged; i++) {
		const struct entry *found = find(in, &in->before[i], place);

		if (!found)
			continue;
		*unchanged = is_unchanged(in, &in->before[i], place->stat);
		if (!any || *unchanged)
			any = found;
	}
	return any;
}

bool
intake_same_blob(const struct intake *in, const struct walk_place *place,
    const struct entry *before)
{
	return before && !in->full && !before->changed &&
	    before->type == ENTRY_FILE && intake_is_hash(place->name) &&
	    before->size == place->stat->size && before->hole_count == 0 &&
	    still_there(in->index, &before->chunks);
}
