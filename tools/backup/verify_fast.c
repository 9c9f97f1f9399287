/*
 * verify_fast - is all there that snapshots need?
 */
#include <string.h>

#include "tools/backup/verify.h"

/* A snapshot's chunks that no pack has are one finding, with their number. */
struct gaps {
	struct verify *verify;
	const struct snap *snap;
	size_t missing;
	struct ak_err first;
};

static int
on_chunk(void *arg, AK_UNUSED const struct chunk *chunk,
    const struct place *place, AK_UNUSED struct ak_err *err)
{
	struct gaps *gaps = arg;

	gaps->verify->chunks++;
	if (gaps->verify->needed)
		gaps->verify->needed[place->pack] = true;
	return 0;
}

static int
on_missing(void *arg, AK_UNUSED const struct chunk *chunk, struct ak_err *why)
{
	struct gaps *gaps = arg;

	if (gaps->missing++ == 0)
		gaps->first = *why;
	return 0;
}

static void
tell_gaps(struct gaps *gaps)
{
	AK_FREE char *name = ak_printf("snaps/%s", gaps->snap->name);
	AK_FREE char *what = ak_printf("%s (%zu in all)", gaps->first.text,
	    gaps->missing);

	if (gaps->missing > 0)
		damage_add(&gaps->verify->damage, name, DAMAGE_CHUNKS, what);
	gaps->missing = 0;
}

static int
look_at_pack(struct verify *verify, const struct pack_list *list,
    struct ak_err *err)
{
	struct store *store = verify->session.repo->store;
	struct ak_err why = { 0 };
	char name[PACK_NAME];
	uint64_t size;

	pack_name(list->pack, list->kind, name);
	verify->objects++;
	if (store->ops->size(store, name, &size, &why) == -1) {
		if (why.code != AK_NOINPUT && why.code != AK_DATA) {
			*err = why;
			return -1;
		}
		damage_add(&verify->damage, name, DAMAGE_WHOLE, "missing");
	} else if (list->size > 0 && size != list->size) {
		damage_add(&verify->damage, name, DAMAGE_WHOLE,
		    "not as long as it was");
	}
	return 0;
}

static int
look_at_packs(struct verify *verify, struct ak_err *err)
{
	const struct index *index = verify->session.index;

	for (size_t i = 0; i < index_pack_count(index); i++)
		if (!index_trashed(index, (uint32_t)i) &&
		    look_at_pack(verify, index_pack(index, (uint32_t)i), err) ==
			-1)
			return -1;
	return 0;
}

static int
close_over(struct verify *verify, struct snap *const snaps[], size_t count,
    struct ak_err *err)
{
	struct gaps gaps = { .verify = verify };
	struct closure closure = {
		.session = &verify->session,
		.chunk = on_chunk,
		.missing = on_missing,
		.unread = on_missing,
		.arg = &gaps,
	};
	int got = 0;

	for (size_t i = 0; i < count && got == 0; i++) {
		gaps.snap = snaps[i];
		got = closure_add(&closure, snaps[i], err);
		tell_gaps(&gaps);
	}
	closure_free(&closure);
	return got;
}

int
verify_fast(struct verify *verify, const struct snap *snap, struct ak_err *err)
{
	struct snaps snaps = { 0 };
	struct snap *one = (struct snap *)(uintptr_t)snap;
	int got;

	if (look_at_packs(verify, err) == -1)
		return -1;
	if (snap)
		return close_over(verify, &one, 1, err);
	if (snap_list(verify->session.repo, &snaps, err) == -1)
		return -1;
	for (size_t i = 0; i < snaps.bad_count; i++) {
		AK_FREE char *name = ak_printf("snaps/%s", snaps.bad[i]);

		damage_add(&verify->damage, name, DAMAGE_WHOLE,
		    "cannot be read");
	}
	verify->objects += snaps.count;
	got = close_over(verify, snaps.items, snaps.count, err);
	snaps_free(&snaps);
	return got;
}
