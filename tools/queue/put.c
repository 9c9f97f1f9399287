/*
 * put - one record by hand: lib/out would write it to a descriptor and wait.
 */
#include <math.h>
#include <string.h>

#include "lib/json.h"
#include "lib/str.h"
#include "tools/queue/operate.h"

static void
put_key(struct ak_buf *buf, const char *key)
{
	ak_buf_str(buf, ",\"");
	ak_buf_str(buf, key);
	ak_buf_str(buf, "\":");
}

void
put_begin(struct ak_buf *buf, const char *type)
{
	ak_buf_str(buf, "{\"type\":\"");
	ak_buf_str(buf, type);
	ak_buf_char(buf, '"');
}

void
put_str(struct ak_buf *buf, const char *key, const char *value)
{
	if (value == NULL)
		return;
	put_key(buf, key);
	ak_json_quote(buf, value, strlen(value));
}

/* By hand: there are many of them in a line of the log. */
static void
put_digits(struct ak_buf *buf, int64_t value)
{
	char text[HTTP1_DIGITS], *end = text + sizeof(text);
	char *at = http1_digits(end, (uint64_t)(value < 0 ? -value : value));

	if (value < 0)
		ak_buf_char(buf, '-');
	ak_buf_add(buf, at, (size_t)(end - at));
}

/* Beyond 2^53 as a string, as lib/out does. */
void
put_int(struct ak_buf *buf, const char *key, int64_t value)
{
	bool wide = value > (INT64_C(1) << 53) || value < -(INT64_C(1) << 53);

	put_key(buf, key);
	if (wide)
		ak_buf_printf(buf, "\"%lld\"", (long long)value);
	else
		put_digits(buf, value);
}

void
put_bool(struct ak_buf *buf, const char *key, bool value)
{
	put_key(buf, key);
	ak_buf_str(buf, value ? "true" : "false");
}

void
put_number(struct ak_buf *buf, const char *key, double value)
{
	if (!isfinite(value))
		return;
	put_key(buf, key);
	ak_buf_printf(buf, "%.6g", value);
}

void
put_seconds(struct ak_buf *buf, const char *key, int64_t us)
{
	char text[7] = ".000000", *at;
	int64_t part = us % QUEUE_SECOND;
	size_t len = sizeof(text);

	if (us < 0)
		return;
	put_key(buf, key);
	put_digits(buf, us / QUEUE_SECOND);
	for (at = text + len; part != 0; part /= 10)
		*--at = (char)('0' + part % 10);
	while (text[len - 1] == '0')
		len--;
	if (len > 1)
		ak_buf_add(buf, text, len);
}

void
put_time(struct ak_buf *buf, const char *key, int64_t ns)
{
	put_key(buf, key);
	ak_buf_char(buf, '"');
	ak_str_from_time(buf, ns);
	ak_buf_char(buf, '"');
}

void
put_end(struct ak_buf *buf)
{
	ak_buf_str(buf, "}\n");
}
