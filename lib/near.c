/*
 * near - which word was meant.
 */
#include "lib/near.h"

#include <string.h>

/* Words longer than this are no misspelling of a name. */
#define NEAR_MAX 64

static size_t
smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * Insertions, deletions, replacements and swaps of neighbours that lead from a
 * to b (optimal string alignment): steps[i][j] for their first i and j letters.
 */
static size_t
distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t steps[NEAR_MAX + 1][NEAR_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		steps[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		steps[i][0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t other = a[i - 1] != b[j - 1];
			size_t least = steps[i - 1][j - 1] + other;

			least = smaller(least, steps[i - 1][j] + 1);
			least = smaller(least, steps[i][j - 1] + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				least = smaller(least, steps[i - 2][j - 2] + 1);
			steps[i][j] = least;
		}
	}
	return steps[a_len][b_len];
}

const char *
ak_near(const char *word, const char *const candidates[])
{
	const char *nearest = NULL;
	size_t len = strnlen(word, NEAR_MAX + 1), best = len / 3 + 1;

	if (len > NEAR_MAX)
		return NULL;
	for (size_t i = 0; candidates[i]; i++) {
		size_t other = strnlen(candidates[i], NEAR_MAX + 1);
		size_t away = best;

		if (other <= NEAR_MAX)
			away = distance(word, len, candidates[i], other);
		if (away < best) {
			best = away;
			nearest = candidates[i];
		}
	}
	return nearest;
}
