/*
 * http - what is asked, what comes back, and every way it can fail.
 */
#include "lib/http.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "lib/proc.h"
#include "tests/unit/server.h"
#include "tests/unit/tap.h"

static void
test_answers(struct ak_http *http, const char *how)
{
	static const struct {
		const char *path;
		int status;
		const char *body;
	} rows[] = {
		{ "/ok", 200, "ok" },
		{ "/empty", 204, "" },
		{ "/chunked", 200, "onetwo" },
		{ "/missing", 404, "gone" },
		{ "/later", 429, "" },
		{ "/moved", 302, "" },
	};

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		struct ak_http_request request = { .path = rows[i].path };
		AK_HTTP_REPLY struct ak_http_reply reply = { 0 };
		struct ak_err err = { 0 };

		ok(ak_http_do(http, &request, &reply, &err) == 0,
		    "%s, %s: an answer (%s)", how, rows[i].path, err.text);
		is_int(reply.status, rows[i].status, "%s, %s: status", how,
		    rows[i].path);
		is_str(ak_buf_text(&reply.body), rows[i].body, "%s, %s: body",
		    how, rows[i].path);
		is_int(reply.retry_after, rows[i].status == 429 ? 7 : -1,
		    "%s, %s: when to try again", how, rows[i].path);
	}
}

static void
test_failures(struct ak_http *http)
{
	static const struct {
		const char *path;
		enum ak_code code;
		const char *why;
	} rows[] = {
		{ "/garbage", AK_PROTOCOL, "the answer is not HTTP" },
		{ "/partial", AK_UNAVAILABLE, "closed within the answer" },
		{ "/closed", AK_UNAVAILABLE, "closed without an answer" },
		{ "/silent", AK_TEMPFAIL, "silent for 300ms" },
		{ "/half-silent", AK_TEMPFAIL, "silent for 300ms" },
		{ "/long", AK_DATA, "reply exceeds 10" },
		{ "/endless", AK_DATA, "reply exceeds 10" },
	};

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		struct ak_http_request request = {
			.path = rows[i].path, .stall_ms = 300, .max_body = 10
		};
		AK_FREE char *text = ak_printf("%s: %s", server.base,
		    rows[i].why);
		AK_HTTP_REPLY struct ak_http_reply reply = { 0 };
		struct ak_err err = { 0 };

		is_int(ak_http_do(http, &request, &reply, &err), -1,
		    "%s is no answer", rows[i].path);
		is_int(err.code, rows[i].code, "%s: code", rows[i].path);
		is_str(err.text, text, "%s: text", rows[i].path);
		is_int(reply.status, 0, "%s: no status", rows[i].path);
	}
}

static void
test_drip(struct ak_http *http)
{
	struct ak_http_request request = { .path = "/drip", .stall_ms = 400 };
	AK_HTTP_REPLY struct ak_http_reply reply = { 0 };
	struct ak_err err = { 0 };

	ok(ak_http_do(http, &request, &reply, &err) == 0,
	    "a slow answer is none that stalls (%s)", err.text);
	is_str(ak_buf_text(&reply.body), "xxxxxx", "and comes whole");
}

static void
test_nobody(void)
{
	static const struct {
		const char *base, *unix_path;
		enum ak_code code;
		const char *text;
	} rows[] = {
		{ "http://127.0.0.1:1", NULL, AK_UNAVAILABLE,
		    "http://127.0.0.1:1: connection refused" },
		{ "http://x", "/nowhere/sock", AK_UNAVAILABLE,
		    "/nowhere/sock: no such file or directory" },
		{ "http://no-such-host.invalid", NULL, AK_UNAVAILABLE,
		    "http://no-such-host.invalid: no such host" },
		{ "ftp://127.0.0.1", NULL, AK_PROTOCOL, NULL },
		{ "http://a b", NULL, AK_USAGE, NULL },
	};

	/* No proxy of this machine answers in the place of nobody. */
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		struct ak_http_request request = { .path = "/" };
		AK_HTTP_REPLY struct ak_http_reply reply = { 0 };
		AK_HTTP struct ak_http *http = NULL;
		struct ak_err err = { 0 };
		const char *path = rows[i].unix_path;
		int opened = path != NULL
		    ? ak_http_open_unix(&http, rows[i].base, path, &err)
		    : ak_http_open(&http, rows[i].base, &err);

		if (!ok(opened == 0, "%s: opening asks nobody", rows[i].base))
			continue;
		is_int(ak_http_do(http, &request, &reply, &err), -1,
		    "%s: no answer", rows[i].base);
		is_int(err.code, rows[i].code, "%s: code (%s)", rows[i].base,
		    err.text);
		if (rows[i].text)
			is_str(err.text, rows[i].text, "%s: text",
			    rows[i].base);
	}
}

