/*
 * mux - the stream of a container's log, cut into lines.
 *
 * Without a terminal the daemon frames what it sends: 8 bytes (stream, three
 * zeros, length of 32 bits, big endian) and the payload, as in the Engine API,
 * "Attach to a container". With one it is the bytes themselves. Both with
 * timestamps=1: each fragment of at most 16 KiB begins with its time, and only
 * the last of a line ends in a line feed.
 */
#ifndef MUX_H
#define MUX_H

#include "lib/buf.h"
#include "lib/err.h"

#define MUX_LINE_MAX ((size_t)1 << 20) /* bytes; what is longer is split */
#define MUX_TIME 31 /* "2026-01-31T12:00:00.123456789Z" and a NUL */

struct mux_line {
	const char *time;   /* in UTC, of MUX_TIME bytes; "" when not told */
	const char *stream; /* "stdout", "stderr" */
	const char *text;   /* without the line feed; any bytes */
	size_t len;
	bool partial; /* the line goes on in the next one of its stream */
};

/* The line lives during the call only. */
typedef void mux_fn(void *arg, const struct mux_line *line);

/* One of the two streams. */
struct mux_stream {
	struct ak_buf text; /* of the line that is not whole yet */
	bool begun;	    /* there is such a line, if only an empty one */
	char time[MUX_TIME];
	char stamp[40]; /* what may be a time, as far as it came */
	size_t stamp_len;
	bool stamping;
	size_t since_stamp; /* payload bytes, for fragments without frames */
};

/* Zero-initialise, then set the first three. mux_free(). */
struct mux {
	bool raw; /* of a container with a terminal */
	mux_fn *line;
	void *arg;
	struct mux_stream streams[2];
	unsigned char header[8];
	size_t header_len;
	size_t left; /* payload of the frame still to come */
	int stream;
};

/* Any cut of the stream gives the same lines. AK_PROTOCOL: no such frame. */
int mux_feed(struct mux *mux, const char *data, size_t len, struct ak_err *err)
    AK_MUST;
/* The stream ended: a line without its end is a line all the same. */
void mux_end(struct mux *mux);
void mux_free(struct mux *mux);

#endif
