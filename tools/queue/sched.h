/*
 * sched - who gets the GPU next.
 *
 * Pure: the time (microseconds of a clock that never goes back) and the seed
 * come in, decisions go out. No I/O, no global state, nothing allocated by a
 * pick. Everything is bounded by struct sched_config.
 *
 * What is kept together is the key: a model and the runner options that would
 * make the server load it again (num_ctx, num_gpu, ...). The rule, in order:
 *
 *  1. A request that was promoted; then a key whose work has waited longer than
 *     the max_wait of its class.
 *  2. The first class with work; but a later class that has waited share_wait
 *     and has had less than min_share of the last five minutes comes before.
 *  3. In it the client that has had the fewest tokens for its weight (VTC,
 *     arXiv 2401.00588); a client that comes back is lifted to the others.
 *  4. Of that client, what must be done first: by deadline, where none is given
 *     by arrival + max_wait.
 *  5. If that needs another key to be loaded: work of the same or a better
 *     class on a resident key goes on until the quantum is used and the
 *     patience of the winner is spent; of a worse class until the patience is.
 *  6. A switch: nothing more is sent for the keys that may have to go, what is
 *     in flight ends (or is preempted), then exactly one request of the new key
 *     goes, and its slots open when it is loaded. One at a time a backend. So
 *     the server never has to evict a model that is still being used, on which
 *     Ollama's own queue hangs.
 *
 * The caller's loop:
 *
 *	while (sched_expired(s, now, &id, &why))
 *		refuse(id, why);
 *	for (;;) {
 *		sched_pick(s, now, &act);
 *		if (act.kind == SCHED_WAIT)
 *			break;		(call again at act.wake, or after any
 *					 other call of this header)
 *		if (act.kind == SCHED_RUN)
 *			send(act.owner, act.backend);
 *		...
 *	}
 *
 * A request is added, is picked, has its first byte, makes progress, and is
 * done; it may be cancelled at any point, and put back (sched_requeue) as long
 * as nothing of the answer went to the client. An id is never 0 and never used
 * again; with one that is gone a call does nothing and says so.
 */
#ifndef SCHED_H
#define SCHED_H

#include <stdint.h>

#include "lib/err.h"

#define SCHED_CLASSES 8
#define SCHED_BACKENDS 16
#define SCHED_RESIDENT 16 /* keys resident on one backend */
#define SCHED_NAME 256	  /* bytes of a name, with its NUL */

struct sched;

enum sched_overdue {
	SCHED_FORCE,  /* comes next */
	SCHED_REFUSE, /* sched_expired() gives it out with SCHED_LATE */
};

/* What work of a class may expect. The first class is the best. */
struct sched_class {
	char name[32];	    /* "" ends the list */
	int min_share;	    /* permille of GPU time while it has work */
	int64_t share_wait; /* us of waiting before min_share is claimed */
	int64_t max_wait;   /* us; 0: none */
	enum sched_overdue overdue; /* what happens then */
	int64_t patience;	    /* us it waits to spare a switch */
	int limit;		    /* running at once; 0: no limit */
	int queue_limit;	    /* waiting; 0: as in all */
	bool preemptible; /* may be stopped for a switch to a better class
			   * while nothing of it was streamed */
};

struct sched_config {
	struct sched_class classes[SCHED_CLASSES];
	int limit;	   /* running at once in all; 0: no limit */
	int queue_limit;   /* waiting in all; at least 1 */
	int client_limit;  /* running, of a client without its own; 0: none */
	int client_queue;  /* waiting of one client; 0: as in all */
	int clients_max;   /* known at once; the idle are forgotten first */
	int keys_max;	   /* (model, options) known at once, and models */
	int prompt_weight; /* cost of a token read */
	int generated_weight; /* cost of a token made */
	int switch_weight;    /* cost of a second of loading, in such units */
	int64_t quantum;      /* us a key stays while it has work */
	bool shed;	      /* refuse at once what cannot meet its deadline */
	int history;	      /* decisions kept for sched_explain() */
};

/* Defaults: interactive, normal, batch. */
void sched_config_default(struct sched_config *config);
/* AK_CONFIG with the name of the field that is out of its range. */
int sched_config_check(const struct sched_config *config, struct ak_err *err)
    AK_MUST;

/* config must be well (sched_config_check). seed keys the hash tables. */
struct sched *sched_new(const struct sched_config *config, uint64_t seed,
    int64_t now) AK_MUST;
void sched_free(struct sched *s);
/*
 * A new configuration; what waits and runs stays. Classes are matched by name,
 * what was in one that is gone moves to the last. Limits count from now on:
 * nothing that waits is thrown out. The settings of clients and models go back
 * to the defaults: set them again.
 */
void sched_reconfigure(struct sched *s, const struct sched_config *config,
    int64_t now);
