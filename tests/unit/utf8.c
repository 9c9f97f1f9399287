/*
 * utf8 - unit test: is this text, and how wide is it?
 */
#include "lib/utf8.h"

#include <string.h>

#include "tests/unit/tap.h"

static const struct {
	const char *claim;
	const char *bytes;
	size_t length; /* of the first character; 0: none */
	uint32_t point;
} cases[] = {
	{ "a letter is itself", "a", 1, 'a' },
	{ "two bytes make U+00E4", "\xc3\xa4", 2, 0xe4 },
	{ "three bytes make U+20AC", "\xe2\x82\xac", 3, 0x20ac },
	{ "four bytes make U+1F600", "\xf0\x9f\x98\x80", 4, 0x1f600 },
	{ "U+0080 is the first of two", "\xc2\x80", 2, 0x80 },
	{ "U+0800 is the first of three", "\xe0\xa0\x80", 3, 0x800 },
	{ "U+10000 is the first of four", "\xf0\x90\x80\x80", 4, 0x10000 },
	{ "U+10FFFF is the last one", "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
	{ "U+D7FF comes before the surrogates", "\xed\x9f\xbf", 3, 0xd7ff },
	{ "U+E000 comes behind them", "\xee\x80\x80", 3, 0xe000 },
	{ "U+110000 is none", "\xf4\x90\x80\x80", 0, 0 },
	{ "a surrogate is none", "\xed\xa0\x80", 0, 0 },
	{ "the last surrogate is none", "\xed\xbf\xbf", 0, 0 },
	{ "an overlong slash of two is none", "\xc0\xaf", 0, 0 },
	{ "an overlong letter of two is none", "\xc1\xbf", 0, 0 },
	{ "an overlong form of three is none", "\xe0\x9f\xbf", 0, 0 },
	{ "an overlong form of four is none", "\xf0\x8f\xbf\xbf", 0, 0 },
	{ "a lead of five is none", "\xf8\x88\x80\x80\x80", 0, 0 },
	{ "a continuation alone is none", "\x80", 0, 0 },
	{ "a lead alone is none", "\xc3", 0, 0 },
	{ "three of four bytes are none", "\xf0\x9f\x98", 0, 0 },
	{ "a lead before a letter is none",
	    "\xc3"
	    "a",
	    0, 0 },
	{ "0xff is none", "\xff", 0, 0 },
};

static void
decoding(void)
{
	for (size_t i = 0; i < AK_COUNT(cases); i++) {
		size_t len = strlen(cases[i].bytes);
		uint32_t point = 0;
		size_t got = ak_utf8_next(cases[i].bytes, len, &point);

		ok(got == cases[i].length && point == cases[i].point, "%s",
		    cases[i].claim);
		is_int(ak_utf8_valid(cases[i].bytes, len), got > 0,
		    "%s as a text, too", cases[i].claim);
	}
}

/* A fault is found wherever it stands among the eights that go at once. */
static void
places(void)
{
	char text[40];
	bool all = true;

	for (size_t at = 0; at < sizeof(text); at++) {
		memset(text, 'x', sizeof(text));
		text[at] = '\xff';
		all = all && !ak_utf8_valid(text, sizeof(text));
		text[at] = '\0';
		all = all && ak_utf8_valid(text, sizeof(text));
	}
	ok(all, "a bad byte is found anywhere, and a NUL is none");
	ok(ak_utf8_valid("", 0), "no bytes are text");
}

static const struct {
	const char *claim;
	uint32_t point;
	int width;
} widths[] = {
	{ "a letter has one column", 'a', 1 },
	{ "U+00E4 has one", 0xe4, 1 },
	{ "an acute accent that combines has none", 0x301, 0 },
	{ "a zero width joiner has none", 0x200d, 0 },
	{ "a variation selector has none", 0xfe0f, 0 },
	{ "a box drawing line has one", 0x2500, 1 },
	{ "a CJK ideograph has two", 0x6f22, 2 },
	{ "a kana has two", 0x3042, 2 },
	{ "a Hangul syllable has two", 0xac00, 2 },
	{ "a fullwidth letter has two", 0xff21, 2 },
	{ "a face has two", 0x1f600, 2 },
	{ "a tag at the end of the tables has none", 0xe0001, 0 },
	{ "U+10FFFF has one", 0x10ffff, 1 },
};

int
main(void)
{
	decoding();
	places();
	for (size_t i = 0; i < AK_COUNT(widths); i++)
		is_int(ak_utf8_width(widths[i].point), widths[i].width, "%s",
		    widths[i].claim);
	return done_testing();
}
