/*
 * damage - what is found broken, and what became of it.
 */
#include "tools/backup/damage.h"

#include <string.h>

static const struct ak_view damage_view = {
	"damage",
	AK_COLUMNS({ "object", "OBJECT", AK_SHOW_TEXT, 0, NULL },
	    { "frame", "FRAME", AK_SHOW_NUMBER, 0, NULL },
	    { "state", "STATE", AK_SHOW_TEXT, 0, NULL },
	    { "why", "WHY", AK_SHOW_TEXT, 0, NULL }),
	false,
};

static const struct ak_view lost_view = {
	"lost",
	AK_COLUMNS({ "snapshot", "SNAPSHOT", AK_SHOW_TEXT, 0, NULL },
	    { "path", "PATH", AK_SHOW_TEXT, 0, NULL }),
	false,
};

void
damage_add(struct damage *damage, const char *object, uint32_t frame,
    const char *what)
{
	pthread_mutex_lock(&damage->mutex);
	damage->items = ak_resize(damage->items, damage->count + 1,
	    sizeof(*damage->items));
	damage->items[damage->count++] = (struct damage_item){
		.object = ak_strdup(object),
		.what = ak_strdup(what),
		.frame = frame,
	};
	pthread_mutex_unlock(&damage->mutex);
}

struct damage_item *
damage_find(struct damage *damage, const char *object)
{
	for (size_t i = 0; i < damage->count; i++)
		if (ak_streq(damage->items[i].object, object))
			return &damage->items[i];
	return NULL;
}

void
damage_nothing_lost(struct damage *damage)
{
	for (size_t i = 0; i < damage->count; i++)
		if (damage->items[i].state == DAMAGE_LOST)
			damage->items[i].state = DAMAGE_COPIED;
}

size_t
damage_left(const struct damage *damage)
{
	size_t left = 0;

	for (size_t i = 0; i < damage->count; i++)
		left += damage->items[i].state == DAMAGE_FOUND ||
		    damage->items[i].state == DAMAGE_LOST;
	return left;
}

void
damage_free(struct damage *damage)
{
	for (size_t i = 0; i < damage->count; i++) {
		free(damage->items[i].object);
		free(damage->items[i].what);
	}
	free(damage->items);
	damage->items = NULL;
	damage->count = 0;
}

void
damage_records(const struct damage *damage, struct ak_out *out)
{
	static const char *const states[] = {
		[DAMAGE_FOUND] = "found",
		[DAMAGE_MENDED] = "mended",
		[DAMAGE_COPIED] = "copied",
		[DAMAGE_LOST] = "lost",
	};

	for (size_t i = 0; i < damage->count; i++) {
		const struct damage_item *item = &damage->items[i];

		ak_out_begin(out, &damage_view);
		ak_out_str(out, "object", item->object);
		if (item->frame < DAMAGE_CHUNKS)
			ak_out_int(out, "frame", item->frame);
		ak_out_str(out, "state", states[item->state]);
		ak_out_str(out, "why", item->what);
		ak_out_end(out);
	}
}

struct search {
	const struct damage *damage;
	struct session *session;
	struct ak_out *out;
	const struct snap *snap;
	size_t paths;
};

static bool
place_is_bad(const struct search *search, const struct place *place)
{
	const struct pack_list *list = index_pack(search->session->index,
	    place->pack);
	char name[PACK_NAME];

	pack_name(list->pack, list->kind, name);
	for (size_t i = 0; i < search->damage->count; i++) {
		const struct damage_item *item = &search->damage->items[i];

		if (item->state != DAMAGE_MENDED &&
		    (item->frame == DAMAGE_WHOLE ||
			item->frame == place->frame) &&
		    ak_streq(item->object, name))
			return true;
	}
	return false;
}

/* Every place of it is damaged, or there is none. */
static bool
chunk_is_lost(const struct search *search, const struct chunk *chunk)
{
	struct place place;

	for (size_t n = 0;
	     index_find(search->session->index, chunk->id, n, &place); n++)
		if (!place_is_bad(search, &place))
			return false;
	return true;
}

static void
lost_record(struct search *search, const char *path)
{
	ak_out_begin(search->out, &lost_view);
	ak_out_str(search->out, "snapshot", search->snap->name);
	ak_out_str(search->out, "path", path);
	ak_out_end(search->out);
	search->paths++;
}

static int
search_entry(void *arg, AK_UNUSED const struct snap_source *source,
    const char *path, const struct entry *entry, AK_UNUSED struct ak_err *err)
{
	struct search *search = arg;

	for (size_t i = 0; i < entry->chunks.count; i++)
		if (chunk_is_lost(search, &entry->chunks.items[i])) {
			lost_record(search, path);
			break;
		}
	return 0;
}

/* A part of the tree itself: its source is named, as what is in it cannot be.
 */
static void
search_lost(void *arg, const struct snap_source *source,
    AK_UNUSED const struct ak_err *why)
{
	AK_FREE char *path = ak_printf("%s/...",
	    source->prefix ? source->prefix : "");

	lost_record(arg, path);
}

int
damage_paths(const struct damage *damage, struct session *session,
    struct ak_out *out, size_t *paths, struct ak_err *err)
{
	struct search search = {
		.damage = damage, .session = session, .out = out
	};
	struct snaps snaps = { 0 };
	struct wanted all = { 0 };
	int got = snap_list(session->repo, &snaps, err);

	for (size_t i = 0; got == 0 && i < snaps.count; i++) {
		struct visit visit = { .session = session,
			.snap = search.snap = snaps.items[i],
			.wanted = &all,
			.entry = search_entry,
			.lost = search_lost,
			.arg = &search };

		got = visit_all(&visit, err);
	}
	snaps_free(&snaps);
	*paths = search.paths;
	return got;
}
