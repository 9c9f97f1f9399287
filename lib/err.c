/*
 * err - what went wrong, and the exit code it leads to.
 */
#include "lib/err.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char cut_mark[] = "...";

static void format_text(char *to, size_t size, const char *format, va_list args)
    AK_PRINTF(3, 0);
static void set_text(char *to, size_t size, const char *format, ...)
    AK_PRINTF(3, 4);

/*
 * Formats into to, beside it first: an argument may be the very text that is
 * replaced. What does not fit ends in the mark, between two characters.
 */
static void
format_text(char *to, size_t size, const char *format, va_list args)
{
	char text[sizeof(((struct ak_err *)NULL)->text)];
	int len = vsnprintf(text, size, format, args);
	size_t end = size - sizeof(cut_mark), least = end - 3;

	if (len < 0)
		text[0] = '\0';
	if (len >= 0 && (size_t)len >= size) {
		while (end > least && (text[end] & 0xc0) == 0x80)
			end--;
		memcpy(text + end, cut_mark, sizeof(cut_mark));
	}
	memcpy(to, text, strlen(text) + 1);
}

/* Joins what is there and more through the same cut. */
static void
set_text(char *to, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	format_text(to, size, format, args);
	va_end(args);
}

void
ak_err_set(struct ak_err *err, enum ak_code code, const char *format, ...)
{
	va_list args;

	err->code = code;
	err->help[0] = '\0';
	va_start(args, format);
	format_text(err->text, sizeof(err->text), format, args);
	va_end(args);
}

void
ak_err_set_sys(struct ak_err *err, enum ak_code code, const char *format, ...)
{
	int why = errno;
	const char *reason = strerror(why);
	va_list args;

	err->code = code;
	err->help[0] = '\0';
	va_start(args, format);
	format_text(err->text, sizeof(err->text), format, args);
	va_end(args);
	/* The C library's texts begin with a capital, ours do not. */
	set_text(err->text, sizeof(err->text), "%s: %c%s", err->text,
	    tolower((unsigned char)*reason), reason + 1);
	errno = why;
}

void
ak_err_in(struct ak_err *err, const char *format, ...)
{
	char where[sizeof(err->text)];
	va_list args;

	va_start(args, format);
	format_text(where, sizeof(where), format, args);
	va_end(args);
	set_text(err->text, sizeof(err->text), "%s%s%s", where,
	    err->text[0] ? ": " : "", err->text);
}

void
ak_err_help(struct ak_err *err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	format_text(err->help, sizeof(err->help), format, args);
	va_end(args);
}
