/*
 * probe - our own question to a service.
 *
 * All are asked at once, on sockets that never block, so that thirty take as
 * long as the slowest. What HTTPS needs is left to libcurl (web.c).
 */
#include "tools/stack/probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/proc.h"

enum {
	ANSWER_MAX = 4096, /* bytes read */
	WEB_STEP_MS = 5,
};

/* A question under way. */
struct asking {
	struct probe_target *target;
	const struct scheme *scheme; /* NULL: by libcurl */
	char *host;
	char *path;
	int port;
	struct address list[ADDRESSES];
	size_t count;
	size_t at; /* of the address tried */
	int fd;
	bool connected;
	struct ak_buf question;
	struct ak_buf answer;
	int64_t begun_ms;
	int64_t tried_ms;
	int64_t limit_ms;
	struct web web;
};

static int
socket_begin(const struct address *address)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)address->port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)address->port) };
	bool old = inet_pton(AF_INET, address->ip, &v4.sin_addr) == 1;
	AK_CLOSE int fd = socket(old ? AF_INET : AF_INET6,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int failed;

	if (fd == -1)
		return -1;
	if (old)
		failed = connect(fd, (struct sockaddr *)&v4, sizeof(v4));
	else if (inet_pton(AF_INET6, address->ip, &v6.sin6_addr) == 1)
		failed = connect(fd, (struct sockaddr *)&v6, sizeof(v6));
	else
		return errno = EINVAL, -1;
	if (failed == -1 && errno != EINPROGRESS)
		return -1;
	return ak_take_fd(&fd);
}

static void
conclude(struct asking *asking, enum probe_result result)
{
	struct probe *probe = &asking->target->probe;

	probe->result = result;
	probe->ms = ak_proc_now_ms() - asking->begun_ms;
	if (result == PROBE_OK)
		probe->text[0] = '\0';
	ak_close_scope(&asking->fd);
	asking->fd = -1;
}

/* The first reason is kept: what comes after is of fallbacks. */
static void
explain(struct asking *asking, const char *why)
{
	const struct address *address = &asking->list[asking->at];
	struct probe *probe = &asking->target->probe;

	if (probe->text[0] == '\0')
		snprintf(probe->text, sizeof(probe->text), "%s port %d: %s",
		    address->ip, address->port, why);
}

/* Begins with the address at, or a later one. */
static void
try_from(struct asking *asking, size_t at)
{
	for (asking->at = at; asking->at < asking->count; asking->at++) {
		asking->tried_ms = ak_proc_now_ms();
		asking->connected = false;
		asking->fd = socket_begin(&asking->list[asking->at]);
		if (asking->fd != -1)
			return;
		explain(asking, strerror(errno));
	}
	conclude(asking, PROBE_FAILED);
}

/*
 * Refused by the container itself is an answer. The daemon's own proxy at a
 * published port would accept what nobody serves.
 */
static void
try_next(struct asking *asking, int why)
{
	size_t next = asking->at + 1;

	explain(asking, strerror(why));
	ak_close_scope(&asking->fd);
	asking->fd = -1;
	while (why == ECONNREFUSED && next < asking->count &&
	    asking->list[next].published)
		next++;
	try_from(asking, next);
}

static void
on_connected(struct asking *asking)
{
	asking->connected = true;
	if (asking->scheme->ask == NULL) {
		conclude(asking, PROBE_OK);
		return;
	}
	ak_buf_reset(&asking->question);
	asking->scheme->ask(&asking->question, asking->host, asking->path);
}

static void
on_writable(struct asking *asking)
{
	socklen_t len = sizeof(int);
	int why = 0;
	ssize_t put;

	if (!asking->connected) {
		getsockopt(asking->fd, SOL_SOCKET, SO_ERROR, &why, &len);
		if (why != 0) {
			try_next(asking, why);
			return;
		}
		on_connected(asking);
		if (asking->fd == -1)
			return;
	}
	put = send(asking->fd, asking->question.data, asking->question.len,
	    MSG_NOSIGNAL);
	if (put > 0) {
		ak_buf_drop(&asking->question, (size_t)put);
	} else if (put == -1 && errno != EAGAIN && errno != EINTR) {
		explain(asking, strerror(errno));
		conclude(asking, PROBE_FAILED);
	}
}

static void
on_readable(struct asking *asking)
{
	char data[512], *text = asking->target->probe.text;
	ssize_t got = recv(asking->fd, data, sizeof(data), 0);
	int well;

	if (got == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		explain(asking,
		    got == 0 ? "closed without an answer" : strerror(errno));
		conclude(asking, PROBE_FAILED);
		return;
	}
	ak_buf_add(&asking->answer, data, (size_t)got);
	well = asking->scheme->judge(asking->answer.data, asking->answer.len,
	    text);
	if (well == 0 && asking->answer.len < ANSWER_MAX)
		return;
	conclude(asking, well == 1 ? PROBE_OK : PROBE_FAILED);
}

static bool
has_ended(const struct asking *asking)
{
	return asking->scheme == NULL ? asking->web.done : asking->fd == -1;
}

/* When something is to be given up, in milliseconds from now. */
static int64_t
patience(const struct asking *asking, int64_t now)
{
	int64_t left = asking->begun_ms + asking->limit_ms - now;
	int64_t half = asking->tried_ms + asking->limit_ms / 2 - now;

	if (!asking->connected && asking->at + 1 < asking->count && half < left)
		left = half;
	return left > 0 ? left : 0;
}

