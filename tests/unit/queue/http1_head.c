/*
 * http1_head - unit test: responses, what is understood of a head, and how it
 * goes on.
 */
#include "tools/queue/http1.h"

#include "tests/unit/queue/heads.h"

static const struct row responses[] = {
	{ "a plain response passes", "HTTP/1.1 200 OK\r\n\r\n", 0, HTTP1_GOOD },
	{ "without a reason", "HTTP/1.1 200 \r\n\r\n", 0, HTTP1_GOOD },
	{ "without a reason and its blank", "HTTP/1.1 200\r\n\r\n", 0,
	    HTTP1_GOOD },
	{ "of HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\n", 0, HTTP1_GOOD },
	{ "an empty line before it", "\r\nHTTP/1.1 200 OK\r\n\r\n", 0,
	    HTTP1_STATUS_LINE },
	{ "a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", 0,
	    HTTP1_STATUS_LINE },
	{ "a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", 0,
	    HTTP1_STATUS_LINE },
	{ "a status of letters", "HTTP/1.1 2x0 OK\r\n\r\n", 0,
	    HTTP1_STATUS_LINE },
	{ "a status of 099", "HTTP/1.1 099 OK\r\n\r\n", 0, HTTP1_STATUS_LINE },
	{ "a status of 600", "HTTP/1.1 600 OK\r\n\r\n", 0, HTTP1_STATUS_LINE },
	{ "101", "HTTP/1.1 101 Switching\r\n\r\n", 0, HTTP1_UPGRADE },
	{ "HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n", 0, HTTP1_VERSION },
	{ "not HTTP", "SSH-2.0-OpenSSH\r\n", 0, HTTP1_STATUS_LINE },
	{ "a control byte in the reason", "HTTP/1.1 200 O\x01K\r\n\r\n", 0,
	    HTTP1_CONTROL },
	{ "bare LF", "HTTP/1.1 200 OK\nA: b\n\n", 0, HTTP1_BARE_LF },
	{ "obs-fold", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", 0, HTTP1_FOLD },
	{ "a length with a coding",
	    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n" CODED "\r\n", 0,
	    HTTP1_CODING_LENGTH },
	{ "two lengths",
	    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n"
	    "\r\n",
	    0, HTTP1_LENGTH_REPEATED },
	{ "a coding with HTTP/1.0", "HTTP/1.0 200 OK\r\n" CODED "\r\n", 0,
	    HTTP1_CODING_OLD },
	{ "another coding",
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", 0,
	    HTTP1_CODING },
	{ "fields that only a request has are let be",
	    "HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nHost: a\r\nHost: b\r\n\r\n", 0,
	    HTTP1_GOOD },
};

static const char request[] =
    "POST /api/chat?x=1&y HTTP/1.1\r\n"
    "Host: ollama.local:11434\r\n"
    "User-Agent: test\r\n"
    "Authorization: Bearer k1\r\n"
    "X-API-Key:k2\r\n"
    "Content-Type: application/json; charset=utf-8 \r\n"
    "Content-Encoding: zstd\r\n"
    "Expect: 100-Continue\r\n"
    "TE: trailers\r\n"
    "Connection: keep-alive, X-Hop ,,TE\r\n"
    "X-Hop: drop me\r\n"
    "Keep-Alive: timeout=5\r\n"
    "Proxy-Authorization: no\r\n"
    "X-Kept:  a  b\r\n"
    "Content-Length: 12\r\n"
    "\r\n"
    "{\"model\":1}X";

static void
is_slice(const char *data, struct http1_slice slice, const char *want,
    const char *what)
{
	AK_FREE char *got = ak_strndup(data + slice.at, slice.len);

	is_str(got, want, "%s is %s", what, want);
}

static void
understood(void)
{
	static struct http1_head h;
	const struct http1_field *field;

	memset(&h, 0, sizeof(h));
	is_int(http1_request(&h, request, sizeof(request) - 1, &http1_limits),
	    HTTP1_DONE, "a request is read");
	is_int(h.bytes, sizeof(request) - 1 - 12, "up to its body");
	is_int(h.method, HTTP1_POST, "its method is POST");
	is_int(h.minor, 1, "its version is 1.1");
	is_int(h.count, 14, "it has 14 fields");
	is_int(h.framing, HTTP1_LENGTH, "its body has a length");
	is_int(h.length, 12, "of 12 bytes");
	ok(h.keep_alive && h.expect, "it stays, and expects 100-continue");
	is_slice(request, h.target, "/api/chat?x=1&y", "the target");
	is_slice(request, h.path, "/api/chat", "the path");
	is_slice(request, h.query, "x=1&y", "the query");
	is_slice(request, h.host, "ollama.local:11434", "the host");
	is_slice(request, h.authorization, "Bearer k1", "Authorization");
	is_slice(request, h.x_api_key, "k2", "X-API-Key");
	is_slice(request, h.content_type, "application/json; charset=utf-8",
	    "Content-Type");
	is_slice(request, h.content_encoding, "zstd", "Content-Encoding");
	field = http1_find(&h, request, "user-AGENT");
	ok(field && field->value_len == 4, "a field is found in any case");
	ok(!http1_find(&h, request, "User"), "and none by a part of its name");
}

static const struct {
	const char *claim;
	const char *text;
	enum http1_method to;
	enum http1_framing framing;
	bool keep_alive;
	int64_t length;
} framings[] = {
	{ "a length frames", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
	    HTTP1_GET, HTTP1_LENGTH, true, 3 },
	{ "chunks frame", "HTTP/1.1 200 OK\r\n" CODED "\r\n", HTTP1_GET,
	    HTTP1_CHUNKED, true, -1 },
	{ "neither: until the end", "HTTP/1.1 200 OK\r\n\r\n", HTTP1_GET,
	    HTTP1_CLOSE, false, -1 },
	{ "HEAD has no body, but a length",
	    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", HTTP1_HEAD,
	    HTTP1_NONE, true, 3 },
	{ "HEAD with a coding has none", "HTTP/1.1 200 OK\r\n" CODED "\r\n",
	    HTTP1_HEAD, HTTP1_NONE, true, -1 },
	{ "100 has none", "HTTP/1.1 100 Continue\r\n\r\n", HTTP1_GET,
	    HTTP1_NONE, true, -1 },
	{ "204 has none", "HTTP/1.1 204 No Content\r\n\r\n", HTTP1_GET,
	    HTTP1_NONE, true, -1 },
	{ "304 has none",
	    "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", HTTP1_GET,
	    HTTP1_NONE, true, 9 },
	{ "204 with a length is not trusted after",
	    "HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n", HTTP1_GET,
	    HTTP1_NONE, false, 9 },
	{ "close is heard",
	    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Close\r\n"
	    "\r\n",
	    HTTP1_GET, HTTP1_LENGTH, false, 0 },
	{ "HTTP/1.0 ends", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
	    HTTP1_GET, HTTP1_LENGTH, false, 0 },
	{ "HTTP/1.0 stays when it says so",
	    "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n"
	    "Connection: a, keep-alive\r\n\r\n",
	    HTTP1_GET, HTTP1_LENGTH, true, 0 },
};

static void
framed(void)
{
	static struct http1_head h;

	for (size_t i = 0; i < AK_COUNT(framings); i++) {
		const char *claim = framings[i].claim;

		memset(&h, 0, sizeof(h));
		is_int(http1_response(&h, framings[i].text,
			   strlen(framings[i].text), framings[i].to,
			   &http1_limits),
		    HTTP1_DONE, "%s: it is read", claim);
		is_int(h.framing, framings[i].framing, "%s", claim);
		is_int(h.keep_alive, framings[i].keep_alive, "%s: it %s", claim,
		    framings[i].keep_alive ? "stays" : "ends");
		is_int(h.length, framings[i].length, "%s: length", claim);
	}
}

static void
offered(void)
{
	struct http1_limits lenient = http1_limits;
	static struct http1_head h;
	const char *h2c = GET("Upgrade: H2C\r\n"),
		   *other = GET("Upgrade: websocket\r\n");

	lenient.ignore_h2c = true;
	memset(&h, 0, sizeof(h));
	is_int(http1_request(&h, h2c, strlen(h2c), &lenient), HTTP1_DONE,
	    "an offer of h2c is let be where that is allowed");
	memset(&h, 0, sizeof(h));
	is_int(http1_request(&h, other, strlen(other), &lenient), HTTP1_BAD,
	    "another protocol is not");
}

static const char *const drop[] = { "authorization", "X-Api-Key", NULL };

static void
held(void)
{
	static struct http1_head h;
	AK_BUF struct ak_buf buf = { 0 }, again = { 0 };

	is_int(http1_request(&h, request, sizeof(request) - 1, &http1_limits),
	    HTTP1_DONE, "a request to hold");
	http1_put_request(&buf, &h, request,
	    &(struct http1_onward){ .framing = HTTP1_NONE, .drop = drop });
	http1_put_again(&again, (struct http1_span){ buf.data, buf.len },
	    &(struct http1_onward){ .host = "[::1]:2",
		.framing = HTTP1_LENGTH,
		.length = INT64_MAX });
	is_str(again.data,
	    "POST /api/chat?x=1&y HTTP/1.1\r\n"
	    "Host: [::1]:2\r\n"
	    "User-Agent: test\r\n"
	    "Content-Type: application/json; charset=utf-8\r\n"
	    "Content-Encoding: zstd\r\n"
	    "X-Kept: a  b\r\n"
	    "Content-Length: 9223372036854775807\r\n\r\n",
	    "what was made for none is made for one");
}

static void
onward(void)
{
	static struct http1_head h;
	AK_BUF struct ak_buf buf = { 0 };
	const char *answer = "HTTP/1.1 200 OK\r\nDate: now\r\n" CODED
			     "Connection: close, X-Hop\r\nX-Hop: 1\r\n\r\n";

	memset(&h, 0, sizeof(h));
	is_int(http1_request(&h, request, sizeof(request) - 1, &http1_limits),
	    HTTP1_DONE, "a request to pass on");
	http1_put_request(&buf, &h, request,
	    &(struct http1_onward){ .host = "backend:1",
		.framing = HTTP1_CHUNKED,
		.drop = drop,
		.extra = "X-New: 1\r\n" });
	is_str(buf.data,
	    "POST /api/chat?x=1&y HTTP/1.1\r\n"
	    "Host: backend:1\r\n"
	    "User-Agent: test\r\n"
	    "Content-Type: application/json; charset=utf-8\r\n"
	    "Content-Encoding: zstd\r\n"
	    "X-Kept: a  b\r\n"
	    "Transfer-Encoding: chunked\r\n"
	    "X-New: 1\r\n\r\n",
	    "it goes on without what is hop by hop, named or dropped");
	ak_buf_reset(&buf);
	memset(&h, 0, sizeof(h));
	is_int(http1_response(&h, answer, strlen(answer), HTTP1_POST,
		   &http1_limits),
	    HTTP1_DONE, "a response to pass on");
	http1_put_response(&buf, &h, answer,
	    &(struct http1_onward){
		.framing = HTTP1_LENGTH, .length = 1234567, .close = true });
	is_str(buf.data,
	    "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 1234567\r\n"
	    "Connection: close\r\n\r\n",
	    "it goes back with our framing");
	ak_buf_reset(&buf);
	http1_put_response(&buf, &h, answer,
	    &(struct http1_onward){ .framing = HTTP1_CLOSE, .old = true });
	is_str(buf.data,
	    "HTTP/1.1 200 OK\r\nDate: now\r\nConnection: keep-alive\r\n\r\n",
	    "an HTTP/1.0 client is told that it may stay");
}

int
main(void)
{
	for (size_t i = 0; i < AK_COUNT(responses); i++)
		judge(&responses[i], true);
	understood();
	framed();
	offered();
	held();
	onward();
	return done_testing();
}
