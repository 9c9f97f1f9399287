/*
 * top - what the files of the live view share.
 *
 *	top.c	   the command: rounds, keys of the terminal
 *	top_data.c what was told, and what that makes of tokens a second
 *	top_draw.c the picture
 */
#ifndef QUEUE_TOP_H
#define QUEUE_TOP_H

#include "tools/queue/ask.h"

enum top_kind {
	TOP_STATUS,
	TOP_BACKEND,
	TOP_CLASS,
	TOP_CLIENT,
	TOP_MODEL,
	TOP_REQUEST,
	TOP_KINDS
};

struct top_row {
	struct ak_json *json;
	const char *key; /* in json: what it is known by */
	int64_t tokens;	 /* made so far */
	double rate;	 /* of them a second, smoothed */
};

struct top_rows {
	struct top_row *rows;
	size_t count;
};

#define TOP_HISTORY 60

struct top {
	struct top_rows of[TOP_KINDS];
	int64_t read_ms; /* when, of the monotonic clock; 0: never */
	int64_t requests;
	double rate, request_rate;
	double history[TOP_HISTORY]; /* of rate, oldest first */
	size_t history_count;
	char problem[256]; /* why there is no answer; "" */
	int shown;	   /* enum top_kind alone; -1: all */
};

void top_free(struct top *top);
/* Asks, and takes the place of what was there. */
int top_read(struct top *top, struct ak_http *http, struct ak_err *err) AK_MUST;
/* "paused" or "draining" by the operator, all of it; else NULL. */
const char *top_state(const struct top *top);

/* Appends a picture of so many columns and lines, without a last line feed. */
void top_draw(const struct top *top, int columns, int lines, bool colour,
    struct ak_buf *buf);

#endif
