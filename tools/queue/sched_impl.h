/*
 * sched_impl - what the files of the scheduler share.
 *
 * A request (entry) waits in the flow of its (class, client, key). The flows of
 * a (class, key) form a pile, which has them in two heaps: by what their client
 * was served, and by age. A pick looks at the piles that have work, so it costs
 * as many steps as there are keys, whatever waits in them. A client that may
 * start nothing (paused, at its limit) is parked: its flows are in no heap.
 *
 *	sched_parts.h	 lists, heaps, orders, names: sched_heap.c,
 *sched_order.c sched_table.c	 names of clients, models and keys, and who
 *holds them sched_config.c	 defaults, checks, new; sched_reconfigure.c a
 *change sched_queue.c	 entries in flows in piles sched_life.c	 added, started,
 *done, cancelled, put back sched_fair.c	 who had how much: tokens, GPU
 *time sched_backend.c	 what is resident where, and the switch sched_pick.c
 *what goes next, and sched_scan.c what could sched_gate.c	 pause, drain,
 *promote, settings sched_history.c	 decisions kept, and why a request
 *waited sched_guess.c	 position, estimated wait sched_stats.c	 figures
 */
#ifndef SCHED_IMPL_H
#define SCHED_IMPL_H

#include "tools/queue/sched.h"
#include "tools/queue/sched_parts.h"

/* A moment, and a length of it, that never comes. */
#define NEVER INT64_MAX
/* Counters of clients are units of cost times this over their weight. */
#define SCALE 1024
/* GPU time is counted in so many stretches of so long: five minutes. */
#define STRETCHES 10
#define STRETCH ((int64_t)30 * 1000 * 1000)
/* A request is stopped for another so often at most. */
#define PREEMPTS 2

/* ---- the nouns ---- */

struct model {
	struct named named;
	struct sched_model set;
	enum sched_gate gate;
	int running;
};

struct pile {
	struct key *key;
	struct link active;   /* in its class, while it has work */
	struct order fair;    /* flows by (served, turn) of their client */
	struct heap old;      /* flows by their oldest arrival */
	int queued, avoiding; /* those that avoid a backend */
	int64_t served_at;
	int64_t service_us; /* a request takes, about; 0: not known */
};

struct key {
	struct named named;
	struct model *model;
	const char *options; /* in its name */
	struct pile piles[SCHED_CLASSES];
	int queued, running;
	uint32_t resident, loading;	 /* bit n: on backend n */
	int64_t load_us[SCHED_BACKENDS]; /* about; 0: not known */
	double rate;			 /* tokens a second */
};

struct client {
	struct named named;
	int weight, limit; /* limit 0: config.client_limit */
	enum sched_gate gate;
	bool parked;
	int running, queued, waiting[SCHED_CLASSES];
	int64_t served[SCHED_CLASSES]; /* the counters of VTC */
	int64_t turn;
	struct link flows[SCHED_CLASSES];
	struct link charged;   /* of those whose orders are not right yet */
	unsigned charged_mask; /* in which classes */
	int64_t prompt, generated, gpu_us;
};

struct flow {
	struct link of_client; /* first what a charge touches */
	struct pile *pile;
	struct client *client;
	int class, at; /* in pile->fair; -1: not */
	struct heap_node old;
	struct heap order; /* entries by (due, seq) */
	struct link ages;  /* entries by arrival */
};

struct entry {
	uint64_t id;
	enum sched_state state;
	int class, backend, preempts;
	struct client *client;
	struct key *key;
	struct flow *flow; /* while it waits */
	struct heap_node order, timer;
	struct link age;       /* in its flow */
	struct link class_age; /* in its class */
	struct link running;   /* on its backend */
	struct link promoted;
	int64_t arrived, started, deadline, due, expires, seq;
	int64_t prompt, generated; /* charged so far */
	int64_t load_us;	   /* the load it waited for took */
	int epoch;		   /* of the backend, when it started */
	uint32_t avoid;
	bool streamed, stopping;
	void *owner;
};

struct class {
	struct link piles; /* with work */
	struct link ages;
	int queued, running;
	enum sched_gate gate;
	int64_t floor;	 /* counter of the client served last */
	int64_t largest; /* cost of one request, scaled: bound of the gap */
	int64_t gpu_us, window[STRETCHES];
	int64_t promotions;
};

enum phase { STEADY, DRAINING, UNLOADING, LOADING };

struct resident {
	struct key *key;
	int running;
	int64_t used;
};

struct backend {
	bool known;
	struct sched_backend set;
	enum sched_gate gate;
	int running, epoch;
	struct link entries; /* running */
	struct resident residents[SCHED_RESIDENT];
	int count;
	int64_t settled; /* when it last got a key: the quantum's start */
	enum phase phase;
	struct key *target; /* of the switch */
	struct key *victim; /* that must go; NULL: any */
	int target_class;
	enum sched_cause cause;
	char from[SCHED_NAME]; /* the model that went for it; "" */
	struct entry *loader;  /* the one request sent to load */
};

/* A decision kept. */
enum note_kind {
	NOTE_RAN,
	NOTE_SWITCH,
	NOTE_LOADED,
	NOTE_LOAD_FAILED,
	NOTE_REQUEUED,
	NOTE_PREEMPT,
	NOTE_PROMOTED,
	NOTE_GATE,
	NOTE_BACKEND,
	NOTE_KINDS
};

