/*
 * wait - what wait.c and tell.c share.
 */
#ifndef STACK_WAIT_H
#define STACK_WAIT_H

#include "lib/proc.h"
#include "tools/stack/stack.h"

struct waiting {
	struct ak_ctx *ctx;
	const struct kit *kit;
	struct ak_docker *engine; /* looks */
	struct ak_docker *ears;	  /* listens to events */
	const struct selection *selection;
	struct ak_child *child;
	int64_t limit_ms;
	int64_t limit_from_ms; /* Compose at work does not count */
	struct containers containers;
	struct state *states; /* one a pick */
	int64_t *restarts;    /* at the first look; -1: not seen */
	int64_t *before; /* since_ns of what Compose is to change; 0: nothing */
	bool *ready;	 /* told already */
	size_t ready_count;
	int64_t begun_ms;
	bool woken; /* an event came */
};

/* tell.c: what a person and a program get to see meanwhile. */

void tell_ready(struct waiting *w, const struct state *state);
/* Who is not well yet, on a terminal. */
void tell_progress(const struct waiting *w);
/* Both return -1, with the error set and the log's end shown. */
int tell_failed(struct waiting *w, const struct state *state);
int tell_late(struct waiting *w);

#endif
