/*
 * proxy - what the files that move bytes share: connections of clients and to
 * backends, and a body that is being read. queue.h is what others see.
 *
 * Buffers are of the process while bytes pass, and of a connection only for
 * what could not pass at once. So an idle or queued connection holds nothing
 * but its structure.
 *
 * What is closed in a wake-up stays in memory until its end (loop_close), so
 * that a function may look, after a call that can close, whether fd is -1.
 */
#ifndef QUEUE_PROXY_H
#define QUEUE_PROXY_H

#include "tools/queue/queue.h"

/* One recv(2), behind what was left over of at most a head. */
#define PROXY_READ 65536
/* Reads of one connection before others have a turn. */
#define PROXY_TURNS 4

/* ready() is called again at the next wake-up, which is at once. */
void loop_again(struct queue *q, struct source *source);
int loop_run(struct queue *q, bool (*over)(struct queue *q), struct ak_err *err)
    AK_MUST;
int loop_new(struct queue *q, struct ak_err *err) AK_MUST;
/* us, now: q->now is that of the wake-up. */
int64_t loop_clock(void);
void loop_free(struct queue *q);

/* ---- Bytes that wait to be written (client.c). ---- */

struct pending {
	char *data;
	size_t at, len, cap; /* [at .. len) waits */
};
static inline size_t
pending_size(const struct pending *p)
{
	return p->len - p->at;
}
void pending_free(struct pending *p);
void pending_add(struct pending *p, const char *data, size_t len);
/*
 * Writes data behind what waits, and keeps what does not go. -1 when the other
 * side is gone.
 */
int pending_write(int fd, struct pending *p, const char *data, size_t len)
    AK_MUST;
/* What waits, once there is room. */
int pending_flush(int fd, struct pending *p) AK_MUST;

/* ---- Listeners. ---- */

struct listener {
	struct source source;
	struct listener *next;
	struct listen_conf *conf; /* of the settings now; NULL: is no more */
	char *address, *path;	  /* path: of a unix socket, to unlink */
	int uses;		  /* its connections, and one while open */
	bool tcp;
};
/* Opens what is new, closes what is gone; all or nothing. */
int listen_update(struct queue *q, struct settings *to, struct ak_err *err)
    AK_MUST;
void listen_close(struct queue *q);
void listen_release(struct queue *q, struct listener *listener);
/* Files or connections have run out, or are there again. */
void listen_throttle(struct queue *q);
void listen_resume(struct queue *q);

/* ---- Clients. ---- */

enum client_state {
	CLIENT_HEAD,   /* between requests, or in a head */
	CLIENT_BODY,   /* in a body */
	CLIENT_WAIT,   /* asked; nothing is read until it is answered */
	CLIENT_LINGER, /* answered for good; what still comes is dropped */
};

struct client {
	struct source source; /* first */
	struct timer timer;
	struct client *next, **prev;
	struct client *late; /* the next of them */
	struct listener *listener;
	struct request *request;
	struct http1_head *head; /* of a head in pieces */
	struct name *from;
	char *in; /* read, and not yet of use */
	uint32_t in_len;
	uint8_t state;	 /* enum client_state */
	bool readable;	 /* the kernel may have more */
	bool starved;	 /* of in alone nothing can be made */
	bool fin;	 /* the client sends no more */
	bool broken;	 /* nothing can be written to it */
	bool busy;	 /* client_go() is at work further up */
	bool keep_alive; /* after this answer */
	bool old;	 /* HTTP/1.0 */
	bool chunked;	 /* how the answer is framed */
	bool paused;	 /* the backend takes its body too slowly */
	int64_t at_head; /* first byte of the head */
	struct pending out;
};

void client_new(struct queue *q, struct listener *listener, int fd,
    const struct sockaddr_storage *addr);
void client_close(struct queue *q, struct client *c);
/* Reads and serves as far as it goes. */
void client_go(struct queue *q, struct client *c);
/* Writes at once; a client that is gone becomes broken. */
void client_write(struct queue *q, struct client *c, const char *data,
    size_t len);
/*
 * Writes when all that the backends said in this wake-up has been read, and
 * their next requests are on their way; together with what comes until then.
 */
void client_write_late(struct queue *q, struct client *c, const char *data,
    size_t len);
