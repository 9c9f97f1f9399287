/*
 * backup_frame - fuzz: whatever head a frame has and whatever is sealed in it,
 * what it is opened to are as many bytes as it says, in chunks that fill them.
 *
 * The first 12 bytes are the head, the rest is sealed by cipher none, which
 * anybody can do.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tools/backup/pack_reader.h"

static void
seal(struct pack_reader *reader, const struct pack_frame *frame,
    const uint8_t *data, size_t len)
{
	struct pack_bound bound;

	pack_bind(&bound, &reader->head, frame, 3);
	ak_buf_reset(&reader->sealed);
	ak_buf_grow(&reader->sealed, len + SEAL_TAG);
	seal_put(reader->seal,
	    &(struct seal_message){ bound.nonce, bound.aad, bound.aad_len, data,
		len, (uint8_t *)reader->sealed.data });
}

static void
check(const struct pack_plain *plain, const struct pack_frame *frame)
{
	size_t sum = plain->begin;

	law(plain->len == frame->rlen);
	law(plain->count <= PACK_FRAME_CHUNKS);
	for (size_t i = 0; i < plain->count; i++)
		sum += plain->lens[i];
	law(sum == plain->len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct repo repo = { .level = 3 };
	struct pack_plain plain = { 0 };
	struct pack_frame frame = { .offset = PACK_HEAD };
	struct pack_reader *reader;
	struct ak_err err = { 0 };
	uint8_t head[PACK_FRAME_HEAD];

	if (size < PACK_FRAME_HEAD || !pack_frame_parse(data, &frame))
		return 0;
	pack_frame_head(&frame, head);
	law(memcmp(head, data, sizeof(head)) == 0);
	frame.clen = (uint32_t)(size - PACK_FRAME_HEAD + SEAL_TAG);
	reader = pack_reader_new(&repo);
	pack_head_make(&reader->head, SEAL_NONE, PACK_DATA);
	reader->seal = pack_head_key(&reader->head, &repo.keys);
	seal(reader, &frame, data + PACK_FRAME_HEAD, size - PACK_FRAME_HEAD);
	if (pack_frame_open(reader, &frame, 3, &plain, &err) == 0)
		check(&plain, &frame);
	else
		law(err.code == AK_DATA);
	pack_plain_free(&plain);
	pack_reader_free(reader);
	return 0;
}
