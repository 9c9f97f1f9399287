/*
 * queue - the nouns of aikit-queue, and the verbs between its files.
 *
 *	conf.c	 a file, the command line	-> struct settings
 *	loop.c	 epoll, deferred frees		timer.c   deadlines, in a heap
 *	listen.c sockets that accept
 *	client*  one connection of a client: reads requests, writes answers
 *	serve*	 which lane, who, which class; admits, picks, refuses, ends
 *	upstream* one connection to a backend: sends, reads answers, forwards
 *	backend* the backends: pools, health, breaker, what is resident
 *	models.c which of them has which model
 *	spill.c	 bodies that are too large for memory
 *
 * There is one thread and one struct queue. Nothing here blocks. Times are
 * microseconds of CLOCK_MONOTONIC, q->now, read once a wake-up; 0 means that
 * something has not happened.
 *
 *	struct queue *q = queue_new(settings, &hooks, &err);
 *	queue_run(q);	(until SIGTERM or SIGINT, and the drain)
 *	queue_free(q);
 *
 * The life of a request: a client's bytes make a head (http1), the head finds
 * its route and the one who asks, the body is scanned as it comes and held,
 * sched says when and where, an upstream sends it and reads the answer, whose
 * payload is framed anew and written to the client at once.
 */
#ifndef QUEUE_H
#define QUEUE_H

#include <sys/socket.h>

#include <stdint.h>

#include "lib/buf.h"
#include "lib/err.h"
#include "tools/queue/dialect.h"
#include "tools/queue/http1.h"
#include "tools/queue/reply.h"
#include "tools/queue/route.h"
#include "tools/queue/scan.h"
#include "tools/queue/settings.h"

struct queue;
struct client;
struct upstream;
struct request;

/* ---- A request, as log, metrics and admin see it. ---- */

enum phase {
	PHASE_HEAD,
	PHASE_BODY,
	PHASE_QUEUED,	  /* in sched, or for a place to manage */
	PHASE_CONNECTING, /* to a backend, or sending */
	PHASE_LOADING,	  /* sent; sched says that the model loads first */
	PHASE_PREFILL,	  /* sent; no byte yet */
	PHASE_STREAMING,
	PHASE_ENDED,
	PHASES
};
/* "reading" for the first two, "queued", "connecting", ... */
const char *phase_name(enum phase phase);

/* How it ended. */
enum outcome {
	OUTCOME_NONE,	 /* it has not */
	OUTCOME_OK,	 /* the whole answer of a backend, whatever its code */
	OUTCOME_REFUSED, /* by us: status and why say how */
	OUTCOME_CANCELLED, /* the client left; phase says when */
	OUTCOME_KILLED,	   /* by the operator */
	OUTCOME_FAILED,	   /* a backend failed: 502, or in mid-stream */
	OUTCOME_TIMEOUT,   /* first, stall, run, head, body, write */
	OUTCOMES
};
const char *outcome_name(enum outcome outcome);

/* An interned string; names are few and come again and again. */
struct name {
	struct name *next;
	uint32_t hash, uses;
	char text[];
};
/* "" gives the name "". Counts one use; name_put() takes it back. */
struct name *name_get(const char *text, size_t len);
void name_put(struct name *name);

/* What a client sent, held until nothing can ask for it again. */
struct held {
	char *data;	   /* the head as it goes on, and the body's start */
	uint32_t head_len; /* of data; without Host and framing */
	uint32_t data_len; /* head and body in memory */
	uint32_t cap;
	uint64_t body_len; /* payload so far */
	int64_t length;	   /* as it was promised; -1 */
	int spill;	   /* the whole body when it is not in data; -1 */
	uint8_t framing;   /* as it came; enum http1_framing */
	uint8_t edit_count;
	struct scan_edit *edits; /* of a spilled body, on its way out */
	uint64_t spilled;	 /* bytes */
};

