/*
 * scan - is this a text that the JSON parser may have?
 *
 * cJSON recurses as deep as the text does, and takes more than RFC 8259 allows:
 * control bytes in strings and between values, numbers such as 01, and a NUL
 * written as \u0000, which would cut the string it stands in. These, bytes that
 * are not UTF-8, and more than 64 levels are refused here, in one pass without
 * memory. The order of tokens is left to the parser.
 */
#ifndef AK_SCAN_H
#define AK_SCAN_H

#include "lib/err.h"

/* AK_DATA names what is wrong and at which byte. */
int ak_scan_json(const char *text, size_t len, struct ak_err *err) AK_MUST;

#endif
