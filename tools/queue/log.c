/*
 * log - one record a request, written without ever waiting.
 *
 * The loop may not stand still because a reader of the log does. Nonblocking
 * would be a property of the other end as well, which is not ours to change;
 * but what poll(2) says is writable takes PIPE_BUF bytes at once (pipe(7)).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "tools/queue/operate.h"

#define ENOUGH ((size_t)16 << 10)

int
log_open(struct log *log, const char *path, struct ak_err *err)
{
	*log = (struct log){ .fd = -1 };
	if (path == NULL)
		return 0;
	if (ak_streq(path, "-")) {
		log->fd = STDOUT_FILENO;
		log->path = ak_strdup(path);
		return 0;
	}
	log->fd = open(path,
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
	    0640);
	if (log->fd == -1)
		return ak_fail_sys(err, AK_CANTCREATE, "%s", path);
	log->path = ak_strdup(path);
	return 0;
}

int
log_reopen(struct log *log, struct ak_err *err)
{
	struct log new;

	if (log->path == NULL || ak_streq(log->path, "-"))
		return 0;
	log_flush(log);
	if (log_open(&new, log->path, err) == -1)
		return -1;
	close(log->fd);
	log->fd = new.fd;
	free(new.path);
	return 0;
}

/* How much of the buffer ends in a line, at most size bytes. */
static size_t
lines_within(const struct ak_buf *buf, size_t size)
{
	const char *end;

	if (buf->len <= size)
		return buf->len;
	end = memrchr(buf->data, '\n', size);
	return end != NULL ? (size_t)(end - buf->data) + 1 : size;
}

void
log_flush(struct log *log)
{
	struct pollfd ready = { .fd = log->fd, .events = POLLOUT };
	ssize_t wrote;

	while (log->fd != -1 && log->buf.len > 0 && poll(&ready, 1, 0) == 1 &&
	    (ready.revents & POLLOUT) != 0) {
		wrote = write(log->fd, log->buf.data,
		    lines_within(&log->buf, PIPE_BUF));
		if (wrote == -1 && errno == EINTR)
			continue;
		log->error = wrote == -1 && errno != EAGAIN ? errno : 0;
		log->told = log->told && log->error != 0;
		if (wrote <= 0)
			break;
		ak_buf_drop(&log->buf, (size_t)wrote);
	}
	if (log->buf.len == 0 && log->buf.cap > 4 * ENOUGH)
		ak_buf_free(&log->buf);
}

int
log_check(struct log *log, struct ak_err *err)
{
	if (log->error == 0 || log->told)
		return 0;
	log->told = true;
	errno = log->error;
	return ak_fail_sys(err, AK_IO, "log");
}

void
log_line(struct log *log, const struct ak_buf *line)
{
	if (log->fd == -1)
		return;
	if (log->buf.len + line->len > LOG_MAX) {
		log_flush(log);
		if (log->buf.len + line->len > LOG_MAX) {
			log->dropped++;
			return;
		}
	}
	ak_buf_add(&log->buf, line->data, line->len);
	if (log->buf.len >= ENOUGH)
		log_flush(log);
}

void
log_close(struct log *log)
{
	log_flush(log);
	if (log->fd != -1 && log->fd != STDOUT_FILENO)
		close(log->fd);
	ak_buf_free(&log->buf);
	free(log->path);
	log->path = NULL;
	log->fd = -1;
}
