/*
 * backup_slot - fuzz: whatever the line, a key slot that is taken says what its
 * sealed key is bound to, and asks for no more than it may.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tools/backup/slot_text.h"

/* More than a gibibyte is refused before any memory is taken. */
static void
check_cost(const struct slot_text *slot)
{
	struct ak_buf secret = { 0 };
	uint8_t key[SEAL_KEY];
	struct ak_err err = { 0 };

	if (slot->about.type == SLOT_PASSPHRASE &&
	    slot->cost.n > ((uint64_t)1 << 23))
		law(seal_scrypt(&secret, slot->salt, &slot->cost, key, &err) ==
		    -1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slot_text slot = { 0 };
	struct ak_err err = { 0 };
	const char *text = (const char *)data;

	if (slot_parse(&slot, text, size, &err) == -1) {
		law(err.code == AK_DATA || err.code == AK_CONFIG);
		return 0;
	}
	law(slot.text == text && slot.text_len < size);
	law(slot.about.type < SLOT_TYPES);
	law(slot.cipher == SEAL_AES_256_GCM ||
	    slot.cipher == SEAL_CHACHA20_POLY1305);
	law(memcmp(text + slot.text_len, ",\"sealed\":\"", 11) == 0);
	check_cost(&slot);
	free(slot.about.label);
	return 0;
}
