/*
 * http - requests to one server: over TCP by libcurl, over a unix socket by
 * lib/wire.h.
 *
 * libcurl is loaded at the first use: its start costs more than all the rest
 * of a tool's, and most commands never ask the network. Redirects are not
 * followed; proxies of the environment are not used for unix sockets, nor for
 * localhost and private addresses; and what comes in is bounded.
 *
 * An answer of any status is a success of the call: the caller looks at
 * reply.status. No answer is AK_UNAVAILABLE (refused, reset, no such host),
 * AK_NOPERM (the socket), AK_TEMPFAIL (time-out), AK_PROTOCOL (not HTTP), and
 * AK_DATA when it exceeds max_body.
 */
#ifndef AK_HTTP_H
#define AK_HTTP_H

#include <stdint.h>

#include "lib/buf.h"
#include "lib/err.h"

struct ak_http; /* a server, and connections kept to it */

struct ak_http_request {
	const char *method;	    /* NULL: GET */
	const char *path;	    /* with the query, encoded */
	const char *body;	    /* NULL: none; sent as application/json */
	const char *const *headers; /* "Name: value"; NULL ends; NULL: none */
	int64_t connect_ms;	    /* 0: 5 s */
	int64_t stall_ms; /* without a byte; 0: 30 s; -1: for ever (follow) */
	size_t max_body;  /* 0: 16 MiB; not counted with on_data */
	/* Whoever answers will do: for a question that holds nothing. */
	bool any_certificate;
	/*
	 * Gets the body of a 2xx answer as it comes instead of reply.body;
	 * returns 0, or -1 to end the request (which then is no failure).
	 */
	int (*on_data)(void *arg, const char *data, size_t len);
	void *arg;
};

struct ak_http_reply {
	int status;	     /* 0: no answer; err says why */
	int64_t retry_after; /* seconds; -1 when not said */
	struct ak_buf body;
	struct ak_err err;
	bool done;
};

/* base is "http://host:port", or https. */
int ak_http_open(struct ak_http **http, const char *base, struct ak_err *err)
    AK_MUST;
/* The connection goes to the socket at path, and base only names the host. */
int ak_http_open_unix(struct ak_http **http, const char *base, const char *path,
    struct ak_err *err) AK_MUST;
void ak_http_close(struct ak_http *http);
void ak_http_close_scope(struct ak_http **http);
#define AK_HTTP __attribute__((cleanup(ak_http_close_scope)))

void ak_http_reply_free(struct ak_http_reply *reply);
#define AK_HTTP_REPLY __attribute__((cleanup(ak_http_reply_free)))

/* One request to its end. */
int ak_http_do(struct ak_http *http, const struct ak_http_request *request,
    struct ak_http_reply *reply, struct ak_err *err) AK_MUST;

/*
 * Many at once. What ak_http_start() is given must live until reply->done.
 * ak_http_step() moves all that are under way, waits for at most wait_ms, also
 * for the descriptors in extra (poll(2) rules, revents set), and returns how
 * many are still under way.
 */
struct pollfd;
int ak_http_start(struct ak_http *http, const struct ak_http_request *request,
    struct ak_http_reply *reply, struct ak_err *err) AK_MUST;
int ak_http_step(struct ak_http *http, struct pollfd *extra, unsigned count,
    int wait_ms, struct ak_err *err) AK_MUST;
/* Steps until all are done. */
int ak_http_finish(struct ak_http *http, struct ak_err *err) AK_MUST;

/* Appends s percent-encoded for a query or a path segment. */
void ak_http_escape(struct ak_buf *buf, const char *s);

#endif
