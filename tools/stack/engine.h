/*
 * engine - the daemon, and what runs; part of stack.h.
 */
#ifndef STACK_ENGINE_H
#define STACK_ENGINE_H

#include "lib/docker.h"
#include "tools/stack/stack.h"

/* engine.c */

/* The daemon that docker itself would talk to. */
int engine_open(struct ak_docker **engine, struct ak_err *err) AK_MUST;
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
int engine_containers(struct ak_docker *engine, const char *project,
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
	char *id;     /* sha256:... */
	char *digest; /* name@sha256:...; NULL when built here */
	int64_t size;
	struct ak_json *inspect;
};
/* Of count names, asked together; images is an array of as many. */
int engine_images(struct ak_docker *engine, const char *const names[],
    size_t count, struct image images[], struct ak_err *err) AK_MUST;
void image_free(struct image *image);
/* engine_containers() and engine_images(), asked together. */
struct images {
	const char *const *names;
	size_t count;
	struct image *items; /* as many; filled, the caller's to free */
};
int engine_look(struct ak_docker *engine, const struct kit *kit,
    struct containers *containers, const struct images *images,
    struct ak_err *err) AK_MUST;

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
	double cpu_percent;	      /* of one core, between two readings */
	int64_t cpu_ns;		      /* since it started */
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
/*
 * The second reading, with what was used since the first (usage_sample()),
 * once interval_ms have passed.
 */
int usage_finish(struct usage_target targets[], size_t count,
    int64_t interval_ms, struct ak_err *err) AK_MUST;
/* Reads twice, interval_ms apart. cgroup v1 and v2, cgroupfs and systemd. */
int usage_read(struct usage_target targets[], size_t count, int64_t interval_ms,
    struct ak_err *err) AK_MUST;

#endif