/* The index of a class, -1 when there is none of that name. */
int sched_class(const struct sched *s, const char *name);

/* Settings of one client or model; 0: the default. */
void sched_client_set(struct sched *s, const char *client, int weight,
    int limit);
struct sched_model {
	int limit;	   /* running at once on all backends */
	int slots;	   /* of one loaded model; else the backend's */
	uint32_t backends; /* bit n: backend n has it; 0: all */
};
/* Forgotten with a model that has no work: to be said before each sched_add().
 */
void sched_model_set(struct sched *s, const char *model,
    const struct sched_model *to);

/* ---- Backends: numbers from 0, chosen by the caller. ---- */

enum sched_up { SCHED_DOWN, SCHED_UP, SCHED_DRAIN };

struct sched_backend {
	enum sched_up up; /* SCHED_DRAIN: runs to the end, gets nothing new */
	int slots;	  /* requests at once a loaded model (NUM_PARALLEL) */
	int loaded_max;	  /* keys that fit (MAX_LOADED_MODELS); 1.. */
	int limit;	  /* running in all; 0: slots x loaded_max */
	int weight;	  /* share of the work among free backends; 0: 1 */
	bool unload; /* SCHED_UNLOAD names the key that goes, and only that is
		      * held; else all are, since the server chooses */
};

/*
 * Adds or changes one. On SCHED_DOWN what is known of its residents is
 * forgotten; the caller ends, or puts back, what was running there.
 */
void sched_backend_set(struct sched *s, int backend,
    const struct sched_backend *to, int64_t now);
/* The key is resident, as /api/ps or an answer shows. Ends a switch to it. */
void sched_loaded(struct sched *s, int backend, const char *model,
    const char *options, int64_t now);
/* The model is not, as /api/ps shows or after SCHED_UNLOAD; NULL: nothing is.
 */
void sched_unloaded(struct sched *s, int backend, const char *model,
    int64_t now);

/* ---- The life of a request. ---- */

enum sched_reason {
	SCHED_OK,
	SCHED_FULL,	   /* queue_limit in all */
	SCHED_CLASS_FULL,  /* queue_limit of the class */
	SCHED_CLIENT_FULL, /* client_queue */
	SCHED_TABLE_FULL,  /* clients_max or keys_max, all of them busy */
	SCHED_NO_CLASS,	   /* no class of that number */
	SCHED_BAD_NAME,	   /* empty, or SCHED_NAME and longer */
	SCHED_NO_BACKEND,  /* none has the model, up or down */
	SCHED_CLOSED,	   /* a gate is SCHED_DRAINING */
	SCHED_HOPELESS,	   /* would miss its deadline (shed) */
	SCHED_LATE,	   /* max_wait or the deadline has passed, waiting */
	SCHED_REASONS
};
/* "queue_full" and the like: labels of metrics. */
const char *sched_reason_name(enum sched_reason reason);

struct sched_request {
	int class;
	const char *client;
	const char *model;
	const char *options; /* canonical text, "" or NULL for the defaults */
	int64_t deadline;    /* absolute us; 0: none */
	uint32_t avoid; /* bit n: not on backend n while there is another */
	int prompt;  /* tokens, estimated; charged at the pick, put right later
		      */
	void *owner; /* the caller's, given back by sched_pick() */
};

/* SCHED_OK and *id, or why not. Strings are copied. */
enum sched_reason sched_add(struct sched *s, const struct sched_request *r,
    int64_t now, uint64_t *id) AK_MUST;

enum sched_cause {	  /* of a switch */
	SCHED_BY_NEED,	  /* nothing else to do */
	SCHED_BY_CLASS,	  /* better work; patience spent */
	SCHED_BY_TURN,	  /* the quantum was used */
	SCHED_BY_SHARE,	  /* a class below its minimum share */
	SCHED_BY_MAXWAIT, /* overdue */
	SCHED_BY_PROMOTE,
	SCHED_CAUSES
};
const char *sched_cause_name(enum sched_cause cause);

enum sched_kind {
	SCHED_WAIT,    /* nothing now; wake says when time alone changes it */
	SCHED_RUN,     /* send id to backend; switching: it will load first */
	SCHED_UNLOAD,  /* unload model on backend, then sched_unloaded() */
	SCHED_PREEMPT, /* stop id on backend, then sched_requeue() */
};

struct sched_act {
	enum sched_kind kind;
	uint64_t id;
	void *owner; /* of id */
	int backend;
	bool switching;
	enum sched_cause cause; /* of switching */
	const char *from;	/* of switching: the model that goes, or "" */
	const char *model;	/* of SCHED_UNLOAD; lives until the next call */
	int64_t wake;		/* INT64_MAX: only an event changes it */
};

void sched_pick(struct sched *s, int64_t now, struct sched_act *act);
/*
 * One request whose time has passed while it waited: 1, with its id, owner and
 * why, and it is gone; 0 when there is none.
 */
