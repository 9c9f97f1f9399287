/*
 * pack_write - chunks into frames, frames into a draft that becomes a pack.
 *
 * Two frames are open at a time, one of bytes that are worth compressing and
 * one of those that are not. Nothing of a pack is held in memory but them and
 * the list of what is in it; its SHA-256 runs along.
 */
#include <string.h>

#include "lib/crypt.h"
#include "tools/backup/pack_frame.h"
#include "tools/backup/varint.h"

/* Before a frame's chunks there is room for their lengths. */
#define HEADROOM ((size_t)PACK_FRAME_CHUNKS * 4 + 16)
/* What compression must save: one part in 32. */
#define GAIN 32
/*
 * A pack of tiny chunks ends before it is full: its list is in memory as long
 * as it is open, again in the footer, and again in the segment that waits.
 */
#define CHUNKS_MANY 65536

struct open_frame {
	uint8_t *data; /* HEADROOM, then chunks */
	size_t len, cap;
	struct pack_chunk *chunks; /* room for PACK_FRAME_CHUNKS */
	size_t count;
};

struct pack_writer {
	struct repo *repo;
	enum pack_kind kind;
	struct open_frame frames[2]; /* raw, compressible */
	struct squeeze *squeeze;
	struct ak_buf out; /* a frame as it is written */

	struct draft draft; /* the pack that is open; fd -1: none */
	struct pack_head head;
	struct seal *seal;
	struct ak_sha256 *hash;
	struct pack_list list;
	size_t chunk_cap;

	int (*done)(void *arg, const struct pack_list *list,
	    struct ak_err *err);
	void *arg;
};

struct pack_writer *
pack_writer_new(struct repo *repo, enum pack_kind kind)
{
	struct pack_writer *new = ak_calloc(1, sizeof(*new));

	new->repo = repo;
	new->kind = kind;
	new->draft.fd = -1;
	new->squeeze = squeeze_new(repo->level);
	return new;
}

void
pack_writer_on_done(struct pack_writer *writer,
    int (*done)(void *arg, const struct pack_list *list, struct ak_err *err),
    void *arg)
{
	writer->done = done;
	writer->arg = arg;
}

/* What belongs to one pack. */
static void
forget_pack(struct pack_writer *writer)
{
	uint8_t unused[ID_SIZE];

	if (writer->hash)
		ak_sha256_end(writer->hash, unused);
	writer->hash = NULL;
	seal_free(writer->seal);
	writer->seal = NULL;
	pack_list_free(&writer->list);
	writer->chunk_cap = 0;
}

void
pack_writer_free(struct pack_writer *writer)
{
	if (!writer)
		return;
	if (writer->draft.fd != -1)
		writer->repo->store->ops->abandon(writer->repo->store,
		    &writer->draft);
	forget_pack(writer);
	squeeze_free(writer->squeeze);
	for (size_t i = 0; i < AK_COUNT(writer->frames); i++) {
		free(writer->frames[i].data);
		free(writer->frames[i].chunks);
	}
	ak_buf_free(&writer->out);
	free(writer);
}

static int
put(struct pack_writer *writer, const void *data, size_t len,
    struct ak_err *err)
{
	ak_sha256_add(writer->hash, data, len);
	writer->list.size += len;
	return store_write(writer->repo->store, &writer->draft, data, len, err);
}

static int
begin_pack(struct pack_writer *writer, struct ak_err *err)
{
	struct store *store = writer->repo->store;

	if (store->ops->draft(store, &writer->draft, err) == -1)
		return -1;
	pack_head_make(&writer->head, writer->repo->cipher, writer->kind);
	writer->seal = pack_head_key(&writer->head, &writer->repo->keys);
	writer->hash = ak_sha256_new();
	writer->list.kind = writer->kind;
	return put(writer, writer->head.bytes, PACK_HEAD, err);
}

