/*
 * str - numbers, sizes, durations and times: text to value, and back.
 */
#include "lib/str.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define SECOND_NS INT64_C(1000000000)
#define DAY_MS INT64_C(86400000)
#define TEN_YEARS_MS (3650 * DAY_MS)

/* How much of a wrong value an error shows: its reason must stay in sight. */
#define SHOWN 60

/* The value, or its first characters and "...", is not what. */
static int
refuse(struct ak_err *err, const char *s, const char *what)
{
	bool cut = strnlen(s, SHOWN + 1) > SHOWN;
	int end = SHOWN;

	while (cut && end > SHOWN - 4 && ((unsigned char)s[end] & 0xc0) == 0x80)
		end--;
	return ak_fail(err, AK_USAGE, "%.*s%s: not %s", end, s,
	    cut ? "..." : "", what);
}

/*
 * Digits from *s on, at least one; false when there are too many. A sign of -1
 * makes them fall, since INT64_MIN has no positive.
 */
static bool
read_digits(const char **s, int sign, int64_t *value)
{
	int64_t n = 0;

	if (!isdigit((unsigned char)**s))
		return false;
	for (; isdigit((unsigned char)**s); ++*s)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, sign * (**s - '0'), &n))
			return false;
	*value = n;
	return true;
}

int
ak_str_int(const char *s, int64_t min, int64_t max, int64_t *value,
    struct ak_err *err)
{
	bool minus = *s == '-';
	const char *end = s + minus;
	char what[96];
	int64_t n;

	if (read_digits(&end, minus ? -1 : 1, &n) && *end == '\0' && n >= min &&
	    n <= max) {
		*value = n;
		return 0;
	}
	snprintf(what, sizeof(what), "a whole number from %lld to %lld",
	    (long long)min, (long long)max);
	return refuse(err, s, what);
}

/* What stands behind the digits of a size; 0 when it is no unit. */
static int64_t
size_unit(const char *s)
{
	static const char letters[] = "kmgt";
	const char *letter = *s ? strchr(letters, tolower((unsigned char)*s))
				: NULL;

	s += letter != NULL;
	if (*s != '\0' && strcasecmp(s, "b") != 0 &&
	    (!letter || strcasecmp(s, "ib") != 0))
		return 0;
	return letter ? INT64_C(1024) << (10 * (letter - letters)) : 1;
}

int
ak_str_size(const char *s, int64_t *bytes, struct ak_err *err)
{
	const char *end = s;
	int64_t n, unit = 0;

	if (read_digits(&end, 1, &n))
		unit = size_unit(end);
	if (unit == 0 || __builtin_mul_overflow(n, unit, &n))
		return refuse(err, s,
		    "a size such as 512, 20m or 4g, from 0 to 8388607t");
	*bytes = n;
	return 0;
}

enum { WEEKS, DAYS, HOURS, MINUTES, SECONDS, MILLISECONDS };

static const struct {
	const char *name;
	int64_t ms;
} units[] = {
	[WEEKS] = { "w", 7 * DAY_MS },
	[DAYS] = { "d", DAY_MS },
	[HOURS] = { "h", 3600000 },
	[MINUTES] = { "m", 60000 },
	[SECONDS] = { "s", 1000 },
	[MILLISECONDS] = { "ms", 1 },
};

/* The unit at *s, one from least on; AK_COUNT(units) when it is none. */
static size_t
read_unit(const char **s, size_t least)
{
	size_t len = strspn(*s, "wdhms"), i;

	for (i = least; i < AK_COUNT(units); i++)
		if (strlen(units[i].name) == len &&
		    strncmp(units[i].name, *s, len) == 0) {
			*s += len;
			break;
		}
	return i;
}

/* ".5" at *s as fraction/scale; nine digits at most. */
static bool
read_fraction(const char **s, int64_t *fraction, int64_t *scale)
{
	const char *start = *s + 1, *end = start;

	*fraction = 0;
	*scale = 1;
	if (**s != '.')
		return true;
	if (!read_digits(&end, 1, fraction) || end - start > 9)
		return false;
	for (const char *digit = start; digit < end; digit++)
		*scale *= 10;
	*s = end;
	return true;
}

/* One "1.5h"; seconds when it is all there is and has no unit. */
static bool
read_part(const char **s, size_t *least, int64_t *ms)
{
	int64_t n, fraction, scale, unit_ms;
	size_t unit;

	if (!read_digits(s, 1, &n) || !read_fraction(s, &fraction, &scale))
		return false;
	unit = *least == 0 && **s == '\0' ? SECONDS : read_unit(s, *least);
	if (unit == AK_COUNT(units))
		return false;
	unit_ms = units[unit].ms;
	if (n > TEN_YEARS_MS / unit_ms || fraction * unit_ms % scale != 0)
		return false;
	*ms += n * unit_ms + fraction * unit_ms / scale;
	*least = unit + 1;
	return *ms <= TEN_YEARS_MS;
}

int
ak_str_duration(const char *s, int64_t *ms, struct ak_err *err)
{
	const char *end = s;
	size_t least = 0;
	int64_t total = 0;
	bool good;

	do
		good = read_part(&end, &least, &total);
	while (good && *end != '\0');
	if (!good)
		return refuse(err, s,
		    "a duration such as 90s, 10m or 1h30m, from 0 to 3650d");
	*ms = total;
	return 0;
}

