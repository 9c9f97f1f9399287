/*
 * slot_text - a key slot as the line it is kept as, and recovery codes.
 *
 * Codes are 32 characters of Crockford's base 32, which has no I, L, O and U:
 * what is read from paper as one of them is taken for 1, 1, 0 and refused.
 */
#include "tools/backup/slot_text.h"

#include <string.h>

#include "lib/crypt.h"
#include "lib/json.h"
#include "lib/secret.h"
#include "lib/str.h"
#include "tools/backup/repo_config.h"

#define SEALED ",\"sealed\":\""
#define CODE_LEN 32

static const char base32[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static const char *const types[] = {
	[SLOT_PASSPHRASE] = "passphrase",
	[SLOT_KEY_FILE] = "key_file",
	[SLOT_RECOVERY] = "recovery",
};
_Static_assert(AK_COUNT(types) == SLOT_TYPES, "a name for each type");

void
slot_print(const struct slot_text *slot, struct ak_buf *buf)
{
	const char *label = slot->about.label ? slot->about.label : "";

	ak_buf_printf(buf, "{\"aikit-backup-slot\":1,\"type\":\"%s\"",
	    types[slot->about.type]);
	ak_buf_str(buf, ",\"label\":");
	ak_json_quote(buf, label, strlen(label));
	ak_buf_str(buf, ",\"created\":\"");
	ak_str_from_time(buf, slot->about.created);
	ak_buf_printf(buf, "\",\"cipher\":\"%s\"",
	    seal_cipher_name(slot->cipher));
	if (slot->about.type == SLOT_PASSPHRASE)
		ak_buf_printf(buf,
		    ",\"kdf\":\"scrypt\",\"n\":%llu,\"r\":%u,\"p\":%u",
		    (unsigned long long)slot->cost.n, slot->cost.r,
		    slot->cost.p);
	ak_buf_str(buf, ",\"salt\":\"");
	ak_crypt_hex(buf, slot->salt, sizeof(slot->salt));
	ak_buf_char(buf, '"');
}

void
slot_print_end(struct ak_buf *buf, const uint8_t sealed[SEAL_KEY + SEAL_TAG])
{
	ak_buf_str(buf, SEALED);
	ak_crypt_hex(buf, sealed, SEAL_KEY + SEAL_TAG);
	ak_buf_str(buf, "\"}\n");
}

static int
parse_cost(struct slot_text *slot, const struct ak_json *json,
    struct ak_err *err)
{
	int64_t n = ak_json_int(ak_json_get(json, "n"), 0);
	int64_t r = ak_json_int(ak_json_get(json, "r"), 0);
	int64_t p = ak_json_int(ak_json_get(json, "p"), 0);

	if (!ak_streq(ak_json_str(ak_json_get(json, "kdf")), "scrypt"))
		return ak_fail(err, AK_CONFIG, "key slot: unknown kdf");
	if (n < 2 || r < 1 || p < 1 || r > INT32_MAX || p > INT32_MAX)
		return ak_fail(err, AK_DATA, "key slot: damaged");
	slot->cost = (struct seal_cost){ (uint64_t)n, (uint32_t)r,
		(uint32_t)p };
	return 0;
}

static int
parse_members(struct slot_text *slot, const struct ak_json *json,
    struct ak_err *err)
{
	const char *type = ak_json_str(ak_json_get(json, "type"));
	const char *made = ak_json_str(ak_json_get(json, "created"));
	int cipher = seal_cipher_by_name(ak_json_str(ak_json_get(json,
	    "cipher")));
	size_t i = 0;

	if (ak_json_int(ak_json_get(json, "aikit-backup-slot"), 0) != 1)
		return ak_fail(err, AK_DATA, "key slot: version not known");
	while (i < SLOT_TYPES && !ak_streq(type, types[i]))
		i++;
	if (i == SLOT_TYPES || cipher < SEAL_AES_256_GCM ||
	    !hex_read(ak_json_str(ak_json_get(json, "salt")), slot->salt,
		sizeof(slot->salt)) ||
	    !hex_read(ak_json_str(ak_json_get(json, "sealed")), slot->sealed,
		sizeof(slot->sealed)))
		return ak_fail(err, AK_DATA, "key slot: damaged");
	if (!made || ak_str_time(made, &slot->about.created, err) == -1)
		return ak_fail(err, AK_DATA, "key slot: no time");
	slot->about.type = (enum slot_type)i;
	slot->cipher = (enum seal_cipher)cipher;
	return i == SLOT_PASSPHRASE ? parse_cost(slot, json, err) : 0;
}

int
slot_parse(struct slot_text *slot, const char *text, size_t len,
    struct ak_err *err)
{
	AK_JSON struct ak_json *json = NULL;
	const char *label, *at = text, *last = NULL;
	const char *feed = len > 0 ? memchr(text, '\n', len) : NULL;

	if (!feed ||
	    ak_json_parse(&json, text, (size_t)(feed - text), err) == -1)
		return ak_fail(err, AK_DATA, "key slot: damaged");
	while ((at = memmem(at, (size_t)(feed - at), SEALED, strlen(SEALED))))
		last = at++;
	if (!last || parse_members(slot, json, err) == -1)
		return last ? -1 : ak_fail(err, AK_DATA, "key slot: damaged");
	label = ak_json_str(ak_json_get(json, "label"));
	slot->about.label = ak_strdup(label ? label : "");
	slot->text = text;
	slot->text_len = (size_t)(last - text);
	return 0;
}

void
slot_normalise(const struct ak_buf *typed, struct ak_buf *code)
{
	for (size_t i = 0; i < typed->len; i++) {
		char c = typed->data[i];

		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		if (c == 'I' || c == 'L')
			c = '1';
		if (c == 'O')
			c = '0';
		if (c != '-' && c != ' ')
			ak_buf_char(code, c);
	}
}

bool
slot_is_code(const struct ak_buf *typed)
{
	AK_SECRET struct ak_buf code = { 0 };

	if (typed->len < CODE_LEN || typed->len > (size_t)3 * CODE_LEN)
		return false;
	ak_buf_grow(&code, typed->len);
	slot_normalise(typed, &code);
	return code.len == CODE_LEN && strlen(code.data) == CODE_LEN &&
	    strspn(code.data, base32) == CODE_LEN;
}

void
slot_recovery_code(char code[SLOT_RECOVERY_CODE])
{
	uint8_t random[CODE_LEN];
	size_t n = 0;

	ak_crypt_random(random, sizeof(random));
	for (size_t i = 0; i < CODE_LEN; i++) {
		if (i > 0 && i % 4 == 0)
			code[n++] = '-';
		code[n++] = base32[random[i] & 31];
	}
	code[n] = '\0';
	ak_crypt_wipe(random, sizeof(random));
}
