/*
 * keys - who may ask, by a key of which only the hash is kept.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "lib/conf.h"
#include "lib/crypt.h"
#include "lib/file.h"
#include "lib/near.h"
#include "lib/str.h"
#include "tools/queue/conf.h"

#define FILE_MAX ((size_t)4 << 20)
#define ENTRIES_MAX 32768
#define USER_FIELD "X-OpenWebUI-User-Id"

static const char *
keep(struct keys *keys, const char *text)
{
	keys->kept = ak_resize(keys->kept, keys->kept_count + 1,
	    sizeof(*keys->kept));
	keys->kept[keys->kept_count] = ak_strdup(text);
	return keys->kept[keys->kept_count++];
}

void
keys_free(struct keys *keys)
{
	if (keys == NULL)
		return;
	for (size_t i = 0; i < keys->kept_count; i++)
		free(keys->kept[i]);
	free(keys->kept);
	free(keys->entries);
	free(keys);
}

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0'
	    : c >= 'a' && c <= 'f'  ? c - 'a' + 10
	    : c >= 'A' && c <= 'F'  ? c - 'A' + 10
				    : -1;
}

static int
set_hash(struct key_entry *entry, const char *text, struct ak_err *err)
{
	if (strlen(text) != 2 * sizeof(entry->hash))
		return ak_fail(err, AK_CONFIG,
		    "not 64 hexadecimal digits of a hash");
	for (size_t i = 0; i < sizeof(entry->hash); i++) {
		int high = hex_digit(text[2 * i]);
		int low = hex_digit(text[2 * i + 1]);

		if (high == -1 || low == -1)
			return ak_fail(err, AK_CONFIG,
			    "not 64 hexadecimal digits of a hash");
		entry->hash[i] = (uint8_t)(high << 4 | low);
	}
	entry->hashed = true;
	return 0;
}

static int
set_int(int *to, const char *text, int64_t max, struct ak_err *err)
{
	int64_t value;

	if (ak_str_int(text, 0, max, &value, err) == -1)
		return ak_fail(err, AK_CONFIG,
		    "not a whole number from 0 to %lld", (long long)max);
	*to = (int)value;
	return 0;
}

/* A value that is wrong is not shown: it may be a key put in its place. */
static int
set_key(struct keys *keys, struct key_entry *entry,
    const struct ak_conf_item *item, struct ak_err *err)
{
	static const char *const names[] = { "sha256", "class", "class_best",
		"weight", "limit", "manage", NULL };
	const char *near = ak_near(item->key, names);

	if (ak_streq(item->key, "sha256"))
		return set_hash(entry, item->value, err);
	if (ak_streq(item->key, "class")) {
		entry->class = keep(keys, item->value);
		return 0;
	}
	if (ak_streq(item->key, "class_best")) {
		entry->class_best = keep(keys, item->value);
		return 0;
	}
	if (ak_streq(item->key, "weight"))
		return set_int(&entry->weight, item->value, 1000, err);
	if (ak_streq(item->key, "limit"))
		return set_int(&entry->limit, item->value, 100000, err);
	if (ak_streq(item->key, "manage")) {
		entry->manage = ak_streq(item->value, "yes");
		return entry->manage || ak_streq(item->value, "no")
		    ? 0
		    : ak_fail(err, AK_CONFIG, "not yes or no");
	}
	ak_err_set(err, AK_CONFIG, "no such key");
	if (near != NULL)
		ak_err_help(err, "did you mean %s?", near);
	return -1;
}

static int
each_item(void *arg, const struct ak_conf_item *item, struct ak_err *err)
{
	struct keys *keys = arg;
	size_t i = 0;

	if (*item->section == '\0')
		return ak_fail(err, AK_CONFIG, "a key before any section");
	while (i < keys->count &&
	    !ak_streq(keys->entries[i].name, item->section))
		i++;
	if (i == ENTRIES_MAX)
		return ak_fail(err, AK_CONFIG, "more than %d clients",
		    ENTRIES_MAX);
	if (i == keys->count) {
		keys->entries = ak_resize(keys->entries, ++keys->count,
		    sizeof(*keys->entries));
		keys->entries[i] = (struct key_entry){
			.name = keep(keys, item->section),
		};
	}
	if (set_key(keys, &keys->entries[i], item, err) == 0)
		return 0;
	return ak_fail_in(err, "%s", item->key);
}

static int
by_hash(const void *a, const void *b)
{
	return memcmp(((const struct key_entry *)a)->hash,
	    ((const struct key_entry *)b)->hash, AK_SHA256_SIZE);
}

