/*
 * tap - claims that a unit test makes, as TAP for prove(1).
 *
 * A claim is a format in plain words, so that a row of a table can name itself.
 *
 *	is_int(value, 90, "%s is a duration", row->text);
 *	...
 *	return done_testing();
 */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdio.h>

#include "lib/ak.h"

static int tap_count, tap_failed;

static void tap_result(bool good, const char *claim, va_list args)
    AK_UNUSED AK_PRINTF(2, 0);

/* The claim holds. */
static bool ok(bool good, const char *claim, ...) AK_UNUSED AK_PRINTF(2, 3);
/* Both are the same; NULL is only NULL. */
static bool is_str(const char *got, const char *want, const char *claim, ...)
    AK_UNUSED AK_PRINTF(3, 4);
static bool is_int(long long got, long long want, const char *claim, ...)
    AK_UNUSED AK_PRINTF(3, 4);
/* A claim that cannot be tried here, and why. */
static void skip(const char *why, const char *claim, ...)
    AK_UNUSED AK_PRINTF(2, 3);
/* Prints the plan; the exit status of the program. */
static int done_testing(void) AK_UNUSED;

static void
tap_result(bool good, const char *claim, va_list args)
{
	tap_failed += !good;
	printf("%sok %d - ", good ? "" : "not ", ++tap_count);
	vprintf(claim, args);
	putchar('\n');
	fflush(stdout);
}

static bool
ok(bool good, const char *claim, ...)
{
	va_list args;

	va_start(args, claim);
	tap_result(good, claim, args);
	va_end(args);
	return good;
}

static bool
is_str(const char *got, const char *want, const char *claim, ...)
{
	bool good = ak_streq(got, want);
	va_list args;

	va_start(args, claim);
	tap_result(good, claim, args);
	va_end(args);
	if (!good)
		printf("#  got: %s\n# want: %s\n", got ? got : "(null)",
		    want ? want : "(null)");
	return good;
}

static bool
is_int(long long got, long long want, const char *claim, ...)
{
	bool good = got == want;
	va_list args;

	va_start(args, claim);
	tap_result(good, claim, args);
	va_end(args);
	if (!good)
		printf("#  got: %lld\n# want: %lld\n", got, want);
	return good;
}

static void
skip(const char *why, const char *claim, ...)
{
	va_list args;

	printf("ok %d - ", ++tap_count);
	va_start(args, claim);
	vprintf(claim, args);
	va_end(args);
	printf(" # SKIP %s\n", why);
}

static int
done_testing(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed > 0;
}

#endif
