/*
 * json - fuzz: whatever the bytes, what is read prints as one line of UTF-8,
 * which is read again and prints the same; what is refused sets nothing.
 */
#include "lib/json.h"

#include <string.h>

#include "lib/utf8.h"
#include "tests/fuzz/fuzz.h"

static int
depth_of(const struct ak_json *json)
{
	int deepest = 0;

	ak_json_each(item, json) {
		int depth = depth_of(item);

		law(ak_json_kind(item) != AK_JSON_ABSENT);
		if (ak_json_name(item))
			law(ak_json_get(json, ak_json_name(item)) == item);
		deepest = depth > deepest ? depth : deepest;
	}
	return deepest + 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AK_JSON struct ak_json *json = NULL, *again = NULL;
	AK_BUF struct ak_buf first = { 0 }, second = { 0 };
	AK_FREE char *copy = ak_malloc(size);
	struct ak_err err = { 0 };

	/* In memory of its own, so that a byte too far is seen. */
	memcpy(copy, data, size);
	if (ak_json_parse(&json, copy, size, &err) == -1) {
		law(err.code == AK_DATA && !json);
		return 0;
	}
	law(depth_of(json) <= 65);
	ak_json_print(json, &first);
	law(ak_utf8_valid(first.data, first.len));
	for (size_t i = 0; i < first.len; i++)
		law((unsigned char)first.data[i] >= ' ');
	law(ak_json_parse(&again, first.data, first.len, &err) == 0);
	ak_json_print(again, &second);
	law(strcmp(first.data, second.data) == 0);
	return 0;
}
