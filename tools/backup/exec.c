/*
 * exec - a command whose output is a file, if it ends with 0.
 */
#include "tools/backup/exec.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SAID_MAX = 1 << 20, OUT_MAX = 16 << 20 };

/* Words whose value is not shown: NAME=value, and user:value@ in a URL. */
static const char *const hidden[] = {
	"password=", "passwd=", "secret=", "token=", "key=", "authorization: "
};

static void
hide_url(struct ak_buf *line)
{
	char *scheme = line->len > 0 ? strstr(line->data, "://") : NULL;

	for (; scheme != NULL; scheme = strstr(scheme + 3, "://")) {
		size_t len = strcspn(scheme + 3, "/ ");
		char *at = memchr(scheme + 3, '@', len);

		if (at != NULL)
			memset(scheme + 3, '*', (size_t)(at - scheme - 3));
	}
}

static void
hide(struct ak_buf *line)
{
	for (size_t i = 0; line->len > 0 && i < AK_COUNT(hidden); i++) {
		size_t len = strlen(hidden[i]);

		for (char *p = line->data; (p = strcasestr(p, hidden[i]));) {
			p += len;
			memset(p, '*', strcspn(p, " \t,;&"));
		}
	}
	hide_url(line);
}

void
exec_last_line(const struct ak_buf *said, struct ak_buf *line)
{
	const char *text = ak_buf_text(said);
	size_t end = said->len, begin;

	while (end > 0 && isspace((unsigned char)text[end - 1]))
		end--;
	begin = end;
	while (begin > 0 && text[begin - 1] != '\n')
		begin--;
	ak_buf_add(line, text + begin, end - begin < 400 ? end - begin : 400);
	hide(line);
}

int
exec_open(struct exec_stream *stream, const char *const argv[],
    int64_t limit_ms, struct ak_err *err)
{
	*stream = (struct exec_stream){ .out = -1,
		.child = { .ended = true,
		    .out_fd = -1,
		    .err_fd = -1,
		    .pid_fd = -1 },
		.proc = { .argv = argv,
		    .timeout_ms = limit_ms > 0 ? limit_ms : EXEC_LIMIT_MS,
		    .max_output = SAID_MAX } };
	if (ak_proc_start(&stream->proc, &stream->child, err) == -1)
		return -1;
	stream->out = ak_take_fd(&stream->child.out_fd);
	return 0;
}

void
exec_close(struct exec_stream *stream)
{
	ak_close_scope(&stream->out);
	ak_proc_close(&stream->child);
}

static void
keep_tail(struct exec_stream *stream, const char *data, size_t len)
{
	size_t keep;

	if (len >= EXEC_TAIL) {
		memcpy(stream->tail, data + len - EXEC_TAIL, EXEC_TAIL);
		stream->tail_len = EXEC_TAIL;
		return;
	}
	keep = EXEC_TAIL - len < stream->tail_len ? EXEC_TAIL - len
						  : stream->tail_len;
	memmove(stream->tail, stream->tail + stream->tail_len - keep, keep);
	memcpy(stream->tail + keep, data, len);
	stream->tail_len = keep + len;
}

/* Waits until it has ended, or something came; its time counts. */
static int
wait_more(struct exec_stream *stream, struct ak_err *err)
{
	struct ak_child *child = &stream->child;
	struct pollfd fds[] = { { stream->out, POLLIN, 0 },
		{ child->err_fd, POLLIN, 0 }, { child->pid_fd, POLLIN, 0 } };
	int64_t left = child->deadline_ms - ak_proc_now_ms();
	int stepped;

	/* With its output still to be read, its end can wait. */
	if (stream->out != -1)
		fds[2].fd = -1;
	poll(fds, AK_COUNT(fds), left < 0 ? 0 : left > 1000 ? 1000 : (int)left);
	stepped = ak_proc_step(child, err);
	if (stepped == 1) {
		stream->ended = true;
		stream->status = child->result.status;
	}
	return stepped == -1 ? -1 : 0;
}

