/*
 * lists - unit test: several lists of models, as one.
 */
#include <string.h>

#include "tests/unit/tap.h"
#include "tools/queue/lists.h"

#define LISTS 3

static const struct {
	const char *lists[LISTS];
	bool once;
	const char *want, *claim;
} rows[] = {
	{ { "{\"models\":[{\"model\":\"a\",\"size\":1}],\"x\":2}",
	      "{\"models\":[{\"model\":\"b\"},{\"model\":\"c\"}]}" },
	    true,
	    "{\"models\":[{\"model\":\"a\",\"size\":1},{\"model\":\"b\"},"
	    "{\"model\":\"c\"}],\"x\":2}",
	    "the items of all, and what the first says besides" },
	{ { "{\"models\":[{\"model\":\"a\",\"size\":1}]}",
	      "{\"models\":[{\"size\":2,\"model\":\"a\"},{\"model\":\"b\"}]}",
	      "{\"models\":[{\"model\":\"b\"}]}" },
	    true,
	    "{\"models\":[{\"model\":\"a\",\"size\":1},{\"model\":\"b\"}]}",
	    "of two that have a name the first" },
	{ { "{\"models\":[{\"model\":\"a\"}]}",
	      "{\"models\":[{\"model\":\"a\"}]}" },
	    false, "{\"models\":[{\"model\":\"a\"},{\"model\":\"a\"}]}",
	    "both, when both count" },
	{ { "{\"object\":\"list\",\"data\":[{\"id\":\"a\"}]}\n",
	      "{\"object\":\"list\",\"data\":[{\"id\":\"b\"}]}\n" },
	    true,
	    "{\"object\":\"list\",\"data\":[{\"id\":\"a\"},{\"id\":\"b\"}]}\n",
	    "OpenAI's form" },
	{ { "{\"data\":null}", "{\"data\":[{\"id\":\"b\"}]}" }, true,
	    "{\"data\":[{\"id\":\"b\"}]}", "null is an empty list" },
	{ { "{\"models\":[]}", "{\"models\":[ {\"model\":\"b\"} ]}" }, true,
	    "{\"models\":[{\"model\":\"b\"}]}", "an empty one is one" },
	{ { "{\"models\":[{\"details\":{\"model\":\"a\"},\"model\":\"b\"}]}",
	      "{\"models\":[{\"model\":\"a\",\"x\":[{\"id\":\"b\"}]}]}" },
	    true,
	    "{\"models\":[{\"details\":{\"model\":\"a\"},\"model\":\"b\"},"
	    "{\"model\":\"a\",\"x\":[{\"id\":\"b\"}]}]}",
	    "a name further in is not the item's" },
	{ { "{\"models\":[{\"x\":1}]}", "{\"models\":[{\"x\":1}]}" }, true,
	    "{\"models\":[{\"x\":1},{\"x\":1}]}", "without a name all count" },
	{ { "7 ", "{}" }, true, "7 ", "without any list the first, as it is" },
	{ { NULL }, true, "", "of none nothing" },
};

static const char *const halves[] = { "", " ", "{\"models\":[",
	"{\"models\":[]} x", "<html>" };

int
main(void)
{
	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		struct ak_buf lists[LISTS] = { 0 };
		AK_BUF struct ak_buf to = { 0 };
		size_t count = 0;

		while (count < LISTS && rows[i].lists[count] != NULL) {
			ak_buf_str(&lists[count], rows[i].lists[count]);
			ok(lists_whole(&lists[count]), "list %zu is whole",
			    count);
			count++;
		}
		ak_buf_str(&to, "");
		lists_merge(&to, lists, count, rows[i].once);
		is_str(to.data, rows[i].want, "%s", rows[i].claim);
		while (count-- > 0)
			ak_buf_free(&lists[count]);
	}
	for (size_t i = 0; i < AK_COUNT(halves); i++) {
		AK_BUF struct ak_buf list = { 0 };

		ak_buf_str(&list, halves[i]);
		ok(!lists_whole(&list), "\"%s\" is none", halves[i]);
	}
	return done_testing();
}
