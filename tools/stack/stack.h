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
 *	engine.c    the Engine API: containers, images, info
 *	drift.c     a container against the model
 *	probe.c     our own question to a service
 *	state.c     the three facts of a service, put together
 *	usage.c     CPU, memory, network and block I/O from cgroup files
 *	plan.c      what up would do
 *	change.c    the lock, and Compose at work; up.c and halt.c decide what
 *	chosen.c    which services were asked for
 *	wait.c      until services are well, or why not; tell.c shows it
 *	lint.c      the rules for compose files, in lint_rules.c (how a service
 *	            is run), lint_doors.c (what it opens), lint_files.c (text)
 *	host.c      the machine: accelerator, disk, memory
 *	ports.c     who listens on a TCP port
 *	findings.c  what was found, out as records; what the daemon is asked for
 *	machine.c   has the machine what is needed? database.c: PostgreSQL's major
 *	deep.c      a service's own checker, in a container by describe.c
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

struct settings; /* settings.c */
struct pattern;	 /* value.c */
struct engine;	 /* engine.c */
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

/* kit.c */

/* Finds the directory and the project's name; no model yet. */
int kit_find(struct kit *kit, const char *dir, struct ak_err *err) AK_MUST;
/* kit_find(), then settings and model: what nearly every command begins with. */
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
int model_load(struct kit *kit, const char *env_file,
    struct ak_err *err) AK_MUST;
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
int compose_failed(const struct kit *kit, const char *text,
    struct ak_err *err) AK_MUST;

/* inputs.c */

/* Names the model of this kit in the cache; NULL: it cannot be cached. */
char *inputs_key(const struct kit *kit) AK_MUST;
/* Every compose file that goes into the model, and what stands in it. */
typedef void inputs_fn(void *arg, const char *path, const char *text);
void inputs_each(const struct kit *kit, inputs_fn *each, void *arg);

/* settings.c */

enum setting_type {
	SET_BOOL,
	SET_INT,
	SET_SIZE,
	SET_DURATION,
	SET_PORT,
	SET_HOST,
	SET_URL,
	SET_ENUM,
	SET_STRING,
	SET_PATH,
	SET_SECRET,
	SET_TYPES
};

struct setting {
	char *name; /* POSTGRES_MAX_CONNECTIONS */
	char *group;
	enum setting_type type;
	char *unit;
	char *fallback; /* the catalogue's default; NULL for secrets */
	char *stored;	/* what the files say, and .env gets */
	char *value;	/* what holds now; NULL for secrets */
	const char *source; /* "default", "local.ini", "environment" */
	int line;	    /* in local.ini; 0 when not from there */
	int defined;	    /* its line in settings.ini */
	int64_t min, max;   /* as value_number() has it; INT64_MIN, _MAX: none */
	char *pattern; /* POSIX extended, whole value; NULL: any */
	const struct pattern *compiled; /* of pattern */
	char *values;  /* of an enum, blank-separated */
	char *services;
	char *help;
	/* of a secret: how to make one, and the uid that must read it */
	int64_t bytes;
	bool base64; /* else hexadecimal */
	int64_t owner;
	bool required; /* else it may be empty */
};

/* NULL in *settings when the kit has no settings.ini. */
int settings_load(struct settings **settings, int kit_fd,
    struct ak_err *err) AK_MUST;
void settings_free(struct settings *settings);
size_t settings_count(const struct settings *settings);
const struct setting *settings_at(const struct settings *settings, size_t i);
const struct setting *settings_find(const struct settings *settings,
    const char *name);
/* What helps who wrote a name that is none: the nearest, as ak_err_help(). */
void settings_suggest(const struct settings *settings, const char *name,
    struct ak_err *err);
/* 0, or -1 with what is wrong with a value: type, bounds, pattern. */
int setting_check(const struct setting *setting, const char *value,
    struct ak_err *err) AK_MUST;
/* The text of .env. */
void settings_render(const struct settings *settings, struct ak_buf *env);
/*
 * Makes .env hold what the settings say: 1 when it was written, 0 when it did
 * already. dry: nothing is written, *path gets a rendered file in the cache
 * when .env differs (of the caller's to free), else NULL.
 */
int settings_env(const struct settings *settings, int kit_fd, bool dry,
    char **path, struct ak_err *err) AK_MUST;

/* A record each, as config list shows them; none when settings is NULL. */
void settings_print(struct ak_out *out, const struct settings *settings);

/* secrets.c */

/* Lower-case file name below secrets/ of a secret setting. */
char *secret_name(const struct setting *setting) AK_MUST;

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

/* engine.c */

/*
 * The daemon that docker itself would talk to: DOCKER_HOST, the current
 * context, /var/run/docker.sock. unix:// and tcp:// only. AK_UNAVAILABLE when
 * nothing answers, AK_NOPERM when the socket is not ours to use; both with the
 * command that helps. engine_close() frees.
 */
