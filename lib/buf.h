/*
 * buf - a growable string of bytes.
 *
 * data is NULL or ends in a NUL that len does not count, so that it serves as
 * a C string where no byte is NUL. Zero-initialise; AK_BUF frees it at the end
 * of its scope.
 *
 *	AK_BUF struct ak_buf line = { 0 };
 *
 *	ak_buf_printf(&line, "%s=%d\n", name, value);
 */
#ifndef AK_BUF_H
#define AK_BUF_H

#include <stdarg.h>

#include "lib/ak.h"

struct ak_buf {
	char *data;
	size_t len;
	size_t cap;
};

#define AK_BUF __attribute__((cleanup(ak_buf_free)))

void ak_buf_free(struct ak_buf *buf);
/* Empties it, keeps the memory. */
void ak_buf_reset(struct ak_buf *buf);
/* Makes room for more bytes behind len. */
void ak_buf_grow(struct ak_buf *buf, size_t more);

void ak_buf_add(struct ak_buf *buf, const void *data, size_t len);
void ak_buf_str(struct ak_buf *buf, const char *s);
void ak_buf_char(struct ak_buf *buf, char c);
void ak_buf_printf(struct ak_buf *buf, const char *format, ...) AK_PRINTF(2, 3);
void ak_buf_vprintf(struct ak_buf *buf, const char *format, va_list args)
    AK_PRINTF(2, 0);

/* Drops the first n <= len bytes. */
void ak_buf_drop(struct ak_buf *buf, size_t n);
/* The bytes as a string of the caller's, never NULL; buf is empty after. */
char *ak_buf_take(struct ak_buf *buf) AK_MUST;
/* data, or "" when there is none. */
const char *ak_buf_text(const struct ak_buf *buf);

#endif
