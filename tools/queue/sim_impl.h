/*
 * sim_impl - what the files of the simulation share.
 *
 *	sim.c		the command: policies in turn, records
 *	sim_machine.c	the GPU and its clock
 *	sim_work.c	the workloads, made up; sim_trace.c from a file
 *	sim_ours.c	the scheduler under test; sim_peers.c the others
 */
#ifndef SIM_IMPL_H
#define SIM_IMPL_H

#include "lib/buf.h"
#include "tools/queue/sim.h"

#define SIM_NEVER INT64_MAX
#define SIM_SECOND ((int64_t)1000000)
#define SIM_CLIENTS 256
#define SIM_MODELS 64

struct sim_model {
	char name[SCHED_NAME + 16]; /* with its num_ctx */
	char model[SCHED_NAME], options[32];
	int64_t load_us;
};

struct sim_client {
	char name[SCHED_NAME];
	int64_t gpu_us, tokens;
};

struct sim_job {
	int64_t at;    /* it comes */
	int64_t began; /* loading or, if loaded, prefill */
	int64_t waited;
	int client, class, model; /* numbers in struct sim */
	int source;
	int64_t prompt, made;
	double rate;  /* tokens made in a second */
	uint64_t id;  /* the scheduler's */
	bool through; /* of ollama: past its queue */
	struct sim_job *next;
};

enum sim_kind { SIM_CHAT, SIM_AGENT, SIM_BURST, SIM_GREEDY, SIM_TRACE };

/* Where jobs come from: closed loops wait for the answer to the last. */
struct sim_source {
	enum sim_kind kind;
	int client, class, model;
	uint64_t random;
	int64_t next;  /* when it says something next */
	int64_t pause; /* on average */
	int64_t until;
	int count; /* at once, or in a session */
	int done;
	int title; /* class of the titles of a chat; -1: none */
};

struct sim_row { /* of a trace */
	int64_t at, prompt, made;
	int client, class, model;
	double rate;
};

struct sim {
	const struct sim_options *options;
	struct sched_config config;
	int classes;
	struct sim_model models[SIM_MODELS];
	struct sim_client clients[SIM_CLIENTS];
	int models_count, clients_count;
	struct sim_source sources[16];
	int sources_count;
	struct sim_row *rows;
	size_t rows_count, row;
	int64_t end; /* nothing comes after */

	/* the machine */
	int64_t now;
	int loaded; /* model, -1: none */
	struct sim_job *running;
	int64_t first_byte, done; /* of that; first_byte NEVER once told */
	int64_t switches, switch_us;
	struct sim_job **jobs; /* all there were */
	size_t jobs_count, jobs_room;

	/* the policy */
	const struct sim_policy *policy;
	struct sched *sched;
	struct sim_job *heads[SCHED_CLASSES], **tails[SCHED_CLASSES];
};

/* Queues of a policy that is not ours are s->heads. */
struct sim_policy {
	const char *name;
	void (*begin)(struct sim *s);
	void (*add)(struct sim *s, struct sim_job *job);
	/* The GPU is free: the next, or NULL; *wake when to ask again. */
	struct sim_job *(*next)(struct sim *s, int64_t *wake);
	void (*first_byte)(struct sim *s, struct sim_job *job);
	void (*done)(struct sim *s, struct sim_job *job);
	void (*finish)(struct sim *s);
};

extern const struct sim_policy sim_ours, sim_fifo, sim_ollama, sim_tiers;

/* sim_work.c */
int sim_work(struct sim *s, struct ak_err *err) AK_MUST;
/* What comes at s->now; when something comes next. */
void sim_arrive(struct sim *s);
int64_t sim_next(const struct sim *s);
/* The answer is there: whoever waited for it goes on. */
void sim_answered(struct sim *s, const struct sim_job *job);
/* The number of a name, -1 when there is no room. */
int sim_client_number(struct sim *s, const char *name);
int sim_model_number(struct sim *s, const char *model, const char *num_ctx,
    int64_t load_us);

/* sim_trace.c */
int sim_trace(struct sim *s, struct ak_err *err) AK_MUST;

/* sim_machine.c */
struct sim_job *sim_add(struct sim *s, int source, int class, int64_t prompt,
    int64_t made);
void sim_go(struct sim *s);

#endif