/* A peer that never accepts: its queue is full. */
static void
test_connect_time(void)
{
	struct ak_http_request request = { .path = "/", .connect_ms = 200 };
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	AK_CLOSE int fd = socket(AF_INET, SOCK_STREAM, 0);
	AK_HTTP_REPLY struct ak_http_reply reply = { 0 };
	AK_HTTP struct ak_http *http = NULL;
	AK_FREE char *base = NULL;
	struct ak_err err = { 0 };
	socklen_t len = sizeof(in);
	int fill[4];

	ok(bind(fd, (struct sockaddr *)&in, len) == 0 && listen(fd, 0) == 0 &&
		getsockname(fd, (struct sockaddr *)&in, &len) == 0,
	    "a peer that does not accept");
	for (size_t i = 0; i < AK_COUNT(fill); i++) {
		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)!connect(fill[i], (struct sockaddr *)&in, len);
	}
	base = ak_printf("http://127.0.0.1:%u", (unsigned)ntohs(in.sin_port));
	ok(ak_http_open(&http, base, &err) == 0 &&
		ak_http_do(http, &request, &reply, &err) == -1,
	    "is waited for no longer than is said");
	is_int(err.code, AK_TEMPFAIL, "and may be tried again (%s)", err.text);
	for (size_t i = 0; i < AK_COUNT(fill); i++)
		close(fill[i]);
}

static void
test_asked(struct ak_http *http)
{
	static const char *const headers[] = { "X-One: 1", "X-Two: 2", NULL };
	static const struct {
		const char *claim;
		struct ak_http_request request;
		const char *has[4];
		const char *has_not;
	} rows[] = {
		{ "GET", { .path = "/echo?a=%20b" },
		    { "GET /echo?a=%20b HTTP/1.1\r\n" }, "Content-Type" },
		{ "headers", { .path = "/echo", .headers = headers },
		    { "X-One: 1\r\n", "X-Two: 2\r\n" }, "Expect" },
		{ "POST with a body",
		    { .method = "POST", .path = "/echo", .body = "{\"a\":1}" },
		    { "POST /echo HTTP", "\r\n\r\n{\"a\":1}",
			"Content-Length: 7\r\n",
			"Content-Type: application/json\r\n" },
		    "Expect" },
		{ "POST without", { .method = "POST", .path = "/echo" },
		    { "POST /echo HTTP", "Content-Length: 0\r\n" }, "json" },
		{ "DELETE", { .method = "DELETE", .path = "/echo" },
		    { "DELETE /echo HTTP" }, "Content-Length" },
		{ "a path as it is", { .path = "/echo/../x" },
		    { "GET /echo/../x HTTP" }, "Accept-Encoding" },
	};

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		AK_HTTP_REPLY struct ak_http_reply reply = { 0 };
		struct ak_err err = { 0 };

		ok(ak_http_do(http, &rows[i].request, &reply, &err) == 0,
		    "%s: an answer (%s)", rows[i].claim, err.text);
		for (size_t k = 0; k < 4 && rows[i].has[k]; k++)
			ok(strstr(ak_buf_text(&reply.body), rows[i].has[k]),
			    "%s: what is asked, %zu", rows[i].claim, k + 1);
		ok(!strstr(ak_buf_text(&reply.body), rows[i].has_not),
		    "%s: and not with %s", rows[i].claim, rows[i].has_not);
	}
}

struct seen {
	struct ak_buf data;
	size_t stop_at;
};

static int
on_data(void *arg, const char *data, size_t len)
{
	struct seen *seen = arg;

	ak_buf_add(&seen->data, data, len);
	return seen->data.len >= seen->stop_at ? -1 : 0;
}

