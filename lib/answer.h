/*
 * answer - what an HTTP/1.1 server sends back, taken in as it comes.
 *
 * RFC 9112, strictly: a length that is no number or comes twice, a coding
 * other than chunked, and both at once are refused, because two readers could
 * understand them differently. However the bytes are cut, the result is the
 * same.
 */
#ifndef AK_ANSWER_H
#define AK_ANSWER_H

#include <stdint.h>

#include "lib/buf.h"
#include "lib/err.h"

/* Zero-initialise, then set the first group; ak_answer_free(). */
struct ak_answer {
	bool bodiless; /* to HEAD */
	/* A part of the body; false ends it all. */
	bool (*on_body)(void *arg, int status, const char *data, size_t len);
	void *arg;

	int status;	     /* 0: not known yet */
	int64_t retry_after; /* seconds; 0: not said */
	bool close;	     /* the connection serves no other request */
	bool refused;	     /* on_body said false */

	int part;
	struct ak_buf line;
	size_t head; /* bytes of headers so far */
	bool chunked;
	bool sized;
	uint64_t left; /* of the body, or of this chunk */
};

/* 1 when it is whole, 0 when more is to come, -1 (AK_PROTOCOL, or refused). */
int ak_answer_feed(struct ak_answer *answer, const char *data, size_t len,
    struct ak_err *err) AK_MUST;
/* The connection ended: 1 when that is the answer's end, else -1. */
int ak_answer_end(struct ak_answer *answer, struct ak_err *err) AK_MUST;
void ak_answer_free(struct ak_answer *answer);

#endif
