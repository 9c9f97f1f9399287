/*
 * utf8 - fuzz: whatever the bytes, text is a chain of characters that encode to
 * the same bytes, and what is no text has a place where the chain breaks.
 */
#include "lib/utf8.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

static size_t
encode(uint32_t point, char *to)
{
	static const unsigned char leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t len = point < 0x80 ? 1
	    : point < 0x800	  ? 2
	    : point < 0x10000	  ? 3
				  : 4;

	for (size_t i = len - 1; i > 0; i--, point >>= 6)
		to[i] = (char)(0x80 | (point & 0x3f));
	to[0] = (char)(leads[len] | point);
	return len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *s = (const char *)data;
	size_t at = 0, step = 1;

	for (; at < size && step > 0; at += step) {
		uint32_t point;
		char again[4];

		step = ak_utf8_next(s + at, size - at, &point);
		if (step == 0)
			break;
		law(encode(point, again) == step);
		law(memcmp(again, s + at, step) == 0);
		law(point <= 0x10ffff && (point < 0xd800 || point > 0xdfff));
		law(ak_utf8_width(point) >= 0 && ak_utf8_width(point) <= 2);
	}
	law(ak_utf8_valid(s, size) == (at == size));
	law(ak_utf8_valid(s, at));
	return 0;
}