static void
test_stream(struct ak_http *http)
{
	struct seen seen = { .stop_at = 100000 };
	struct ak_http_request request = { .path = "/endless",
		.max_body = 10,
		.on_data = on_data,
		.arg = &seen };
	AK_HTTP_REPLY struct ak_http_reply reply = { 0 };
	struct ak_err err = { 0 };

	ok(ak_http_do(http, &request, &reply, &err) == 0,
	    "a stream that is ended by us did not fail (%s)", err.text);
	is_int(reply.status, 200, "it has a status");
	ok(seen.data.len >= 100000 && ak_starts(seen.data.data, "line\nline\n"),
	    "its bytes came, beyond max_body");
	is_int((long long)reply.body.len, 0, "and not twice");
	ak_buf_reset(&seen.data);
	request.path = "/missing";
	request.max_body = 0;
	ok(ak_http_do(http, &request, &reply, &err) == 0, "not found");
	is_str(ak_buf_text(&reply.body), "gone",
	    "what is no 2xx goes to the reply");
	is_int((long long)seen.data.len, 0, "and not to the stream");
	ak_buf_free(&seen.data);
}

#define MANY 40

static void
test_many(struct ak_http *http)
{
	static struct ak_http_request requests[MANY];
	static struct ak_http_reply replies[MANY];
	struct ak_err err = { 0 };
	int64_t began = ak_proc_now_ms();
	int good = 0, silent = 0;

	for (int i = 0; i < MANY; i++) {
		requests[i].path = i % 4 == 0 ? "/silent" : "/ok";
		requests[i].stall_ms = 300;
		if (ak_http_start(http, &requests[i], &replies[i], &err) == -1)
			ok(false, "start: %s", err.text);
	}
	is_int(ak_http_finish(http, &err), 0, "many at once end");
	for (int i = 0; i < MANY; i++) {
		good += replies[i].done && replies[i].status == 200;
		silent += replies[i].done && replies[i].status == 0 &&
		    replies[i].err.code == AK_TEMPFAIL;
		ak_http_reply_free(&replies[i]);
	}
	is_int(good, MANY - MANY / 4, "each has its own answer");
	is_int(silent, MANY / 4, "or its own failure");
	ok(ak_proc_now_ms() - began < 300 * MANY / 4 / 2,
	    "and they waited together");
}

/* Other descriptors wake a step, and what poll(2) says of them is told. */
static void
test_extra(struct ak_http *http)
{
	struct ak_http_request request = { .path = "/silent",
		.stall_ms = 20000 };
	AK_HTTP_REPLY struct ak_http_reply reply = { 0 };
	struct ak_err err = { 0 };
	struct pollfd extra;
	int64_t began = ak_proc_now_ms();
	int ends[2];

	if (!ok(pipe(ends) == 0 &&
		    ak_http_start(http, &request, &reply, &err) == 0,
		"a request and a pipe"))
		return;
	close(ends[1]);
	extra = (struct pollfd){ ends[0], POLLIN, 0 };
	is_int(ak_http_step(http, &extra, 1, 15000, &err), 1,
	    "the request is under way");
	ok((extra.revents & POLLHUP) != 0, "the end of the pipe is told");
	ok(ak_proc_now_ms() - began < 10000, "at once");
	close(ends[0]);
}

int
main(void)
{
	AK_HTTP struct ak_http *tcp = NULL, *local = NULL;
	struct ak_err err = { 0 };

	signal(SIGPIPE, SIG_IGN);
	if (!ok(start(), "a server"))
		return done_testing();
	if (ok(ak_http_open(&tcp, server.base, &err) == 0 &&
		    ak_http_open_unix(&local, "http://docker", server.path,
			&err) == 0,
		"libcurl is there (%s)", err.text)) {
		/* A proxy that nobody answers at is not asked for these. */
		setenv("http_proxy", "http://127.0.0.1:1", 1);
		setenv("all_proxy", "http://127.0.0.1:1", 1);
		test_answers(tcp, "tcp");
		test_answers(local, "unix");
		test_failures(tcp);
		test_drip(tcp);
		test_asked(local);
		test_stream(local);
		test_many(local);
		test_nobody();
		test_connect_time();
		test_extra(tcp);
	}
	stop();
	return done_testing();
}
