/*
 * slot_text - a key slot as the line it is kept as.
 */
#ifndef BACKUP_SLOT_TEXT_H
#define BACKUP_SLOT_TEXT_H

#include "tools/backup/repo.h"

#define SLOT_MAX 16384 /* bytes */

struct slot_text {
	struct slot about; /* label is the caller's after slot_parse() */
	enum seal_cipher cipher;
	struct seal_cost cost; /* of a passphrase */
	uint8_t salt[32];
	uint8_t sealed[SEAL_KEY + SEAL_TAG];
	const char *text; /* all before the sealed key; into what was parsed */
	size_t text_len;
};

/* All before the sealed key, and the rest. */
void slot_print(const struct slot_text *slot, struct ak_buf *buf);
void slot_print_end(struct ak_buf *buf,
    const uint8_t sealed[SEAL_KEY + SEAL_TAG]);
int slot_parse(struct slot_text *slot, const char *text, size_t len,
    struct ak_err *err) AK_MUST;

/* A recovery code as it is meant, however it was typed. */
void slot_normalise(const struct ak_buf *typed, struct ak_buf *code);
bool slot_is_code(const struct ak_buf *typed) AK_MUST;

#endif
