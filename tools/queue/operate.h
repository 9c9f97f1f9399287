/*
 * operate - what a running queue tells of itself, and takes from its operator.
 *
 *	run.c	  the process: its configuration, over and over
 *	hooks.c	  what happens in it
 *	put.c	  one record, by hand into a buffer
 *	tell.c	  the records of what is there
 *	log.c	  the access log
 *	metrics*  counts, and the text of Prometheus
 *	admin*	  a socket that is asked over HTTP
 *	confine.c what is given up once all is open
 *
 * Answers are records of aikit-records(5), one a line, the same for curl, for
 * the commands of this tool and for whoever reads the log.
 */
#ifndef QUEUE_OPERATE_H
#define QUEUE_OPERATE_H

#include "lib/tool.h"
#include "tools/queue/conf.h"

/* ---- One record (put.c). ---- */

void put_begin(struct ak_buf *buf, const char *type);
/* NULL is left out. */
void put_str(struct ak_buf *buf, const char *key, const char *value);
void put_int(struct ak_buf *buf, const char *key, int64_t value);
void put_bool(struct ak_buf *buf, const char *key, bool value);
void put_number(struct ak_buf *buf, const char *key, double value);
/* Microseconds, written as seconds; below 0 is left out. */
void put_seconds(struct ak_buf *buf, const char *key, int64_t us);
/* Nanoseconds since 1970, as RFC 3339. */
void put_time(struct ak_buf *buf, const char *key, int64_t ns);
void put_end(struct ak_buf *buf);

/* ---- The access log (log.c). ---- */

#define LOG_MAX ((size_t)1 << 20) /* unwritten; more is dropped and counted */

struct log {
	int fd;	    /* -1: none */
	char *path; /* NULL: none; "-": fd is stdout */
	struct ak_buf buf;
	int64_t dropped; /* lines */
	int error;	 /* errno of the last write; 0: it was well */
	bool told;	 /* of that error */
};

/* path NULL: none; "-": stdout. */
int log_open(struct log *log, const char *path, struct ak_err *err) AK_MUST;
/* After the file was renamed. -1: the old one stays. */
int log_reopen(struct log *log, struct ak_err *err) AK_MUST;
/* One whole line. Writes when enough has come. */
void log_line(struct log *log, const struct ak_buf *line);
/* Writes what can be written without waiting. */
void log_flush(struct log *log);
/* -1 when the disk is full, or the like: once, until it is well again. */
int log_check(struct log *log, struct ak_err *err) AK_MUST;
void log_close(struct log *log);

/* ---- Metrics (metrics.c, metrics_text.c). ---- */

struct metrics;

struct metrics *metrics_new(void) AK_MUST;
void metrics_free(struct metrics *metrics);
void metrics_ended(struct metrics *metrics, const struct queue *q,
    const struct request *r);
void metrics_token(struct metrics *metrics, const struct request *r,
    int64_t gap);
/* Opens what is read of /proc, before it can be opened no more. */
void metrics_open(struct metrics *metrics);
/* Appends all of it; dropped: lines of the log. */
void metrics_text(struct metrics *metrics, const struct queue *q,
    bool client_labels, int64_t dropped, struct ak_buf *buf);

/* ---- The process (run.c). ---- */

/* What is kept of a request that has ended, for explain. */
struct ended {
	uint64_t id, sched_id;
	struct name *model, *user;
	int64_t at_begin, at_whole, at_queued, at_run, at_sent, at_first,
	    at_token, at_end;
	int16_t backend;
	uint16_t status;
	uint8_t outcome, phase, why, tries;
	int8_t class;
	int position;
};
#define ENDED 256
/* Names are borrowed: see name_get(). */
void ended_of(struct ended *ended, const struct request *r);

/* A key set by the operator, until the next reload. */
struct override {
	char *section, *key, *value;
};

struct app {
	struct ak_ctx *ctx;
	const char *path;	/* of the configuration, or NULL */
	const char *admin_path; /* as the command line says, or NULL */
	struct override *overrides;
	size_t override_count;
	struct log log;
	struct metrics *metrics;
	struct admin *admin;
	int64_t started;     /* us, as q->now */
	int64_t clock;	     /* ns since 1970 when that clock was 0 */
	struct ended *ended; /* ENDED of them, a ring */
	uint64_t ended_count;
};

