/*
 * http - requests to one server: over TCP by libcurl, over a unix socket by
 * lib/wire.c.
 *
 * A server keeps its connections, and a transfer that ended is used again for
 * the next request. Silence is counted from the last byte that came, once
 * there is a connection: how long that may take is libcurl's to watch.
 */
#include "lib/http.h"

#include <poll.h>

#include "lib/curl.h"
#include "lib/proc.h"
#include "lib/str.h"
#include "lib/url.h"
#include "lib/wire.h"

#define CONNECT_MS 5000
#define STALL_MS 30000
#define MAX_BODY ((size_t)16 << 20)

struct transfer {
	struct transfer *next;
	const struct ak_http_request *request;
	struct ak_http_reply *reply; /* NULL: idle */
	struct ak_curl_transfer curl;
	char *url;
	int64_t heard_ms; /* when the last byte came; 0: not connected */
	bool too_large;
};

struct ak_http {
	const struct ak_carrier *by;
	void *state; /* of by */
	char *base;
	char *unix_path; /* NULL: TCP */
	bool direct;
	struct transfer *transfers;
};

static int
open_by(const struct ak_carrier *by, struct ak_http **http, const char *base,
    struct ak_err *err)
{
	void *state;

	if (by->open(&state, err) == -1)
		return -1;
	*http = ak_calloc(1, sizeof(**http));
	(*http)->by = by;
	(*http)->state = state;
	(*http)->base = ak_strdup(base);
	return 0;
}

int
ak_http_open(struct ak_http **http, const char *base, struct ak_err *err)
{
	if (open_by(&ak_by_curl, http, base, err) == -1)
		return -1;
	(*http)->direct = ak_url_private(base);
	return 0;
}

int
ak_http_open_unix(struct ak_http **http, const char *base, const char *path,
    struct ak_err *err)
{
	if (open_by(&ak_by_wire, http, base, err) == -1)
		return -1;
	(*http)->direct = true;
	(*http)->unix_path = ak_strdup(path);
	return 0;
}

void
ak_http_close(struct ak_http *http)
{
	if (!http)
		return;
	while (http->transfers) {
		struct transfer *transfer = http->transfers;

		http->transfers = transfer->next;
		http->by->forget(http->state, &transfer->curl);
		free(transfer->url);
		free(transfer);
	}
	http->by->close(http->state);
	free(http->base);
	free(http->unix_path);
	free(http);
}

void
ak_http_close_scope(struct ak_http **http)
{
	ak_http_close(*http);
}

void
ak_http_reply_free(struct ak_http_reply *reply)
{
	ak_buf_free(&reply->body);
}

static void
on_life(void *arg)
{
	struct transfer *transfer = arg;

	transfer->heard_ms = ak_proc_now_ms();
}

static size_t
max_of(const struct ak_http_request *request)
{
	return request->max_body > 0 ? request->max_body : MAX_BODY;
}

static bool
on_body(void *arg, int status, const char *data, size_t len)
{
	struct transfer *transfer = arg;
	const struct ak_http_request *request = transfer->request;
	struct ak_buf *body = &transfer->reply->body;

	transfer->heard_ms = ak_proc_now_ms();
	if (request->on_data && status >= 200 && status < 300)
		return request->on_data(request->arg, data, len) == 0;
	transfer->too_large = len > max_of(request) - body->len;
	if (!transfer->too_large)
		ak_buf_add(body, data, len);
	return !transfer->too_large;
}

static struct transfer *
transfer_get(struct ak_http *http)
{
	struct transfer *transfer = http->transfers;

	while (transfer && transfer->reply)
		transfer = transfer->next;
	if (!transfer) {
		transfer = ak_calloc(1, sizeof(*transfer));
		transfer->next = http->transfers;
		http->transfers = transfer;
	}
	return transfer;
}

int
ak_http_start(struct ak_http *http, const struct ak_http_request *request,
    struct ak_http_reply *reply, struct ak_err *err)
{
	struct transfer *transfer = transfer_get(http);
	struct ak_curl_transfer *curl = &transfer->curl;

