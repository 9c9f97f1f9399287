/*
 * str - unit test: text to value, and back.
 */
#include "lib/str.h"

#include <inttypes.h>
#include <time.h>

#include "tests/unit/tap.h"

#define BAD (-7) /* no case has this value */
#define SECOND INT64_C(1000000000)

struct reading {
	const char *text;
	int64_t value; /* BAD: refused */
};

static const struct reading ints[] = {
	{ "0", 0 },
	{ "7", 7 },
	{ "007", 7 },
	{ "-3", -3 },
	{ "9223372036854775807", INT64_MAX },
	{ "-9223372036854775808", INT64_MIN },
	{ "9223372036854775808", BAD },
	{ "-9223372036854775809", BAD },
	{ "", BAD },
	{ "-", BAD },
	{ "+1", BAD },
	{ " 1", BAD },
	{ "1 ", BAD },
	{ "0x10", BAD },
	{ "1e3", BAD },
	{ "--1", BAD },
	{ "12x", BAD },
};

static const struct reading sizes[] = {
	{ "0", 0 },
	{ "512", 512 },
	{ "512b", 512 },
	{ "20M", 20 << 20 },
	{ "20m", 20 << 20 },
	{ "4GiB", INT64_C(4) << 30 },
	{ "4gb", INT64_C(4) << 30 },
	{ "1k", 1024 },
	{ "8388607t", INT64_C(8388607) << 40 },
	{ "8388608t", BAD },
	{ "", BAD },
	{ "k", BAD },
	{ "-1", BAD },
	{ "1.5g", BAD },
	{ "1 k", BAD },
	{ "1p", BAD },
	{ "1bb", BAD },
	{ "1ib", BAD },
	{ "1kib ", BAD },
	{ "1kk", BAD },
};

static const struct reading durations[] = {
	{ "0", 0 },
	{ "90", 90000 },
	{ "1.5", 1500 },
	{ "1.5s", 1500 },
	{ "250ms", 250 },
	{ "10m", 600000 },
	{ "1h30m", 5400000 },
	{ "2d", 172800000 },
	{ "1w1d1h1m1s1ms", 694861001 },
	{ "0.001", 1 },
	{ "0.5h", 1800000 },
	{ "3650d", INT64_C(315360000000) },
	{ "3650d1ms", BAD },
	{ "9223372036854775807", BAD },
	{ "", BAD },
	{ "s", BAD },
	{ "1.s", BAD },
	{ ".5s", BAD },
	{ "-1s", BAD },
	{ "0.0005s", BAD },
	{ "1.0000000000s", BAD },
	{ "1m1h", BAD },
	{ "1m1m", BAD },
	{ "1h30", BAD },
	{ "1h ", BAD },
	{ "1hour", BAD },
	{ "1S", BAD },
};

static const struct reading times[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "2026-01-31T12:00:00.5Z", 1769860800 * SECOND + SECOND / 2 },
	{ "2026-01-31T13:00:00+01:00", 1769860800 * SECOND },
	{ "2026-01-31T06:30:00-05:30", 1769860800 * SECOND },
	{ "2026-01-31t12:00:00z", 1769860800 * SECOND },
	{ "2026-01-31T12:00:00.123456789012Z", 1769860800123456789 },
	{ "1969-12-31T23:59:59.25Z", -750000000 },
	{ "2024-02-29T00:00:00Z", 1709164800 * SECOND },
	{ "2016-12-31T23:59:60Z", 1483228800 * SECOND },
	{ "2262-04-11T23:47:16.854775807Z", INT64_MAX },
	{ "2262-04-11T23:47:16.854775808Z", BAD },
	{ "0001-01-01T00:00:00Z", BAD },
	{ "2023-02-29T00:00:00Z", BAD },
	{ "1900-02-29T00:00:00Z", BAD },
	{ "2026-13-01T00:00:00Z", BAD },
	{ "2026-00-01T00:00:00Z", BAD },
	{ "2026-01-00T00:00:00Z", BAD },
	{ "2026-04-31T00:00:00Z", BAD },
	{ "2026-01-31T24:00:00Z", BAD },
	{ "2026-01-31T12:60:00Z", BAD },
	{ "2026-01-31T12:00:61Z", BAD },
	{ "2026-01-31T12:00:00", BAD },
	{ "2026-01-31T12:00:00.Z", BAD },
	{ "2026-01-31T12:00:00+24:00", BAD },
	{ "2026-01-31T12:00:00+0100", BAD },
	{ "2026-01-31 12:00:00Z", BAD },
	{ "2026-01-31T12:00:00Zx", BAD },
	{ "2026-1-31T12:00:00Z", BAD },
	{ "", BAD },
};

static int
any_int(const char *s, int64_t *value, struct ak_err *err)
{
	return ak_str_int(s, INT64_MIN, INT64_MAX, value, err);
}

typedef int reader(const char *s, int64_t *value, struct ak_err *err);