static int
index_keys(struct keys *keys, const char *file, struct ak_err *err)
{
	for (size_t i = 0; i < keys->count; i++)
		if (!keys->entries[i].hashed)
			return ak_fail(err, AK_CONFIG,
			    "%s: [%s]: without sha256", file,
			    keys->entries[i].name);
	if (keys->count > 0)
		qsort(keys->entries, keys->count, sizeof(*keys->entries),
		    by_hash);
	for (size_t i = 0; i < keys->count; i++) {
		keys->first[keys->entries[i].hash[0] + 1]++;
		if (i > 0 &&
		    by_hash(&keys->entries[i - 1], &keys->entries[i]) == 0)
			return ak_fail(err, AK_CONFIG,
			    "%s: [%s] and [%s] have the same key", file,
			    keys->entries[i - 1].name, keys->entries[i].name);
	}
	for (size_t i = 1; i < AK_COUNT(keys->first); i++)
		keys->first[i] += keys->first[i - 1];
	return 0;
}

int
keys_parse(const char *file, const char *text, struct keys **keys,
    struct ak_err *err)
{
	struct keys *new = ak_calloc(1, sizeof(*new));

	if (ak_conf_parse(file, text, each_item, new, err) == -1 ||
	    index_keys(new, file, err) == -1) {
		keys_free(new);
		return -1;
	}
	*keys = new;
	return 0;
}

int
keys_read(const char *path, struct keys **keys, struct ak_err *err)
{
	AK_BUF struct ak_buf text = { 0 };
	struct stat st;

	if (stat(path, &st) == -1)
		return ak_fail_sys(err,
		    errno == ENOENT ? AK_NOINPUT : AK_NOPERM, "%s", path);
	if ((st.st_mode & 077) != 0) {
		ak_err_set(err, AK_NOPERM, "%s: others can read or write it",
		    path);
		ak_err_help(err, "chmod 600 %s", path);
		return -1;
	}
	if (ak_file_read(AT_FDCWD, path, FILE_MAX, &text, err) == -1)
		return -1;
	return keys_parse(path, ak_buf_text(&text), keys, err);
}

const struct key_entry *
keys_find(const struct keys *keys, const char *key, size_t len)
{
	struct ak_sha256 *sum = ak_sha256_new();
	const struct key_entry *found = NULL;
	uint8_t hash[AK_SHA256_SIZE];

	ak_sha256_add(sum, key, len);
	ak_sha256_end(sum, hash);
	for (uint32_t i = keys->first[hash[0]]; i < keys->first[hash[0] + 1];
	     i++)
		if (ak_crypt_equal(keys->entries[i].hash, hash, sizeof(hash)))
			found = &keys->entries[i];
	return found;
}

/* What stands behind "Bearer ", or in x-api-key. */
static struct http1_span
key_of(const struct asker *asker)
{
	static const char bearer[] = "bearer ";
	const struct http1_head *head = asker->head;
	struct http1_slice at = head->authorization;
	size_t skip = sizeof(bearer) - 1;

	if (at.len > skip &&
	    strncasecmp(asker->data + at.at, bearer, skip) == 0) {
		while (skip < at.len && asker->data[at.at + skip] == ' ')
			skip++;
		return (struct http1_span){ asker->data + at.at + skip,
			at.len - skip };
	}
	at = head->x_api_key;
	return (struct http1_span){ asker->data + at.at, at.len };
}

static int
class_index(const struct settings *settings, const char *name, int other)
{
	for (int i = 0; name != NULL && i < SCHED_CLASSES; i++)
		if (ak_streq(settings->sched.classes[i].name, name))
			return i;
	return other;
}

static int
refuse(struct identity *who, const char *text)
{
	who->status = 401;
	who->text = text;
	return -1;
}

/*
 * OpenAI's clients always send some key, "ollama" or the like: where none is
 * needed that counts as none, unless it looks like one of ours.
 */
int
keys_identify(const struct settings *settings, const struct asker *asker,
    struct identity *who)
{
	struct http1_span key = key_of(asker);
	const struct key_entry *entry = key.len == 0
	    ? NULL
	    : keys_find(settings->keys, key.data, key.len);
	size_t prefix = sizeof(KEY_PREFIX) - 1;

	if (entry == NULL && asker->listen->need_key)
		return refuse(who,
		    key.len == 0 ? "a key is needed" : "the key is not known");
	if (entry == NULL && key.len > prefix &&
	    memcmp(key.data, KEY_PREFIX, prefix) == 0)
		return refuse(who, "the key is not known");
	if (entry == NULL)
		return serve_identify(settings, asker, who);
	if (serve_identify(settings, asker, who) == -1 && who->status != 401)
		return -1;
	who->status = 0;
	who->text = NULL;
	if (!asker->listen->trust_user ||
	    http1_find(asker->head, asker->data, USER_FIELD) == NULL) {
		memset(who->client, 0, sizeof(who->client));
		memcpy(who->client, entry->name,
		    strnlen(entry->name, sizeof(who->client) - 1));
	}
	who->class = class_index(settings, entry->class, who->class);
	/* A key that is given a class is not given a better one by asking. */
	who->class_best = class_index(settings,
	    entry->class_best != NULL ? entry->class_best : entry->class,
	    who->class_best);
	who->manage = who->manage || entry->manage;
	return 0;
}
