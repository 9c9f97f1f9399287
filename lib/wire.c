/*
 * wire - HTTP/1.1 over a unix socket, without libcurl.
 */
#include "lib/wire.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/answer.h"
#include "lib/proc.h"

enum {
	KEPT = 32,	       /* connections without a request */
	READ_SIZE = 64 * 1024, /* bytes at once */
	READS = 4,	       /* of a transfer, before the next one's turn */
	/* A daemon answers thirty requests over four connections sooner than
	 * over thirty. When nothing comes for a while there are as many more.
	 */
	AT_ONCE = 4,
	PATIENCE_MS = 10,
};

/* What a transfer has of ours; transfer->easy. */
struct exchange {
	struct exchange *next; /* under way */
	struct ak_curl_transfer *transfer;
	int fd;
	bool reused, heard;
	bool ready;  /* something can be moved */
	bool queued; /* has no connection yet */
	struct ak_buf request;
	size_t sent;
	struct ak_answer answer;
};

struct wire {
	struct exchange *under_way; /* the oldest first */
	int64_t moved_ms;	    /* when bytes came last */
	int kept[KEPT];
	size_t kept_count;
	char data[READ_SIZE];
};

static int
open_wire(void **state, struct ak_err *err AK_UNUSED)
{
	*state = ak_calloc(1, sizeof(struct wire));
	return 0;
}

static void
close_wire(void *state)
{
	struct wire *wire = state;

	for (size_t i = 0; i < wire->kept_count; i++)
		close(wire->kept[i]);
	free(wire);
}

static int
connect_to(const char *path, int64_t connect_ms)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval limit = { .tv_sec = connect_ms / 1000,
		.tv_usec = connect_ms % 1000 * 1000 };
	AK_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t len = strlen(path);

	if (fd == -1)
		return -1;
	if (len >= sizeof(address.sun_path))
		return errno = ENAMETOOLONG, -1;
	memcpy(address.sun_path, path, len);
	/* A full queue of connections makes connect(2) wait. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == -1)
		return -1;
	return ak_take_fd(&fd);
}

/* "http://host/path" is asked as /path of host. */
static void
write_request(struct exchange *exchange)
{
	const struct ak_curl_transfer *transfer = exchange->transfer;
	const char *host = strstr(transfer->url, "://");
	struct ak_buf *to = &exchange->request;
	size_t len;

	host = host ? host + 3 : transfer->url;
	len = strcspn(host, "/");
	ak_buf_reset(to);
	ak_buf_printf(to, "%s %s HTTP/1.1\r\nHost: %.*s\r\n",
	    transfer->method ? transfer->method : "GET",
	    host[len] ? host + len : "/", (int)len, host);
	for (const char *const *h = transfer->headers; h && *h; h++)
		ak_buf_printf(to, "%s\r\n", *h);
	if (transfer->body)
		ak_buf_str(to, "Content-Type: application/json\r\n");
	if (transfer->body || ak_streq(transfer->method, "POST") ||
	    ak_streq(transfer->method, "PUT"))
		ak_buf_printf(to, "Content-Length: %zu\r\n",
		    transfer->body ? strlen(transfer->body) : 0);
	ak_buf_str(to, "\r\n");
	if (transfer->body)
		ak_buf_str(to, transfer->body);
}

static void
fail_sys(struct exchange *exchange)
{
	const char *text = strerror(errno);
	enum ak_code code = AK_UNAVAILABLE;

	if (errno == EACCES || errno == EPERM)
		code = AK_NOPERM;
	if (errno == EAGAIN || errno == EINPROGRESS) {
		code = AK_TEMPFAIL;
		text = "no connection in time";
	}
	ak_err_set(&exchange->transfer->err, code, "%c%s", tolower(*text),
	    text + 1);
}

