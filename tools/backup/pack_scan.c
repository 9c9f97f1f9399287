/*
 * pack_scan - a pack without its footer: frame by frame from the front.
 *
 * A frame whose head is whole and whose bytes are not is listed without chunks,
 * and the next is looked for behind it. Ids are made anew from the bytes.
 */
#include <string.h>

#include "tools/backup/pack_reader.h"

struct scan {
	struct pack_reader *reader;
	const char *name;
	uint64_t at, size;
	struct pack_list *list;
	struct pack_plain plain;
};

static void
add_chunks(struct scan *scan, uint32_t number)
{
	struct pack_list *list = scan->list;
	const uint8_t *data = scan->plain.data + scan->plain.begin;

	list->chunks = ak_resize(list->chunks,
	    list->chunk_count + scan->plain.count + 1, sizeof(*list->chunks));
	for (size_t i = 0; i < scan->plain.count; i++) {
		struct pack_chunk *chunk = &list->chunks[list->chunk_count++];

		chunk->frame = number;
		chunk->len = scan->plain.lens[i];
		seal_hash(data, chunk->len, chunk->id);
		data += chunk->len;
	}
}

/* 1 a frame, 0 no more, -1. */
static int
scan_one(struct scan *scan, struct ak_err *err)
{
	struct store *store = scan->reader->repo->store;
	struct pack_frame frame = { .offset = scan->at };
	uint32_t number = (uint32_t)scan->list->frame_count;
	uint8_t head[PACK_FRAME_HEAD];
	struct ak_err broken = { 0 };

	if (scan->size - scan->at < PACK_FRAME_HEAD || number == PACK_FRAMES)
		return 0;
	if (store->ops->get(store, scan->name, scan->at, head, sizeof(head),
		err) == -1)
		return -1;
	if (!pack_frame_parse(head, &frame) ||
	    frame.clen > scan->size - scan->at - PACK_FRAME_HEAD)
		return 0;
	ak_buf_reset(&scan->reader->sealed);
	ak_buf_grow(&scan->reader->sealed, frame.clen);
	if (store->ops->get(store, scan->name, scan->at + PACK_FRAME_HEAD,
		scan->reader->sealed.data, frame.clen, err) == -1)
		return -1;
	scan->list->frames = ak_resize(scan->list->frames, number + 1,
	    sizeof(frame));
	scan->list->frames[scan->list->frame_count++] = frame;
	if (pack_frame_open(scan->reader, &frame, number, &scan->plain,
		&broken) == 0)
		add_chunks(scan, number);
	scan->at += PACK_FRAME_HEAD + frame.clen;
	return 1;
}

/* Frames at the end that hold nothing: the footer, taken for one, or worse. */
static void
drop_empty(struct pack_list *list)
{
	uint32_t used = list->chunk_count == 0
	    ? 0
	    : list->chunks[list->chunk_count - 1].frame + 1;

	list->frame_count = used;
}

int
pack_scan(struct pack_reader *reader, const char *name, struct pack_list *list,
    struct ak_err *err)
{
	struct store *store = reader->repo->store;
	struct scan scan = { .reader = reader, .name = name, .at = PACK_HEAD };
	struct pack_list found = { 0 };
	int result;

	if (!pack_by_name(name, found.pack, &found.kind))
		return ak_fail(err, AK_DATA, "%s: no name of a pack", name);
	if (store->ops->size(store, name, &scan.size, err) == -1 ||
	    pack_reader_begin(reader, name, found.kind, false, err) == -1)
		return -1;
	scan.list = &found;
	found.size = scan.size;
	do {
		result = scan_one(&scan, err);
	} while (result == 1);
	pack_plain_free(&scan.plain);
	drop_empty(&found);
	if (result == 0)
		*list = found;
	else
		pack_list_free(&found);
	return result;
}
