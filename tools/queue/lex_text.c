/*
 * lex_text - JSON in pieces: strings and numbers.
 *
 * Long strings are what bodies are made of: they are passed over eight bytes at
 * a time.
 */
#include "tools/queue/lex_read.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

void
lex_keep(struct lex *lex, char c)
{
	if (lex->text_len < LEX_TEXT)
		lex->text[lex->text_len++] = c;
	else
		lex->cut = true;
}

static void
keep_point(struct lex *lex, uint32_t point)
{
	char bytes[4];
	int n = 0;

	if (point < 0x80) {
		bytes[n++] = (char)point;
	} else if (point < 0x800) {
		bytes[n++] = (char)(0xc0 | point >> 6);
	} else if (point < 0x10000) {
		bytes[n++] = (char)(0xe0 | point >> 12);
		bytes[n++] = (char)(0x80 | (point >> 6 & 0x3f));
	} else {
		bytes[n++] = (char)(0xf0 | point >> 18);
		bytes[n++] = (char)(0x80 | (point >> 12 & 0x3f));
		bytes[n++] = (char)(0x80 | (point >> 6 & 0x3f));
	}
	if (point >= 0x80)
		bytes[n++] = (char)(0x80 | (point & 0x3f));
	for (int i = 0; i < n; i++)
		lex_keep(lex, bytes[i]);
}

/* The first half of a pair that found no second. */
static void
end_pair(struct lex *lex)
{
	if (lex->high)
		keep_point(lex, 0xfffd);
	lex->high = 0;
}

static enum lex_token
end_string(struct lex *lex)
{
	end_pair(lex);
	lex->text[lex->text_len] = '\0';
	if (!lex->name)
		return lex_ended(lex, LEX_STRING);
	lex->keep = false;
	lex->state = LEX_AT_COLON;
	return LEX_NAME;
}

/* Has one of eight bytes the value of c? */
static uint64_t
has(uint64_t bytes, unsigned char c)
{
	uint64_t x = bytes ^ c * UINT64_C(0x0101010101010101);

	return (x - UINT64_C(0x0101010101010101)) & ~x &
	    UINT64_C(0x8080808080808080);
}

/* How many bytes from the first are neither quote, backslash nor control. */
static size_t
plain(const char *data, size_t len)
{
	size_t at = 0;

	for (uint64_t bytes, found; len - at >= sizeof(bytes);
	     at += sizeof(bytes)) {
		memcpy(&bytes, data + at, sizeof(bytes));
		found = has(bytes, '"') | has(bytes, '\\') |
		    ((bytes - UINT64_C(0x2020202020202020)) & ~bytes &
			UINT64_C(0x8080808080808080));
		/* Of the bits found the lowest is right. */
		if (found != 0 && le64toh(1) == 1)
			return at + (size_t)__builtin_ctzll(found) / 8;
		if (found != 0)
			break;
	}
	while (at < len && data[at] != '"' && data[at] != '\\' &&
	    (unsigned char)data[at] >= ' ')
		at++;
	return at;
}

static void
keep_run(struct lex *lex, const char *data, size_t len)
{
	size_t room;

	end_pair(lex);
	room = (size_t)LEX_TEXT - lex->text_len;
	if (len > room)
		lex->cut = true;
	else
		room = len;
	memcpy(lex->text + lex->text_len, data, room);
	lex->text_len = (uint16_t)(lex->text_len + room);
}

enum lex_token
lex_in_string(struct lex *lex, const char *data, size_t len, size_t *used)
{
	size_t n = plain(data, len);

	*used = n;
	if (n > 0) {
		lex->filled = true;
		if (lex->keep)
			keep_run(lex, data, n);
	}
	if (n == len)
		return LEX_MORE;
	*used = n + 1;
	if (data[n] == '"')
		return end_string(lex);
	if (data[n] != '\\')
		return lex_fail(lex, "a control byte in a string");
	lex->state = LEX_AT_ESCAPE;
	return LEX_MORE;
}

