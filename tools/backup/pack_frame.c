/*
 * pack_frame - what writing and reading of packs share: heads, keys, nonces.
 *
 * A pack has a key of its own, so that the number of a frame can be its nonce:
 * none is stored, none repeats, and no frame can be moved.
 */
#include "tools/backup/pack_frame.h"

#include <string.h>

#include "lib/crypt.h"
#include "tools/backup/varint.h"

#define FOOTER_NONCE ((uint64_t)1 << 63)

void
pack_head_make(struct pack_head *head, enum seal_cipher cipher,
    enum pack_kind kind)
{
	memcpy(head->bytes, PACK_MAGIC, 4);
	head->bytes[4] = 1;
	head->bytes[5] = (uint8_t)cipher;
	head->bytes[6] = (uint8_t)kind;
	head->bytes[7] = 0;
	seal_salt(head->bytes + 8);
}

int
pack_head_check(const struct pack_head *head, enum seal_cipher cipher,
    enum pack_kind kind, struct ak_err *err)
{
	const uint8_t *bytes = head->bytes;

	if (memcmp(bytes, PACK_MAGIC, 4) != 0)
		return ak_fail(err, AK_DATA, "damaged: no pack");
	if (bytes[4] != 1)
		return ak_fail(err, AK_CONFIG,
		    "version %d is not known to this program", bytes[4]);
	if (bytes[5] != cipher || bytes[6] != kind || bytes[7] != 0)
		return ak_fail(err, AK_DATA, "damaged: its head is not known");
	return 0;
}

struct seal *
pack_head_key(const struct pack_head *head, const struct seal_keys *keys)
{
	enum seal_use use = head->bytes[6] == PACK_META ? SEAL_META : SEAL_DATA;
	uint8_t key[SEAL_KEY];
	struct seal *seal;

	seal_hkdf(keys->use[use], head->bytes + 8, 32, SEAL_PACK, key);
	seal = seal_new(head->bytes[5], key);
	ak_crypt_wipe(key, sizeof(key));
	return seal;
}

void
pack_frame_head(const struct pack_frame *frame, uint8_t bytes[PACK_FRAME_HEAD])
{
	le_put(bytes, frame->clen, 4);
	le_put(bytes + 4, frame->rlen, 4);
	le_put(bytes + 8, frame->codec, 4);
}

bool
pack_frame_parse(const uint8_t bytes[PACK_FRAME_HEAD], struct pack_frame *frame)
{
	frame->clen = (uint32_t)le_get(bytes, 4);
	frame->rlen = (uint32_t)le_get(bytes + 4, 4);
	frame->codec = bytes[8];
	return le_get(bytes + 8, 4) <= PACK_ZSTD && frame->clen > SEAL_TAG &&
	    frame->clen <= PACK_FRAME_MAX + SEAL_TAG && frame->rlen > 0 &&
	    frame->rlen <= PACK_FRAME_MAX;
}

static void
bind_number(struct pack_bound *bound, uint64_t number)
{
	le_put(bound->nonce, number, 8);
	le_put(bound->nonce + 8, 0, 4);
}

void
pack_bind(struct pack_bound *bound, const struct pack_head *head,
    const struct pack_frame *frame, uint32_t number)
{
	bind_number(bound, number);
	memcpy(bound->aad, head->bytes, PACK_HEAD);
	pack_frame_head(frame, bound->aad + PACK_HEAD);
	le_put(bound->aad + PACK_HEAD + PACK_FRAME_HEAD, number, 4);
	bound->aad_len = PACK_HEAD + PACK_FRAME_HEAD + 4;
}

void
pack_bind_footer(struct pack_bound *bound, const struct pack_head *head,
    const uint8_t tail[PACK_TAIL])
{
	bind_number(bound, FOOTER_NONCE);
	memcpy(bound->aad, head->bytes, PACK_HEAD);
	memcpy(bound->aad + PACK_HEAD, tail, PACK_TAIL);
	bound->aad_len = PACK_HEAD + PACK_TAIL;
}

void
pack_tail_make(uint8_t tail[PACK_TAIL], size_t clen, size_t rlen)
{
	le_put(tail, clen, 4);
	le_put(tail + 4, rlen, 4);
	for (size_t i = 0; i < 8; i++)
		tail[8 + i] = (uint8_t)PACK_END[i];
}

bool
pack_tail_parse(const uint8_t tail[PACK_TAIL], uint32_t *clen, uint32_t *rlen)
{
	*clen = (uint32_t)le_get(tail, 4);
	*rlen = (uint32_t)le_get(tail + 4, 4);
	return memcmp(tail + 8, PACK_END, 8) == 0 && *clen > SEAL_TAG &&
	    *rlen > 0 && *rlen <= PACK_LIST_MAX;
}

bool
pack_plain_parse(struct pack_plain *plain)
{
	const uint8_t *at = plain->data, *end = at + plain->len;
	uint64_t count, len, sum = 0;

	if (!varint_get(&at, end, &count) || count > PACK_FRAME_CHUNKS)
		return false;
	if (!plain->lens)
		plain->lens = ak_calloc(PACK_FRAME_CHUNKS, sizeof(uint32_t));
	for (size_t i = 0; i < count; i++) {
		if (!varint_get(&at, end, &len) || len > plain->len)
			return false;
		plain->lens[i] = (uint32_t)len;
		sum += len;
	}
	plain->count = count;
	plain->begin = (size_t)(at - plain->data);
	return sum == (uint64_t)(end - at);
}
