/*
 * utf8 - is this text, and how wide is it on a terminal?
 *
 * Well-formed means RFC 3629: no overlong forms, no surrogates, nothing above
 * U+10FFFF.
 */
#ifndef AK_UTF8_H
#define AK_UTF8_H

#include <stdint.h>

#include "lib/ak.h"

/*
 * Decodes the first character of len > 0 bytes. Returns its length, 1 to 4,
 * with the code point in *point; or 0 when the bytes are not well-formed.
 */
size_t ak_utf8_next(const char *s, size_t len, uint32_t *point);

bool ak_utf8_valid(const char *s, size_t len);

/* Columns a terminal gives to it: 0 combining, 2 East Asian wide, else 1. */
int ak_utf8_width(uint32_t point);

#endif
