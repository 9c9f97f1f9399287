/*
 * str - fuzz: whatever the text, a value that is read lies in its range and is
 * read again from how it is written, and an error begins with the text.
 */
#include "lib/str.h"

#include <string.h>

#include "lib/near.h"
#include "tests/fuzz/fuzz.h"

typedef int reader(const char *s, int64_t *value, struct ak_err *err);

/* The value, or -1; an error names what was wrong. */
static bool
read_one(reader *read, const char *text, int64_t *value)
{
	struct ak_err err = { 0 };
	size_t shown = strnlen(text, 50);

	if (read(text, value, &err) == 0)
		return true;
	law(err.code == AK_USAGE);
	law(strncmp(err.text, text, shown) == 0);
	law(strstr(err.text, ": not a "));
	return false;
}

static int
small_int(const char *s, int64_t *value, struct ak_err *err)
{
	return ak_str_int(s, -1000, INT64_MAX, value, err);
}

static void
read_back(const char *text)
{
	AK_BUF struct ak_buf again = { 0 };
	int64_t value, second;

	if (read_one(small_int, text, &value)) {
		law(value >= -1000);
		ak_buf_printf(&again, "%lld", (long long)value);
		law(read_one(small_int, again.data, &second));
		law(second == value);
	}
	if (read_one(ak_str_time, text, &value)) {
		ak_buf_reset(&again);
		ak_str_from_time(&again, value);
		if (read_one(ak_str_time, again.data, &second))
			law(value >= second && value - second < 1000000);
		else
			law(value < -9223372036000000000);
	}
}

static void
shown(const char *text)
{
	AK_BUF struct ak_buf again = { 0 };
	int64_t value, second;

	if (read_one(ak_str_duration, text, &value)) {
		law(value >= 0 && value <= INT64_C(315360000000));
		ak_str_from_duration(&again, value);
		law(read_one(ak_str_duration, again.data, &second));
		law(second <= value && second >= value - value / 25 - 1000);
	}
	if (read_one(ak_str_size, text, &value)) {
		ak_buf_reset(&again);
		ak_str_from_size(&again, value);
		law(again.len >= 1 && again.len <= 5);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "up", "status", "validate", NULL };
	AK_FREE char *text = ak_strndup((const char *)data, size);
	const char *near = ak_near(text, names);

	read_back(text);
	shown(text);
	law(!near || near == names[1] || near == names[2] ||
	    strlen(text) == 2 || near == names[0]);
	law(!near || strlen(text) >= 2);
	return 0;
}
