/*
 * snap - snapshots: sealed headers, whose presence is the commit.
 *
 * A name is the time of the snapshot's begin and the first digits of the
 * SHA-256 of its sealed bytes: damage is seen without a key, and none can stand
 * under another's name.
 */
#include "tools/backup/snap.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/crypt.h"
#include "lib/str.h"
#include "tools/backup/snap_text.h"
#include "tools/backup/squeeze.h"

#define ROOM "snaps/"
#define SECOND_LEN 16 /* of a name: 20260102T030405Z */

static void
free_texts(char **items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(items[i]);
	free(items);
}

void
snap_begin(struct snap *snap, const struct ak_opt_list *tags)
{
	char host[256] = "";

	gethostname(host, sizeof(host) - 1);
	snap->host = ak_strdup(host);
	snap->begin = ak_str_now();
	snap->tags = ak_calloc(tags->count + 1, sizeof(*snap->tags));
	for (; snap->tag_count < tags->count; snap->tag_count++)
		snap->tags[snap->tag_count] =
		    ak_strdup(tags->items[snap->tag_count]);
}

void
snap_free(struct snap *snap)
{
	if (!snap)
		return;
	for (size_t i = 0; i < snap->source_count; i++) {
		struct snap_source *source = &snap->sources[i];

		free(source->type);
		free(source->name);
		free(source->prefix);
		free(source->problem);
		free(source->tree.items);
	}
	free(snap->sources);
	free_texts(snap->tags, snap->tag_count);
	free_texts(snap->warnings, snap->warning_count);
	free(snap->host);
	free(snap->stack);
	free(snap->tool);
	ak_json_free(snap->more);
	free(snap);
}

void
snap_seal(struct repo *repo, const struct ak_buf *text, const char *info,
    struct ak_buf *sealed)
{
	AK_BUF struct ak_buf squeezed = { 0 };
	struct squeeze *squeeze = squeeze_new(repo->level);

	squeeze_add(squeeze, text->data, text->len, &squeezed);
	squeeze_free(squeeze);
	seal_object(repo->cipher, repo->keys.use[SEAL_META], info,
	    squeezed.data, squeezed.len, sealed);
}

/* All that it names is stored and synced before; then it is there or not. */
int
snap_write(struct repo *repo, struct snap *snap, const char *more_json,
    struct ak_err *err)
{
	AK_BUF struct ak_buf text = { 0 }, sealed = { 0 }, hex = { 0 };
	AK_FREE char *path = NULL;
	uint8_t digest[ID_SIZE];
	char time[SNAP_TIME];

	snap_print(snap, more_json, &text);
	if (text.len > OBJECT_MAX)
		return ak_fail(err, AK_DATA, "a snapshot larger than %zu bytes",
		    OBJECT_MAX);
	snap_seal(repo, &text, SEAL_SNAPSHOT, &sealed);
	seal_hash(sealed.data, sealed.len, digest);
	ak_crypt_hex(&hex, digest, 8);
	snap_time(snap->begin, time);
	path = ak_printf(ROOM "%s-%s", time, hex.data);
	if (repo->store->ops->sync(repo->store, err) == -1 ||
	    object_put(repo, path, sealed.data, sealed.len, err) == -1 ||
	    repo->store->ops->sync(repo->store, err) == -1)
		return -1;
	memcpy(snap->id, hex.data, sizeof(snap->id));
	snprintf(snap->name, sizeof(snap->name), "%s", path + strlen(ROOM));
	return 0;
}

static bool
is_name(const char *name)
{
	return strlen(name) == SNAP_TIME - 1 + 17 && name[8] == 'T' &&
	    name[15] == 'Z' && name[16] == '-' &&
	    strspn(name, "0123456789") == 8 &&
	    strspn(name + 9, "0123456789") == 6 &&
	    strspn(name + 17, "0123456789abcdef") == 16;
}

int
snap_read(struct repo *repo, const char *name, struct snap **snap,
    struct ak_err *err)
{
	AK_FREE char *path = ak_printf(ROOM "%s", name);
	AK_BUF struct ak_buf text = { 0 };
	char time[SNAP_TIME];
	struct snap *new;

	if (!is_name(name))
		return ak_fail(err, AK_NOINPUT, "%s: no such snapshot", name);
	if (object_open(repo, path, SEAL_SNAPSHOT, &text, err) == -1)
		return -1;
	if (snap_parse(text.data, text.len, &new, err) == -1)
		return ak_fail_in(err, "%s", path);
	snap_time(new->begin, time);
	if (!ak_starts(name, time)) {
		snap_free(new);
		return ak_fail(err, AK_DATA, "%s: of another time", path);
	}
	snprintf(new->name, sizeof(new->name), "%s", name);
	snprintf(new->id, sizeof(new->id), "%s", name + 17);
	*snap = new;
	return 0;
}

struct names {
	char **items;
	size_t count;
};