/* Lengths go right before the chunks: where the plain bytes begin. */
static const uint8_t *
plain_of(struct open_frame *frame, size_t *len)
{
	uint8_t lens[HEADROOM];
	size_t n = varint_put(lens, frame->count);

	for (size_t i = 0; i < frame->count; i++)
		n += varint_put(lens + n, frame->chunks[i].len);
	memcpy(frame->data + HEADROOM - n, lens, n);
	*len = frame->len - HEADROOM + n;
	return frame->data + HEADROOM - n;
}

static void
take_chunks(struct pack_writer *writer, struct open_frame *frame,
    uint32_t number)
{
	struct pack_list *list = &writer->list;

	if (list->chunk_count + frame->count > writer->chunk_cap) {
		writer->chunk_cap = (list->chunk_count + frame->count) * 2;
		list->chunks = ak_resize(list->chunks, writer->chunk_cap,
		    sizeof(*list->chunks));
	}
	for (size_t i = 0; i < frame->count; i++) {
		frame->chunks[i].frame = number;
		list->chunks[list->chunk_count++] = frame->chunks[i];
	}
	frame->count = 0;
	frame->len = HEADROOM;
}

/* Into writer->out: head and sealed bytes. */
static void
seal_frame(struct pack_writer *writer, struct pack_frame *frame,
    const uint8_t *plain, size_t len)
{
	struct ak_buf *out = &writer->out;
	const uint8_t *data = plain;
	struct pack_bound bound;
	uint8_t *to;

	if (frame->codec == PACK_RAW)
		out->len = PACK_FRAME_HEAD + len;
	ak_buf_grow(out, SEAL_TAG);
	if (frame->codec == PACK_ZSTD)
		data = (uint8_t *)out->data + PACK_FRAME_HEAD;
	len = out->len - PACK_FRAME_HEAD;
	frame->clen = (uint32_t)(len + SEAL_TAG);
	to = (uint8_t *)out->data;
	pack_frame_head(frame, to);
	pack_bind(&bound, &writer->head, frame,
	    (uint32_t)writer->list.frame_count);
	seal_put(writer->seal,
	    &(struct seal_message){ bound.nonce, bound.aad, bound.aad_len, data,
		len, to + PACK_FRAME_HEAD });
	out->len += SEAL_TAG;
}

static int
end_frame(struct pack_writer *writer, struct open_frame *frame,
    bool compressible, struct ak_err *err)
{
	struct pack_list *list = &writer->list;
	struct pack_frame new = { .codec = PACK_RAW };
	struct ak_buf *out = &writer->out;
	const uint8_t *plain;
	size_t len;

	if (frame->count == 0)
		return 0;
	if (writer->draft.fd == -1 && begin_pack(writer, err) == -1)
		return -1;
	plain = plain_of(frame, &len);
	new.offset = list->size;
	new.rlen = (uint32_t)len;
	ak_buf_reset(out);
	ak_buf_grow(out, PACK_FRAME_HEAD + len + SEAL_TAG);
	out->len = PACK_FRAME_HEAD;
	if (compressible) {
		squeeze_add(writer->squeeze, plain, len, out);
		if (out->len - PACK_FRAME_HEAD < len - len / GAIN)
			new.codec = PACK_ZSTD;
		else
			out->len = PACK_FRAME_HEAD;
	}
	seal_frame(writer, &new, plain, len);
	if (put(writer, out->data, out->len, err) == -1)
		return -1;
	take_chunks(writer, frame, (uint32_t)list->frame_count);
	list->frames = ak_resize(list->frames, list->frame_count + 1,
	    sizeof(*list->frames));
	list->frames[list->frame_count++] = new;
	return 0;
}

