/*
 * varint - whole numbers in as few bytes as they need (LEB128, unsigned).
 */
#ifndef BACKUP_VARINT_H
#define BACKUP_VARINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define VARINT_MAX 10 /* bytes */

/* How many bytes were put; room for VARINT_MAX is the caller's. */
static inline size_t
varint_put(uint8_t *to, uint64_t value)
{
	size_t n = 0;

	for (; value >= 128; value >>= 7)
		to[n++] = (uint8_t)(value | 128);
	to[n++] = (uint8_t)value;
	return n;
}

/* Of *at, which is moved; false at the end, or beyond 64 bits. */
static inline bool
varint_get(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
	const uint8_t *next = *at;

	*value = 0;
	for (unsigned shift = 0; shift < 70 && next < end; shift += 7) {
		uint8_t byte = *next++;

		if (shift == 63 && byte > 1)
			return false;
		*value |= (uint64_t)(byte & 127) << shift;
		if (byte < 128) {
			*at = next;
			return true;
		}
	}
	return false;
}

/* Little-endian numbers of fixed size. */
static inline void
le_put(uint8_t *to, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++, value >>= 8)
		to[i] = (uint8_t)value;
}

static inline uint64_t
le_get(const uint8_t *from, size_t bytes)
{
	uint64_t value = 0;

	while (bytes-- > 0)
		value = value << 8 | from[bytes];
	return value;
}

#endif
