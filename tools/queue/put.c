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

/* Beyond 2^53 as a string, as lib/out does. */
void
put_int(struct ak_buf *buf, const char *key, int64_t value)
{
	bool wide = value > (INT64_C(1) << 53) || value < -(INT64_C(1) << 53);

	put_key(buf, key);
	ak_buf_printf(buf, wide ? "\"%lld\"" : "%lld", (long long)value);
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
	int digits = 6;
	int64_t part = us % QUEUE_SECOND;

	if (us < 0)
		return;
	put_key(buf, key);
	ak_buf_printf(buf, "%lld", (long long)(us / QUEUE_SECOND));
	for (; part != 0 && part % 10 == 0; digits--)
		part /= 10;
	if (part != 0)
		ak_buf_printf(buf, ".%0*lld", digits, (long long)part);
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
