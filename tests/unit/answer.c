/*
 * answer - HTTP answers, as a table; however they are cut.
 */
#include "lib/answer.h"

#include <string.h>

#include "tests/unit/tap.h"

#define OK "HTTP/1.1 200 OK\r\n"

static const struct {
	const char *claim, *bytes;
	int result; /* of the whole: 1, 0, -1 */
	int status;
	const char *body;
} rows[] = {
	{ "a length", OK "Content-Length: 2\r\n\r\nhi", 1, 200, "hi" },
	{ "no length: to the end", OK "\r\nhi", 0, 200, "hi" },
	{ "chunks",
	    OK "Transfer-Encoding: chunked\r\n\r\n"
	       "2\r\nhi\r\n3;x=y\r\n ho\r\n0\r\n\r\n",
	    1, 200, "hi ho" },
	{ "chunks with a trailer",
	    OK "transfer-encoding: Chunked\r\n\r\n"
	       "a\r\n0123456789\r\n0\r\nX: y\r\n\r\n",
	    1, 200, "0123456789" },
	{ "an empty body", OK "Content-Length: 0\r\n\r\n", 1, 200, "" },
	{ "204 has no body", "HTTP/1.1 204 No Content\r\n\r\n", 1, 204, "" },
	{ "100 comes first",
	    "HTTP/1.1 100 Continue\r\n\r\n" OK "Content-Length: 1\r\n\r\nx", 1,
	    200, "x" },
	{ "line feeds alone", "HTTP/1.1 200 OK\nContent-Length: 1\n\nx", 1, 200,
	    "x" },
	{ "half a body", OK "Content-Length: 4\r\n\r\nhi", 0, 200, "hi" },
	{ "another protocol", "SSH-2.0-OpenSSH\r\n", -1, 0, "" },
	{ "HTTP/2", "HTTP/2 200\r\n\r\n", -1, 0, "" },
	{ "two lengths", OK "Content-Length: 2\r\nContent-Length: 3\r\n\r\n",
	    -1, 200, "" },
	{ "a length that is none", OK "Content-Length: -1\r\n\r\n", -1, 200,
	    "" },
	{ "a length too long", OK "Content-Length: 12345678901234567\r\n\r\n",
	    -1, 200, "" },
	{ "a length and chunks",
	    OK "Content-Length: 2\r\n"
	       "Transfer-Encoding: chunked\r\n\r\n",
	    -1, 200, "" },
	{ "another coding", OK "Transfer-Encoding: gzip, chunked\r\n\r\n", -1,
	    200, "" },
	{ "a chunk size that is none",
	    OK "Transfer-Encoding: chunked\r\n\r\n"
	       "zz\r\n",
	    -1, 200, "" },
	{ "a chunk without its end",
	    OK "Transfer-Encoding: chunked\r\n\r\n"
	       "1\r\nxy\r\n",
	    -1, 200, "x" },
	{ "a blank before the colon", OK "Content-Length : 2\r\n\r\nhi", -1,
	    200, "" },
	{ "a line without a colon", OK "nothing\r\n\r\n", -1, 200, "" },
};

static bool
add(void *arg, int status AK_UNUSED, const char *data, size_t len)
{
	ak_buf_add(arg, data, len);
	return true;
}

static int
feed(const char *bytes, size_t at, struct ak_answer *answer,
    struct ak_buf *body)
{
	struct ak_err err = { 0 };
	size_t len = strlen(bytes);
	int result;

	*answer = (struct ak_answer){ .on_body = add, .arg = body };
	ak_buf_reset(body);
	result = ak_answer_feed(answer, bytes, at, &err);
	if (result == 0)
		result = ak_answer_feed(answer, bytes + at, len - at, &err);
	if (result == -1 && err.code != AK_PROTOCOL)
		return -2;
	return result;
}

static void
test_row(size_t i)
{
	AK_BUF struct ak_buf body = { 0 };
	size_t len = strlen(rows[i].bytes), at = 0;
	struct ak_answer answer;
	bool good = true;

	for (at = 0; at <= len && good; at++) {
		good = feed(rows[i].bytes, at, &answer, &body) ==
			rows[i].result &&
		    answer.status == rows[i].status &&
		    ak_streq(ak_buf_text(&body), rows[i].body);
		ak_answer_free(&answer);
	}
	ok(good, "%s, wherever it is cut (%zu)", rows[i].claim, at);
}

static void
test_end(void)
{
	AK_BUF struct ak_buf body = { 0 };
	struct ak_answer answer;
	struct ak_err err = { 0 };

	feed("", 0, &answer, &body);
	ok(ak_answer_end(&answer, &err) == -1 && err.code == AK_UNAVAILABLE,
	    "an end before all: %s", err.text);
	feed(OK "\r\nhi", 3, &answer, &body);
	is_int(ak_answer_end(&answer, &err), 1, "the end that was waited for");
	ak_answer_free(&answer);
	feed(OK "Content-Length: 4\r\n\r\nhi", 3, &answer, &body);
	ok(ak_answer_end(&answer, &err) == -1 && err.code == AK_UNAVAILABLE,
	    "an end too early: %s", err.text);
	ak_answer_free(&answer);
	feed(OK "Content-Length: 1\r\n\r\nxHTTP", 3, &answer, &body);
	ok(answer.close, "more than was asked for: not to be used again");
	ak_answer_free(&answer);
	feed("HTTP/1.0 503 Busy\r\nRetry-After: 7\r\n"
	     "Content-Length: 0\r\n\r\n",
	    3, &answer, &body);
	ok(answer.close && answer.retry_after == 7,
	    "HTTP/1.0 closes; and "
	    "when to come back");
	ak_answer_free(&answer);
}

static void
test_head(void)
{
	struct ak_answer answer = { .bodiless = true };
	struct ak_err err = { 0 };
	const char *bytes = OK "Content-Length: 9\r\n\r\n";

	is_int(ak_answer_feed(&answer, bytes, strlen(bytes), &err), 1,
	    "to HEAD there is no body");
	ak_answer_free(&answer);
}

static void
test_flood(void)
{
	struct ak_answer answer = { 0 };
	struct ak_err err = { 0 };
	int result = ak_answer_feed(&answer, OK, strlen(OK), &err);

	for (int i = 0; i < 70000 && result == 0; i++)
		result = ak_answer_feed(&answer, "x", 1, &err);
	ok(result == -1 && err.code == AK_PROTOCOL, "headers without end: %s",
	    err.text);
	ak_answer_free(&answer);
}

int
main(void)
{
	for (size_t i = 0; i < AK_COUNT(rows); i++)
		test_row(i);
	test_end();
	test_head();
	test_flood();
	return done_testing();
}