enum lex_token
lex_in_escape(struct lex *lex, char c)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *found = c ? strchr(from, c) : NULL;

	lex->filled = true;
	if (c == 'u') {
		lex->state = LEX_AT_HEX;
		lex->left = 4;
		lex->point = 0;
		return LEX_MORE;
	}
	if (!found)
		return lex_fail(lex, "an escape that JSON has not");
	end_pair(lex);
	lex_keep(lex, to[found - from]);
	lex->state = LEX_AT_STRING;
	return LEX_MORE;
}

enum lex_token
lex_in_hex(struct lex *lex, char c)
{
	unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0')
	    : (c | 0x20) >= 'a' && (c | 0x20) <= 'f'
	    ? (unsigned)((c | 0x20) - 'a' + 10)
	    : 16;

	if (digit > 15)
		return lex_fail(lex, "an escape without four digits");
	lex->point = lex->point << 4 | digit;
	if (--lex->left > 0)
		return LEX_MORE;
	lex->state = LEX_AT_STRING;
	if (lex->high && lex->point >= 0xdc00 && lex->point < 0xe000) {
		keep_point(lex,
		    0x10000 + ((uint32_t)(lex->high - 0xd800) << 10) +
			(lex->point - 0xdc00));
		lex->high = 0;
		return LEX_MORE;
	}
	end_pair(lex);
	if (lex->point >= 0xd800 && lex->point < 0xdc00)
		lex->high = (uint16_t)lex->point;
	else if (lex->point >= 0xdc00 && lex->point < 0xe000)
		keep_point(lex, 0xfffd);
	else
		keep_point(lex, lex->point);
	return LEX_MORE;
}

/* The part that c leads to; -1 when the number ends before it. */
static int
next_part(enum lex_part part, char c)
{
	bool digit = c >= '0' && c <= '9';

	switch (part) {
	case LEX_AT_MINUS:
		return !digit ? -1 : c == '0' ? LEX_AT_ZERO : LEX_AT_INTEGER;
	case LEX_AT_ZERO:
	case LEX_AT_INTEGER:
		if (digit && part == LEX_AT_INTEGER)
			return LEX_AT_INTEGER;
		return c == '.'		? LEX_AT_POINT
		    : (c | 0x20) == 'e' ? LEX_AT_EXPONENT
					: -1;
	case LEX_AT_POINT:
		return digit ? LEX_AT_FRACTION : -1;
	case LEX_AT_FRACTION:
		return digit		? LEX_AT_FRACTION
		    : (c | 0x20) == 'e' ? LEX_AT_EXPONENT
					: -1;
	case LEX_AT_EXPONENT:
		if (c == '+' || c == '-')
			return LEX_AT_SIGN;
		return digit ? LEX_AT_POWER : -1;
	default:
		return digit ? LEX_AT_POWER : -1;
	}
}

static bool
may_end(enum lex_part part)
{
	return part == LEX_AT_ZERO || part == LEX_AT_INTEGER ||
	    part == LEX_AT_FRACTION || part == LEX_AT_POWER;
}

/* A number ends before a byte that is none of it, which is not taken. */
enum lex_token
lex_in_number(struct lex *lex, const char *data, size_t len, size_t *used)
{
	size_t n;
	int part;

	for (n = 0; n < len; n++) {
		part = next_part(lex->part, data[n]);
		if (part == -1)
			break;
		lex->part = (uint8_t)part;
		lex_keep(lex, data[n]);
	}
	*used = n;
	if (n == len)
		return LEX_MORE;
	if (!may_end(lex->part) || (data[n] >= '0' && data[n] <= '9')) {
		*used = n + 1;
		return lex_fail(lex, "not a number");
	}
	lex->text[lex->text_len] = '\0';
	return lex_ended(lex, LEX_NUMBER);
}

double
lex_number(const struct lex *lex)
{
	int64_t value = 0;

	/* Nearly all are whole numbers that a double holds. */
	if (lex->text_len > 15)
		return strtod(lex->text, NULL);
	for (int i = 0; i < lex->text_len; i++) {
		if (lex->text[i] < '0' || lex->text[i] > '9')
			return strtod(lex->text, NULL);
		value = value * 10 + (lex->text[i] - '0');
	}
	return (double)value;
}