static int
take_name(void *arg, const char *path, AK_UNUSED uint64_t size,
    AK_UNUSED struct ak_err *err)
{
	struct names *names = arg;
	const char *name = path + strlen(ROOM);

	if (!is_name(name))
		return 0;
	names->items = ak_resize(names->items, names->count + 1,
	    sizeof(*names->items));
	names->items[names->count++] = ak_strdup(name);
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
list_names(struct repo *repo, struct names *names, struct ak_err *err)
{
	*names = (struct names){ 0 };
	if (object_list(repo, ROOM, take_name, names, err) == -1) {
		free_texts(names->items, names->count);
		return -1;
	}
	if (names->count > 0)
		qsort(names->items, names->count, sizeof(char *), by_name);
	return 0;
}

void
snaps_free(struct snaps *snaps)
{
	for (size_t i = 0; i < snaps->count; i++)
		snap_free(snaps->items[i]);
	free(snaps->items);
	free_texts(snaps->bad, snaps->bad_count);
	*snaps = (struct snaps){ 0 };
}

/* One that is removed meanwhile is not there; one that is damaged is told. */
static int
list_one(struct repo *repo, const char *name, struct snaps *snaps,
    struct ak_err *err)
{
	struct snap *snap;

	if (snap_read(repo, name, &snap, err) == 0) {
		snaps->items[snaps->count++] = snap;
		return 0;
	}
	if (err->code == AK_DATA || err->code == AK_CONFIG)
		snaps->bad[snaps->bad_count++] = ak_strdup(name);
	else if (err->code != AK_NOINPUT)
		return -1;
	*err = (struct ak_err){ 0 };
	return 0;
}

/* The name has the second only. */
static int
by_begin(const void *a, const void *b)
{
	const struct snap *const *one = a, *const *other = b;

	if ((*one)->begin != (*other)->begin)
		return (*one)->begin < (*other)->begin ? -1 : 1;
	return strcmp((*one)->name, (*other)->name);
}

int
snap_list(struct repo *repo, struct snaps *snaps, struct ak_err *err)
{
	struct snaps found = { 0 };
	struct names names;
	int result = 0;

	if (list_names(repo, &names, err) == -1)
		return -1;
	found.items = ak_calloc(names.count + 1, sizeof(void *));
	found.bad = ak_calloc(names.count + 1, sizeof(*found.bad));
	for (size_t i = 0; i < names.count && result == 0; i++)
		result = list_one(repo, names.items[i], &found, err);
	free_texts(names.items, names.count);
	if (found.count > 1)
		qsort(found.items, found.count, sizeof(void *), by_begin);
	if (result == 0)
		*snaps = found;
	else
		snaps_free(&found);
	return result;
}

/* A name, the begin of one, or the begin of its id of 4 digits at least. */
static bool
is_meant(const char *name, const char *which)
{
	return ak_starts(name, which) ||
	    (strlen(which) >= 4 && ak_starts(name + 17, which));
}

static int
choose(const struct names *names, const char *which, const char **name,
    struct ak_err *err)
{
	const char *found = NULL;

	for (size_t i = 0; i < names->count && *which; i++) {
		if (!is_meant(names->items[i], which))
			continue;
		if (found)
			return ak_fail(err, AK_NOINPUT,
			    "%s: more than one snapshot begins so", which);
		found = names->items[i];
	}
	if (found) {
		*name = found;
		return 0;
	}
	ak_err_set(err, AK_NOINPUT, "%s: no such snapshot", which);
	ak_err_help(err, "aikit-backup snapshots");
	return -1;
}

/* Of those that began in the last second there is a snapshot of. */
static int
read_latest(struct repo *repo, const struct names *names, struct snap **snap,
    struct ak_err *err)
{
	const char *last = names->items[names->count - 1];

	for (size_t i = names->count; i > 0; i--) {
		struct snap *other;

		if (strncmp(names->items[i - 1], last, SECOND_LEN) != 0)
			break;
		if (snap_read(repo, names->items[i - 1], &other, err) == -1) {
			snap_free(*snap);
			*snap = NULL;
			return -1;
		}
		if (*snap && by_begin(snap, &other) > 0) {
			snap_free(other);
			continue;
		}
		snap_free(*snap);
		*snap = other;
	}
	return 0;
}

int
snap_find(struct repo *repo, const char *which, struct snap **snap,
    struct ak_err *err)
{
	struct names names;
	struct snap *found = NULL;
	const char *name;
	int result;

	if (list_names(repo, &names, err) == -1)
		return -1;
	if (ak_streq(which, "latest") && names.count > 0)
		result = read_latest(repo, &names, &found, err);
	else {
		result = choose(&names, which, &name, err);
		if (result == 0)
			result = snap_read(repo, name, &found, err);
	}
	free_texts(names.items, names.count);
	if (result == 0)
		*snap = found;
	return result;
}
