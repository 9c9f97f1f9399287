/*
 * settings - what is configured: conf.c fills it, and nothing changes it after.
 *
 * Strings live as long as the settings do, which is until release() is called:
 * when the queue has gone over to others, or ends.
 */
#ifndef QUEUE_SETTINGS_H
#define QUEUE_SETTINGS_H

#include <stdint.h>

#include "tools/queue/http1.h"
#include "tools/queue/sched.h"

#define QUEUE_FOREVER INT64_MAX
#define QUEUE_SECOND INT64_C(1000000) /* us */

/* May those who come by it call guarded routes (pull, delete)? */
enum listen_manage {
	LISTEN_LOCAL, /* when the listener is on loopback or a unix socket */
	LISTEN_YES,
	LISTEN_NO,
};

/* The socket of a listener, and what holds for those who come by it. */
struct listen_conf {
	const char *address; /* "127.0.0.1:11435", "[::1]:80", "unix:/PATH" */
	const char *client;  /* who one is without a key; NULL: by address,
			      * or uid:N of a unix peer */
	const char *class;   /* NULL: settings.class_default */
	const char *class_best; /* the best a header may ask; NULL: any */
	bool need_key;		/* without a valid key: 401 */
	bool trust_user;	/* X-OpenWebUI-User-Id names the client */
	enum listen_manage manage;
	unsigned int mode; /* of a unix socket; 0: 0660 */
};

struct backend_conf {
	const char *name; /* of labels; the url when not given */
	const char *url;  /* http://HOST[:PORT] or unix:/PATH */
	const char *host; /* what Host says; made of the url when NULL */
	struct sched_backend sched; /* up is ours; the rest is configured */
	bool draining;		    /* begins as SCHED_DRAIN */
};

/* The first rule of which all given patterns (fnmatch(3)) fit decides. */
struct class_rule {
	const char *path, *model, *agent, *client; /* NULL: any */
	const char *class;
};

struct model_conf {
	const char *name; /* with its tag; or a pattern of such names */
	struct sched_model sched;
	int64_t num_ctx; /* of ctx_policy, for this model; 0: as for all */
};

struct client_conf {
	const char *name;
	int weight; /* 0: 1 */
	int limit;  /* running; 0: sched.client_limit */
};

/* What becomes of options.num_ctx, of which each value costs a load. */
enum ctx_policy {
	CTX_PASS, /* goes on as it came */
	CTX_PIN,  /* is num_ctx whatever was said */
	CTX_MAX,  /* is raised to num_ctx; more than that passes */
};

struct timeouts {
	int64_t head;	 /* 10 s: all of a head, from its first byte: 408 */
	int64_t body;	 /* 30 s: between two pieces of a body: 408 */
	int64_t idle;	 /* 60 s: a kept client connection, nothing asked */
	int64_t write;	 /* 60 s: the client takes nothing of its answer */
	int64_t connect; /* 5 s: to a backend */
	int64_t first;	 /* 10 min: from the request to the first byte: 504 */
	int64_t stall;	 /* 2 min: between two bytes of an answer */
	int64_t run;   /* 60 min: from the request to the last byte; 0: none */
	int64_t pool;  /* 60 s: an idle connection to a backend */
	int64_t drain; /* 60 s: from SIGTERM to the end */
};

struct health_conf {
	int64_t interval;	 /* 2 s: between two GET /api/version */
	int64_t timeout;	 /* 2 s */
	int fall, rise;		 /* 3, 1: failures to down, successes to up */
	int64_t residency;	 /* 5 s: between two GET /api/ps */
	int64_t models;		 /* 1 min: between two GET /api/tags; 0: none */
	int breaker;		 /* 5: failed requests in a row that open it */
	int64_t breaker_wait;	 /* 10 s: until one is let through again */
	const char *probe_model; /* of the generate-path probe; NULL: none */
	int64_t probe_interval;	 /* 60 s: only while the backend is idle */
	int64_t watchdog; /* 5 min: busy, and no byte of any answer: told */
};

/* The one who asks, as far as is known before the body. */
struct asker {
	const struct listen_conf *listen;
	const struct http1_head *head;
	const char *data; /* of head */
	const char *from; /* "127.0.0.1", "uid:1000" */
};

/* Who that is. Strings live as long as the settings, or static. */
struct identity {
	char client[SCHED_NAME];
	int class;	/* index in sched.classes; -1: not said */
	int class_best; /* lowest index that may be asked for; 0: any */
	bool manage;
	int status;	  /* of a refusal: 401, 403, 429 */
	const char *text; /* of a refusal */
};

struct settings {
	struct listen_conf *listens;
	size_t listen_count;
	struct backend_conf *backends; /* at most SCHED_BACKENDS */
	size_t backend_count;
	struct class_rule *rules;
	size_t rule_count;
	struct model_conf *models;
	size_t model_count;
	struct client_conf *clients;
	size_t client_count;

	struct sched_config sched;
	struct timeouts timeouts;
	struct health_conf health;
	struct http1_limits http;
	const char *class_default;   /* "normal" */
	const char *class_header;    /* "X-Aikit-Priority"; NULL: none */
	const char *deadline_header; /* "X-Aikit-Deadline", in seconds */

	enum ctx_policy ctx_policy;
	int64_t num_ctx;
	const char *keep_alive; /* JSON text put where none is said; NULL */
	double keep_alive_max;	/* seconds; more is cut to it; 0: no limit */

	bool unknown_paths;  /* let through what route_find() does not know */
	bool half_close;     /* a client's FIN does not cancel */
	int manage_limit;    /* 2: create, pull and push at once */
	int clients_max;     /* 20000 connections; the rest waits unaccepted */
	int pool_max;	     /* 256: idle connections kept to a backend */
	int retry_max;	     /* 2: other tries before the first byte */
	int64_t body_max;    /* 256 MiB; more is 413; blobs are not limited */
	int64_t memory_body; /* 64 KiB: a body above it is spilled */
	int64_t memory_max;  /* 256 MiB of bodies in memory in all: 503 */
	int64_t spill_max;   /* 4 GiB spilled in all: 503 */
	const char *spill_dir; /* NULL: memory files (memfd_create(2)) */
	int64_t buffer_max; /* 256 KiB: unwritten answer, above it no reading */

	/*
	 * 0 with *who, or -1 with who->status and text: a refusal. NULL: the
	 * built-in one, which knows listeners and trust_user, but no keys.
	 */
	int (*identify)(const struct settings *settings,
	    const struct asker *asker, struct identity *who);
	void *keys; /* of identify */
	/* Called when the queue has gone over to other settings. */
	void (*release)(struct settings *settings);
};

/* All of the defaults above; no listener, no backend. */
void settings_default(struct settings *settings);
/* "llama3" -> "llama3:latest"; into to[SCHED_NAME]. Was a tag put to it? */
bool class_model(const char *model, char *to);
bool listen_manages(const struct listen_conf *listen);
/* The built-in identify, for those without a key. */
int serve_identify(const struct settings *settings, const struct asker *asker,
    struct identity *who);

#endif