static int
put_footer(struct pack_writer *writer, struct ak_err *err)
{
	AK_BUF struct ak_buf plain = { 0 };
	struct ak_buf *out = &writer->out;
	struct pack_bound bound;
	uint8_t tail[PACK_TAIL];

	pack_list_encode(&writer->list, &plain);
	ak_buf_reset(out);
	squeeze_add(writer->squeeze, plain.data, plain.len, out);
	ak_buf_grow(out, SEAL_TAG);
	pack_tail_make(tail, out->len + SEAL_TAG, plain.len);
	pack_bind_footer(&bound, &writer->head, tail);
	seal_put(writer->seal,
	    &(struct seal_message){ bound.nonce, bound.aad, bound.aad_len,
		out->data, out->len, (uint8_t *)out->data });
	out->len += SEAL_TAG;
	if (put(writer, out->data, out->len, err) == -1)
		return -1;
	return put(writer, tail, sizeof(tail), err);
}

static int
commit(struct pack_writer *writer, struct ak_err *err)
{
	struct repo *repo = writer->repo;
	struct pack_list *list = &writer->list;
	char name[PACK_NAME];

	ak_sha256_end(writer->hash, list->pack);
	writer->hash = NULL;
	pack_name(list->pack, list->kind, name);
	if (repo->parity_save &&
	    repo->parity_save(repo, list->pack, writer->draft.fd, list->size,
		err) == -1)
		return -1;
	return repo->store->ops->commit(repo->store, &writer->draft, name, err);
}

static int
end_pack(struct pack_writer *writer, struct ak_err *err)
{
	int result = 0;

	if (writer->draft.fd == -1)
		return 0;
	if (put_footer(writer, err) == -1 || commit(writer, err) == -1)
		return -1;
	if (writer->done)
		result = writer->done(writer->arg, &writer->list, err);
	forget_pack(writer);
	return result;
}

int
pack_writer_end(struct pack_writer *writer, struct ak_err *err)
{
	for (size_t i = 0; i < AK_COUNT(writer->frames); i++)
		if (end_frame(writer, &writer->frames[i], i == 1, err) == -1)
			return -1;
	return end_pack(writer, err);
}

static void
append(struct pack_writer *writer, struct open_frame *frame,
    const struct chunk *chunk, const void *data)
{
	size_t want = frame->len + chunk->len;

	if (!frame->data) {
		frame->chunks = ak_calloc(PACK_FRAME_CHUNKS,
		    sizeof(*frame->chunks));
		frame->len = HEADROOM;
		want += HEADROOM;
	}
	if (want > frame->cap) {
		size_t least = HEADROOM + writer->repo->frame_size +
		    ((size_t)256 << 10);

		frame->cap = want > least ? want : least;
		frame->data = ak_resize(frame->data, frame->cap, 1);
	}
	memcpy(frame->data + frame->len, data, chunk->len);
	memcpy(frame->chunks[frame->count].id, chunk->id, ID_SIZE);
	frame->chunks[frame->count].len = chunk->len;
	frame->len += chunk->len;
	frame->count++;
}

static bool
is_full(const struct pack_writer *writer)
{
	const struct pack_list *list = &writer->list;

	return list->size >= writer->repo->pack_size ||
	    list->frame_count >= PACK_FRAMES - 2 ||
	    list->chunk_count >= CHUNKS_MANY;
}

int
pack_writer_add(struct pack_writer *writer, const struct chunk *chunk,
    const void *data, bool compressible, struct ak_err *err)
{
	struct open_frame *frame = &writer->frames[compressible];
	size_t target = writer->repo->frame_size;

	/* A large chunk gets a frame of its own: frames are what is cached. */
	if (frame->count > 0 &&
	    frame->len - HEADROOM + chunk->len > target + target / 4 &&
	    end_frame(writer, frame, compressible, err) == -1)
		return -1;
	append(writer, frame, chunk, data);
	if (frame->count < PACK_FRAME_CHUNKS && frame->len - HEADROOM < target)
		return 0;
	if (end_frame(writer, frame, compressible, err) == -1)
		return -1;
	if (is_full(writer))
		return end_pack(writer, err);
	return 0;
}
