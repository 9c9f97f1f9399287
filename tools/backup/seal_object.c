/*
 * seal_object - small whole objects, sealed: index segments and snapshots.
 *
 *	0   "AIKS", version 1, cipher, 0, 0
 *	8   salt[32]
 *	40  sealed bytes and tag: nonce zero, associated data the 40 bytes
 *before
 *
 * The salt makes the key the object's own, and so the nonce may be zero.
 */
#include <string.h>

#include "lib/crypt.h"
#include "tools/backup/seal.h"

static const uint8_t zero[SEAL_NONCE];

static struct seal *
keyed(enum seal_cipher cipher, const uint8_t key[SEAL_KEY], const char *info,
    const uint8_t head[SEAL_HEAD])
{
	uint8_t own[SEAL_KEY];
	struct seal *seal;

	seal_hkdf(key, head + 8, 32, info, own);
	seal = seal_new(cipher, own);
	ak_crypt_wipe(own, sizeof(own));
	return seal;
}

void
seal_object(enum seal_cipher cipher, const uint8_t key[SEAL_KEY],
    const char *info, const void *data, size_t len, struct ak_buf *out)
{
	uint8_t head[SEAL_HEAD] = { 'A', 'I', 'K', 'S', 1, (uint8_t)cipher };
	struct seal *seal;

	seal_salt(head + 8);
	seal = keyed(cipher, key, info, head);
	ak_buf_add(out, head, sizeof(head));
	ak_buf_grow(out, len + SEAL_TAG);
	seal_put(seal,
	    &(struct seal_message){ .nonce = zero,
		.aad = head,
		.aad_len = sizeof(head),
		.data = data,
		.len = len,
		.out = (uint8_t *)out->data + out->len });
	out->len += len + SEAL_TAG;
	out->data[out->len] = '\0';
	seal_free(seal);
}

static int
check_head(const uint8_t *head, size_t len, struct ak_err *err)
{
	if (len < SEAL_HEAD + SEAL_TAG || memcmp(head, "AIKS", 4) != 0)
		return ak_fail(err, AK_DATA, "damaged: no sealed object");
	if (head[4] != 1)
		return ak_fail(err, AK_CONFIG,
		    "version %d is not known to this program", head[4]);
	if (!seal_cipher_name(head[5]) || head[6] != 0 || head[7] != 0)
		return ak_fail(err, AK_DATA, "damaged: its head is not known");
	return 0;
}

int
seal_object_open(const uint8_t key[SEAL_KEY], const char *info,
    const void *data, size_t len, struct ak_buf *out, struct ak_err *err)
{
	const uint8_t *head = data;
	struct seal *seal;
	int result;

	if (check_head(head, len, err) == -1)
		return -1;
	seal = keyed(head[5], key, info, head);
	ak_buf_grow(out, len - SEAL_HEAD);
	result = seal_get(seal,
	    &(struct seal_message){ .nonce = zero,
		.aad = head,
		.aad_len = SEAL_HEAD,
		.data = head + SEAL_HEAD,
		.len = len - SEAL_HEAD,
		.out = (uint8_t *)out->data + out->len },
	    err);
	seal_free(seal);
	if (result == 0)
		out->len += len - SEAL_HEAD - SEAL_TAG;
	out->data[out->len] = '\0';
	return result;
}
