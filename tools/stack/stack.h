/*
 * stack - the nouns of aikit-stack, and the verbs between its files.
 *
 * A file is one concern:
 *	main.c      the table of commands
 *	kit.c       where the kit is; its services as structs
 *	compose.c   the Compose program, and what it says when it fails
 *	model.c     docker compose config, and its cache
 *	inputs.c    all that the model depends on, as one hash
 *	hashes.c    the hash that Compose gives to each service
 *	settings.c  what holds: settings.ini, local.ini, the environment; .env
 *	catalogue.c settings.ini alone; value.c: may a setting have this value?
 *	secrets.c   the files below secrets/
 *	resolve.c   names to services: closure, one-of choices, order
 *	engine.c    the daemon, opened, and which of its events matter
 *	drift.c     a container against the model
 *	probe.c     our own question to a service
 *	state.c     the three facts of a service, put together
 *	usage.c     CPU, memory, network and block I/O from cgroup files
 *	plan.c      what up would do
 *	change.c    the lock, and Compose at work; up.c and halt.c decide what
 *	chosen.c    which services were asked for
 *	wait.c      until services are well, or why not; tell.c shows it
 *	lint.c      the rules for compose files, in lint_rules.c (how a service
 *	            is run), lint_doors.c (what it opens), lint_model.c (who
 *	            reaches Ollama), lint_backup.c (is what it holds kept),
 *	            lint_files.c (text)
 *	host.c      the machine: accelerator, disk, memory
 *	ports.c     who listens on a TCP port
 *	findings.c  what was found, out as records; what the daemon is asked for
 *	machine.c   has the machine what is needed? database.c: PostgreSQL's
 *major deep.c      a service's own checker, in a container by describe.c
 *	ailment.c   what running containers say is wrong
 *	complete.c  operands, for the shell
 *	and one a command for the rest: list, graph, why, info, status, health,
 *	logs, events, top, init, config, validate, doctor
 */
#ifndef STACK_H
#define STACK_H

#include <stdint.h>

#include "lib/cmd.h"
#include "lib/json.h"

/* What a service waits for in another before it starts. */
enum condition { NEED_STARTED, NEED_HEALTHY, NEED_COMPLETED };

struct need {
	const char *service;
	enum condition condition;
	bool required; /* false: only if that service is chosen as well */
};

/* A service of the model. Strings belong to the model. */
struct service {
	const char *name;
	const struct ak_json *json; /* its object in the model */
	const char *image;	    /* as written; NULL: only built */
	bool builds;		    /* has build: */
	bool one_shot;		    /* ends with 0 and is then done */
	bool has_check;		    /* the model gives it a health check */
	const char **profiles;
	size_t profile_count;
	struct need *needs;
	size_t need_count;
};

struct settings;  /* settings.c */
struct pattern;	  /* value.c */
struct ak_docker; /* lib/docker.h */
struct containers;
struct ak_http_reply;

/* A Compose project, with or without x-aikit. kit_close() frees. */
struct kit {
	char *dir; /* absolute */
	int fd;	   /* of dir */
	char *project;
	struct settings *settings; /* NULL without settings.ini */
	struct ak_json *model;	   /* of docker compose config */
	const struct ak_json *x;   /* x-aikit; NULL when there is none */
	struct service *services;  /* by name */
	size_t service_count;
	struct ak_json *hashes; /* config hash a service; NULL: not asked yet */
	char *model_key;	/* names the model in the cache; NULL: none */
	char *env_file;		/* Compose reads it in place of .env; or NULL */
};

#define KIT __attribute__((cleanup(kit_close)))

/* Options of every command, and the keys of [stack]; main.c sets them. */
struct stack_options {
	const char *kit;
	const char *preset;
	int64_t wait_ms;
	bool plan;
	bool yes;
};
extern struct stack_options stack_options;

/* The rest of the nouns, by what they are of. */
#include "tools/stack/checks.h"
#include "tools/stack/engine.h"
#include "tools/stack/site.h"