static void
check_time(struct asking *asking)
{
	int64_t now = ak_proc_now_ms();

	if (has_ended(asking) || patience(asking, now) > 0)
		return;
	if (now < asking->begun_ms + asking->limit_ms) {
		try_next(asking, ETIMEDOUT);
		return;
	}
	explain(asking,
	    asking->connected ? "no answer in time" : "no connection in time");
	conclude(asking, PROBE_FAILED);
}

static int
wait_ms(const struct asking *asking, size_t count)
{
	int64_t now = ak_proc_now_ms(), least = INT32_MAX;

	for (size_t i = 0; i < count; i++) {
		int64_t left = asking[i].scheme == NULL
		    ? WEB_STEP_MS
		    : patience(&asking[i], now);

		if (!has_ended(&asking[i]) && left < least)
			least = left;
	}
	return (int)least;
}

/* True while some have not ended. */
static bool
step(struct asking *asking, struct pollfd *fds, size_t count)
{
	bool more = false;

	for (size_t i = 0; i < count; i++) {
		bool writes = !asking[i].connected ||
		    asking[i].question.len > 0;

		fds[i] = (struct pollfd){ .fd = asking[i].fd,
			.events = writes ? POLLOUT : POLLIN };
	}
	poll(fds, count, wait_ms(asking, count));
	for (size_t i = 0; i < count; i++) {
		if (asking[i].scheme == NULL)
			web_step(&asking[i].web);
		else if (asking[i].fd != -1 && fds[i].revents != 0)
			fds[i].events == POLLOUT ? on_writable(&asking[i])
						 : on_readable(&asking[i]);
		if (asking[i].scheme != NULL)
			check_time(&asking[i]);
		more = more || !has_ended(&asking[i]);
	}
	return more;
}

/* "http://:9090/-/healthy"; false when it is not that. */
static bool
parse(struct asking *asking, const char *label)
{
	const char *rest = strstr(label, "://"), *path;
	const char *colon;
	char *end;
	long port;

	if (rest == NULL)
		return false;
	asking->scheme = scheme_find(label, (size_t)(rest - label));
	if (asking->scheme == NULL && !ak_starts(label, "https://"))
		return false;
	rest += strlen("://");
	path = rest + strcspn(rest, "/");
	colon = memrchr(rest, ':', (size_t)(path - rest));
	port = colon != NULL ? strtol(colon + 1, &end, 10) : 0;
	if (port < 1 || port > 65535 || end != path)
		return false;
	asking->port = (int)port;
	asking->path = ak_strdup(path);
	return true;
}

static void
begin_web(struct asking *asking)
{
	const struct address *address = &asking->list[0];
	bool v6 = strchr(address->ip, ':') != NULL;
	AK_FREE char *url = ak_printf(v6 ? "https://[%s]:%d%s"
					 : "https://%s:%d%s",
	    address->ip, address->port, asking->path);

	asking->web = (struct web){ .probe = &asking->target->probe,
		.below = 400,
		.any_certificate = true };
	web_begin(&asking->web, url, asking->limit_ms);
}

/* False when there is nothing to ask. */
static bool
begin(struct asking *asking, const struct probe_target all[], size_t count)
{
	const struct container *container = asking->target->container;
	const char *label = service_label(asking->target->service,
	    "aikit.probe");
	struct probe *probe = &asking->target->probe;

	if (label != NULL && !parse(asking, label)) {
		snprintf(probe->text, sizeof(probe->text),
		    "label aikit.probe is not understood");
		probe->result = PROBE_FAILED;
		return false;
	}
	if (label == NULL) {
		asking->scheme = scheme_find("tcp", strlen("tcp"));
		asking->path = ak_strdup("");
		asking->port = address_port(container);
	}
	if (asking->port == 0)
		return false;
	asking->host = ak_printf("%s:%d", asking->target->service->name,
	    asking->port);
	asking->count = address_list(container, asking->port, all, count,
	    asking->list);
	if (asking->count == 0)
		return false;
	asking->begun_ms = ak_proc_now_ms();
	if (asking->scheme == NULL)
		begin_web(asking);
	else
		try_from(asking, 0);
	return true;
}

static void
asking_free(struct asking *asking)
{
	ak_close_scope(&asking->fd);
	ak_buf_free(&asking->question);
	ak_buf_free(&asking->answer);
	free(asking->host);
	free(asking->path);
	web_end(&asking->web);
}

static bool
is_askable(const struct probe_target *target)
{
	return target->service != NULL && target->container != NULL &&
	    ak_streq(target->container->state, "running");
}

int
probe_all(struct probe_target targets[], size_t count, int64_t limit_ms,
    struct ak_err *err AK_UNUSED)
{
	AK_FREE struct asking *asking = ak_calloc(count + 1, sizeof(*asking));
	AK_FREE struct pollfd *fds = ak_calloc(count + 1, sizeof(*fds));
	size_t asked = 0;

	for (size_t i = 0; i < count; i++) {
		struct asking *next = &asking[asked];

		targets[i].probe = (struct probe){ .result = PROBE_NONE };
		if (!is_askable(&targets[i]))
			continue;
		*next = (struct asking){
			.target = &targets[i], .fd = -1, .limit_ms = limit_ms
		};
		if (begin(next, targets, count))
			asked++;
		else
			asking_free(next);
	}
	if (asked > 0)
		while (step(asking, fds, asked))
			;
	for (size_t i = 0; i < asked; i++)
		asking_free(&asking[i]);
	return 0;
}
