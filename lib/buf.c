/*
 * buf - a growable string of bytes.
 */
#include "lib/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

void
ak_buf_free(struct ak_buf *buf)
{
	free(buf->data);
	*buf = (struct ak_buf){ 0 };
}

void
ak_buf_reset(struct ak_buf *buf)
{
	buf->len = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

/* Doubles, so that n bytes cost n; a size that overflows is no memory. */
void
ak_buf_grow(struct ak_buf *buf, size_t more)
{
	size_t need, cap = buf->cap > 0 ? buf->cap : 64;

	if (more < buf->cap - buf->len)
		return;
	if (!ak_add(buf->len, more, &need) || !ak_add(need, 1, &need))
		need = SIZE_MAX;
	while (cap < need)
		if (!ak_mul(cap, 2, &cap))
			cap = SIZE_MAX;
	buf->data = ak_resize(buf->data, cap, 1);
	buf->cap = cap;
	buf->data[buf->len] = '\0';
}

void
ak_buf_add(struct ak_buf *buf, const void *data, size_t len)
{
	if (len >= buf->cap - buf->len) /* seldom */
		ak_buf_grow(buf, len);
	if (len > 0)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void
ak_buf_str(struct ak_buf *buf, const char *s)
{
	ak_buf_add(buf, s, strlen(s));
}

void
ak_buf_char(struct ak_buf *buf, char c)
{
	ak_buf_add(buf, &c, 1);
}

void
ak_buf_vprintf(struct ak_buf *buf, const char *format, va_list args)
{
	va_list again;
	int len;

	va_copy(again, args);
	ak_buf_grow(buf, 64);
	len = vsnprintf(buf->data + buf->len, buf->cap - buf->len, format,
	    args);
	if (len > 0 && (size_t)len >= buf->cap - buf->len) {
		ak_buf_grow(buf, (size_t)len);
		vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
	}
	va_end(again);
	buf->len += len > 0 ? (size_t)len : 0;
	buf->data[buf->len] = '\0';
}

void
ak_buf_printf(struct ak_buf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	ak_buf_vprintf(buf, format, args);
	va_end(args);
}

void
ak_buf_drop(struct ak_buf *buf, size_t n)
{
	if (n == 0)
		return;
	buf->len -= n;
	memmove(buf->data, buf->data + n, buf->len);
	buf->data[buf->len] = '\0';
}

char *
ak_buf_take(struct ak_buf *buf)
{
	char *data = buf->data ? buf->data : ak_calloc(1, 1);

	*buf = (struct ak_buf){ 0 };
	return data;
}

const char *
ak_buf_text(const struct ak_buf *buf)
{
	return buf->data ? buf->data : "";
}