/* kit.c */

/* Finds the directory and the project's name; no model yet. */
int kit_find(struct kit *kit, const char *dir, struct ak_err *err) AK_MUST;
/* kit_find(), then settings and model: what nearly every command begins with.
 */
int kit_open(struct kit *kit, const char *dir, struct ak_err *err) AK_MUST;
/* Takes the services out of kit->model, which is set. */
int kit_take_model(struct kit *kit, struct ak_err *err) AK_MUST;
void kit_close(struct kit *kit);
/* NULL when there is none of that name. */
const struct service *kit_service(const struct kit *kit, const char *name);
/* The same, or AK_USAGE with the nearest name. */
int kit_need_service(const struct kit *kit, const char *name,
    const struct service **service, struct ak_err *err) AK_MUST;
/* The value of a label in the model; NULL when absent. */
const char *service_label(const struct service *service, const char *label);
/* True when the label is there and is not "false". */
bool service_flag(const struct service *service, const char *label);
bool service_in_profile(const struct service *service, const char *profile);

/* model.c */

/*
 * docker compose config of kit->dir with all profiles, from the cache when no
 * input changed. env_file: NULL, or the file to read in place of .env.
 */
int model_load(struct kit *kit, const char *env_file, struct ak_err *err)
    AK_MUST;
/* Compose's own hash of a service; NULL when Compose gave none. */
int model_hashes(struct kit *kit, const struct containers *containers,
    struct ak_err *err) AK_MUST;
const char *model_hash(const struct kit *kit, const struct service *service);

/* compose.c */

#define COMPOSE_ARGS 8
/*
 * The beginning of argv for Compose on this kit (run it in kit->dir); returns
 * how many words that is, -1 when Compose is missing or older than 2.24.
 */
int compose_argv(const struct kit *kit, const char *argv[COMPOSE_ARGS],
    struct ak_err *err) AK_MUST;
/* The path of the program; NULL when there is none. */
const char *compose_program(void);
/* "2.26.1", of the caller's to free; NULL with err when there is none. */
char *compose_version(struct ak_err *err) AK_MUST;
/* What Compose said on stderr, as an error with the exit code it deserves. */
int compose_failed(const struct kit *kit, const char *text, struct ak_err *err)
    AK_MUST;

/* inputs.c */

/* Names the model of this kit in the cache; NULL: it cannot be cached. */
char *inputs_key(const struct kit *kit) AK_MUST;
/* Every compose file that goes into the model, and what stands in it. */
typedef void inputs_fn(void *arg, const char *path, const char *text);
void inputs_each(const struct kit *kit, inputs_fn *each, void *arg);

/* names.c */

/*
 * The operands, or for "-" alone the key "service" of the records on stdin.
 * What it makes lives as long as the program.
 */
int names_read(int *count, char ***operands, struct ak_err *err) AK_MUST;

/* resolve.c */

enum pick_reason {
	PICK_NAMED,   /* named by its own name, or by nobody: no profile */
	PICK_PRESET,  /* through preset by */
	PICK_PROFILE, /* through profile by */
	PICK_NEEDED,  /* service by depends on it */
};

struct pick {
	const struct service *service;
	enum pick_reason reason;
	const char *by;	 /* name of the preset, profile, one-of or service */
	const char *via; /* the preset or one-of that led to by; or NULL */
};

/* Services in starting order. Zero-initialise; selection_free(). */
struct selection {
	struct pick *picks;
	size_t count;
	char *accelerator; /* the profile chosen for a one-of; NULL: none */
};
#define SELECTION __attribute__((cleanup(selection_free)))

/*
 * The closure of names (presets, profiles, services; preset:N, profile:N and
 * service:N say which). None: the configured preset, or all services without a
 * profile in a kit that has no x-aikit. Unknown names, two choices of a
 * one-of, and cycles are AK_USAGE and AK_CONFIG, and named.
 */
