/*
 * exec - a command whose output is a file, if it ends with 0.
 *
 * There is no shell. The output's end is given to its reader only once the
 * command has ended well, so that half a dump is never taken for a whole one:
 * until then exec_read() waits, and then fails with what the command said last,
 * without the values of what looks like a password.
 */
#ifndef BACKUP_EXEC_H
#define BACKUP_EXEC_H

#include <sys/types.h>

#include "lib/proc.h"

#define EXEC_LIMIT_MS ((int64_t)6 * 3600 * 1000)
#define EXEC_TAIL 256

struct exec_stream {
	struct ak_proc proc;
	struct ak_child child;
	int out;
	int status; /* once it has ended */
	bool ended;
	/* the last bytes of the output, for a trailer */
	char tail[EXEC_TAIL];
	size_t tail_len;
	/* what its end must contain, or it is not whole; NULL: nothing */
	const char *trailer;
};

/* argv must live as long. limit_ms 0: EXEC_LIMIT_MS. */
int exec_open(struct exec_stream *stream, const char *const argv[],
    int64_t limit_ms, struct ak_err *err) AK_MUST;
/* For intake_stream.read. */
ssize_t exec_read(void *stream, void *data, size_t len, struct ak_err *err);
/* Ends it where it is. */
void exec_close(struct exec_stream *stream);
#define EXEC_STREAM __attribute__((cleanup(exec_close)))

/*
 * Words as sh(1) splits them, without its expansions: at blanks; '...' is as it
 * is; in "..." and outside, a backslash takes the next byte as it is. A list
 * that ends in NULL, freed by exec_words_free(). AK_USAGE: a quote is not
 * closed, or there is no word.
 */
int exec_words(const char *text, char ***words, struct ak_err *err) AK_MUST;
void exec_words_free(char **words);

/* The last line of what a program said, fit to be shown. */
void exec_last_line(const struct ak_buf *said, struct ak_buf *line);
/* Runs it to its end: its output in out (may be NULL), 0 exit, or -1. */
int exec_run(const char *const argv[], int input_fd, int64_t limit_ms,
    struct ak_buf *out, struct ak_err *err) AK_MUST;

#endif