int engine_open(struct engine **engine, struct ak_err *err) AK_MUST;
void engine_close(struct engine **engine);
#define ENGINE __attribute__((cleanup(engine_close)))
struct ak_http *engine_http(struct engine *engine);
/* "/var/run/docker.sock", for messages. */
const char *engine_where(const struct engine *engine);

/* GET of a path of the API, 200 and JSON, or -1. 404 is AK_NOINPUT. */
int engine_get(struct engine *engine, const char *path, struct ak_json **json,
    struct ak_err *err) AK_MUST;
/* The same of a reply that is done; engine_failed() is what it is without. */
int engine_take(const struct engine *engine, struct ak_http_reply *reply,
    struct ak_json **json, struct ak_err *err) AK_MUST;
int engine_failed(const struct engine *engine,
    const struct ak_http_reply *reply, struct ak_err *err) AK_MUST;
/* Appends the path of the project's container events, health checks apart. */
void engine_events_path(struct ak_buf *path, const char *project);

/* A container of the project, as inspected. */
struct container {
	char *id;
	char *name;
	char *service; /* com.docker.compose.service */
	int64_t number;
	bool one_off; /* of docker compose run */
	struct ak_json *inspect;
	/* from inspect */
	const char *state;  /* running, exited, created, restarting, ... */
	const char *health; /* healthy, unhealthy, starting; NULL: no check */
	const char *health_text; /* last output of the check; NULL */
	int64_t exit_code;
	int64_t restarts;
	int64_t since_ns; /* started, or finished when it does not run */
	int64_t pid;
	const char *hash; /* com.docker.compose.config-hash */
};

struct containers {
	struct container *items; /* by service, then number; no one-offs */
	size_t count;
};
#define CONTAINERS __attribute__((cleanup(containers_free)))

/* Fills it from an inspected container, which it takes over. */
void container_take(struct container *container, struct ak_json *inspect);
void container_free(struct container *container);

/* All of the project, asked together. */
int engine_containers(struct engine *engine, const char *project,
    struct containers *containers, struct ak_err *err) AK_MUST;
void containers_free(struct containers *containers);
/* By service, then number. */
void containers_sort(struct containers *containers);
/* The first of the service; NULL when it has none. */
const struct container *containers_find(const struct containers *containers,
    const char *service);

/* What the daemon has under a name. Zero when it has nothing. */
struct image {
	bool present;
	char *id;	/* sha256:... */
	char *digest;	/* name@sha256:...; NULL when built here */
	int64_t size;
	struct ak_json *inspect;
};
/* Of count names, asked together; images is an array of as many. */
int engine_images(struct engine *engine, const char *const names[],
    size_t count, struct image images[], struct ak_err *err) AK_MUST;
void image_free(struct image *image);
/* engine_containers() and engine_images(), asked together. */
int engine_look(struct engine *engine, const struct kit *kit,
    struct containers *containers, const char *const names[], size_t count,
    struct image images[], struct ak_err *err) AK_MUST;

/* drift.c */

/*
 * What differs between a container and the model, as "image", "environment
 * OLLAMA_HOST", "ports", ..., one string a difference; the list may be empty
 * and hash_differs still be true (a setting we do not know by name). Free with
 * drift_free().
 */
struct drift {
	char **items;
	size_t count;
	bool hash_differs;
};
void drift_find(const struct kit *kit, const struct service *service,
    const struct container *container, const struct image *image,
    struct drift *drift);
void drift_free(struct drift *drift);

/* probe.c */

enum probe_result { PROBE_NONE, PROBE_OK, PROBE_FAILED };

struct probe {
	enum probe_result result;
	char text[160]; /* why it failed; "" else */
	int64_t ms;	/* what the answer took */
};

/*
 * Asks running containers by their label aikit.probe, at their addresses on
 * the container networks; without the label by a connection to the first
 * published port. All at once, each for at most limit_ms.
 */
struct probe_target {
	const struct service *service;
	const struct container *container;
	struct probe probe;
};
int probe_all(struct probe_target targets[], size_t count, int64_t limit_ms,
    struct ak_err *err) AK_MUST;
/* GET of a URL as a user would; any answer below 500 is well. */
int probe_urls(const char *const urls[], struct probe probes[], size_t count,
    int64_t limit_ms, struct ak_err *err) AK_MUST;

/* state.c */

enum wellness {
	WELL_DONE,     /* a one-shot that ended with 0 */
	WELL_OK,       /* runs, and its check (if any) is healthy */
	WELL_STARTING, /* not yet */
	WELL_ILL,      /* unhealthy, restarting, ended, failed */
	WELL_ABSENT,   /* no container */
};