static void
connect_exchange(struct wire *wire, struct exchange *exchange)
{
	const struct ak_curl_transfer *transfer = exchange->transfer;

	exchange->reused = wire->kept_count > 0;
	exchange->fd = exchange->reused
	    ? wire->kept[--wire->kept_count]
	    : connect_to(transfer->unix_path, transfer->connect_ms);
	exchange->queued = false;
	exchange->ready = true;
	if (exchange->fd == -1)
		fail_sys(exchange);
	else
		transfer->on_life(transfer->arg);
}

static void
prepare(struct exchange *exchange)
{
	struct ak_curl_transfer *transfer = exchange->transfer;
	struct ak_buf line = exchange->answer.line;

	ak_buf_reset(&line);
	exchange->answer = (struct ak_answer){ .on_body = transfer->on_body,
		.arg = transfer->arg,
		.line = line,
		.bodiless = ak_streq(transfer->method, "HEAD") };
	exchange->sent = 0;
	exchange->heard = false;
}

static int
start(void *state, struct ak_curl_transfer *transfer,
    struct ak_err *err AK_UNUSED)
{
	struct wire *wire = state;
	struct exchange *exchange = transfer->easy;
	struct exchange **link = &wire->under_way;

	if (!exchange)
		exchange = transfer->easy = ak_calloc(1, sizeof(*exchange));
	exchange->transfer = transfer;
	exchange->next = NULL;
	exchange->fd = -1;
	exchange->queued = true;
	exchange->ready = false;
	transfer->refused = false;
	transfer->status = 0;
	transfer->err = (struct ak_err){ 0 };
	prepare(exchange);
	write_request(exchange);
	while (*link)
		link = &(*link)->next;
	*link = exchange;
	transfer->under_way = true;
	if (transfer->lasting)
		connect_exchange(wire, exchange);
	return 0;
}

static void
keep(struct wire *wire, struct exchange *exchange)
{
	if (exchange->fd != -1 && wire->kept_count < KEPT) {
		wire->kept[wire->kept_count++] = exchange->fd;
		exchange->fd = -1;
	}
}

static void
stop(void *state, struct ak_curl_transfer *transfer)
{
	struct wire *wire = state;
	struct exchange *exchange = transfer->easy;
	struct exchange **link = &wire->under_way;

	if (!exchange || !transfer->under_way)
		return;
	while (*link && *link != exchange)
		link = &(*link)->next;
	*link = exchange->next;
	ak_close_scope(&exchange->fd);
	exchange->fd = -1;
	transfer->under_way = false;
}

static void
forget(void *state, struct ak_curl_transfer *transfer)
{
	struct exchange *exchange = transfer->easy;

	stop(state, transfer);
	if (!exchange)
		return;
	ak_answer_free(&exchange->answer);
	ak_buf_free(&exchange->request);
	free(exchange);
	transfer->easy = NULL;
}

static void
end(struct wire *wire, struct exchange *exchange)
{
	struct ak_curl_transfer *transfer = exchange->transfer;
	const struct ak_answer *answer = &exchange->answer;

	transfer->status = answer->status;
	transfer->retry_after = answer->retry_after > 0 ? answer->retry_after
							: -1;
	transfer->refused = answer->refused;
	if (transfer->err.code == AK_DONE && !answer->close &&
	    !answer->refused && exchange->sent == exchange->request.len)
		keep(wire, exchange);
	stop(wire, transfer);
}

/* A kept connection may have been closed meanwhile: another one, once. */
static bool
again(struct wire *wire, struct exchange *exchange)
{
	if (!exchange->reused || exchange->heard)
		return false;
	close(exchange->fd);
	prepare(exchange);
	exchange->reused = false;
	exchange->fd = connect_to(exchange->transfer->unix_path,
	    exchange->transfer->connect_ms);
	if (exchange->fd == -1)
		fail_sys(exchange);
	for (size_t i = 0; i < wire->kept_count; i++)
		close(wire->kept[i]); /* no better */
	wire->kept_count = 0;
	return true;
}

/* What cannot be sent is left: the answer, or its end, says why. */
static void
send_some(struct exchange *exchange)
{
	ssize_t put = send(exchange->fd,
	    exchange->request.data + exchange->sent,
	    exchange->request.len - exchange->sent,
	    MSG_NOSIGNAL | MSG_DONTWAIT);

	if (put > 0)
		exchange->sent += (size_t)put;
}