void client_late(struct queue *q);
/* The answer is whole: on with the next request, or the end. */
void client_answered(struct queue *q, struct client *c);
void client_timer(struct queue *q, struct client *c);
/* Who reads is told to go away once the answer is written. */
void client_linger(struct queue *q, struct client *c);

/* ---- A body on its way in (serve_body.c). ---- */

enum reading_as {
	READ_PLAIN, /* is held, and not looked at */
	READ_JSON,
	READ_ZSTD, /* JSON within */
	READ_FORM,
	READ_STREAM, /* goes on as it comes */
};

struct reading {
	struct http1_body body;
	uint8_t as;	/* enum reading_as */
	bool strict;	/* what is no JSON is refused here */
	uint64_t rules; /* bit n: rule n fits so far */
	int64_t at_piece;
	struct scan_zstd *zstd;
	union {
		struct scan scan;
		struct scan_form form;
	};
};

void reading_free(struct request *r);
/* A status to refuse with and *text, or 0. */
int body_begin(struct queue *q, struct request *r,
    const struct http1_head *head, const char *data, const char **text);
int body_piece(struct queue *q, struct request *r, const char *data, size_t len,
    const char **text);
int body_end(struct queue *q, struct request *r, const char **text);

/* spill.c */
int held_begin(struct queue *q, struct held *held,
    const struct http1_head *head, const char *data, int64_t length);
/* 0, or a status: 503 when there is no more room for bodies. */
int held_add(struct queue *q, struct held *held, const char *data, size_t len);
/* No more will come: memory is given back. */
void held_whole(struct queue *q, struct held *held);
void held_free(struct queue *q, struct held *held);
/* Puts the edits into a body in memory. */
void held_edit(struct queue *q, struct held *held, const struct scan_edit *edit,
    size_t count);

/* ---- Serving. ---- */

/* Makes the request; false when it was refused (and answered). */
bool serve_head(struct queue *q, struct client *c,
    const struct http1_head *head, const char *data);
/* The body is whole. */
void serve_whole(struct queue *q, struct request *r);
/* The lists that it waited for have come. */
void serve_known(struct queue *q, struct request *r);
/* Picks whoever may run, as far as it goes. */
void serve_turn(struct queue *q);
/* false: it is for one backend. Else it will be answered. */
bool serve_list(struct queue *q, struct request *r);
/* Those who wait for a place to manage. */
void serve_manage(struct queue *q);
void serve_unwait(struct queue *q, struct request *r);
/* Its backend failed it, or it was preempted: it waits again. */
void serve_requeue(struct queue *q, struct request *r, bool avoid);

void serve_refuse(struct queue *q, struct request *r,
    const struct dialect_error *error, enum outcome outcome);
/* When to come again, where nothing says how long it will take. */
#define SERVE_RETRY_MS 1000
/* No backend that could is there. */
void serve_down(struct queue *q, struct request *r);
/* The backend failed it; another try, or the end. */
void serve_failed(struct queue *q, struct request *r, const char *text);
void serve_timeout(struct queue *q, struct request *r, const char *text);
/* Its place is free, though its client has not all of the answer yet. */
void serve_settle(struct queue *q, struct request *r, enum outcome outcome);
void serve_end(struct queue *q, struct request *r, enum outcome outcome);
void serve_cancel(struct queue *q, struct request *r, enum outcome outcome);
/* Before there is a request: answers, and closes. */
void serve_bad(struct queue *q, struct client *c, enum http1_bad bad);
void serve_bad_status(struct queue *q, struct client *c, int status,
    const char *text);

struct request *request_new(struct queue *q, struct client *c);
/* Of our own, to one backend; done is told. */
struct request *request_own(struct queue *q, int backend, const char *path,
    const char *body, void (*done)(struct queue *, struct request *, void *),
    void *arg);

/* serve_class.c */
uint64_t class_rules(struct queue *q, const struct request *r, const char *path,
    const char *agent);
int class_of(struct queue *q, const struct request *r, uint64_t rules);

/* ---- Backends. ---- */

enum upstream_state {
	UP_CONNECT,
	UP_SEND, /* and the answer may come all the same */
	UP_BODY, /* of the answer */
	UP_IDLE,
};

