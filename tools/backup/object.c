/*
 * object - small objects that tell by themselves whether they are whole.
 *
 *	index/SHA256            the digest of its bytes
 *	keys/HEX16              the first 16 digits of it
 *	snaps/TIME-HEX16        the same
 *	config                  a line, and the digest of that line below it
 */
#include <string.h>

#include "lib/crypt.h"
#include "tools/backup/repo.h"

#define DIGEST 64 /* digits */

static bool
check_config(const char *text, size_t len)
{
	AK_BUF struct ak_buf hex = { 0 };
	const char *feed = memchr(text, '\n', len);
	uint8_t digest[ID_SIZE];
	size_t line;

	if (!feed)
		return false;
	line = (size_t)(feed + 1 - text);
	seal_hash(text, line, digest);
	ak_crypt_hex(&hex, digest, sizeof(digest));
	ak_buf_char(&hex, '\n');
	return len - line == hex.len &&
	    memcmp(text + line, hex.data, hex.len) == 0;
}

bool
object_check(const char *name, const void *data, size_t len)
{
	AK_BUF struct ak_buf hex = { 0 };
	const char *slash = strrchr(name, '/'), *want = slash + 1;
	uint8_t digest[ID_SIZE];
	size_t digits;

	if (!slash)
		return check_config(data, len);
	if (ak_starts(name, "snaps/") && strchr(want, '-'))
		want = strchr(want, '-') + 1;
	digits = strlen(want);
	seal_hash(data, len, digest);
	ak_crypt_hex(&hex, digest, sizeof(digest));
	return (digits == 16 || digits == DIGEST) &&
	    memcmp(hex.data, want, digits) == 0;
}

static char *
copy_name(const char *name)
{
	return ak_printf("parity/%s", name);
}

static bool
has_copy(const char *name)
{
	return !ak_starts(name, "index/");
}

int
object_put(struct repo *repo, const char *name, const void *data, size_t len,
    struct ak_err *err)
{
	AK_FREE char *copy = copy_name(name);

	if (store_put(repo->store, name, data, len, err) == -1)
		return -1;
	if (!repo->parity || !has_copy(name))
		return 0;
	return store_put(repo->store, copy, data, len, err);
}

static int
read_checked(struct repo *repo, const char *place, const char *name,
    size_t max, struct ak_buf *buf, struct ak_err *err)
{
	size_t before = buf->len;

	if (store_read(repo->store, place, max, buf, err) == -1)
		return -1;
	if (object_check(name, buf->data + before, buf->len - before))
		return 0;
	buf->len = before;
	return ak_fail(err, AK_DATA, "%s: damaged", place);
}

/* The error told is that of the first place. */
int
object_read(struct repo *repo, const char *name, size_t max, struct ak_buf *buf,
    struct ak_err *err)
{
	AK_FREE char *copy = copy_name(name);
	struct ak_err other = { 0 };

	if (read_checked(repo, name, name, max, buf, err) == 0)
		return 0;
	if (!has_copy(name) ||
	    read_checked(repo, copy, name, max, buf, &other) == -1)
		return -1;
	*err = (struct ak_err){ 0 };
	return 0;
}

/* The object before its copy: a copy alone brings nothing back by itself. */
int
object_remove(struct repo *repo, const char *name, struct ak_err *err)
{
	AK_FREE char *copy = copy_name(name);

	if (repo->store->ops->remove(repo->store, name, err) == -1)
		return -1;
	if (!has_copy(name))
		return 0;
	return repo->store->ops->remove(repo->store, copy, err);
}