struct state {
	const struct service *service;
	const struct container *container; /* NULL: none */
	enum wellness well;
	char text[192]; /* the reason when it is not well */
};

/* From model and container alone: no question is asked. */
void state_judge(const struct service *service,
    const struct container *container, struct state *state);
extern const char *const wellness_names[];
/* The first line of a text without control characters; returns its length. */
size_t state_first_line(const char *text, char *line, size_t size);

/* usage.c */

struct usage {
	bool known;
	double cpu_percent; /* of one core; over the time between two readings */
	int64_t cpu_ns;	    /* since it started */
	int64_t memory, memory_limit; /* bytes, without page cache; 0: none */
	int64_t received, sent;	      /* bytes, all interfaces but lo */
	int64_t read, written;	      /* bytes of block I/O */
	int64_t pids;
	int64_t at_ns; /* when it was read, on the monotonic clock */
};
struct usage_target {
	const struct container *container;
	struct usage usage;
};
/* One reading, with cpu_percent since the reading that is already there. */
int usage_sample(struct usage_target targets[], size_t count,
    struct ak_err *err) AK_MUST;
/* cpu_percent of a reading since an earlier one. */
void usage_since(struct usage *now, const struct usage *before);
/* Reads twice, interval_ms apart. cgroup v1 and v2, cgroupfs and systemd. */
int usage_read(struct usage_target targets[], size_t count,
    int64_t interval_ms, struct ak_err *err) AK_MUST;

/* plan.c */

enum action { PLAN_KEEP, PLAN_START, PLAN_CREATE, PLAN_RECREATE };

struct step {
	const struct pick *pick;
	enum action action;
	char *reason;	    /* of create, recreate, start */
	int64_t since_ns;   /* of the container there is; 0: none */
	const char *image;  /* "present", "pull", "build" */
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

int plan_make(struct kit *kit, struct engine *engine,
    const struct selection *selection, struct plan *plan,
    struct ak_err *err) AK_MUST;
void plan_free(struct plan *plan);
extern const struct ak_view plan_view;
void plan_print(struct ak_out *out, const struct plan *plan);
void plan_print_sum(struct ak_out *out, struct engine *engine,
    const struct selection *selection, const struct plan *plan);
/* "127.0.0.1:9090->9090/tcp" of a port in the model; the caller frees. */
char *port_text(const struct ak_json *port) AK_MUST;

/* host.c */

/* "cpu", "gpu-nvidia" or "gpu-amd": what this machine and its daemon have. */
const char *host_accelerator(void);
/* The same below another root directory. */
const char *host_accelerator_below(int root);
/* Bytes free and in all where path is. */
int host_disk(const char *path, int64_t *free_bytes, int64_t *size_bytes,
    struct ak_err *err) AK_MUST;
int64_t host_memory(void);
/*
 * Who listens on a TCP port of this machine: 1 with *who ("nginx (pid 812)",
 * "another user's process", of the caller's to free), 0 nobody.
 */
int host_port_holder(const char *address, int port, char **who);

/* ports.c */

/* A listener in the text of /proc/net/tcp or tcp6; address NULL: any. */
bool ports_find(const char *table, const char *address, int port,
    unsigned long long *inode, unsigned *uid);
/* The container that publishes a port, of the caller's to free; or NULL. */
char *ports_container(struct engine *engine, int port);

/* lint.c */

enum severity { SEV_OK, SEV_NOTE, SEV_WARNING, SEV_ERROR };
extern const char *const severity_names[];

/* A finding of validate and doctor. */
struct finding {
	const char *id; /* stable: "image-pinned" */
	enum severity severity;
	const char *subject; /* a service, a setting, a file */
	const char *evidence;
	const char *next; /* what to do, or the command to type */
};
typedef void finding_fn(void *arg, const struct finding *finding);

/* Every rule over every service of the model. */
void lint_kit(const struct kit *kit, finding_fn *each, void *arg);
/* The ids of its rules; NULL ends them. */
const char *const *lint_ids(void);

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
int wait_well(struct ak_ctx *ctx, const struct kit *kit,
    struct engine *engine, const struct selection *selection,
    int64_t limit_ms, const struct plan *plan,
    struct ak_child *child) AK_MUST;

/* change.c: the error of a Compose that ended with another status than 0. */
int change_failed(struct ak_ctx *ctx, const struct kit *kit,
    const struct ak_child *child) AK_MUST;

/* logs.c */

/* The last lines of a container on stderr, as they are but for control bytes. */
void logs_tail(struct engine *engine, const struct container *container,
    int lines);

/* complete.c: what may stand for an operand, one a line, for completion. */
void stack_complete(const struct ak_cmd *cmd, const char *word);

/* The commands: one function and one table of options each. */
#define COMMAND(verb)                                                \
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
