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

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, ID_SIZE);
}

static struct verified_pack *
look_up(struct verified *verified, const uint8_t pack[ID_SIZE])
{
	if (!verified->sorted && verified->count > 0)
		qsort(verified->items, verified->count,
		    sizeof(*verified->items), compare);
	verified->sorted = true;
	return verified->count == 0
	    ? NULL
	    : bsearch(pack, verified->items, verified->count,
		  sizeof(*verified->items), compare);
}

int64_t
verified_time(struct verified *verified, const uint8_t pack[ID_SIZE])
{
	const struct verified_pack *found = look_up(verified, pack);

	return found ? found->time : 0;
}

/*
 * What is there already is found among what was sorted; else it is appended.
 * The file is sorted, and so is what packs are asked for one after the other.
 */
void
verified_set(struct verified *verified, const uint8_t pack[ID_SIZE],
    int64_t time)
{
	struct verified_pack *found = verified->sorted ? look_up(verified, pack)
						       : NULL;

	if (found) {
		found->time = time;
		return;
	}
	if ((verified->count & (verified->count - 1)) == 0)
		verified->items = ak_resize(verified->items,
		    verified->count ? verified->count * 2 : 1,
		    sizeof(*verified->items));
	memcpy(verified->items[verified->count].pack, pack, ID_SIZE);
	verified->items[verified->count++].time = time;
	verified->sorted = false;
}

int
verified_write(const struct repo *repo, const struct verified *verified,
    struct ak_err *err)
{
	AK_FREE char *directory = care_directory(repo);
	AK_BUF struct ak_buf text = { 0 };
	AK_CLOSE int dir = -1;

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