/* A digit where the shape has 0, else the same letter in either case. */
static bool
has_shape(const char *s, const char *shape)
{
	for (; *shape; s++, shape++)
		if (*shape == '0' ? !isdigit((unsigned char)*s)
				  : toupper((unsigned char)*s) != *shape)
			return false;
	return true;
}

static int
two(const char *s)
{
	return (s[0] - '0') * 10 + (s[1] - '0');
}

/* Second 60 is a leap second; timegm(3) moves a day that there is not. */
static bool
read_clock(const char **s, int64_t *seconds)
{
	static const char shape[] = "0000-00-00T00:00:00";
	struct tm tm = { 0 };
	int day;

	if (!has_shape(*s, shape))
		return false;
	tm.tm_year = two(*s) * 100 + two(*s + 2) - 1900;
	tm.tm_mon = two(*s + 5) - 1;
	tm.tm_mday = day = two(*s + 8);
	tm.tm_hour = two(*s + 11);
	tm.tm_min = two(*s + 14);
	if (tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_hour > 23 ||
	    tm.tm_min > 59 || two(*s + 17) > 60)
		return false;
	*seconds = timegm(&tm) + two(*s + 17);
	*s += sizeof(shape) - 1;
	return tm.tm_mday == day;
}

/* ".5", any number of digits, of which nine count. */
static bool
read_rest(const char **s, int64_t *ns)
{
	int64_t digit = SECOND_NS / 10;

	*ns = 0;
	if (**s != '.')
		return true;
	if (!isdigit((unsigned char)*++*s))
		return false;
	for (; isdigit((unsigned char)**s); ++*s, digit /= 10)
		*ns += (**s - '0') * digit;
	return true;
}

/* Seconds that local time is ahead of UTC; the end of the string. */
static bool
read_offset(const char *s, int64_t *seconds)
{
	*seconds = 0;
	if (has_shape(s, "Z"))
		return s[1] == '\0';
	if (!(has_shape(s, "+00:00") || has_shape(s, "-00:00")) ||
	    two(s + 1) > 23 || two(s + 4) > 59)
		return false;
	*seconds = two(s + 1) * INT64_C(3600) + two(s + 4) * INT64_C(60);
	if (*s == '-')
		*seconds = -*seconds;
	return s[6] == '\0';
}

int
ak_str_time(const char *s, int64_t *ns, struct ak_err *err)
{
	int64_t clock, rest, ahead, total;
	const char *at = s;

	if (!read_clock(&at, &clock) || !read_rest(&at, &rest) ||
	    !read_offset(at, &ahead) ||
	    __builtin_mul_overflow(clock - ahead, SECOND_NS, &total) ||
	    __builtin_add_overflow(total, rest, &total))
		return refuse(err, s,
		    "a time such as 2026-01-31T12:00:00Z, "
		    "from 1677-09-22 to 2262-04-11");
	*ns = total;
	return 0;
}

/* Writes n with count digits before end. */
static void
digits_before(char *end, int count, int64_t n)
{
	for (int i = 1; i <= count; i++, n /= 10)
		end[-i] = (char)('0' + n % 10);
}

int64_t
ak_str_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * SECOND_NS + now.tv_nsec;
}

/* By hand: a log of a million lines has a million times. */
void
ak_str_from_time(struct ak_buf *buf, int64_t ns)
{
	char text[] = "0000-00-00T00:00:00.000Z";
	int64_t rest = ns % SECOND_NS;
	time_t seconds = ns / SECOND_NS - (rest < 0);
	struct tm date;

	gmtime_r(&seconds, &date);
	digits_before(text + 4, 4, date.tm_year + 1900);
	digits_before(text + 7, 2, date.tm_mon + 1);
	digits_before(text + 10, 2, date.tm_mday);
	digits_before(text + 13, 2, date.tm_hour);
	digits_before(text + 16, 2, date.tm_min);
	digits_before(text + 19, 2, date.tm_sec);
	digits_before(text + 23, 3, (rest + (rest < 0) * SECOND_NS) / 1000000);
	ak_buf_add(buf, text, sizeof(text) - 1);
}

void
ak_str_from_size(struct ak_buf *buf, int64_t bytes)
{
	static const char letters[] = "BKMGTPE";
	double value = (double)bytes;
	size_t unit = 0;

	if (bytes < 0) {
		ak_buf_char(buf, '-');
		value = -value;
	}
	if (value < 1000) {
		ak_buf_printf(buf, "%.0f", value);
		return;
	}
	for (; value >= 999.5; unit++)
		value /= 1024;
	ak_buf_printf(buf, "%.*f%c", (value < 9.995) + (value < 99.95), value,
	    letters[unit]);
}

/* Cut, not rounded: 59.9 seconds are not yet a minute. */
void
ak_str_from_duration(struct ak_buf *buf, int64_t ms)
{
	uint64_t left = ms < 0 ? -(uint64_t)ms : (uint64_t)ms, unit;
	size_t i = ms == 0 ? SECONDS : DAYS;

	while (left > 0 && left < (uint64_t)units[i].ms)
		i++;
	unit = (uint64_t)units[i].ms;
	ak_buf_printf(buf, "%s%llu%s", ms < 0 ? "-" : "",
	    (unsigned long long)(left / unit), units[i].name);
	if (i >= SECONDS)
		return;
	left = left % unit / (uint64_t)units[i + 1].ms;
	if (left > 0)
		ak_buf_printf(buf, "%u%s", (unsigned)left, units[i + 1].name);
}
