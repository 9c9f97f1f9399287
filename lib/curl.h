/*
 * curl - libcurl behind a wall: loaded late, and known to no other file.
 *
 * For lib/http.c, which decides how long and how much. A transfer's first half
 * is filled in by the caller and must live until it has ended, its second half
 * is ours.
 */
#ifndef AK_CURL_H
#define AK_CURL_H

#include <stdint.h>

#include "lib/err.h"

struct ak_curl_transfer {
	const char *url;
	const char *unix_path; /* NULL: TCP */
	bool direct;	       /* without a proxy of the environment */
	bool any_certificate;
	bool lasting; /* its answer has no end: for lib/wire.c */
	const char *method, *body;
	const char *const *headers;
	int64_t connect_ms;
	/* The other side moved: connected, or a header came. */
	void (*on_life)(void *arg);
	/* A part of the body; false ends the transfer. */
	bool (*on_body)(void *arg, int status, const char *data, size_t len);
	void *arg;

	bool under_way;
	bool refused;	     /* on_body said false */
	int status;	     /* 0: there was no answer */
	int64_t retry_after; /* seconds; -1 when not said */
	struct ak_err err;   /* why it failed, without where; or AK_DONE */
	void *easy;	     /* kept for the next; ak_curl_forget() */
	void *sent_headers;
	char text[256];
};

/*
 * What carries transfers: libcurl, or lib/wire.h. Which ones are in a tool is
 * decided by which ak_http_open of lib/http.h it calls.
 */
struct pollfd;
struct ak_carrier {
	/* *state: connections, and the transfers that use them. */
	int (*open)(void **state, struct ak_err *err);
	/* All transfers must be forgotten. */
	void (*close)(void *state);
	int (*start)(void *state, struct ak_curl_transfer *transfer,
	    struct ak_err *err);
	/* Ends it where it is. */
	void (*stop)(void *state, struct ak_curl_transfer *transfer);
	/* Stops it and frees what is kept. */
	void (*forget)(void *state, struct ak_curl_transfer *transfer);
	/* Moves what can be moved. */
	int (*perform)(void *state, struct ak_err *err);
	/* Waits for them, and for extra, whose revents are set. */
	void (*poll)(void *state, struct pollfd *extra, unsigned count,
	    int wait_ms);
};

/* Opening loads libcurl when nobody has yet: AK_SYSTEM without it. */
extern const struct ak_carrier ak_by_curl;

#endif
