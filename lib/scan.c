/*
 * scan - is this a text that the JSON parser may have?
 */
#include "lib/scan.h"

#include <ctype.h>
#include <string.h>

#include "lib/utf8.h"

#define DEPTH_MAX 64

/* A text that is scanned; the first fault ends it. */
struct scan {
	const char *text;
	size_t len;
	size_t at; /* where the fault is, counted from 0 */
	int depth;
	const char *fault;
};

/* cJSON takes \u with other than four hexadecimal digits for a NUL. */
static bool
escape_holds(const char *s, size_t len)
{
	if (len < 2)
		return true; /* ends here: told as that */
	if (s[1] != 'u')
		return strchr("\"\\/bfnrt", s[1]) != NULL && s[1] != '\0';
	for (size_t i = 2; i < 6; i++)
		if (i >= len || !isxdigit((unsigned char)s[i]))
			return false;
	return true;
}

/* From a quote to behind its partner, which may be missing. */
static void
scan_string(struct scan *scan)
{
	for (scan->at++; scan->at < scan->len; scan->at++) {
		const char *s = scan->text + scan->at;

		if ((unsigned char)*s < ' ')
			scan->fault = "a control byte in a string";
		if (scan->len - scan->at >= 6 && memcmp(s, "\\u0000", 6) == 0)
			scan->fault = "a NUL in a string";
		if (*s == '\\' && !escape_holds(s, scan->len - scan->at))
			scan->fault = "a bad escape in a string";
		if (scan->fault)
			return;
		if (*s == '\\')
			scan->at++;
		if (*s == '"')
			break;
	}
	scan->at++;
}

static size_t
digits(const struct scan *scan, size_t at)
{
	size_t start = at;

	while (at < scan->len && isdigit((unsigned char)scan->text[at]))
		at++;
	return at - start;
}

static bool
is_at(const struct scan *scan, size_t at, const char *any)
{
	return at < scan->len && scan->text[at] != '\0' &&
	    strchr(any, scan->text[at]);
}

/* -0.5e+3 by the grammar of RFC 8259, section 6. */
static void
scan_number(struct scan *scan)
{
	size_t at = scan->at + is_at(scan, scan->at, "-");
	size_t whole = digits(scan, at), part = 1;

	if (whole > 1 && scan->text[at] == '0')
		whole = 0;
	at += whole;
	if (is_at(scan, at, ".")) {
		part = digits(scan, at + 1);
		at += 1 + part;
	}
	if (part > 0 && is_at(scan, at, "eE")) {
		at++;
		at += is_at(scan, at, "+-");
		part = digits(scan, at);
		at += part;
	}
	if (whole == 0 || part == 0 || is_at(scan, at, "+-.0123456789eE"))
		scan->fault = "not a number";
	else
		scan->at = at;
}

/* One byte outside of strings and numbers. */
static void
scan_byte(struct scan *scan)
{
	char c = scan->text[scan->at];

	if (c == '{' || c == '[')
		scan->depth++;
	if (c == '}' || c == ']')
		scan->depth--;
	if (scan->depth > DEPTH_MAX)
		scan->fault = "more than 64 levels";
	if ((unsigned char)c < ' ' && c != '\t' && c != '\n' && c != '\r')
		scan->fault = "a control byte";
	scan->at += !scan->fault;
}

static void
scan_text(struct scan *scan)
{
	while (scan->at < scan->len && !scan->fault) {
		char c = scan->text[scan->at];

		if (c == '"')
			scan_string(scan);
		else if (c == '-' || isdigit((unsigned char)c))
			scan_number(scan);
		else
			scan_byte(scan);
	}
}

int
ak_scan_json(const char *text, size_t len, struct ak_err *err)
{
	struct scan scan = { .text = text, .len = len };

	if (!ak_utf8_valid(text, len))
		return ak_fail(err, AK_DATA, "not UTF-8");
	scan_text(&scan);
	if (scan.fault)
		return ak_fail(err, AK_DATA, "%s, at byte %zu", scan.fault,
		    scan.at);
	return 0;
}
