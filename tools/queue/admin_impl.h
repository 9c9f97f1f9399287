/*
 * admin_impl - what the files of the admin socket share.
 */
#ifndef QUEUE_ADMIN_IMPL_H
#define QUEUE_ADMIN_IMPL_H

#include "tools/queue/operate.h"

#define ADMIN_CLIENTS 64
#define ADMIN_ADDRESSES 8 /* of the name that metrics are served on */

struct admin_listener {
	struct source source; /* first */
	struct admin *admin;
	bool metrics_only;
};

struct admin {
	struct app *app;
	struct admin_listener listeners[1 + ADMIN_ADDRESSES];
	size_t listener_count;
	char *path;
	struct admin_client *clients;
	size_t client_count;
};

struct admin_client {
	struct source source; /* first */
	struct timer timer;
	struct admin *admin;
	struct admin_client *next, **prev;
	struct admin_wait *wait;
	struct ak_buf in, out;
	bool metrics_only;
	bool follow; /* gets events */
	bool last;   /* ends once all is written */
	bool head;   /* asked with HEAD */
};

/* admin.c: someone has come. */
void admin_arrived(struct queue *q, struct source *source, uint32_t events);
void admin_end(struct queue *q, struct admin_client *c);

#endif
