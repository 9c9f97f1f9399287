/*
 * rec - fuzz: whatever the bytes, and however they arrive, a record is what its
 * line alone is read as, and reading ends at the first line that is none.
 */
#include "lib/rec.h"

#include <sys/mman.h>

#include <string.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

/* Line n of the bytes, from 1. */
static const char *
line_at(const uint8_t *data, size_t size, size_t n, size_t *len)
{
	const char *s = (const char *)data, *end = s + size, *feed;

	while (n-- > 1) {
		feed = memchr(s, '\n', (size_t)(end - s));
		law(feed);
		s = feed + 1;
	}
	feed = memchr(s, '\n', (size_t)(end - s));
	*len = (size_t)((feed ? feed : end) - s);
	return s;
}

static bool
is_record(const char *line, size_t len, struct ak_buf *print)
{
	AK_JSON struct ak_json *json = NULL;
	struct ak_err err = { 0 };

	ak_buf_reset(print);
	if (ak_json_parse(&json, line, len, &err) == -1)
		return false;
	ak_json_print(json, print);
	return ak_json_str(ak_json_get(json, "type")) != NULL;
}

static void
check(struct ak_rec *rec, const uint8_t *data, size_t size)
{
	AK_BUF struct ak_buf got = { 0 }, want = { 0 };
	const struct ak_json *json;
	struct ak_err err = { 0 };
	size_t last = 0, len;
	const char *line;
	int result;

	while ((result = ak_rec_next(rec, &json, &err)) == 1) {
		law(rec->line > last);
		last = rec->line;
		line = line_at(data, size, rec->line, &len);
		law(is_record(line, len, &want));
		ak_buf_reset(&got);
		ak_json_print(json, &got);
		law(strcmp(got.data, want.data) == 0);
	}
	if (result == 0)
		return;
	law(err.code == AK_DATA);
	law(ak_starts(err.text, "line "));
	line = line_at(data, size, rec->line, &len);
	law(!is_record(line, len, &want));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AK_CLOSE int fd = memfd_create("rec", MFD_CLOEXEC);
	struct ak_rec rec = { .fd = fd };

	law(write(fd, data, size) == (ssize_t)size);
	law(lseek(fd, 0, SEEK_SET) == 0);
	check(&rec, data, size);
	ak_rec_close(&rec);
	return 0;
}