int resolve(const struct kit *kit, char *const names[], size_t count,
    struct selection *selection, struct ak_err *err) AK_MUST;
/* Only the services that the names mean themselves, without what they need. */
int resolve_named(const struct kit *kit, char *const names[], size_t count,
    struct selection *selection, struct ak_err *err) AK_MUST;
/* Every service there is, all choices of a one-of too. */
int resolve_all(const struct kit *kit, struct selection *selection,
    struct ak_err *err) AK_MUST;
void selection_free(struct selection *selection);
bool selection_has(const struct selection *selection, const char *service);
const char *pick_text(const struct pick *pick, struct ak_buf *buf);

/* plan.c */

enum action { PLAN_KEEP, PLAN_START, PLAN_CREATE, PLAN_RECREATE };

struct step {
	const struct pick *pick;
	enum action action;
	char *reason;	   /* of create, recreate, start */
	int64_t since_ns;  /* of the container there is; 0: none */
	const char *image; /* "present", "pull", "build" */
	struct image have;
	char *digest; /* what the registry has, for pull; NULL: not known */
};

struct plan {
	struct step *steps; /* one a pick, in order */
	size_t count;
	size_t changes;
	int64_t disk_bytes; /* of images not present, as far as known */
};
#define PLAN __attribute__((cleanup(plan_free)))

int plan_make(struct kit *kit, struct ak_docker *engine,
    const struct selection *selection, struct plan *plan, struct ak_err *err)
    AK_MUST;
void plan_free(struct plan *plan);
extern const struct ak_view plan_view;
void plan_print(struct ak_out *out, const struct plan *plan);
void plan_print_sum(struct ak_out *out, struct ak_docker *engine,
    const struct selection *selection, const struct plan *plan);
/* "127.0.0.1:9090->9090/tcp" of a port in the model; the caller frees. */
char *port_text(const struct ak_json *port) AK_MUST;

/* wait.c */

/*
 * Waits until every pick is well, at most limit_ms (0: not at all), and prints
 * a record "ready" as each gets there. On a terminal those not yet there are
 * shown. child: Compose at work on plan, taken in on the way; both NULL for
 * none. What it is still to change is not looked at before it is. 0; or -1:
 * AK_TEMPFAIL when the time is over, AK_UNAVAILABLE when one failed, whose
 * last log lines are then on stderr. An interrupt is passed to the child and
 * then ends the program.
 */
struct ak_child;
struct wait {
	const struct kit *kit;
	struct ak_docker *engine;
	const struct selection *selection;
	int64_t limit_ms;
	const struct plan *plan;
	struct ak_child *child;
};
int wait_well(struct ak_ctx *ctx, const struct wait *wait) AK_MUST;

/* change.c: the error of a Compose that ended with another status than 0. */
int change_failed(struct ak_ctx *ctx, const struct kit *kit,
    const struct ak_child *child) AK_MUST;

/* logs.c */

/* The last lines of a container on stderr, as they are but for control bytes.
 */
void logs_tail(struct ak_docker *engine, const struct container *container,
    int lines);

/* complete.c: what may stand for an operand, one a line, for completion. */
void stack_complete(const struct ak_cmd *cmd, const char *word);

/* The commands: one function and one table of options each. */
#define COMMAND(verb) \
	int verb##_run(struct ak_ctx *ctx, int count, char *operands[])
COMMAND(up);
COMMAND(down);
COMMAND(stop);
COMMAND(restart);
COMMAND(plan);
COMMAND(why);
COMMAND(status);
COMMAND(wait);
COMMAND(list);
COMMAND(graph);
COMMAND(url);
COMMAND(validate);
COMMAND(health);
COMMAND(doctor);
COMMAND(logs);
COMMAND(events);
COMMAND(top);
COMMAND(info);
COMMAND(init);
COMMAND(config);

extern const struct ak_opt up_options[], stop_options[], status_options[],
    wait_options[], graph_options[], validate_options[], health_options[],
    doctor_options[], logs_options[], events_options[], top_options[];

#endif
