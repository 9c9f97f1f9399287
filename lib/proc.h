/*
 * proc - run a program: argv, no shell, a time limit, its output.
 *
 * Descriptors other than 0, 1, 2 do not reach the child, which gets a process
 * group of its own and SIGTERM when we end before it. On time-out, and when
 * the output exceeds its limit, it is sent SIGTERM and, 2 s later, SIGKILL,
 * with its process group. A program that cannot be run is AK_UNAVAILABLE.
 * What it leaves running is not waited for.
 */
#ifndef AK_PROC_H
#define AK_PROC_H

#include <sys/types.h>

#include <stdint.h>

#include "lib/buf.h"
#include "lib/err.h"

struct ak_proc {
	const char *const *argv; /* argv[0] is looked up in PATH; NULL ends */
	const char *const *env;	 /* NAME=VALUE added to ours; NULL: none */
	const char *directory;	 /* NULL: ours */
	const char *input;	 /* for its stdin; NULL: /dev/null */
	int input_fd;	    /* > 0: its stdin in place of input, as it is */
	int64_t timeout_ms; /* > 0 */
	size_t max_output;  /* bytes of out and err each, > 0 */
	bool pass_err;	    /* its stderr is ours */
	bool pass_out;	    /* its stdout is ours */
};

struct ak_proc_result {
	int status; /* exit status; 128 + n when ended by signal n */
	struct ak_buf out;
	struct ak_buf err;
};

void ak_proc_result_free(struct ak_proc_result *result);
#define AK_PROC_RESULT __attribute__((cleanup(ak_proc_result_free)))

/*
 * Runs it to its end. 0 whatever its exit status; -1 when it could not be run
 * (AK_UNAVAILABLE), took too long (AK_TEMPFAIL) or said too much (AK_DATA).
 */
int ak_proc_run(const struct ak_proc *proc, struct ak_proc_result *result,
    struct ak_err *err) AK_MUST;

/* The same in steps, for a caller that has more to do meanwhile. */
struct ak_child {
	pid_t pid;
	int out_fd, err_fd; /* -1 once at their end; for poll(2) */
	int pid_fd;	    /* readable once it has ended; for poll(2) */
	int64_t deadline_ms;
	const struct ak_proc *proc;
	struct ak_proc_result result;
	enum ak_code failed; /* why it is being ended; AK_DONE: it is not */
	bool ended;
};

int ak_proc_start(const struct ak_proc *proc, struct ak_child *child,
    struct ak_err *err) AK_MUST;
/*
 * Takes in what is there, without waiting: 1 when it has ended, 0 when it has
 * not, -1 when it was ended for its time or its output. Call it when poll(2)
 * says so, and at deadline_ms.
 */
int ak_proc_step(struct ak_child *child, struct ak_err *err) AK_MUST;
/* Sends the signal to its process group. */
void ak_proc_signal(struct ak_child *child, int signal);
/* Ends it (SIGTERM, then SIGKILL) when it still runs, and frees. */
void ak_proc_close(struct ak_child *child);
#define AK_CHILD __attribute__((cleanup(ak_proc_close)))

/* Milliseconds of the monotonic clock. */
int64_t ak_proc_now_ms(void);

#endif