/* The configuration that the queue runs by. */
const struct config *config_of(const struct queue *q);
/* Reads everything anew. */
int app_config(const struct app *app, struct config **config,
    struct ak_err *err) AK_MUST;
/* The same, and goes over to it. */
int app_reload(struct app *app, struct queue *q, struct ak_err *err) AK_MUST;
/* Sets one key and goes over to it, or leaves all as it was. */
int app_set(struct app *app, struct queue *q, const struct override *set,
    struct ak_err *err) AK_MUST;
/* hooks.c */
struct hooks app_hooks(struct app *app);
/* Looks how the clock of the loop stands to that on the wall. */
void app_clock(struct app *app);
/* Where the socket is when nobody says: NULL when there is no place. */
char *admin_default(void) AK_MUST;

/* ---- Records of what is there (tell.c). ---- */

/* us of the clock of the loop -> ns since 1970 */
int64_t tell_time(const struct app *app, int64_t us);
void tell_status(const struct app *app, struct queue *q, struct ak_buf *buf);
void tell_classes(struct queue *q, struct ak_buf *buf);
void tell_clients(struct queue *q, struct ak_buf *buf);
void tell_models(struct queue *q, struct ak_buf *buf);
void tell_backends(struct queue *q, struct ak_buf *buf);
void tell_request(const struct app *app, struct queue *q,
    const struct request *r, struct ak_buf *buf);
/* state NULL, or the name of a phase */
void tell_requests(const struct app *app, struct queue *q, const char *state,
    struct ak_buf *buf);
/* "access": a request that has ended. */
void tell_access(const struct app *app, const struct queue *q,
    const struct request *r, struct ak_buf *buf);
void tell_event(const struct app *app, const struct queue *q,
    const struct backend *b, const char *what, struct ak_buf *buf);
/* false when nothing is known of it. */
bool tell_explain(const struct app *app, struct queue *q, uint64_t id,
    struct ak_buf *buf);
void tell_config(const struct config *config, struct ak_buf *buf);

/* ---- The admin socket (admin.c). ---- */

/*
 * Opens path (mode 0600) unless NULL, and the listener for metrics unless
 * NULL. Another that answers on path is AK_TEMPFAIL.
 */
struct admin *admin_new(struct app *app, struct queue *q, const char *path,
    const char *metrics, struct ak_err *err) AK_MUST;
void admin_free(struct admin *admin, struct queue *q);
/* Does anybody follow events? */
bool admin_followed(const struct admin *admin);
/* A line for those who do. */
void admin_event(struct admin *admin, struct queue *q,
    const struct ak_buf *line);

/* One question, and its answer. */
struct admin_call {
	struct app *app;
	struct queue *q;
	enum http1_method method;
	const char *path; /* decoded */
	const char *query;
	const char *body;
	size_t body_len;
	bool metrics_only;
	int status;
	const char *type; /* of the answer */
	struct ak_buf out;
	bool follow;		 /* out is the beginning; events follow */
	struct admin_wait *wait; /* not answered yet */
};
/* admin_route.c */
void admin_answer(struct admin_call *call);
int admin_refuse(struct admin_call *call, int status, const char *format, ...)
    AK_PRINTF(3, 4);

/* Loads or unloads that are under way for a call. */
struct admin_wait {
	struct admin_client *client; /* NULL: it has left */
	int left;
	int status; /* of the worst */
	struct ak_buf out;
};
/* admin.c: all of them have ended. */
void admin_done(struct queue *q, struct admin_wait *wait);

/* ---- confine.c ---- */

/*
 * Becomes user, when root and not NULL; the files own (NULL ends them) are then
 * that user's.
 */
int confine_user(const char *user, const char *const *own, struct ak_err *err)
    AK_MUST;
/*
 * Gives up new privileges, and with Landlock every file but those below these
 * directories. What the kernel does not know is left out, and Landlock is in a
 * sanitised build.
 */
/* Directories, or files, for which theirs is taken. */
struct confine_path {
	const char *path;
	bool write;
};
int confine_files(const struct confine_path *paths, size_t count,
    struct ak_err *err) AK_MUST;

#endif
