/*
 * ask - the commands that speak to a queue that runs, over its admin socket.
 *
 * Its answers are records, one a line. Each becomes a record of this process,
 * as JSON unchanged or drawn by the view of its type.
 */
#ifndef QUEUE_ASK_H
#define QUEUE_ASK_H

#include "lib/http.h"
#include "lib/json.h"
#include "lib/tool.h"

extern struct ask_options {
	const char *admin; /* the socket */
	const char *file;  /* the configuration that run and check read */
} ask_options;

/* Connects. *http is the caller's. */
int ask_open(struct ak_http **http, struct ak_err *err) AK_MUST;
/*
 * One question; body may be NULL. What it refuses is err: AK_DATA (no such
 * thing), AK_CONFIG, AK_TEMPFAIL, AK_UNAVAILABLE. The lines are appended to
 * answer.
 */
int ask(struct ak_http *http, const char *method, const char *path,
    const char *body, struct ak_buf *answer, struct ak_err *err) AK_MUST;
/* Calls each with every record; stops at -1. */
int ask_each(const struct ak_buf *answer,
    int (*each)(void *arg, const struct ak_json *record, struct ak_err *err),
    void *arg, struct ak_err *err) AK_MUST;
/* Writes a record out; types that have no view are passed over in a table. */
void ask_show(struct ak_out *out, const struct ak_json *record);
/* Asks GET path and shows all of it. */
int ask_and_show(struct ak_ctx *ctx, const char *path) AK_MUST;
/* "TYPE" -> its view, or NULL. */
const struct ak_view *ask_view(const char *type);

int run_run(struct ak_ctx *ctx, int count, char *operands[]);
int check_run(struct ak_ctx *ctx, int count, char *operands[]);
int status_run(struct ak_ctx *ctx, int count, char *operands[]);
int top_run(struct ak_ctx *ctx, int count, char *operands[]);
int ps_run(struct ak_ctx *ctx, int count, char *operands[]);
int events_run(struct ak_ctx *ctx, int count, char *operands[]);
int pause_run(struct ak_ctx *ctx, int count, char *operands[]);
int resume_run(struct ak_ctx *ctx, int count, char *operands[]);
int drain_run(struct ak_ctx *ctx, int count, char *operands[]);
int cancel_run(struct ak_ctx *ctx, int count, char *operands[]);
int promote_run(struct ak_ctx *ctx, int count, char *operands[]);
int set_run(struct ak_ctx *ctx, int count, char *operands[]);
int reload_run(struct ak_ctx *ctx, int count, char *operands[]);
int load_run(struct ak_ctx *ctx, int count, char *operands[]);
int unload_run(struct ak_ctx *ctx, int count, char *operands[]);
int explain_run(struct ak_ctx *ctx, int count, char *operands[]);
int sim_command_run(struct ak_ctx *ctx, int count, char *operands[]);
int keys_run(struct ak_ctx *ctx, int count, char *operands[]);

extern const struct ak_opt run_options[], check_options[], status_options[],
    top_options[], ps_options[], load_options[], sim_options[], keys_options[],
    control_options[];

#endif
