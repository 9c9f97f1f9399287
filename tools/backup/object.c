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
#include "tools/backup/parity.h"
#include "tools/backup/squeeze.h"

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
	const char *slash = strrchr(name, '/'), *want;
	uint8_t digest[ID_SIZE];
	size_t digits;

	if (len == 0)
		return false;
	if (!slash)
		return check_config(data, len);
	want = slash + 1;
	if (ak_starts(name, "snaps/") && strchr(want, '-'))
		want = strchr(want, '-') + 1;
	digits = strlen(want);
	seal_hash(data, len, digest);
	ak_crypt_hex(&hex, digest, sizeof(digest));
	return (digits == 16 || digits == DIGEST) &&
	    memcmp(hex.data, want, digits) == 0;
}

int
object_put(struct repo *repo, const char *name, const void *data, size_t len,
    struct ak_err *err)
{
	if (repo->parity)
		return parity_put(repo->store, name, data, len, err);
	return store_put(repo->store, name, data, len, err);
}

static int
check(const char *name, struct ak_buf *buf, size_t before, struct ak_err *err)
{
	if (object_check(name, buf->data + before, buf->len - before))
		return 0;
	buf->len = before;
	return ak_fail(err, AK_DATA, "%s: damaged", name);
}

/* The bytes as the parity says they were. */
static int
read_mended(struct repo *repo, const char *name, size_t max, struct ak_buf *buf,
    struct ak_err *err)
{
	struct parity_patch patch = { 0 };
	size_t before = buf->len, size;
	int result = -1;

	if (parity_solve(repo->store, name, &patch, err) == -1)
		return -1;
	size = (size_t)patch.parity.size;
	if (size <= max) {
		ak_buf_grow(buf, size);
		result = parity_get(&patch, 0, buf->data + before, size, err);
	}
	parity_patch_free(&patch);
	if (result == -1)
		return -1;
	buf->len += size;
	buf->data[buf->len] = '\0';
	return check(name, buf, before, err);
}

/* The error told is that of the object itself. */
int
object_read(struct repo *repo, const char *name, size_t max, struct ak_buf *buf,
    struct ak_err *err)
{
	struct ak_err other = { 0 };
	size_t before = buf->len;

	if (store_read(repo->store, name, max, buf, err) == 0 &&
	    check(name, buf, before, err) == 0)
		return 0;
	if ((err->code != AK_DATA && err->code != AK_NOINPUT) ||
	    read_mended(repo, name, max, buf, &other) == -1)
		return -1;
	*err = (struct ak_err){ 0 };
	return 0;
}

/* One that says it is clear is not believed where there is a cipher. */
int
object_open(struct repo *repo, const char *name, const char *info,
    struct ak_buf *out, struct ak_err *err)
{
	AK_BUF struct ak_buf sealed = { 0 }, squeezed = { 0 };
	struct squeeze *squeeze;
	int result;

	if (object_read(repo, name, OBJECT_MAX, &sealed, err) == -1)
		return -1;
	if (sealed.len > 5 && sealed.data[5] != (char)repo->cipher)
		return ak_fail(err, AK_DATA, "%s: another cipher", name);
	if (seal_object_open(repo->keys.use[SEAL_META], info, sealed.data,
		sealed.len, &squeezed, err) == -1)
		return ak_fail_in(err, "%s", name);
	ak_buf_free(&sealed);
	squeeze = squeeze_new(repo->level);
	result = squeeze_grow(squeeze, squeezed.data, squeezed.len, OBJECT_MAX,
	    out, err);
	squeeze_free(squeeze);
	return result == 0 ? 0 : ak_fail_in(err, "%s", name);
}

struct lost {
	struct repo *repo;
	store_each *each;
	void *arg;
};

static int
each_lost(void *arg, const char *name, AK_UNUSED uint64_t size,
    struct ak_err *err)
{
	struct lost *lost = arg;
	struct store *store = lost->repo->store;
	const char *own = name + strlen("parity/");
	struct ak_err why = { 0 };
	uint64_t there;

	if (store->ops->size(store, own, &there, &why) == 0)
		return 0;
	if (why.code == AK_NOINPUT)
		return lost->each(lost->arg, own, 0, err);
	*err = why;
	return -1;
}

int
object_list(struct repo *repo, const char *room, store_each *each, void *arg,
    struct ak_err *err)
{
	struct store *store = repo->store;
	struct lost lost = { repo, each, arg };
	AK_FREE char *beside = ak_printf("parity/%s", room);

	if (store->ops->list(store, room, each, arg, err) == -1)
		return -1;
	return store->ops->list(store, beside, each_lost, &lost, err);
}

/*
 * The parity is gone for certain before its object is: else a power cut between
 * them could leave the parity alone, which is how a lost object looks.
 */
int
object_remove(struct repo *repo, const char *name, struct ak_err *err)
{
	struct store *store = repo->store;
	char beside[PARITY_NAME];

	parity_name(name, beside);
	if (store->ops->remove(store, beside, err) == -1 ||
	    store->ops->sync(store, err) == -1)
		return -1;
	return store->ops->remove(store, name, err);
}
