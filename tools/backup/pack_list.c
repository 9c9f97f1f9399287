/*
 * pack_list - what a footer says, as bytes: docs/repository-format.md.
 *
 * Memory is taken for what the bytes can hold, never for what they claim.
 */
#include "tools/backup/pack.h"

#include <stdio.h>
#include <string.h>

#include "lib/crypt.h"
#include "tools/backup/repo_config.h"
#include "tools/backup/varint.h"

#define FRAME_SIZE 17		  /* bytes in a footer */
#define CHUNK_LEAST (ID_SIZE + 2) /* the same of a chunk, at least */
#define OFFSET_MAX ((uint64_t)1 << 40)

static const char
    *const rooms[] = { [PACK_DATA] = "packs", [PACK_META] = "meta" };

void
pack_list_free(struct pack_list *list)
{
	free(list->frames);
	free(list->chunks);
	*list = (struct pack_list){ 0 };
}

void
pack_name(const uint8_t pack[ID_SIZE], enum pack_kind kind,
    char name[PACK_NAME])
{
	AK_BUF struct ak_buf hex = { 0 };

	ak_crypt_hex(&hex, pack, ID_SIZE);
	snprintf(name, PACK_NAME, "%s/%.2s/%s", rooms[kind], hex.data,
	    hex.data);
}

bool
pack_by_name(const char *name, uint8_t pack[ID_SIZE], enum pack_kind *kind)
{
	char again[PACK_NAME];

	for (size_t i = 0; i < AK_COUNT(rooms); i++) {
		size_t len = strlen(rooms[i]) + strlen("/ab/");

		if (strlen(name) != len + (size_t)ID_SIZE * 2 ||
		    !hex_read(name + len, pack, ID_SIZE))
			continue;
		pack_name(pack, (enum pack_kind)i, again);
		*kind = (enum pack_kind)i;
		if (ak_streq(again, name))
			return true;
	}
	return false;
}

static void
add_number(struct ak_buf *buf, uint64_t value, size_t bytes)
{
	uint8_t le[8];

	le_put(le, value, bytes);
	ak_buf_add(buf, le, bytes);
}

static void
add_varint(struct ak_buf *buf, uint64_t value)
{
	uint8_t bytes[VARINT_MAX];

	ak_buf_add(buf, bytes, varint_put(bytes, value));
}

void
pack_list_encode(const struct pack_list *list, struct ak_buf *buf)
{
	uint32_t last = 0;

	ak_buf_grow(buf,
	    8 + list->frame_count * FRAME_SIZE +
		list->chunk_count * (CHUNK_LEAST + 2));
	add_number(buf, list->frame_count, 4);
	for (size_t i = 0; i < list->frame_count; i++) {
		add_number(buf, list->frames[i].offset, 8);
		add_number(buf, list->frames[i].clen, 4);
		add_number(buf, list->frames[i].rlen, 4);
		add_number(buf, list->frames[i].codec, 1);
	}
	add_number(buf, list->chunk_count, 4);
	for (size_t i = 0; i < list->chunk_count; i++) {
		const struct pack_chunk *chunk = &list->chunks[i];

		ak_buf_add(buf, chunk->id, ID_SIZE);
		add_varint(buf, chunk->frame - last);
		add_varint(buf, chunk->len);
		last = chunk->frame;
	}
}

static int
fail(struct ak_err *err)
{
	return ak_fail(err, AK_DATA, "damaged: its list is not one");
}

static bool
is_frame(const struct pack_frame *frame)
{
	return frame->offset >= PACK_HEAD && frame->offset < OFFSET_MAX &&
	    frame->clen > SEAL_TAG &&
	    frame->clen <= PACK_FRAME_MAX + SEAL_TAG && frame->rlen > 0 &&
	    frame->rlen <= PACK_FRAME_MAX && frame->codec <= PACK_ZSTD;
}

static int
decode_frames(struct pack_list *list, const uint8_t **at, const uint8_t *end,
    struct ak_err *err)
{
	const uint8_t *from = *at;
	size_t count;

	if (end - from < 4)
		return fail(err);
	count = le_get(from, 4);
	from += 4;
	if (count > PACK_FRAMES || count > (size_t)(end - from) / FRAME_SIZE)
		return fail(err);
	list->frames = ak_calloc(count + 1, sizeof(*list->frames));
	list->frame_count = count;
	for (size_t i = 0; i < count; i++, from += FRAME_SIZE) {
		struct pack_frame *frame = &list->frames[i];

		frame->offset = le_get(from, 8);
		frame->clen = (uint32_t)le_get(from + 8, 4);
		frame->rlen = (uint32_t)le_get(from + 12, 4);
		frame->codec = from[16];
		if (!is_frame(frame))
			return fail(err);
	}
	*at = from;
	return 0;
}

/* Chunks come in the order of their frames, as many as a frame may have. */
static int
decode_chunks(struct pack_list *list, const uint8_t *from, const uint8_t *end,
    struct ak_err *err)
{
	uint64_t frame = 0, delta, len;
	size_t count, in_frame = 0;

	if (end - from < 4)
		return fail(err);
	count = le_get(from, 4);
	from += 4;
	if (count > (size_t)(end - from) / CHUNK_LEAST)
		return fail(err);
	list->chunks = ak_calloc(count + 1, sizeof(*list->chunks));
	list->chunk_count = count;
	for (size_t i = 0; i < count; i++) {
		struct pack_chunk *chunk = &list->chunks[i];

		if (end - from < CHUNK_LEAST)
			return fail(err);
		memcpy(chunk->id, from, ID_SIZE);
		from += ID_SIZE;
		if (!varint_get(&from, end, &delta) ||
		    !varint_get(&from, end, &len))
			return fail(err);
		in_frame = delta == 0 ? in_frame + 1 : 1;
		if (delta >= list->frame_count - frame ||
		    len > PACK_FRAME_MAX || in_frame > PACK_FRAME_CHUNKS)
			return fail(err);
		frame += delta;
		chunk->frame = (uint32_t)frame;
		chunk->len = (uint32_t)len;
	}
	return from == end ? 0 : fail(err);
}

int
pack_list_decode(struct pack_list *list, const void *data, size_t len,
    struct ak_err *err)
{
	const uint8_t *at = data, *end = at + len;

	*list = (struct pack_list){ 0 };
	if (decode_frames(list, &at, end, err) == 0 &&
	    decode_chunks(list, at, end, err) == 0)
		return 0;
	pack_list_free(list);
	return -1;
}
