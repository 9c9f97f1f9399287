/*
 * verified - when each pack was last read whole, by this machine.
 *
 * A line each: the name of the pack, a blank, seconds since 1970.
 */
#include <fcntl.h>
#include <string.h>

#include "lib/crypt.h"
#include "lib/file.h"
#include "lib/str.h"
#include "tools/backup/care_impl.h"

#define VERIFIED_MAX ((size_t)256 << 20)
#define SECOND INT64_C(1000000000)

static bool
digits(const char *hex, uint8_t id[ID_SIZE])
{
	for (size_t i = 0; i < ID_SIZE; i++) {
		unsigned value = 0;

		for (size_t j = 0; j < 2; j++) {
			const char *all = "0123456789abcdef";
			const char *at = strchr(all, hex[2 * i + j]);

			if (!at || *at == '\0')
				return false;
			value = value << 4 | (unsigned)(at - all);
		}
		id[i] = (uint8_t)value;
	}
	return true;
}

/* A line that is no such line says nothing: the pack is due. */
static void
read_line(struct verified *verified, const char *line)
{
	struct ak_err ignored = { 0 };
	uint8_t pack[ID_SIZE];
	int64_t seconds;

	if (strlen(line) > 65 && line[64] == ' ' && digits(line, pack) &&
	    ak_str_int(line + 65, 0, INT64_MAX / SECOND, &seconds, &ignored) ==
		0)
		verified_set(verified, pack, seconds * SECOND);
}

int
verified_read(const struct repo *repo, struct verified *verified,
    struct ak_err *err)
{
	AK_FREE char *directory = care_directory(repo);
	AK_FREE char *path = ak_printf("%s/verified", directory);
	AK_BUF struct ak_buf text = { 0 };
	char *line, *next;

	*verified = (struct verified){ 0 };
	if (ak_file_read(AT_FDCWD, path, VERIFIED_MAX, &text, err) == -1) {
		if (err->code != AK_NOINPUT)
			return -1;
		*err = (struct ak_err){ 0 };
		return 0;
	}
	for (next = text.data; (line = strsep(&next, "\n"));)
		read_line(verified, line);
	return 0;
}

/* The newest first among equals. */
static int
compare(const void *a, const void *b)
{
	const struct verified_pack *left = a, *right = b;
	int order = memcmp(left->pack, right->pack, ID_SIZE);

	if (order != 0)
		return order;
	return (left->time < right->time) - (left->time > right->time);
}

static int
compare_name(const void *name, const void *item)
{
	return memcmp(name, ((const struct verified_pack *)item)->pack,
	    ID_SIZE);
}

/* Sorted, each once. */
static void
tidy(struct verified *verified)
{
	struct verified_pack *items = verified->items;
	size_t kept = 0;

	if (verified->sorted == verified->count)
		return;
	qsort(items, verified->count, sizeof(*items), compare);
	for (size_t i = 0; i < verified->count; i++)
		if (kept == 0 ||
		    memcmp(items[kept - 1].pack, items[i].pack, ID_SIZE) != 0)
			items[kept++] = items[i];
	verified->count = verified->sorted = kept;
}

int64_t
verified_time(struct verified *verified, const uint8_t pack[ID_SIZE])
{
	const struct verified_pack *found;

	tidy(verified);
	if (verified->count == 0)
		return 0;
	found = bsearch(pack, verified->items, verified->count,
	    sizeof(*verified->items), compare_name);
	return found ? found->time : 0;
}

void
verified_set(struct verified *verified, const uint8_t pack[ID_SIZE],
    int64_t time)
{
	if (verified->count == verified->cap) {
		verified->cap = verified->cap ? verified->cap * 2 : 64;
		verified->items = ak_resize(verified->items, verified->cap,
		    sizeof(*verified->items));
	}
	memcpy(verified->items[verified->count].pack, pack, ID_SIZE);
	verified->items[verified->count++].time = time;
}

int
verified_write(const struct repo *repo, struct verified *verified,
    struct ak_err *err)
{
	AK_FREE char *directory = care_directory(repo);
	AK_BUF struct ak_buf text = { 0 };
	AK_CLOSE int dir = -1;

	tidy(verified);
	for (size_t i = 0; i < verified->count; i++) {
		ak_crypt_hex(&text, verified->items[i].pack, ID_SIZE);
		ak_buf_printf(&text, " %lld\n",
		    (long long)(verified->items[i].time / SECOND));
	}
	if (ak_dir_make(directory, 0755, &dir, err) == -1)
		return -1;
	return ak_file_replace(dir, "verified", ak_buf_text(&text), text.len,
	    0644, err);
}

void
verified_free(struct verified *verified)
{
	free(verified->items);
	*verified = (struct verified){ 0 };
}
