/*
 * events - what the daemon says of the project's containers as it happens.
 */
#ifndef EVENTS_H
#define EVENTS_H

#include "tools/stack/stack.h"

/* Lives during the call it is given to. */
struct event {
	int64_t time_ns;
	const char *action; /* start, die, health_status, ... */
	const char *health; /* of health_status; NULL */
	const char *id;
	const char *container; /* its name */
	const char *service;
	const char *exit_code; /* of die; NULL */
	const char *signal;    /* of kill; NULL */
	bool one_off;
};

/* Cuts the answer of /events into events. Zero-initialise but for these. */
struct event_reader {
	int (*each)(void *arg, const struct event *event); /* 0, or -1 to end */
	void *arg;
	struct ak_buf pending;
};

/* For on_data of a request; arg is the reader. */
int events_data(void *arg, const char *data, size_t len);
void events_free(struct event_reader *reader);

#endif
