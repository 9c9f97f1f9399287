/*
 * out - records out: NDJSON for programs, a table for people.
 *
 * JSON is written by hand into one buffer that goes out at 64 KiB: a log of a
 * million lines is a million records.
 */
#include "lib/out.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "lib/json.h"
#include "lib/str.h"
#include "lib/term.h"

#define FULL ((size_t)64 * 1024)
#define EXACT (INT64_C(1) << 53)

struct ak_out {
	int fd;
	bool json;
	int failed;	     /* errno of the first write that did */
	struct ak_buf lines; /* to be written */
	size_t whole;	     /* bytes of them that are whole lines */
	struct ak_table table;
	const char *list; /* key of the list that is open, in a table */
	struct ak_buf items;
	bool more; /* the list that is open has an item */
};

struct ak_out *
ak_out_open(int fd, enum ak_form form, bool colour)
{
	struct ak_out *out = ak_calloc(1, sizeof(*out));
	bool terminal = isatty(fd);

	out->fd = fd;
	out->json = form == AK_FORM_JSON || (form == AK_FORM_AUTO && !terminal);
	out->table.out = &out->lines;
	out->table.columns = terminal ? ak_term_width(fd) : 0;
	out->table.colour = colour;
	return out;
}

/* Who shares the terminal may have made it non-blocking. */
static ssize_t
write_some(int fd, const char *data, size_t len)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };

	for (;;) {
		ssize_t put = write(fd, data, len);

		if (put != -1 || (errno != EINTR && errno != EAGAIN))
			return put;
		if (errno == EAGAIN)
			poll(&ready, 1, -1);
	}
}

/* Whole lines only: half a record is none. */
static void
hand_over(struct ak_out *out)
{
	size_t done = 0;

	while (done < out->whole && out->failed == 0) {
		ssize_t put = write_some(out->fd, out->lines.data + done,
		    out->whole - done);

		if (put == -1)
			out->failed = errno;
		else
			done += (size_t)put;
	}
	ak_buf_drop(&out->lines, out->whole);
	out->whole = 0;
}

static void
line_done(struct ak_out *out)
{
	out->whole = out->lines.len;
	if (out->whole >= FULL || out->failed != 0)
		hand_over(out);
}

void
ak_out_flush(struct ak_out *out)
{
	if (!out->json) {
		ak_table_draw(&out->table);
		line_done(out);
	}
	hand_over(out);
}

int
ak_out_close(struct ak_out *out, struct ak_err *err)
{
	int failed;

	ak_out_flush(out);
	failed = out->failed;
	ak_table_free(&out->table);
	ak_buf_free(&out->lines);
	ak_buf_free(&out->items);
	free(out);
	errno = failed;
	return failed == 0 ? 0 : ak_fail_sys(err, AK_IO, "write");
}

bool
ak_out_is_table(const struct ak_out *out)
{
	return !out->json;
}

bool
ak_out_failed(const struct ak_out *out)
{
	return out->failed != 0;
}

static void
add_key(struct ak_out *out, const char *key)
{
	ak_buf_char(&out->lines, ',');
	ak_json_quote(&out->lines, key, strlen(key));
	ak_buf_char(&out->lines, ':');
}

void
ak_out_begin(struct ak_out *out, const struct ak_view *view)
{
	if (!out->json) {
		ak_table_begin(&out->table, view);
		return;
	}
	ak_buf_str(&out->lines, "{\"type\":");
	ak_json_quote(&out->lines, view->type, strlen(view->type));
}

void
ak_out_end(struct ak_out *out)
{
	if (out->json)
		ak_buf_str(&out->lines, "}\n");
	else
		ak_table_end(&out->table);
	line_done(out);
}

void
ak_out_str(struct ak_out *out, const char *key, const char *value)
{
	if (value)
		ak_out_bytes(out, key, value, strlen(value));
}

void
ak_out_bytes(struct ak_out *out, const char *key, const char *value, size_t len)
{
	if (!out->json) {
		ak_table_text(&out->table, key, value, len);
		return;
	}
	add_key(out, key);
	ak_json_quote(&out->lines, value, len);
}

void
ak_out_int(struct ak_out *out, const char *key, int64_t value)
{
	bool exact = value >= -EXACT && value <= EXACT;

	if (!out->json) {
		ak_table_int(&out->table, key, value);
		return;
	}
	add_key(out, key);
	ak_buf_printf(&out->lines, exact ? "%lld" : "\"%lld\"",
	    (long long)value);
}

/* Without zeros at the end, and never "-0". */
void
ak_out_number(struct ak_out *out, const char *key, double value)
{
	struct ak_buf *lines = &out->lines;

	if (!isfinite(value))
		return;
	if (!out->json) {
		ak_table_number(&out->table, key, value);
		return;
	}
	if (fabs(value) < 0.0000005)
		value = 0;
	add_key(out, key);
	ak_buf_printf(lines, "%.6f", value);
	while (lines->data[lines->len - 1] == '0')
		lines->len--;
	lines->len -= lines->data[lines->len - 1] == '.';
}

void
ak_out_bool(struct ak_out *out, const char *key, bool value)
{
	if (!out->json) {
		ak_out_str(out, key, value ? "yes" : "no");
		return;
	}
	add_key(out, key);
	ak_buf_str(&out->lines, value ? "true" : "false");
}

void
ak_out_time(struct ak_out *out, const char *key, int64_t ns)
{
	if (!out->json) {
		ak_table_time(&out->table, key, ns);
		return;
	}
	add_key(out, key);
	ak_buf_char(&out->lines, '"');
	ak_str_from_time(&out->lines, ns);
	ak_buf_char(&out->lines, '"');
}

void
ak_out_list(struct ak_out *out, const char *key)
{
	out->more = false;
	out->list = key;
	ak_buf_reset(&out->items);
	if (!out->json)
		return;
	add_key(out, key);
	ak_buf_char(&out->lines, '[');
}

void
ak_out_item(struct ak_out *out, const char *value)
{
	if (out->json) {
		if (out->more)
			ak_buf_char(&out->lines, ',');
		ak_json_quote(&out->lines, value, strlen(value));
	} else {
		if (out->more)
			ak_buf_str(&out->items, ", ");
		ak_buf_str(&out->items, value);
	}
	out->more = true;
}

void
ak_out_list_end(struct ak_out *out)
{
	if (out->json)
		ak_buf_char(&out->lines, ']');
	else
		ak_out_bytes(out, out->list, ak_buf_text(&out->items),
		    out->items.len);
}

void
ak_out_note(struct ak_out *out, const char *format, ...)
{
	AK_BUF struct ak_buf text = { 0 };
	va_list args;

	if (out->json)
		return;
	va_start(args, format);
	ak_buf_vprintf(&text, format, args);
	va_end(args);
	ak_table_draw(&out->table);
	ak_table_plain(&out->lines, ak_buf_text(&text), text.len);
	ak_buf_char(&out->lines, '\n');
	line_done(out);
}

void
ak_out_raw(struct ak_out *out, const char *format, ...)
{
	va_list args;

	if (!out->json)
		ak_table_draw(&out->table);
	va_start(args, format);
	ak_buf_vprintf(&out->lines, format, args);
	va_end(args);
	line_done(out);
}
