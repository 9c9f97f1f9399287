/*
 * repo_config - the file config, and what it says.
 *
 * One line of JSON that anybody can read, its last member a keyed check of all
 * before that; and below it the digest of the line, for those without a key.
 */
#include "tools/backup/repo_config.h"

#include <string.h>

#include "lib/crypt.h"
#include "lib/json.h"
#include "lib/str.h"

#define CHECK ",\"check\":\""

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
hex_read(const char *digits, uint8_t *out, size_t len)
{
	if (!digits || strlen(digits) != len * 2)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = digit(digits[2 * i]), low = digit(digits[2 * i + 1]);

		if (high == -1 || low == -1)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool
in_range(const struct ak_json *json, const char *key, int64_t min, int64_t max,
    int64_t *value)
{
	*value = ak_json_int(ak_json_get(json, key), -1);
	return *value >= min && *value <= max;
}

static int
read_members(struct repo *repo, const struct ak_json *json, struct ak_err *err)
{
	const char *id = ak_json_str(ak_json_get(json, "id"));
	const char *name = ak_json_str(ak_json_get(json, "cipher"));
	const char *created = ak_json_str(ak_json_get(json, "created"));
	int cipher = seal_cipher_by_name(name);
	int64_t level, frame, pack;
	uint8_t bytes[16];

	if (!hex_read(id, bytes, sizeof(bytes)))
		return ak_fail(err, AK_DATA, "config: no id");
	if (cipher == -1)
		return ak_fail(err, AK_CONFIG, "config: unknown cipher %s",
		    name ? name : "");
	if (!in_range(json, "level", 1, 19, &level) ||
	    !in_range(json, "frame", 1 << 16, 4 << 20, &frame) ||
	    !in_range(json, "pack", 1 << 20, 1 << 30, &pack))
		return ak_fail(err, AK_DATA,
		    "config: level, frame or pack out of range");
	if (!created || ak_str_time(created, &repo->created, err) == -1)
		return ak_fail(err, AK_DATA, "config: no time of creation");
	memcpy(repo->id, id, sizeof(repo->id));
	repo->cipher = (enum seal_cipher)cipher;
	repo->parity = ak_json_bool(ak_json_get(json, "parity"), false);
	repo->level = (int)level;
	repo->frame_size = (size_t)frame;
	repo->pack_size = (size_t)pack;
	return 0;
}

int
config_parse(struct repo *repo, const char *text, size_t len,
    struct ak_err *err)
{
	AK_JSON struct ak_json *json = NULL;
	const char *feed = len > 0 ? memchr(text, '\n', len) : NULL;
	int64_t version;

	if (!feed ||
	    ak_json_parse(&json, text, (size_t)(feed - text), err) == -1)
		return ak_fail(err, AK_DATA, "config: damaged");
	version = ak_json_int(ak_json_get(json, "aikit-backup"), 0);
	if (version < 1)
		return ak_fail(err, AK_DATA, "config: damaged");
	if (version != REPO_VERSION)
		return ak_fail(err, AK_CONFIG,
		    "config: version %lld is not known to this program",
		    (long long)version);
	return read_members(repo, json, err);
}

/* The last one: nothing before it can be taken for it. */
static const char *
find_check(const char *text, size_t len)
{
	const char *last = NULL, *at = text;

	while ((at = memmem(at, len - (size_t)(at - text), CHECK,
		    strlen(CHECK))))
		last = at++;
	return last;
}

bool
config_check(const struct repo *repo, const char *text, size_t len)
{
	const char *at = len > 0 ? find_check(text, len) : NULL;
	AK_BUF struct ak_buf hex = { 0 };
	uint8_t mac[32];

	if (!at)
		return false;
	seal_hmac(repo->keys.use[SEAL_MAC], text, (size_t)(at - text), mac);
	ak_crypt_hex(&hex, mac, sizeof(mac));
	at += strlen(CHECK);
	return (size_t)(text + len - at) >= hex.len &&
	    ak_crypt_equal(at, hex.data, hex.len);
}

void
config_print(const struct repo *repo, struct ak_buf *buf)
{
	size_t begin = buf->len;
	uint8_t digest[32];

	ak_buf_printf(buf, "{\"aikit-backup\":%d,\"id\":\"%s\"", REPO_VERSION,
	    repo->id);
	ak_buf_printf(buf, ",\"cipher\":\"%s\",\"created\":\"",
	    seal_cipher_name(repo->cipher));
	ak_str_from_time(buf, repo->created);
	ak_buf_printf(buf, "\",\"parity\":%s,\"level\":%d",
	    repo->parity ? "true" : "false", repo->level);
	ak_buf_printf(buf, ",\"frame\":%zu,\"pack\":%zu", repo->frame_size,
	    repo->pack_size);
	seal_hmac(repo->keys.use[SEAL_MAC], buf->data + begin, buf->len - begin,
	    digest);
	ak_buf_str(buf, CHECK);
	ak_crypt_hex(buf, digest, sizeof(digest));
	ak_buf_str(buf, "\"}\n");
	seal_hash(buf->data + begin, buf->len - begin, digest);
	ak_crypt_hex(buf, digest, sizeof(digest));
	ak_buf_char(buf, '\n');
}
