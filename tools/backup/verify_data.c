/*
 * verify_data - does every frame open, and has every chunk its hash?
 *
 * The tags of the cipher cover all bytes of a pack: its head and the heads of
 * frames are what is authenticated beside them, and the footer is sealed, too.
 * So the pack is read once, and its name not hashed as well.
 */
#include <string.h>

#include "lib/str.h"
#include "tools/backup/pool.h"
#include "tools/backup/verify.h"

struct reading {
	struct verify *verify;
	uint32_t *packs; /* numbers in the index, oldest read first */
	size_t count;
	bool *bad;
};

struct own {
	struct pack_reader *reader;
	struct pack_plain plain;
};

static void *
begin(void *arg)
{
	struct reading *reading = arg;
	struct own *own = ak_calloc(1, sizeof(*own));

	own->reader = pack_reader_new(reading->verify->session.repo);
	return own;
}

static void
end(void *arg)
{
	struct own *own = arg;

	pack_reader_free(own->reader);
	pack_plain_free(&own->plain);
	free(own);
}

static bool
chunks_hold(const struct index *index, const struct pack_plain *plain,
    struct place place)
{
	const uint8_t *at = plain->data + plain->begin;
	uint8_t id[ID_SIZE];

	for (size_t i = 0; i < plain->count; i++) {
		seal_hash(at, plain->lens[i], id);
		place.ordinal = (uint32_t)i;
		if (!place_holds(index, id, &place))
			return false;
		at += plain->lens[i];
	}
	return true;
}

/* Chunks in it, 0 when it is damaged and told, -1. */
static int
read_frame(struct reading *reading, struct own *own, struct place place,
    struct ak_err *err)
{
	const struct index *index = reading->verify->session.index;
	const struct pack_list *list = index_pack(index, place.pack);
	struct pack_at at = { .pack = list->pack,
		.kind = list->kind,
		.number = place.frame,
		.frame = &list->frames[place.frame] };
	struct ak_err why = { 0 };
	char name[PACK_NAME];

	if (pack_read_frame(own->reader, &at, false, &own->plain, &why) == 0) {
		if (chunks_hold(index, &own->plain, place))
			return (int)own->plain.count;
		ak_err_set(&why, AK_DATA, "a chunk has not its hash");
	}
	if (why.code != AK_DATA && why.code != AK_NOINPUT &&
	    why.code != AK_IO) {
		*err = why;
		return -1;
	}
	pack_name(list->pack, list->kind, name);
	damage_add(&reading->verify->damage, name, place.frame, why.text);
	return 0;
}

/* 1 it is well, 0 it is not and that is told, -1. */
static int
read_footer(struct reading *reading, struct own *own,
    const struct pack_list *list, struct ak_err *err)
{
	struct pack_list footer = { 0 };
	struct ak_err why = { 0 };
	char name[PACK_NAME];

	pack_name(list->pack, list->kind, name);
	if (pack_read_footer(own->reader, name, &footer, &why) == 0) {
		pack_list_free(&footer);
		return 1;
	}
	if (why.code != AK_DATA && why.code != AK_NOINPUT &&
	    why.code != AK_IO) {
		*err = why;
		return -1;
	}
	damage_add(&reading->verify->damage, name, DAMAGE_WHOLE, why.text);
	return 0;
}

static int
each(void *arg, void *mine, size_t item, struct ak_err *err)
{
	struct reading *reading = arg;
	struct verify *verify = reading->verify;
	uint32_t number = reading->packs[item];
	const struct pack_list *list = index_pack(verify->session.index,
	    number);
	int got = read_footer(reading, mine, list, err);
	uint64_t chunks = 0;

	/* Frames of a pack whose footer is lost are still frames. */
	reading->bad[item] = got != 1;
	for (size_t i = 0; i < list->frame_count && got != -1; i++) {
		got = read_frame(reading, mine,
		    (struct place){ .pack = number, .frame = (uint32_t)i },
		    err);
		reading->bad[item] |= got <= 0;
		chunks += got > 0 ? (uint64_t)got : 0;
		if (got != -1)
			verify_tell(verify,
			    list->frames[i].clen + PACK_FRAME_HEAD, 0);
	}
	if (got == -1)
		return -1;
	verify_tell(verify, 0, chunks);
	return 0;
}

struct due {
	uint32_t pack;
	int64_t time;
};

static int
older(const void *a, const void *b)
{
	const struct due *left = a, *right = b;

	return (left->time > right->time) - (left->time < right->time);
}

static void
choose(struct reading *reading)
{
	struct verify *verify = reading->verify;
	const struct index *index = verify->session.index;
	size_t count = index_pack_count(index);
	AK_FREE struct due *due = ak_calloc(count + 1, sizeof(*due));

	for (size_t i = 0; i < count; i++) {
		const struct pack_list *list = index_pack(index, (uint32_t)i);

		if (index_trashed(index, (uint32_t)i) ||
		    (verify->needed && !verify->needed[i]) ||
		    !verify_wanted(verify, list->pack))
			continue;
		due[reading->count++] = (struct due){ .pack = (uint32_t)i,
			.time = verified_time(&verify->verified, list->pack) };
		for (size_t j = 0; j < list->frame_count; j++)
			verify->total_bytes += list->frames[j].clen;
	}
	qsort(due, reading->count, sizeof(*due), older);
	reading->packs = ak_calloc(count + 1, sizeof(*reading->packs));
	for (size_t i = 0; i < reading->count; i++)
		reading->packs[i] = due[i].pack;
}

int
verify_data(struct verify *verify, struct ak_err *err)
{
	struct reading reading = { .verify = verify };
	struct pool pool = {
		.begin = begin, .end = end, .each = each, .arg = &reading
	};
	int64_t now = ak_str_now();
	int got;

	choose(&reading);
	reading.bad = ak_calloc(reading.count + 1, sizeof(*reading.bad));
	pool.count = reading.count;
	got = pool_run(&pool, err);
	for (size_t i = 0; i < reading.count && got == 0; i++)
		if (!reading.bad[i])
			verified_set(&verify->verified,
			    index_pack(verify->session.index, reading.packs[i])
				->pack,
			    now);
	free(reading.packs);
	free(reading.bad);
	return got;
}
