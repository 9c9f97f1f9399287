/*
 * logs - what the files that read containers' logs share.
 */
#ifndef LOGS_H
#define LOGS_H

#include <regex.h>

#include "lib/http.h"
#include "tools/stack/mux.h"
#include "tools/stack/stack.h"

struct logs;

/* The log of one container. */
struct source {
	struct logs *logs;
	char *id;
	char *service;
	struct mux mux;
	struct ak_err err; /* of the stream itself */
	/* while asked */
	struct ak_docker *engine; /* its own; NULL: the one of all */
	char *path;
	struct ak_http_request request;
	struct ak_http_reply reply;
	bool asked;
	bool again; /* started anew meanwhile: ask once more at the end */
	char last[MUX_TIME];
	/* lines that wait for their turn: struct waiting, text */
	struct ak_buf queue;
	size_t head;
};

struct logs {
	struct ak_ctx *ctx;
	const struct kit *kit;
	struct ak_docker *engine;
	const struct selection *selection; /* NULL: every service */
	const char *since, *until; /* as the daemon takes it; NULL: none */
	int64_t tail;		   /* lines of each; -1: all */
	bool follow;
	regex_t grep;
	bool grepping;
	int width;     /* of the longest service's name */
	bool queueing; /* lines wait to be merged */
	struct source **sources;
	size_t count;
};

/* level.c: "debug" ... "critical"; NULL when the line does not say. */
const char *level_of(const char *text, size_t len);

/* line.c: one line out, if it is wanted. */
void logs_line(struct logs *logs, const struct source *source,
    const struct mux_line *line);
/* What a terminal gets of a line: no control bytes, no colours. */
void line_plain(struct ak_buf *buf, const char *text, size_t len);

/* source.c */
struct source *source_add(struct logs *logs, const struct ak_json *inspect,
    const char *id, const char *service);
/* Asks for its log: since its last line when it was asked before. */
int source_ask(struct source *source, struct ak_docker *engine,
    struct ak_err *err) AK_MUST;
/* The end of an answer: 0, or -1 with why it is none. */
int source_end(struct source *source, struct ak_err *err) AK_MUST;
void sources_free(struct logs *logs);
bool logs_wants(const struct logs *logs, const char *service);

/* merge.c: all there is, in the order of time. */
int logs_merge(struct logs *logs, struct ak_err *err) AK_MUST;
/* Keeps a line until its turn. */
void merge_keep(struct source *source, const struct mux_line *line);

/* follow.c: as it comes, for ever. */
int logs_follow(struct logs *logs, struct ak_err *err) AK_MUST;

/*
 * when.c: a time or how long ago, for the Engine: seconds and nanoseconds
 * since 1970, of the caller's to free.
 */
int when_read(const char *text, char **when, struct ak_err *err) AK_MUST;

#endif
