/*
 * backup_trash - fuzz: whatever the bytes, a mark that is read names a pack and
 * a time, and no other bytes are read as one when a bit of it turns.
 */
#include <string.h>

#include "lib/crypt.h"
#include "tests/fuzz/fuzz.h"
#include "tools/backup/trash.h"

static void
read_it(const uint8_t *data, size_t size)
{
	struct trash trash = { .since = -7 };
	struct ak_err err = { 0 };

	if (trash_parse(&trash, (const char *)data, size, &err) == -1) {
		law(err.code == AK_DATA || err.code == AK_CONFIG);
		law(trash.since == -7);
		return;
	}
	law(trash.since >= 0 && trash.kind <= PACK_META);
	law(trash.why == TRASH_UNUSED || trash.why == TRASH_DAMAGED);
}

/* The bytes as the line, with the digest that it should have. */
static void
with_digest(const uint8_t *data, size_t size)
{
	AK_BUF struct ak_buf text = { 0 };
	uint8_t digest[ID_SIZE];

	ak_buf_add(&text, data, size);
	ak_buf_char(&text, '\n');
	seal_hash(text.data, text.len, digest);
	ak_crypt_hex(&text, digest, sizeof(digest));
	ak_buf_char(&text, '\n');
	read_it((const uint8_t *)text.data, text.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_it(data, size);
	if (size == 0 || !memchr(data, '\n', size))
		with_digest(data, size);
	return 0;
}