struct request {
	struct request *next, **prev;		/* all of them, q->requests */
	struct request *wait_next, **wait_prev; /* for a place to manage */
	uint64_t id;	       /* ours, of every lane; hexadecimal */
	uint64_t sched_id;     /* 0 outside sched */
	struct client *client; /* NULL: our own (probes, unload) */
	struct upstream *up;
	int backend;		   /* index, -1 */
	const struct route *route; /* NULL: an unknown path let through */
	struct name *user;	   /* the client as a person */
	struct name *model;	   /* as a key: with its tag; "" */
	struct name *options;	   /* canonical text */
	struct name *from;	   /* of switching: what had to go; NULL */
	uint8_t method;		   /* enum http1_method */
	uint8_t lane;		   /* enum route_lane */
	uint8_t work;		   /* enum route_work */
	uint8_t dialect;	   /* enum dialect */
	uint8_t phase;		   /* enum phase; of a cancel, when it came */
	uint8_t outcome;	   /* enum outcome */
	uint8_t why;		   /* enum sched_reason of a refusal */
	int8_t class;		   /* -1 outside sched */
	uint8_t tries;
	uint16_t status; /* of the answer that the client got; 0: none */
	uint16_t avoid;	 /* bits of backends, while there is another */
	bool streams;	 /* tokens are asked for one by one */
	bool sse;	 /* the answer is an event stream */
	bool switching;	 /* sched said that the model loads first */
	uint8_t cause;	 /* of that, enum sched_cause */
	bool manage;	 /* the asker may call guarded routes */
	bool reused;	 /* went out on a kept connection */
	bool begun;	 /* a byte of the answer went to the client */
	bool newline;	 /* the last of them ended a line */
	bool managing;	 /* has one of manage_limit */
	bool asking;	 /* waits for lists of models, not in sched yet */
	bool settled;	 /* sched knows that it has ended */
	bool listing;  /* wants a list, and not for a page of another origin */
	bool untagged; /* the tag of model is not the client's */
	int class_key, class_best, class_said; /* indices; -1 */
	int position; /* in the queue, when it came; 0: went at once */
	/* us */
	int64_t at_begin;  /* first byte of the head */
	int64_t at_whole;  /* last of the body */
	int64_t at_queued; /* given to sched; again after a retry it stays */
	int64_t at_run;	   /* picked */
	int64_t own_us;	   /* what we took, from wake-up to hand-over */
	int64_t at_sent;   /* written to the backend */
	int64_t at_first;  /* first byte of the answer */
	int64_t at_token;  /* first token */
	int64_t at_token_last;
	int64_t at_last; /* latest byte of the answer */
	int64_t at_end;
	int64_t deadline;	     /* 0: none */
	int64_t bytes_in, bytes_out; /* payload */
	int64_t prompt, generated;   /* tokens, at the end */
	int64_t load_us, eval_us;    /* at the end */
	char error[64];		     /* of a backend; cut */
	struct held held;
	struct reading *reading; /* serve_body.c: while the body comes */
	struct reply *reply;	 /* while it runs */
	/* Our own requests: told at the end, with the whole answer's body. */
	void (*done)(struct queue *q, struct request *r, void *arg);
	void *arg;
	struct ak_buf *answer; /* of those, 1 MiB at most */
};

/* ---- A backend, as admin and metrics see it. ---- */

enum breaker { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF };

struct backend {
	int index;
	bool used;	 /* configured; else a number that is free */
	bool ready;	 /* answers, and its breaker lets through */
	bool drained;	 /* by the operator */
	bool version_ok; /* health by /api/version */
	bool probe_ok;	 /* the generate-path probe; true when none */
	bool silent;	 /* the watchdog has told of it */
	bool quick;	 /* its last answer came at once */
	enum breaker breaker;
	int passes, fails; /* of health, in a row */
	int failed;	   /* requests in a row */
	int busy, idle;	   /* connections */
	char *name, *url, *host;
	char version[32];
	struct sched_backend sched;
	struct sockaddr_storage addr;
	socklen_t addr_len;
	struct upstream *pool; /* idle, the hottest first */
	int64_t at_byte;       /* latest byte of an answer of the GPU */
	int64_t at_breaker, at_probe, at_version, at_ps, at_tags;
	int64_t at_rest;  /* nothing ran there */
	int64_t at_light; /* it was ready */
	bool looking;	  /* for the address of its name */
	bool kept;	  /* of a reload under way */
	int checking;	  /* bits: a probe of that kind is under way */
	bool listed;	  /* models are what its /api/tags said */
	char **models;	  /* sorted, without regard to case */
	size_t model_count;
	int64_t requests, failures; /* in all */
};

/* ---- The loop (loop.c, timer.c); admin.c uses these as well. ---- */

/*
 * A descriptor in the epoll set: edge-triggered, for reading, writing and the
 * other side's end at once, so that nothing is ever changed in the set.
 */
struct source {
	int fd;	    /* -1: closed; ready is not called again */
	bool first; /* before the others of a wake-up */
	void (*ready)(struct queue *q, struct source *source, uint32_t events);
};
int loop_add(struct queue *q, struct source *source) AK_MUST;
/* Listening sockets: level-triggered, for reading. */
int loop_listen(struct queue *q, struct source *source, bool on) AK_MUST;
/* Closes fd. Frees object (or NULL) when no event can name it any more. */
void loop_close(struct queue *q, struct source *source, void *object);