bool sched_expired(struct sched *s, int64_t now, uint64_t *id, void **owner,
    enum sched_reason *why);

/* The first byte of the answer: the key is loaded. */
void sched_first_byte(struct sched *s, uint64_t id, int64_t now);
/* So many more tokens were made. */
void sched_progress(struct sched *s, uint64_t id, int tokens);

/* What the answer said at its end; -1: not said. Times in microseconds. */
struct sched_usage {
	bool failed; /* no answer: of the loading nothing is known */
	int64_t prompt, generated;
	int64_t load_us, prompt_us, generated_us;
};
void sched_done(struct sched *s, uint64_t id, const struct sched_usage *usage,
    int64_t now);
/* Gone, in whatever state; 0 when there is none of that id. */
bool sched_cancel(struct sched *s, uint64_t id, int64_t now);
/*
 * A running request waits again, with its old arrival: its backend failed
 * before the first byte (avoid: not there while there is another), or it was
 * preempted.
 */
bool sched_requeue(struct sched *s, uint64_t id, bool avoid, int64_t now);

/* ---- The operator. ---- */

enum sched_scope {
	SCHED_ALL,
	SCHED_CLASS,
	SCHED_CLIENT,
	SCHED_MODEL,
	SCHED_BACKEND, /* by its number in decimal */
};
enum sched_gate {
	SCHED_OPEN,
	SCHED_PAUSED,	/* takes requests, starts none */
	SCHED_DRAINING, /* starts what waits, takes none (not of a backend) */
};
/* false when nothing of that name is known (a client or model is made known).
 */
bool sched_gate(struct sched *s, enum sched_scope scope, const char *name,
    enum sched_gate gate);
/* Comes next, before every class; limits and pauses hold for it too. */
bool sched_promote(struct sched *s, uint64_t id, int64_t now);

/* ---- What is known. ---- */

enum sched_state { SCHED_GONE, SCHED_QUEUED, SCHED_LOADING, SCHED_RUNNING };

struct sched_info {
	enum sched_state state;
	int class, backend; /* backend: -1 while it waits */
	const char *client, *model, *options;
	void *owner;
	int64_t arrived, started, deadline;
	int64_t generated;
};
/* false, and state SCHED_GONE, when there is none. */
bool sched_info(const struct sched *s, uint64_t id, struct sched_info *info);
/* Its place, about: 1 goes next; 0 when it is not waiting. */
int sched_position(const struct sched *s, uint64_t id);
/* Microseconds until it starts, from what was observed; -1: not known yet. */
int64_t sched_estimate(const struct sched *s, uint64_t id, int64_t now);
/* The same for a request of that class that would come now: Retry-After. */
int64_t sched_estimate_class(const struct sched *s, int class, int64_t now);

/*
 * Why it waited (or waits), step by step, oldest first: at is the time, text
 * one line that lives during the call. false when there is none of that id.
 */
bool sched_explain(const struct sched *s, uint64_t id, int64_t now,
    void (*line)(void *arg, int64_t at, const char *text), void *arg);

struct sched_stats {
	int queued, running;
	enum sched_gate gate; /* of all */
	struct {
		int queued, running;
		int64_t oldest_wait; /* us */
		int64_t gpu_us;	     /* in all */
		int64_t promotions;  /* forced by max_wait */
		int share;	     /* permille of the last five minutes */
		int64_t gap; /* fairness: most apart of the clients with work */
		enum sched_gate gate; /* its own, or that of all */
	} classes[SCHED_CLASSES];
	struct {
		int running;
		int resident;
		bool switching;
		enum sched_gate gate;
	} backends[SCHED_BACKENDS];
	int64_t switches[SCHED_CAUSES], switch_us, switches_failed;
	int64_t preempted;
};
void sched_stats(const struct sched *s, int64_t now, struct sched_stats *to);

/* Each client known; name lives during the call. */
struct sched_client_stats {
	const char *name;
	int queued, running, weight;
	int64_t prompt, generated, gpu_us; /* in all */
	enum sched_gate gate;
};
void sched_clients(const struct sched *s,
    void (*each)(void *arg, const struct sched_client_stats *client),
    void *arg);
/* Each key known, and what was observed of it; 0: nothing yet. */
struct sched_key_stats {
	const char *model, *options;
	int queued, running;
	uint32_t resident; /* bit n: on backend n */
	int64_t load_us;   /* a load takes */
	double tokens_per_second;
	enum sched_gate gate;
};
void sched_keys(const struct sched *s,
    void (*each)(void *arg, const struct sched_key_stats *key), void *arg);
/* Each request known, queued or running, in no order. */
void sched_each(const struct sched *s,
    void (*each)(void *arg, uint64_t id, const struct sched_info *info),
    void *arg);

#endif
