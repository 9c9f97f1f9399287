/*
 * scan_edit - unit test: bodies that are made to say num_ctx and keep_alive.
 */
#include <string.h>

#include "lib/buf.h"
#include "tests/unit/tap.h"
#include "tools/queue/scan.h"

static const struct {
	const char *claim;
	const char *body;
	const char *num_ctx, *keep_alive;
	const char *want;
} rows[] = {
	{ "nothing to change", "{\"a\":1}", NULL, NULL, "{\"a\":1}" },
	{ "num_ctx in its place", "{\"options\":{\"num_ctx\":1,\"b\":2}}",
	    "4096", NULL, "{\"options\":{\"num_ctx\":4096,\"b\":2}}" },
	{ "num_ctx behind other options", "{\"options\":{\"b\":2}, \"c\":3}",
	    "4096", NULL, "{\"options\":{\"b\":2,\"num_ctx\":4096}, \"c\":3}" },
	{ "num_ctx in empty options", "{\"options\":{ }}", "4096", NULL,
	    "{\"options\":{ \"num_ctx\":4096}}" },
	{ "num_ctx without options", "{\"a\":1 } ", "4096", NULL,
	    "{\"a\":1 ,\"options\":{\"num_ctx\":4096}} " },
	{ "num_ctx for options that are null", "{\"options\":null,\"a\":1}",
	    "4096", NULL, "{\"options\":{\"num_ctx\":4096},\"a\":1}" },
	{ "num_ctx that was null", "{\"options\":{\"num_ctx\":null}}", "4096",
	    NULL, "{\"options\":{\"num_ctx\":4096}}" },
	{ "num_ctx that a null emptied",
	    "{\"options\":{\"num_ctx\":1},\"options\":null}", "4096", NULL,
	    "{\"options\":{\"num_ctx\":1},\"options\":{\"num_ctx\":4096}}" },
	{ "num_ctx that was an array is left to Ollama",
	    "{\"options\":{\"num_ctx\":[1]}}", "4096", NULL,
	    "{\"options\":{\"num_ctx\":[1]}}" },
	{ "options that were text are left to Ollama", "{\"options\":\"x\"}",
	    "4096", NULL, "{\"options\":\"x\"}" },
	{ "keep_alive in its place", "{\"keep_alive\" : \"1h\" ,\"a\":1}", NULL,
	    "300", "{\"keep_alive\" : 300 ,\"a\":1}" },
	{ "keep_alive without one", "{\"a\":1}", NULL, "\"5m\"",
	    "{\"a\":1,\"keep_alive\":\"5m\"}" },
	{ "keep_alive that was an object", "{\"keep_alive\":{\"a\":[1]}}", NULL,
	    "5", "{\"keep_alive\":5}" },
	{ "both in an empty body", "{}", "1", "2",
	    "{\"options\":{\"num_ctx\":1},\"keep_alive\":2}" },
	{ "both at the end", "{\"a\":1}", "1", "2",
	    "{\"a\":1,\"options\":{\"num_ctx\":1},\"keep_alive\":2}" },
	{ "both in their places, in either order",
	    "{\"keep_alive\":9,\"options\":{\"num_ctx\":9}}", "1", "2",
	    "{\"keep_alive\":2,\"options\":{\"num_ctx\":1}}" },
	{ "one in its place, one at the end", "{\"options\":{\"num_ctx\":9}}",
	    "1", "2", "{\"options\":{\"num_ctx\":1},\"keep_alive\":2}" },
	{ "the last of several is changed",
	    "{\"keep_alive\":1,\"Keep_Alive\":2,\"a\":3}", NULL, "5",
	    "{\"keep_alive\":1,\"Keep_Alive\":5,\"a\":3}" },
	{ "the longest values together", "{\"a\":1}",
	    "1234567890123456789012345678901234567890",
	    "1234567890123456789012345678901234567890",
	    "{\"a\":1,\"options\":{\"num_ctx\":"
	    "1234567890123456789012345678901234567890},\"keep_alive\":"
	    "1234567890123456789012345678901234567890}" },
};

int
main(void)
{
	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		const char *body = rows[i].body;
		AK_BUF struct ak_buf out = { 0 };
		struct scan_edit edits[2];
		struct scan scan;
		size_t at = 0, count;

		scan_begin(&scan);
		ok(scan_feed(&scan, body, strlen(body)) == 0 &&
			scan_end(&scan) == 0,
		    "%s: it is read", rows[i].claim);
		count = scan_edits(&scan, rows[i].num_ctx, rows[i].keep_alive,
		    edits);
		for (size_t k = 0; k < count; k++) {
			ak_buf_add(&out, body + at, edits[k].at - at);
			ak_buf_str(&out, edits[k].text);
			at = edits[k].at + edits[k].len;
		}
		ak_buf_str(&out, body + at);
		is_str(out.data, rows[i].want, "%s", rows[i].claim);
	}
	return done_testing();
}