/*
 * A deadline. Moving one later costs nothing: the heap keeps the earlier time
 * and looks again when that has come. Zero-initialise.
 */
struct timer {
	int64_t due;   /* QUEUE_FOREVER: none */
	int64_t at;    /* in the heap */
	uint32_t slot; /* 0: not in it */
	void (*fire)(struct queue *q, struct timer *timer);
};
void timer_set(struct queue *q, struct timer *timer, int64_t due);
void timer_stop(struct queue *q, struct timer *timer);
/* Before its memory goes. */
void timer_drop(struct queue *q, struct timer *timer);
/* Fires what is due. */
void timer_run(struct queue *q);

/* ---- The whole. ---- */

struct counters {
	int64_t accepted, requests, refused, replayed, retried;
	int64_t cancelled[PHASES];
	int64_t bad[HTTP1_BADS]; /* heads and bodies of clients */
	int64_t upstream_bad;	 /* of backends */
	int64_t throttled;	 /* accepting stopped for want of files */
	int64_t upstream_connects;
};

/*
 * What others want to know; each may be NULL. They must not change what they
 * are shown; r lives during the call.
 */
struct hooks {
	void *arg;
	/* Every request of a client, once, at its end: log and metrics. */
	void (*ended)(void *arg, struct queue *q, const struct request *r);
	/* So long between two tokens, us. */
	void (*token)(void *arg, const struct request *r, int64_t gap);
	/* A backend's ready, breaker, drained or silent has changed. */
	void (*backend)(void *arg, struct queue *q, const struct backend *b,
	    const char *what);
	/* Once a second, or more often. */
	void (*tick)(void *arg, struct queue *q);
	/* SIGHUP: new settings, or NULL (with a word to the log) to stay. */
	struct settings *(*reload)(void *arg, struct queue *q);
	/* SIGUSR1: reopen the log. */
	void (*reopen)(void *arg, struct queue *q);
};

struct queue {
	struct settings *settings;
	const struct hooks *hooks;
	struct sched *sched;
	int64_t now; /* us */
	struct backend backends[SCHED_BACKENDS];
	struct counters counters;
	struct request *requests; /* all, newest first */
	int client_count, request_count, queued, managing, asking;
	int64_t memory_bytes, spilled_bytes; /* of bodies */
	bool draining;
	bool pick;     /* sched has something to say */
	bool soon;     /* an answer of a quick backend is due */
	bool embedded; /* it was told of slots of embeddings */
	/* Ours. */
	int epoll, signals;
	int64_t drain_end, wake, next_id;
	struct source signal_source;
	struct listener *listeners;
	struct client *clients;
	struct client *late; /* see client_write_late() */
	struct request *manage_first, **manage_last;
	struct timer tick, accept_timer, drain_timer;
	int peak; /* requests and clients since the last trim */
	struct timer **timers;
	uint32_t timer_count, timer_cap;
	void **dead;
	size_t dead_count, dead_cap;
	struct source **again;
	size_t again_count, again_cap;
	int children; /* that may have our files, see backend_name.c */
	bool accept_off;
};

/* Takes settings over. Opens the listeners. NULL with err. */
struct queue *queue_new(struct settings *settings, const struct hooks *hooks,
    struct ak_err *err) AK_MUST;
/* Until the drain that SIGTERM, SIGINT or queue_drain() begins has ended. */
int queue_run(struct queue *q, struct ak_err *err) AK_MUST;
void queue_free(struct queue *q);

/*
 * Goes over to other settings without dropping a request, or stays with the
 * old ones and tells why (a listener that cannot be opened).
 */
int queue_reload(struct queue *q, struct settings *settings, struct ak_err *err)
    AK_MUST;
void queue_drain(struct queue *q);

/* For the operator. false when there is no such request. */
struct request *queue_find(struct queue *q, uint64_t id);
bool queue_kill(struct queue *q, uint64_t id);
bool queue_promote(struct queue *q, uint64_t id);
/* After sched_gate() and the like: looks who may run now. */
void queue_kick(struct queue *q);
/*
 * Loads it on that backend, or where it is (-1), when its turn comes, as work
 * of the first class: Ollama hangs on a load that comes while another model
 * works. done is told the answer, perhaps before this returns.
 */
void queue_load(struct queue *q, int backend, const char *model,
    void (*done)(struct queue *q, struct request *r, void *arg), void *arg);
/* At once. */
void queue_unload(struct queue *q, int backend, const char *model,
    void (*done)(struct queue *q, struct request *r, void *arg), void *arg);
bool queue_backend_drain(struct queue *q, int backend, bool on);

#endif
