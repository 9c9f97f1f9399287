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
	bool follow;  /* gets events */
	bool last;    /* ends once all is written */
	bool head;    /* asked with HEAD */
	bool refused; /* what it still sends is dropped */
};

/* admin.c: someone has come. */
void admin_arrived(struct queue *q, struct source *source, uint32_t events);
void admin_end(struct queue *q, struct admin_client *c);

/* admin_route.c: the value of a name in the query, the caller's, or NULL. */
char *admin_query(const struct admin_call *call, const char *name);
/* An id that ends at a slash or the end; -1 when it was refused. */
int admin_id(struct admin_call *call, const char *rest, uint64_t *id);

/* admin_change.c: rest is the path behind that of the table. */
void admin_delete_request(struct admin_call *call, const char *rest);
void admin_post_request(struct admin_call *call, const char *rest);
void admin_post_pause(struct admin_call *call, const char *rest);
void admin_post_resume(struct admin_call *call, const char *rest);
void admin_post_drain(struct admin_call *call, const char *rest);
void admin_post_reload(struct admin_call *call, const char *rest);
void admin_patch_limits(struct admin_call *call, const char *rest);
void admin_post_model(struct admin_call *call, const char *rest);

#endif
