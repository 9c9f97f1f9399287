/*
 * str - numbers, sizes, durations and times: text to value, and back.
 *
 * Every reader takes the whole string or fails with AK_USAGE and a text that
 * names the range; the caller says with ak_fail_in() what it was for.
 */
#ifndef AK_STR_H
#define AK_STR_H

#include <stdint.h>

#include "lib/buf.h"
#include "lib/err.h"

/* A decimal integer, min <= *value <= max. */
int ak_str_int(const char *s, int64_t min, int64_t max, int64_t *value,
    struct ak_err *err) AK_MUST;

/*
 * Bytes: an integer and nothing or one of b k m g t (1024 each), in either
 * case, with an optional "b" or "ib" behind: 512, 20M, 4GiB.
 */
int ak_str_size(const char *s, int64_t *bytes, struct ak_err *err) AK_MUST;

/*
 * Milliseconds: numbers with ms s m h d w, in falling units, or a bare number
 * of seconds: 90, 1.5s, 10m, 1h30m. A fraction must end at a millisecond. At
 * most ten years of 365 days.
 */
int ak_str_duration(const char *s, int64_t *ms, struct ak_err *err) AK_MUST;

/*
 * Nanoseconds since 1970 in UTC from an RFC 3339 time, with any fraction, of
 * which nine digits count: 2026-01-31T12:00:00.5Z, 2026-01-31T13:00:00+01:00.
 * Second 60 is the first of the next minute. From 1677-09-22 to 2262-04-11.
 */
int ak_str_time(const char *s, int64_t *ns, struct ak_err *err) AK_MUST;

/* The wall clock: nanoseconds since 1970. */
int64_t ak_str_now(void);
/* RFC 3339 in UTC, to the millisecond: 2026-01-31T12:00:00.500Z */
void ak_str_from_time(struct ak_buf *buf, int64_t ns);
/* For people, three digits and a unit of 1024: 1.44G, 512, 20.0M */
void ak_str_from_size(struct ak_buf *buf, int64_t bytes);
/* For people, two units at most: 350ms, 12s, 3m20s, 5d4h */
void ak_str_from_duration(struct ak_buf *buf, int64_t ms);

#endif
