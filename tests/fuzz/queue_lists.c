/*
 * queue_lists - fuzz: of whatever lists, each alone or two as one, what is made
 * is one whole JSON value, and the same list twice is that list once.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tools/queue/lists.h"

static void
merge(struct ak_buf *to, const struct ak_buf *lists, size_t count, bool once)
{
	ak_buf_reset(to);
	lists_merge(to, lists, count, once);
	law(count == 0 || lists_whole(to));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *cut = size > 0 ? memchr(data, '\n', size) : NULL;
	size_t first = cut != NULL ? (size_t)(cut - data) : size;
	struct ak_buf lists[2] = { 0 };
	AK_BUF struct ak_buf one = { 0 }, two = { 0 };
	size_t count = 0;

	ak_buf_add(&lists[0], data, first);
	count += lists_whole(&lists[0]);
	if (count == 0)
		ak_buf_reset(&lists[0]);
	ak_buf_add(&lists[count], data + first, size - first);
	count += lists_whole(&lists[count]);
	merge(&one, lists, count, false);
	merge(&two, lists, count, true);
	law(two.len <= one.len);
	/* Merged once it is as it stays. */
	if (count > 0) {
		struct ak_buf again[1] = { two };

		merge(&one, again, 1, true);
		law(one.len == two.len &&
		    memcmp(one.data, two.data, one.len) == 0);
	}
	ak_buf_free(&lists[0]);
	ak_buf_free(&lists[1]);
	return 0;
}