static int
judge(const struct exec_stream *stream, struct ak_err *err)
{
	const char *name = stream->proc.argv[0];
	AK_BUF struct ak_buf line = { 0 };

	exec_last_line(&stream->child.result.err, &line);
	if (stream->status != 0)
		return ak_fail(err, AK_UNAVAILABLE, "%s: exit %d%s%s", name,
		    stream->status, line.len > 0 ? ": " : "",
		    ak_buf_text(&line));
	if (stream->trailer != NULL &&
	    memmem(stream->tail, stream->tail_len, stream->trailer,
		strlen(stream->trailer)) == NULL)
		return ak_fail(err, AK_DATA, "%s: its output ends too early",
		    name);
	return 0;
}

ssize_t
exec_read(void *arg, void *data, size_t len, struct ak_err *err)
{
	struct exec_stream *stream = arg;

	while (stream->out != -1) {
		ssize_t n = read(stream->out, data, len);

		if (n > 0) {
			keep_tail(stream, data, (size_t)n);
			return n;
		}
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			ak_close_scope(&stream->out);
		else if (wait_more(stream, err) == -1)
			return -1;
	}
	while (!stream->ended)
		if (wait_more(stream, err) == -1)
			return -1;
	return judge(stream, err);
}

int
exec_run(const char *const argv[], int input_fd, int64_t limit_ms,
    struct ak_buf *out, struct ak_err *err)
{
	struct ak_proc proc = { .argv = argv,
		.input_fd = input_fd,
		.timeout_ms = limit_ms > 0 ? limit_ms : EXEC_LIMIT_MS,
		.max_output = OUT_MAX };
	AK_PROC_RESULT struct ak_proc_result result = { 0 };
	AK_BUF struct ak_buf line = { 0 };

	if (ak_proc_run(&proc, &result, err) == -1)
		return -1;
	if (out != NULL)
		ak_buf_add(out, result.out.data, result.out.len);
	if (result.status == 0)
		return 0;
	exec_last_line(&result.err, &line);
	return ak_fail(err, AK_UNAVAILABLE, "%s: exit %d%s%s", argv[0],
	    result.status, line.len > 0 ? ": " : "", ak_buf_text(&line));
}

/* One word into word; false at the end of the text. */
static int
next_word(const char **at, struct ak_buf *word, struct ak_err *err)
{
	char quote = '\0';
	const char *p = *at + strspn(*at, " \t\n");

	if (*p == '\0')
		return 0;
	for (; *p != '\0' && (quote || !strchr(" \t\n", *p)); p++) {
		if (*p == quote)
			quote = '\0';
		else if (!quote && (*p == '\'' || *p == '"'))
			quote = *p;
		else if (*p == '\\' && quote != '\'' && p[1] != '\0')
			ak_buf_char(word, *++p);
		else
			ak_buf_char(word, *p);
	}
	if (quote)
		return ak_fail(err, AK_USAGE, "a %c is not closed", quote);
	*at = p;
	return 1;
}

void
exec_words_free(char **words)
{
	for (size_t i = 0; words != NULL && words[i] != NULL; i++)
		free(words[i]);
	free(words);
}

int
exec_words(const char *text, char ***words, struct ak_err *err)
{
	char **list = ak_calloc(1, sizeof(*list));
	size_t count = 0;
	int got;

	for (;;) {
		AK_BUF struct ak_buf word = { 0 };

		if ((got = next_word(&text, &word, err)) != 1)
			break;
		list = ak_resize(list, count + 2, sizeof(*list));
		list[count++] = ak_buf_take(&word);
		list[count] = NULL;
	}
	if (got == 0 && count == 0)
		got = ak_fail(err, AK_USAGE, "no command");
	if (got == -1) {
		exec_words_free(list);
		return -1;
	}
	*words = list;
	return 0;
}
