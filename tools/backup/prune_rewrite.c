/*
 * prune_rewrite - what is needed of sparse packs, into new ones.
 */
#include <string.h>

#include "tools/backup/pool.h"
#include "tools/backup/prune.h"

struct rewrite {
	struct prune *prune;
	uint32_t *packs;
	size_t count;
};

struct own {
	struct pack_reader *reader;
	struct pack_writer *writers[2]; /* a kind each */
	struct pack_plain plain;
};

static int
on_done(void *arg, const struct pack_list *list, struct ak_err *err)
{
	struct session *session = arg;

	if (index_add_pack(session->index, list, err) == -1)
		return -1;
	return index_commit_due(session->repo, session->index, err);
}

static void *
begin(void *arg)
{
	struct rewrite *rewrite = arg;
	struct session *session = &rewrite->prune->session;
	struct own *own = ak_calloc(1, sizeof(*own));

	own->reader = pack_reader_new(session->repo);
	for (int kind = 0; kind < 2; kind++) {
		own->writers[kind] = pack_writer_new(session->repo,
		    (enum pack_kind)kind);
		pack_writer_on_done(own->writers[kind], on_done, session);
	}
	return own;
}

static int
finish(AK_UNUSED void *arg, void *mine, struct ak_err *err)
{
	struct own *own = mine;

	if (pack_writer_end(own->writers[0], err) == -1)
		return -1;
	return pack_writer_end(own->writers[1], err);
}

static void
end(void *mine)
{
	struct own *own = mine;

	pack_writer_free(own->writers[0]);
	pack_writer_free(own->writers[1]);
	pack_reader_free(own->reader);
	pack_plain_free(&own->plain);
	free(own);
}

/* Is anything of this frame needed? Else it is not even read. */
static bool
frame_needed(const struct prune *prune, struct place place)
{
	for (place.ordinal = 0; place.ordinal < PACK_FRAME_CHUNKS;
	     place.ordinal++)
		if (places_has(&prune->closure.seen, &place))
			return true;
	return false;
}

static int
move_chunks(struct prune *prune, struct own *own, const struct pack_at *at,
    struct place place, struct ak_err *err)
{
	const struct pack_plain *plain = &own->plain;
	const uint8_t *data = plain->data + plain->begin;

	for (size_t i = 0; i < plain->count; data += plain->lens[i++]) {
		struct chunk chunk = { .len = plain->lens[i] };

		place.ordinal = (uint32_t)i;
		if (!places_has(&prune->closure.seen, &place))
			continue;
		seal_hash(data, chunk.len, chunk.id);
		if (!place_holds(prune->session.index, chunk.id, &place))
			return ak_fail(err, AK_DATA,
			    "a chunk has not its hash: nothing is removed");
		if (pack_writer_add(own->writers[at->kind], &chunk, data,
			at->frame->codec == PACK_ZSTD, err) == -1)
			return -1;
	}
	return 0;
}

static int
each(void *arg, void *mine, size_t item, struct ak_err *err)
{
	struct rewrite *rewrite = arg;
	struct prune *prune = rewrite->prune;
	struct own *own = mine;
	struct place place = { .pack = rewrite->packs[item] };
	const struct pack_list *list = index_pack(prune->session.index,
	    place.pack);

	for (; place.frame < list->frame_count; place.frame++) {
		struct pack_at at = { .pack = list->pack,
			.kind = list->kind,
			.number = place.frame,
			.frame = &list->frames[place.frame] };

		if (!frame_needed(prune, place))
			continue;
		if (pack_read_frame(own->reader, &at, true, &own->plain, err) ==
			-1 ||
		    move_chunks(prune, own, &at, place, err) == -1)
			return -1;
	}
	return 0;
}

int
prune_rewrite(struct prune *prune, struct ak_err *err)
{
	struct rewrite rewrite = { .prune = prune };
	struct pool pool = { .begin = begin,
		.finish = finish,
		.end = end,
		.each = each,
		.arg = &rewrite };
	int got;

	rewrite.packs = ak_calloc(prune->count + 1, sizeof(*rewrite.packs));
	for (size_t i = 0; i < prune->count; i++)
		if (prune->packs[i].action == PRUNE_REWRITE)
			rewrite.packs[rewrite.count++] = (uint32_t)i;
	pool.count = rewrite.count;
	got = rewrite.count > 0 ? pool_run(&pool, err) : 0;
	free(rewrite.packs);
	return got;
}
