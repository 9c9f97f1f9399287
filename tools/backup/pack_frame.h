/*
 * pack_frame - what writing and reading of packs share: heads, keys, nonces.
 */
#ifndef BACKUP_PACK_FRAME_H
#define BACKUP_PACK_FRAME_H

#include "tools/backup/pack.h"

#define PACK_MAGIC "AIKP"
#define PACK_END "AIKPEND1"
#define PACK_FOOTER UINT64_MAX /* in the place of a frame's number */

struct pack_head {
	uint8_t bytes[PACK_HEAD];
};

void pack_head_make(struct pack_head *head, enum seal_cipher cipher,
    enum pack_kind kind);
/* AK_DATA, or AK_CONFIG for a later version. The cipher is the repository's: a
 * clear pack in a sealed one is not believed. */
int pack_head_check(const struct pack_head *head, enum seal_cipher cipher,
    enum pack_kind kind, struct ak_err *err) AK_MUST;
/* The key of this pack alone. */
struct seal *pack_head_key(const struct pack_head *head,
    const struct seal_keys *keys);

void pack_frame_head(const struct pack_frame *frame,
    uint8_t bytes[PACK_FRAME_HEAD]);
/* false: these are no head of a frame. offset is left alone. */
bool pack_frame_parse(const uint8_t bytes[PACK_FRAME_HEAD],
    struct pack_frame *frame) AK_MUST;

/* A frame's bytes, or the footer's, sealed and opened with what they are bound
 * to: the pack, the frame's head or the footer's tail, the number. */
struct pack_bound {
	uint8_t nonce[SEAL_NONCE];
	uint8_t aad[PACK_HEAD + PACK_TAIL + 4];
	size_t aad_len;
};
void pack_bind(struct pack_bound *bound, const struct pack_head *head,
    const struct pack_frame *frame, uint32_t number);
void pack_bind_footer(struct pack_bound *bound, const struct pack_head *head,
    const uint8_t tail[PACK_TAIL]);

void pack_tail_make(uint8_t tail[PACK_TAIL], size_t clen, size_t rlen);
bool pack_tail_parse(const uint8_t tail[PACK_TAIL], uint32_t *clen,
    uint32_t *rlen) AK_MUST;

/* The lengths at the begin of a frame's plain bytes; false: they do not fit. */
bool pack_plain_parse(struct pack_plain *plain) AK_MUST;

#endif