/* 1 when there is no more to come, 0, or -1 with the transfer's err. */
static int
receive(struct wire *wire, struct exchange *exchange)
{
	struct ak_curl_transfer *transfer = exchange->transfer;
	ssize_t got;

	if (transfer->err.code != AK_DONE)
		return -1;
	got = recv(exchange->fd, wire->data, READ_SIZE, MSG_DONTWAIT);
	if (got > 0) {
		exchange->heard = true;
		wire->moved_ms = ak_proc_now_ms();
		transfer->on_life(transfer->arg);
		return ak_answer_feed(&exchange->answer, wire->data,
		    (size_t)got, &transfer->err);
	}
	if (got == -1 && (errno == EAGAIN || errno == EINTR))
		return 2; /* nothing now */
	if (again(wire, exchange))
		return 0;
	if (got == 0)
		return ak_answer_end(&exchange->answer, &transfer->err);
	fail_sys(exchange);
	return -1;
}

static void
move(struct wire *wire, struct exchange *exchange)
{
	int more = 0;

	for (int i = 0; more == 0 && i < READS; i++) {
		if (exchange->sent < exchange->request.len)
			send_some(exchange);
		more = receive(wire, exchange);
	}
	exchange->ready = more == 0;
	if (more == 1 || more == -1)
		end(wire, exchange);
}

/* Connections for those that wait, as far as there may be more. */
static void
admit(struct wire *wire)
{
	int64_t now = ak_proc_now_ms();
	int room = AT_ONCE;

	for (const struct exchange *e = wire->under_way; e; e = e->next)
		room -= !e->queued && !e->transfer->lasting;
	if (room <= 0 && now - wire->moved_ms >= PATIENCE_MS)
		room = AT_ONCE;
	for (struct exchange *e = wire->under_way; e && room > 0; e = e->next)
		if (e->queued) {
			connect_exchange(wire, e);
			wire->moved_ms = now;
			room--;
		}
}

static int
perform(void *state, struct ak_err *err AK_UNUSED)
{
	struct wire *wire = state;

	admit(wire);
	for (struct exchange *e = wire->under_way, *next; e; e = next) {
		next = e->next;
		if (e->ready)
			move(wire, e);
	}
	admit(wire); /* in the place of those that ended */
	return 0;
}

/* Not at all when something was left over, and briefly when some queue. */
static int
wait_of(const struct wire *wire, int wait_ms)
{
	for (const struct exchange *e = wire->under_way; e; e = e->next) {
		if (e->ready)
			return 0;
		if (e->queued && wait_ms > PATIENCE_MS)
			wait_ms = PATIENCE_MS;
	}
	return wait_ms;
}

static void
poll_wire(void *state, struct pollfd *extra, unsigned count, int wait_ms)
{
	struct wire *wire = state;
	size_t all = count, i = 0;
	AK_FREE struct pollfd *fds = NULL;

	for (struct exchange *e = wire->under_way; e; e = e->next)
		all++;
	fds = ak_calloc(all + 1, sizeof(*fds));
	for (; i < count; i++)
		fds[i] = extra[i];
	for (struct exchange *e = wire->under_way; e; e = e->next)
		fds[i++] = (struct pollfd){ e->fd,
			e->sent < e->request.len ? POLLIN | POLLOUT : POLLIN,
			0 };
	if (poll(fds, (nfds_t)all, wait_of(wire, wait_ms)) == -1)
		return;
	for (i = 0; i < count; i++)
		extra[i].revents = fds[i].revents;
	for (struct exchange *e = wire->under_way; e; e = e->next)
		e->ready = fds[i++].revents != 0 || e->ready;
}

const struct ak_carrier ak_by_wire = { .open = open_wire,
	.close = close_wire,
	.start = start,
	.stop = stop,
	.forget = forget,
	.perform = perform,
	.poll = poll_wire };
