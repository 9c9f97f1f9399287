/*
 * gf - arithmetic in GF(256), polynomial 0x11d, and CRC-32C (Castagnoli).
 *
 * A product by a constant is two lookups, one a half of a byte; AVX2 and SSSE3
 * do 32 or 16 of them at once. What the processor has is asked when it runs.
 */
#include <string.h>

#include "tools/backup/parity.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

static bool plain_only;

void
gf_plain(bool plain)
{
	plain_only = plain;
}

uint8_t
gf_mul(uint8_t a, uint8_t b)
{
	unsigned product = 0;

	for (unsigned x = a, y = b; y > 0; y >>= 1) {
		if (y & 1)
			product ^= x;
		x = x << 1 ^ (x & 0x80 ? 0x11d : 0);
	}
	return (uint8_t)product;
}

/* a to the power 254, as the group has 255 members: 2 + 4 + ... + 128. */
uint8_t
gf_inverse(uint8_t a)
{
	uint8_t power = 1, square = a;

	for (int i = 1; i < 8; i++) {
		square = gf_mul(square, square);
		power = gf_mul(power, square);
	}
	return power;
}

struct halves {
	uint8_t low[16], high[16];
};

static void
halves_of(struct halves *halves, uint8_t factor)
{
	for (unsigned i = 0; i < 16; i++) {
		halves->low[i] = gf_mul(factor, (uint8_t)i);
		halves->high[i] = gf_mul(factor, (uint8_t)(i << 4));
	}
}

static void
add_plain(uint8_t *row, const uint8_t *data, const struct halves *halves,
    size_t len)
{
	uint8_t table[256];

	for (size_t i = 0; i < 256; i++)
		table[i] = halves->low[i & 15] ^ halves->high[i >> 4];
	for (size_t i = 0; i < len; i++)
		row[i] ^= table[data[i]];
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static size_t
add_avx2(uint8_t *row, const uint8_t *data, const struct halves *halves,
    size_t len)
{
	__m256i mask = _mm256_set1_epi8(15);
	__m256i low = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i
		*)(const void *)halves->low));
	__m256i high =
	    _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i
		    *)(const void *)halves->high));
	size_t i = 0;

	for (; i + 32 <= len; i += 32) {
		__m256i *to = (__m256i *)(void *)(row + i);
		__m256i in = _mm256_loadu_si256((const __m256i *)(const void
			*)(data + i));
		__m256i a = _mm256_shuffle_epi8(low,
		    _mm256_and_si256(in, mask));
		__m256i b = _mm256_shuffle_epi8(high,
		    _mm256_and_si256(_mm256_srli_epi64(in, 4), mask));

		_mm256_storeu_si256(to,
		    _mm256_xor_si256(_mm256_loadu_si256(to),
			_mm256_xor_si256(a, b)));
	}
	return i;
}

__attribute__((target("ssse3"))) static size_t
add_ssse3(uint8_t *row, const uint8_t *data, const struct halves *halves,
    size_t len)
{
	__m128i mask = _mm_set1_epi8(15);
	__m128i low = _mm_loadu_si128((const __m128i *)(const void *)
					  halves->low);
	__m128i high = _mm_loadu_si128((const __m128i *)(const void *)
					   halves->high);
	size_t i = 0;

	for (; i + 16 <= len; i += 16) {
		__m128i *to = (__m128i *)(void *)(row + i);
		__m128i in =
		    _mm_loadu_si128((const __m128i *)(const void *)(data + i));
		__m128i a = _mm_shuffle_epi8(low, _mm_and_si128(in, mask));
		__m128i b = _mm_shuffle_epi8(high,
		    _mm_and_si128(_mm_srli_epi64(in, 4), mask));

		_mm_storeu_si128(to,
		    _mm_xor_si128(_mm_loadu_si128(to), _mm_xor_si128(a, b)));
	}
	return i;
}

__attribute__((target("sse4.2"))) static uint32_t
crc_sse42(uint32_t crc, const uint8_t *data, size_t len)
{
	uint64_t sum = crc;
	uint64_t word;

	for (; len >= 8; data += 8, len -= 8) {
		memcpy(&word, data, 8);
		sum = _mm_crc32_u64(sum, word);
	}
	for (; len > 0; data++, len--)
		sum = _mm_crc32_u8((uint32_t)sum, *data);
	return (uint32_t)sum;
}
#endif

void
gf_add(uint8_t *row, const uint8_t *data, uint8_t factor, size_t len)
{
	struct halves halves;
	size_t done = 0;

	halves_of(&halves, factor);
#ifdef __x86_64__
	if (!plain_only && __builtin_cpu_supports("avx2"))
		done = add_avx2(row, data, &halves, len);
	else if (!plain_only && __builtin_cpu_supports("ssse3"))
		done = add_ssse3(row, data, &halves, len);
#endif
	if (done < len)
		add_plain(row + done, data + done, &halves, len - done);
}

static uint32_t
crc_plain(uint32_t crc, const uint8_t *data, size_t len)
{
	static const uint32_t half[16] = { 0x00000000, 0x105ec76f, 0x20bd8ede,
		0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
		0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4,
		0xd3d3e1ab, 0xe330a81a, 0xf36e6f75 };

	for (; len > 0; data++, len--) {
		crc ^= *data;
		crc = crc >> 4 ^ half[crc & 15];
		crc = crc >> 4 ^ half[crc & 15];
	}
	return crc;
}

uint32_t
crc32c(uint32_t crc, const void *data, size_t len)
{
	crc = ~crc;
#ifdef __x86_64__
	if (!plain_only && __builtin_cpu_supports("sse4.2"))
		return ~crc_sse42(crc, data, len);
#endif
	return ~crc_plain(crc, data, len);
}