/* Why that one and no other. */
enum why {
	WHY_TURN,     /* the rule of class and client */
	WHY_STAY,     /* its key was resident, another's turn waits */
	WHY_FILL,     /* worse work, in the patience of better */
	WHY_SHARE,    /* its class had less than its share */
	WHY_OVERDUE,  /* it had waited for max_wait */
	WHY_PROMOTED, /* the operator said so */
	WHYS
};

struct note {
	int64_t at, arrived; /* arrived, or how long, or a cause */
	uint64_t id;
	uint8_t kind, why, class, backend;
	char client[32], model[36];
};

struct sched {
	struct sched_config config;
	int classes_count;
	struct class classes[SCHED_CLASSES];
	struct backend backends[SCHED_BACKENDS];
	struct table clients, models, keys;
	struct entry **slots;
	uint32_t *generations, *spare;
	size_t slots_count, spare_count;
	struct flow *spare_flow;
	struct heap timers;
	struct link promoted;
	struct link charged; /* clients */
	int queued, running;
	enum sched_gate gate;
	int64_t seq, turn;
	int64_t counted_at; /* GPU time is counted up to then */
	int64_t service_us; /* of any request, about */
	int64_t load_us;    /* of any load, about */
	int64_t switches[SCHED_CAUSES], switch_us, switches_failed, preempted;
	struct note *notes;
	uint64_t noted; /* in all; the ring has the last config.history */
};

static inline bool
sched_full(const struct sched *s)
{
	return s->config.limit > 0 && s->running >= s->config.limit;
}

/* sched_config.c */
int classes_of(const struct sched_config *config);
void history_resize(struct sched *s);

/* sched_queue.c */
struct entry *entry_find(const struct sched *s, uint64_t id);
struct entry *entry_new(struct sched *s);
void entry_free(struct sched *s, struct entry *e);
void entry_times(const struct sched *s, struct entry *e);
void entry_queue(struct sched *s, struct entry *e);
void entry_unqueue(struct sched *s, struct entry *e);
/* Parks or unparks, by its gate and limit. */
void client_check(struct sched *s, struct client *c);
/* Puts the orders right; to be called before they are looked at. */
void orders_settle(struct sched *s);

static inline struct flow *
pile_first(const struct pile *p)
{
	return p->fair.top.flow;
}

static inline struct entry *
flow_first(const struct flow *f)
{
	return holder(f->order.top, struct entry, order);
}

/* sched_fair.c */
void gpu_count(struct sched *s, int64_t now);
int class_share(const struct sched *s, int class);
void client_charge(struct sched *s, struct entry *e, int64_t units);
/* The counter of a client that had nothing waiting. */
void client_lift(struct sched *s, struct client *c, int class);
int64_t class_gap(const struct sched *s, int class);
static inline int64_t
about(int64_t old, int64_t seen)
{
	return old ? old + (seen - old) / 8 : seen;
}

/* sched_backend.c */
struct resident *resident_find(struct backend *b, const struct key *key);
bool backend_usable(const struct backend *b);
bool backend_open(const struct backend *b);
int backend_slots(const struct backend *b, const struct key *key);
/* Must something go before the key can be loaded? */
bool switch_evicts(const struct backend *b, const struct key *key);
void switch_begin(struct sched *s, int backend, const struct entry *e,
    enum sched_cause cause, int64_t now);
/* What goes for the switch; the first that is said counts. */
void switch_from(struct backend *b, const struct key *key);
void switch_send(struct sched *s, int backend, struct entry *e, int64_t now);
void switch_end(struct sched *s, int backend, bool loaded, int64_t now);
/* In flight, of what may have to go. */
int switch_waits_for(const struct backend *b);
struct key *switch_victim(const struct sched *s, const struct backend *b,
    const struct key *key);

/* sched_life.c */
/* Known or made known; NULL when there is no room, or the name is none. */
struct client *client_make(struct sched *s, const char *name);
struct model *model_make(struct sched *s, const char *name);
struct key *key_make(struct sched *s, const char *model, const char *options);
void entry_start(struct sched *s, struct entry *e, int backend, int64_t now);

/* sched_scan.c: what a backend could be given */
enum fit { FIT_NO, FIT_BUSY, FIT_LOAD, FIT_NOW };

struct choice {
	struct pile *pile;   /* NULL: none */
	struct entry *entry; /* its first */
	enum fit fit;
};

struct scan {
	struct sched *s;
	int64_t now, wake;
	int backend;
	struct choice best[SCHED_CLASSES]; /* now, or with a switch */
	struct choice stay[SCHED_CLASSES]; /* now */
	struct choice overdue[SCHED_CLASSES];
	int64_t oldest[SCHED_CLASSES]; /* arrival; NEVER */
};

/* Of e; NULL: of the first of the pile, which is then looked at in need. */
enum fit scan_fit(struct scan *look, const struct pile *p,
    const struct entry *e);
bool class_open(const struct sched *s, int class);
/* Gates, limits, and where it is, of one that waits. */
bool entry_open(const struct sched *s, const struct entry *e);
void scan_piles(struct scan *look);
/* The best waiting request of the key that may start on the backend. */
struct entry *scan_key(struct scan *look, const struct key *key);

/* sched_history.c */
void note_add(struct sched *s, enum note_kind kind, const struct entry *e,
    int64_t now, const struct note *more);

#endif