struct upstream {
	struct source source; /* first */
	struct timer timer;
	struct upstream *next, **prev; /* in the pool */
	struct backend *backend;
	struct request *request;
	struct http1_head *head; /* of an answer in pieces */
	char *in;		 /* of it */
	uint32_t in_len;
	uint8_t state; /* enum upstream_state */
	bool readable;
	bool fin;
	bool keep_alive;
	bool whole;   /* all of the request is written */
	bool stream;  /* its body comes from a client that still sends */
	bool chunked; /* that body */
	bool resting; /* read no more until the client has taken it */
	struct http1_body body;
	struct pending out;
	uint64_t spill_at;
	uint8_t edit; /* the next of held.edits */
	int64_t idle_since;
};

/* Sends r to the backend, over a kept connection unless fresh. */
void upstream_start(struct queue *q, struct request *r, int backend,
    bool fresh);
void upstream_close(struct queue *q, struct upstream *u);
/* The backend went away: again, elsewhere, or the end. */
void upstream_lost(struct queue *q, struct upstream *u);
/* Its answer is of no use. */
void upstream_lost_as(struct queue *q, struct upstream *u, const char *text);
/* Back into the pool, or closed. */
void upstream_done(struct queue *q, struct upstream *u, bool keep);
void upstream_timer(struct queue *q, struct upstream *u);
/* Writes what waits of the request. -1: the backend has gone. */
int upstream_flush(struct queue *q, struct upstream *u) AK_MUST;
/* Appends the request as it goes out. */
void upstream_render(struct queue *q, struct upstream *u, struct request *r);
/* A piece of a streamed body; at its end with len 0. */
void upstream_piece(struct queue *q, struct request *r, const char *data,
    size_t len);
/* Reads the answer as far as it comes. */
void upstream_read(struct queue *q, struct upstream *u);
/* The client has room again. */
void upstream_resume(struct queue *q, struct upstream *u);

int backend_update(struct queue *q, const struct settings *to,
    struct ak_err *err) AK_MUST;
/* Is there one that is ready, other than this? */
bool backend_other(const struct queue *q, int than);
/* Which one for what needs no GPU, other than r had: -1 when none is ready. */
int backend_pick(struct queue *q, struct request *r);
/* r ended there, of a client: for the breaker, and to be counted. */
void backend_result(struct queue *q, const struct request *r, bool well);
void backend_state(struct queue *q, struct backend *b);
/* A byte of an answer of its GPU has come. */
void backend_heard(struct queue *q, struct backend *b);
void backend_tick(struct queue *q);
/* Its address from its url; waits. A name that is not known is no error. */
int backend_resolve(struct backend *b, struct ak_err *err) AK_MUST;
/* The same aside, without waiting. */
void backend_look(struct queue *q, struct backend *b);
void backend_free(struct queue *q);
void backend_prune(struct queue *q, struct backend *b, bool all);
/* What is asked of one, see struct backend.checking. */
enum { CHECK_VERSION = 1, CHECK_PS = 2, CHECK_PROBE = 4, CHECK_TAGS = 8 };
void probe_start(struct queue *q, struct backend *b);
void probe_tags(struct queue *q, struct backend *b);

/* ---- Models (models.c). ---- */

/* What is configured for one: by its name, else the first pattern that fits. */
const struct model_conf *models_conf(const struct settings *s,
    const char *name);
/*
 * Tells sched where r's model is and what is configured for it. The backends
 * that have it, as bits, or may have it; 0: none. Spells it as they do.
 */
uint32_t models_tell(struct queue *q, struct request *r);
/* The same of what needs no GPU: where its model is, loaded if it is to go. */
uint32_t models_where(struct queue *q, struct request *r);
/* Has that backend, or may it have, a model of that name with its tag? */
bool models_has(const struct backend *b, const char *name);
/* r, of which no list knows, waits for newer ones; false: there are none. */
bool models_wait(struct queue *q, struct request *r);
/* Calls each with the key of every model of a list; -1 when it is none. */
int models_each(const struct ak_buf *list,
    void (*each)(void *arg, const char *model), void *arg) AK_MUST;
/* Takes over a list; -1 when it is none, and then the backend decides. */
int models_take(struct backend *b, const struct ak_buf *answer) AK_MUST;
void models_forget(struct backend *b);
/* A list was taken over: those who wait are told. */
void models_read(struct queue *q);
/* r has ended: does its backend have other models now? */
void models_changed(struct queue *q, const struct request *r);
/* Bits of backends in the order of the settings to those of their numbers. */
uint32_t queue_numbers(const struct queue *q, uint32_t bits);

#endif