	free(transfer->url);
	transfer->url = ak_printf("%s%s", http->base, request->path);
	transfer->request = request;
	transfer->heard_ms = 0;
	transfer->too_large = false;
	curl->url = transfer->url;
	curl->unix_path = http->unix_path;
	curl->direct = http->direct;
	curl->any_certificate = request->any_certificate;
	curl->lasting = request->stall_ms < 0;
	curl->method = request->method;
	curl->body = request->body;
	curl->headers = request->headers;
	curl->connect_ms = request->connect_ms > 0 ? request->connect_ms
						   : CONNECT_MS;
	curl->on_life = on_life;
	curl->on_body = on_body;
	curl->arg = transfer;
	if (http->by->start(http->state, curl, err) == -1)
		return -1;
	*reply = (struct ak_http_reply){ .retry_after = -1 };
	transfer->reply = reply;
	return 0;
}

/* Names the server in an error. */
static int
fail_at(const struct ak_http *http, struct ak_err *err)
{
	return ak_fail_in(err, "%s",
	    http->unix_path ? http->unix_path : http->base);
}

static void
finish(const struct ak_http *http, struct transfer *transfer)
{
	struct ak_http_reply *reply = transfer->reply;

	reply->err = transfer->curl.err;
	if (reply->err.code != AK_DONE) {
		(void)fail_at(http, &reply->err);
	} else if (transfer->too_large) {
		AK_BUF struct ak_buf limit = { 0 };

		ak_str_from_size(&limit, (int64_t)max_of(transfer->request));
		ak_err_set(&reply->err, AK_DATA, "reply exceeds %s",
		    limit.data);
		(void)fail_at(http, &reply->err);
	} else {
		reply->status = transfer->curl.status;
	}
	reply->retry_after = transfer->curl.retry_after;
	reply->done = true;
	transfer->reply = NULL;
}

static int64_t
stall_of(const struct transfer *transfer)
{
	int64_t stall_ms = transfer->request->stall_ms;

	return stall_ms == 0 ? STALL_MS : stall_ms;
}

/* Milliseconds until it was silent for too long; then ends it. */
static int
check_stall(struct ak_http *http, struct transfer *transfer, int wait_ms)
{
	int64_t stall = stall_of(transfer), left;
	AK_BUF struct ak_buf limit = { 0 };

	if (transfer->heard_ms == 0 || stall < 0)
		return wait_ms;
	left = transfer->heard_ms + stall - ak_proc_now_ms();
	if (left > 0)
		return left < wait_ms ? (int)left : wait_ms;
	ak_str_from_duration(&limit, stall);
	http->by->stop(http->state, &transfer->curl);
	ak_err_set(&transfer->curl.err, AK_TEMPFAIL, "silent for %s",
	    limit.data);
	return 0;
}

/* Moves all, gathers those that ended; how many are still under way. */
static int
perform(struct ak_http *http, int *wait_ms, struct ak_err *err)
{
	int under_way = 0;

	if (http->by->perform(http->state, err) == -1)
		return -1;
	for (struct transfer *t = http->transfers; t; t = t->next) {
		if (t->reply && t->curl.under_way)
			*wait_ms = check_stall(http, t, *wait_ms);
		if (t->reply && !t->curl.under_way) {
			finish(http, t);
			*wait_ms = 0;
		}
		under_way += t->reply != NULL;
	}
	return under_way;
}

int
ak_http_step(struct ak_http *http, struct pollfd *extra, unsigned count,
    int wait_ms, struct ak_err *err)
{
	int under_way = perform(http, &wait_ms, err);

	if (under_way == -1)
		return -1;
	if (under_way == 0)
		wait_ms = 0;
	if (under_way > 0 || count > 0)
		http->by->poll(http->state, extra, count, wait_ms);
	return under_way == 0 ? 0 : perform(http, &wait_ms, err);
}

int
ak_http_finish(struct ak_http *http, struct ak_err *err)
{
	int under_way;

	do
		under_way = ak_http_step(http, NULL, 0, 60000, err);
	while (under_way > 0);
	return under_way;
}

int
ak_http_do(struct ak_http *http, const struct ak_http_request *request,
    struct ak_http_reply *reply, struct ak_err *err)
{
	if (ak_http_start(http, request, reply, err) == -1)
		return -1;
	while (!reply->done)
		if (ak_http_step(http, NULL, 0, 60000, err) == -1)
			return -1;
	if (reply->err.code == AK_DONE)
		return 0;
	*err = reply->err;
	return -1;
}

void
ak_http_escape(struct ak_buf *buf, const char *s)
{
	ak_url_escape(buf, s);
}
