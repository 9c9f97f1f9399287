/*
 * http1 - unit test: which requests are refused and why, wherever they are cut.
 */
#include "tools/queue/http1.h"

#include "tests/unit/queue/heads.h"

/* The rules, each by its name. */
static const struct row requests[] = {
	{ "a plain request passes", GET(""), 0, HTTP1_GOOD },
	{ "one empty line before it is skipped", "\r\n" GET(""), 0,
	    HTTP1_GOOD },
	{ "two are not", "\r\n\r\n" GET(""), 0, HTTP1_EMPTY_LINES },
	{ "Content-Length with Transfer-Encoding",
	    POST(CODED "Content-Length: 5\r\n\r\n"), 0, HTTP1_CODING_LENGTH },
	{ "the same the other way round",
	    POST("Content-Length: 5\r\n" CODED "\r\n"), 0,
	    HTTP1_CODING_LENGTH },
	{ "Transfer-Encoding: gzip, chunked",
	    POST("Transfer-Encoding: gzip, chunked\r\n\r\n"), 0, HTTP1_CODING },
	{ "Transfer-Encoding: chunked, identity",
	    POST("Transfer-Encoding: chunked, identity\r\n\r\n"), 0,
	    HTTP1_CODING },
	{ "Transfer-Encoding: identity",
	    POST("Transfer-Encoding: identity\r\n\r\n"), 0, HTTP1_CODING },
	{ "Transfer-Encoding: xchunked",
	    POST("Transfer-Encoding: xchunked\r\n\r\n"), 0, HTTP1_CODING },
	{ "Transfer-Encoding: \"chunked\"",
	    POST("Transfer-Encoding: \"chunked\"\r\n\r\n"), 0, HTTP1_CODING },
	{ "Transfer-Encoding: chunked;q=1",
	    POST("Transfer-Encoding: chunked;q=1\r\n\r\n"), 0, HTTP1_CODING },
	{ "an empty Transfer-Encoding", POST("Transfer-Encoding:\r\n\r\n"), 0,
	    HTTP1_CODING },
	{ "Transfer-Encoding in any case passes",
	    POST("tRANSFER-eNCODING: \tChunKed \t\r\n\r\n"), 0, HTTP1_GOOD },
	{ "Transfer-Encoding with a vertical tab",
	    POST("Transfer-Encoding: \vchunked\r\n\r\n"), 0, HTTP1_CONTROL },
	{ "Transfer-Encoding with HTTP/1.0",
	    "POST / HTTP/1.0\r\nHost: a\r\n" CODED "\r\n", 0,
	    HTTP1_CODING_OLD },
	{ "repeated Transfer-Encoding", POST(CODED CODED "\r\n"), 0,
	    HTTP1_CODING_REPEATED },
	{ "repeated Content-Length, different",
	    POST("Content-Length: 5\r\nContent-Length: 6\r\n\r\n"), 0,
	    HTTP1_LENGTH_REPEATED },
	{ "repeated Content-Length, equal",
	    POST("Content-Length: 5\r\nContent-Length: 5\r\n\r\n"), 0,
	    HTTP1_LENGTH_REPEATED },
	{ "Content-Length as a list", POST("Content-Length: 5, 5\r\n\r\n"), 0,
	    HTTP1_LENGTH_SYNTAX },
	{ "Content-Length with a sign", POST("Content-Length: +5\r\n\r\n"), 0,
	    HTTP1_LENGTH_SYNTAX },
	{ "Content-Length below zero", POST("Content-Length: -5\r\n\r\n"), 0,
	    HTTP1_LENGTH_SYNTAX },
	{ "Content-Length in hexadecimal", POST("Content-Length: 0x5\r\n\r\n"),
	    0, HTTP1_LENGTH_SYNTAX },
	{ "Content-Length empty", POST("Content-Length: \r\n\r\n"), 0,
	    HTTP1_LENGTH_SYNTAX },
	{ "Content-Length with a blank inside",
	    POST("Content-Length: 5 5\r\n\r\n"), 0, HTTP1_LENGTH_SYNTAX },
	{ "Content-Length with a fraction", POST("Content-Length: 5.0\r\n\r\n"),
	    0, HTTP1_LENGTH_SYNTAX },
	{ "Content-Length of 2^63 - 1 passes",
	    POST("Content-Length: 9223372036854775807\r\n\r\n"), 0,
	    HTTP1_GOOD },
	{ "Content-Length of 2^63",
	    POST("Content-Length: 9223372036854775808\r\n\r\n"), 0,
	    HTTP1_LENGTH_BIG },
	{ "Content-Length of forty digits",
	    POST("Content-Length: 1844674407370955161618446744073709551621\r\n"
		 "\r\n"),
	    0, HTTP1_LENGTH_BIG },
	{ "obs-fold", GET("A: b\r\n c\r\n"), 0, HTTP1_FOLD },
	{ "obs-fold with a tab", GET("A: b\r\n\tc\r\n"), 0, HTTP1_FOLD },
	{ "obs-fold of Transfer-Encoding",
	    POST("Transfer-Encoding:\r\n chunked\r\n\r\n"), 0, HTTP1_CODING },
	{ "a blank before the first field",
	    "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 0, HTTP1_FOLD },
	{ "bare CR in a value", GET("A: b\rc\r\n"), 0, HTTP1_BARE_CR },
	{ "bare CR before CRLF", GET("A: b\r\r\n"), 0, HTTP1_BARE_CR },
	{ "bare CR in a name", GET("A\r: b\r\n"), 0, HTTP1_BARE_CR },
	{ "bare CR in the target", "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", 0,
	    HTTP1_BARE_CR },
	{ "bare CR instead of CRLF", "GET / HTTP/1.1\rHost: a\r\n\r\n", 0,
	    HTTP1_BARE_CR },
	{ "bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n",
	    0, HTTP1_BARE_LF },
	{ "bare LF after a field", GET("A: b\nC: d\r\n"), 0, HTTP1_BARE_LF },
	{ "bare LF at the end", "GET / HTTP/1.1\r\nHost: a\r\n\n", 0,
	    HTTP1_BARE_LF },
	{ "bare LF alone", "\n", 0, HTTP1_BARE_LF },
	{ "NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nA: b\0c\r\n\r\n", 35,
	    HTTP1_CONTROL },
	{ "NUL in a name", "GET / HTTP/1.1\r\nHost: a\r\nA\0: b\r\n\r\n", 34,
	    HTTP1_CONTROL },
	{ "NUL in the target", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 28,
	    HTTP1_CONTROL },
	{ "a control byte in a value", GET("A: b\x01\r\n"), 0, HTTP1_CONTROL },
	{ "DEL in a value", GET("A: b\x7f\r\n"), 0, HTTP1_CONTROL },
	{ "an escape in a value", GET("A: \x1b[2J\r\n"), 0, HTTP1_CONTROL },
	{ "a tab within a value passes", GET("A: b\tc\r\n"), 0, HTTP1_GOOD },
	{ "bytes above 0x7f in a value pass", GET("A: \xc3\xa4\xff\r\n"), 0,
	    HTTP1_GOOD },
	{ "a blank before the colon", GET("A : b\r\n"), 0, HTTP1_NAME_SPACE },
	{ "a tab before the colon", GET("A\t: b\r\n"), 0, HTTP1_NAME_SPACE },
	{ "a blank before the colon of Transfer-Encoding",
	    POST("Transfer-Encoding : chunked\r\n\r\n"), 0, HTTP1_NAME_SPACE },
	{ "an empty name", GET(": b\r\n"), 0, HTTP1_NAME_EMPTY },
	{ "a blank in a name", GET("A b: c\r\n"), 0, HTTP1_NAME },
	{ "a name in brackets", GET("A(b): c\r\n"), 0, HTTP1_NAME },
	{ "a name that is not ASCII", GET("\xc3\xa4: c\r\n"), 0, HTTP1_NAME },
	{ "a line without a colon", GET("abc\r\n"), 0, HTTP1_NAME },
	{ "no Host", "GET / HTTP/1.1\r\nA: b\r\n\r\n", 0, HTTP1_HOST_MISSING },
	{ "no Host with HTTP/1.0 passes", "GET / HTTP/1.0\r\n\r\n", 0,
	    HTTP1_GOOD },
	{ "two Hosts", GET("Host: b\r\n"), 0, HTTP1_HOST_REPEATED },
	{ "two equal Hosts", GET("Host: a\r\n"), 0, HTTP1_HOST_REPEATED },
	{ "an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 0, HTTP1_HOST },
	{ "Host with a comma", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 0,
	    HTTP1_HOST },
	{ "Host with userinfo", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 0,
	    HTTP1_HOST },
	{ "Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 0,
	    HTTP1_HOST },
	{ "Host with a bad port", "GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n", 0,
	    HTTP1_HOST },
	{ "Host with a port of six digits",
	    "GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n", 0, HTTP1_HOST },
	{ "Host with two ports", "GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n", 0,
	    HTTP1_HOST },
	{ "Host with an open bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
	    0, HTTP1_HOST },
	{ "Host as an address passes",
	    "GET / HTTP/1.1\r\nHost: [::1]:11434\r\n\r\n", 0, HTTP1_GOOD },
	{ "Host with an underscore passes",
	    "GET / HTTP/1.1\r\nHost: my_host.local:80\r\n\r\n", 0, HTTP1_GOOD },
	{ "an absolute target equal to Host passes",
	    "GET http://A:1/x HTTP/1.1\r\nHost: a:1\r\n\r\n", 0, HTTP1_GOOD },
	{ "an absolute target of another host",
	    "GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n", 0,
	    HTTP1_TARGET_HOST },
	{ "an absolute target of another port",
	    "GET http://a:2/x HTTP/1.1\r\nHost: a:1\r\n\r\n", 0,
	    HTTP1_TARGET_HOST },
	{ "an absolute target with userinfo",
	    "GET http://u@a/x HTTP/1.1\r\nHost: a\r\n\r\n", 0, HTTP1_TARGET },
	{ "an absolute target of https",
	    "GET https://a/x HTTP/1.1\r\nHost: a\r\n\r\n", 0, HTTP1_TARGET },
	{ "a target without a slash", "GET x HTTP/1.1\r\nHost: a\r\n\r\n", 0,
	    HTTP1_TARGET },
	{ "a target with a fragment", "GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", 0,
	    HTTP1_TARGET },
	{ "a target with a quote", "GET /\" HTTP/1.1\r\nHost: a\r\n\r\n", 0,
	    HTTP1_TARGET },
	{ "a target with a backslash", "GET /\\ HTTP/1.1\r\nHost: a\r\n\r\n", 0,
	    HTTP1_TARGET },
	{ "a target that is not ASCII",
	    "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", 0, HTTP1_TARGET },
	{ "a target with a bad escape", "GET /%4g HTTP/1.1\r\nHost: a\r\n\r\n",
	    0, HTTP1_TARGET },
	{ "a target cut in an escape", "GET /%4 HTTP/1.1\r\nHost: a\r\n\r\n", 0,
	    HTTP1_TARGET },
	{ "a star without OPTIONS", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 0,
	    HTTP1_TARGET },
	{ "a star with OPTIONS passes", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
	    0, HTTP1_GOOD },
	{ "CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 0,
	    HTTP1_METHOD_REFUSED },
	{ "TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 0,
	    HTTP1_METHOD_REFUSED },
	{ "Upgrade: websocket",
	    GET("Connection: upgrade\r\nUpgrade: websocket\r\n"), 0,
	    HTTP1_UPGRADE },
	{ "Upgrade: h2c", GET("Upgrade: h2c\r\n"), 0, HTTP1_UPGRADE },
	{ "HTTP/2.0, as its preface says it", "PRI * HTTP/2.0\r\n\r\n", 0,
	    HTTP1_VERSION },
	{ "HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 0, HTTP1_VERSION },
	{ "HTTP/0.9", "GET / HTTP/0.9\r\n\r\n", 0, HTTP1_VERSION },
	{ "no version", "GET /\r\n\r\n", 0, HTTP1_REQUEST_LINE },
	{ "a version in lower case", "GET / http/1.1\r\nHost: a\r\n\r\n", 0,
	    HTTP1_REQUEST_LINE },
	{ "a version of three digits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", 0,
	    HTTP1_REQUEST_LINE },
	{ "two blanks after the method", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
	    0, HTTP1_REQUEST_LINE },
	{ "two blanks before the version", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n",
	    0, HTTP1_REQUEST_LINE },
	{ "a tab in the request line", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 0,
	    HTTP1_CONTROL },
	{ "a blank at the end of the request line",
	    "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 0, HTTP1_REQUEST_LINE },
	{ "a method with a colon", "GET: / HTTP/1.1\r\nHost: a\r\n\r\n", 0,
	    HTTP1_METHOD },
	{ "no method", " / HTTP/1.1\r\nHost: a\r\n\r\n", 0, HTTP1_METHOD },
	{ "a method of 25 bytes",
	    "ABCDEFGHIJKLMNOPQRSTUVWXY / HTTP/1.1\r\nHost: a\r\n\r\n", 0,
	    HTTP1_METHOD_LONG },
	{ "TLS on a plain port", "\x16\x03\x01\x02\x00\x01\n", 7,
	    HTTP1_BARE_LF },
	{ "two Authorizations", GET("Authorization: a\r\nAuthorization: b\r\n"),
	    0, HTTP1_REPEATED },
	{ "two X-Api-Keys", GET("X-Api-Key: a\r\nx-api-key: b\r\n"), 0,
	    HTTP1_REPEATED },
	{ "two Content-Types",
	    GET("Content-Type: a/b\r\nContent-Type: a/c\r\n"), 0,
	    HTTP1_REPEATED },
	{ "Expect of something else", GET("Expect: 200-ok\r\n"), 0,
	    HTTP1_EXPECT },
};

static void
reasons(void)
{
	for (enum http1_bad i = HTTP1_GOOD; i < HTTP1_BADS; i++) {
		bool alone = true;

		for (enum http1_bad k = HTTP1_GOOD; k < i; k++)
			alone = alone &&
			    strcmp(http1_text(i), http1_text(k)) != 0 &&
			    strcmp(http1_kind(i), http1_kind(k)) != 0;
		ok(alone, "%s has a text of its own: %s", http1_kind(i),
		    http1_text(i));
	}
	is_int(http1_status(HTTP1_TARGET_LONG), 414, "a long target is 414");
	is_int(http1_status(HTTP1_HEAD_LONG), 431, "a long head is 431");
	is_int(http1_status(HTTP1_FIELDS_MANY), 431, "many fields are 431");
	is_int(http1_status(HTTP1_CODING), 501, "another coding is 501");
	is_int(http1_status(HTTP1_VERSION), 505, "another version is 505");
	is_int(http1_status(HTTP1_BARE_LF), 400, "bare LF is 400");
}

static enum http1_bad
refused(struct ak_buf *buf)
{
	static struct http1_head head;

	memset(&head, 0, sizeof(head));
	if (read_head(&head, buf->data, buf->len, false) == HTTP1_MORE)
		return HTTP1_BADS;
	return head.bad;
}

static void
fill(struct ak_buf *buf, char c, size_t count)
{
	while (count-- > 0)
		ak_buf_char(buf, c);
}

static void
limits(void)
{
	AK_BUF struct ak_buf target = { 0 }, head = { 0 }, many = { 0 };
	AK_BUF struct ak_buf name = { 0 }, cut = { 0 };

	ak_buf_str(&target, "GET /");
	fill(&target, 'a', 8191);
	ak_buf_str(&target, " HTTP/1.1\r\nHost: a\r\n\r\n");
	is_int(refused(&target), HTTP1_GOOD, "a target of 8192 bytes passes");
	ak_buf_reset(&target);
	ak_buf_str(&target, "GET /");
	fill(&target, 'a', 8192);
	ak_buf_str(&cut, target.data);
	ak_buf_str(&target, " HTTP/1.1\r\nHost: a\r\n\r\n");
	is_int(refused(&target), HTTP1_TARGET_LONG, "one more does not");
	fill(&cut, 'a', 50);
	is_int(refused(&cut), HTTP1_TARGET_LONG, "nor does its line unended");

	ak_buf_str(&head, "GET / HTTP/1.1\r\nHost: a\r\nA: ");
	fill(&head, 'a', 32768 - 4 - head.len);
	ak_buf_str(&head, "\r\n\r\n");
	is_int(refused(&head), HTTP1_GOOD, "a head of 32 KiB passes");
	head.len -= 4;
	ak_buf_str(&head, "a\r\n\r\n");
	is_int(refused(&head), HTTP1_HEAD_LONG, "one more byte does not");

	ak_buf_str(&many, "GET / HTTP/1.1\r\nHost: a\r\n");
	for (int i = 1; i < 100; i++)
		ak_buf_str(&many, "A: b\r\n");
	ak_buf_str(&many, "\r\n");
	is_int(refused(&many), HTTP1_GOOD, "100 fields pass");
	many.len -= 2;
	ak_buf_str(&many, "A: b\r\n\r\n");
	is_int(refused(&many), HTTP1_FIELDS_MANY, "101 do not");

	ak_buf_str(&name, "GET / HTTP/1.1\r\nHost: a\r\n");
	fill(&name, 'a', 256);
	ak_buf_str(&name, ": b\r\n\r\n");
	is_int(refused(&name), HTTP1_NAME_LONG, "nor does a name of 256");
}

int
main(void)
{
	for (size_t i = 0; i < AK_COUNT(requests); i++)
		judge(&requests[i], false);
	reasons();
	limits();
	return done_testing();
}