static void
read_all(const char *what, reader *read, const struct reading *cases,
    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int64_t value = BAD;
		struct ak_err err = { 0 };
		int result = read(cases[i].text, &value, &err);

		is_int(value, cases[i].value, "\"%s\" is %s%s", cases[i].text,
		    cases[i].value == BAD ? "no " : "", what);
		if (cases[i].value == BAD)
			ok(result == -1 && err.code == AK_USAGE,
			    "\"%s\" is wrong usage", cases[i].text);
	}
}

static void
texts_of_errors(void)
{
	struct ak_err err = { 0 };
	int64_t n;

	ok(ak_str_int("12x", 1, 9, &n, &err) == -1, "12x is refused");
	is_str(err.text, "12x: not a whole number from 1 to 9",
	    "a number's error names its range");
	ok(ak_str_int("10", 1, 9, &n, &err) == -1, "10 is above 9");
	ok(ak_str_int("0", 1, 9, &n, &err) == -1, "0 is below 1");
	ok(ak_str_size("1x", &n, &err) == -1, "1x is refused");
	is_str(err.text,
	    "1x: not a size such as 512, 20m or 4g, from 0 to 8388607t",
	    "a size's error names its range");
	ok(ak_str_duration("soon", &n, &err) == -1, "soon is refused");
	is_str(err.text,
	    "soon: not a duration such as 90s, 10m or 1h30m, from 0 to 3650d",
	    "a duration's error names its range");
	ok(ak_str_time("now", &n, &err) == -1, "now is refused");
	is_str(err.text,
	    "now: not a time such as 2026-01-31T12:00:00Z, "
	    "from 1677-09-22 to 2262-04-11",
	    "a time's error names its range");
	ok(ak_str_int("111111111122222222223333333333444444444455555555556666"
		      "66666\xc3\xa4s",
	       1, 9, &n, &err) == -1,
	    "a long text is refused");
	is_str(err.text,
	    "11111111112222222222333333333344444444445555555555666666666"
	    "...: not a whole number from 1 to 9",
	    "a long text is cut before the character that is in the way");
}

struct writing {
	int64_t value;
	const char *text;
};

static const struct writing times_out[] = {
	{ 0, "1970-01-01T00:00:00.000Z" },
	{ 1769860800 * SECOND + SECOND / 2, "2026-01-31T12:00:00.500Z" },
	{ 1709164799999999999, "2024-02-28T23:59:59.999Z" },
	{ -1, "1969-12-31T23:59:59.999Z" },
	{ -SECOND, "1969-12-31T23:59:59.000Z" },
	{ INT64_MAX, "2262-04-11T23:47:16.854Z" },
	{ INT64_MIN, "1677-09-21T00:12:43.145Z" },
};

static const struct writing sizes_out[] = {
	{ 0, "0" },
	{ 512, "512" },
	{ 999, "999" },
	{ 1000, "0.98K" },
	{ 1024, "1.00K" },
	{ 10234, "9.99K" },
	{ 10240, "10.0K" },
	{ 102297, "99.9K" },
	{ 102400, "100K" },
	{ 1023 << 10, "1.00M" },
	{ 20 << 20, "20.0M" },
	{ 1546188226, "1.44G" },
	{ INT64_MAX, "8.00E" },
	{ -2048, "-2.00K" },
	{ INT64_MIN, "-8.00E" },
};

static const struct writing durations_out[] = {
	{ 0, "0s" },
	{ 350, "350ms" },
	{ 999, "999ms" },
	{ 1999, "1s" },
	{ 12000, "12s" },
	{ 59999, "59s" },
	{ 60000, "1m" },
	{ 200000, "3m20s" },
	{ 3600000, "1h" },
	{ 7505000, "2h5m" },
	{ 446400000, "5d4h" },
	{ 86400000, "1d" },
	{ 86460000, "1d" },
	{ -200000, "-3m20s" },
	{ INT64_MAX, "106751991167d7h" },
	{ INT64_MIN, "-106751991167d7h" },
};

typedef void writer(struct ak_buf *buf, int64_t value);

static void
write_all(writer *write, const struct writing *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		AK_BUF struct ak_buf buf = { 0 };

		write(&buf, cases[i].value);
		is_str(buf.data, cases[i].text, "%" PRId64 " reads %s",
		    cases[i].value, cases[i].text);
	}
}

static void
now(void)
{
	int64_t before = (int64_t)time(NULL) - 1, is = ak_str_now() / SECOND;

	ok(is >= before && is <= (int64_t)time(NULL) + 1,
	    "now is the wall clock");
}

int
main(void)
{
	read_all("whole number", any_int, ints, AK_COUNT(ints));
	read_all("size", ak_str_size, sizes, AK_COUNT(sizes));
	read_all("duration", ak_str_duration, durations, AK_COUNT(durations));
	read_all("time", ak_str_time, times, AK_COUNT(times));
	texts_of_errors();
	write_all(ak_str_from_time, times_out, AK_COUNT(times_out));
	write_all(ak_str_from_size, sizes_out, AK_COUNT(sizes_out));
	write_all(ak_str_from_duration, durations_out, AK_COUNT(durations_out));
	now();
	return done_testing();
}
