/*
 * route - which lane a request takes, by method and path.
 *
 * One table holds what Ollama serves (server/routes.go, GenerateRoutes). Paths
 * match byte by byte, undecoded: a path written with %xx, "//" or dot segments
 * is not in the table, and is refused even where unknown paths are let through,
 * since Ollama would decode it into one that is ours to guard.
 *
 * Some requests to a queued path are no work: see route_work().
 */
#ifndef QUEUE_ROUTE_H
#define QUEUE_ROUTE_H

#include "tools/queue/dialect.h"
#include "tools/queue/http1.h"
#include "tools/queue/scan.h"

enum route_lane {
	ROUTE_REFUSE,
	ROUTE_PASS,    /* at once, never behind the queue */
	ROUTE_QUEUE,   /* needs the GPU */
	ROUTE_CONTROL, /* unloads a model: never behind work */
	ROUTE_MANAGE,  /* create, pull, push: a few at a time, never the GPU */
};

/* Where the model's name is. */
enum route_named {
	ROUTE_UNNAMED,
	ROUTE_BODY, /* "model" of a JSON body */
	/*
	 * field "model" of multipart/form-data; refuse a query, since Go's
	 * FormValue would take a model from there first
	 */
	ROUTE_FORM,
	ROUTE_PATH, /* the rest of the path */
};

/* What Ollama answers with when the body does not say "stream". */
enum route_stream {
	ROUTE_WHOLE,  /* never streams */
	ROUTE_NDJSON, /* streams unless "stream": false */
	ROUTE_EVENTS, /* server-sent events if "stream": true */
};

struct route {
	const char *path; /* ends in "*": any one more segment, not empty */
	uint16_t methods; /* bits, 1 << enum http1_method */
	uint8_t lane;	  /* enum route_lane */
	uint8_t dialect;  /* enum dialect */
	uint8_t named;	  /* enum route_named */
	uint8_t stream;	  /* enum route_stream */
	bool embeds;
	bool list;    /* of models: one of all backends */
	bool guarded; /* changes or reveals: needs the right to manage */
	bool blob;    /* the body may be gigabytes: never hold it */
};

/*
 * NULL when the path is not in the table; *allowed, when not NULL, has the
 * methods it is there with (for 405 and Allow), 0 for none. OPTIONS, a
 * browser's preflight, passes on every path of the table.
 */
const struct route *route_find(enum http1_method method, const char *path,
    size_t len, uint16_t *allowed);

/* May an unknown path be let through at all? Not when it hides another. */
bool route_plain(const char *path, size_t len);

/* The dialect to answer in, also for unknown paths. */
enum dialect route_dialect(const char *path, size_t len);

/* The model of a ROUTE_PATH route within path. */
struct http1_span route_model(const struct route *route, const char *path,
    size_t len);

/* What a queued request is, once its body is known. */
enum route_work {
	ROUTE_GENERATE,
	ROUTE_EMBED,
	ROUTE_LOAD,   /* empty prompt or messages: loads, generates nothing */
	ROUTE_UNLOAD, /* the same with keep_alive 0 */
	ROUTE_REMOTE, /* a :cloud model: Ollama passes it on, no GPU */
};
enum route_work route_work(const struct route *route, const struct scan *scan);
/* The lane of such work: QUEUE, but CONTROL to unload and PASS if remote. */
enum route_lane route_lane(const struct route *route, enum route_work work);

/* Does Ollama run this model elsewhere ("x:cloud", "gpt-oss:120b-cloud")? */
bool route_remote(const char *model, size_t len);

#endif
