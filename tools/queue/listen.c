/*
 * listen - the sockets that accept.
 *
 * Those whose address stays over a reload stay open, so that nobody is turned
 * away. When files run out, accepting stops until a connection has ended, and
 * the others wait in the kernel's queue.
 */
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/queue/proxy.h"

#define BACKLOG 4096
#define AT_ONCE 64
#define AGAIN (QUEUE_SECOND / 10)

static void
ready(struct queue *q, struct source *source, uint32_t events)
{
	struct listener *l = (struct listener *)source;
	struct sockaddr_storage addr;
	socklen_t len;
	int fd;

	(void)events;
	for (int i = 0; i < AT_ONCE; i++) {
		if (q->client_count >= q->settings->clients_max) {
			listen_throttle(q);
			return;
		}
		len = sizeof(addr);
		addr.ss_family = AF_UNSPEC;
		fd = accept4(l->source.fd, (struct sockaddr *)&addr, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd == -1 &&
		    (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
			errno == ENOMEM))
			listen_throttle(q);
		if (fd == -1)
			return;
		client_new(q, l, fd, &addr);
	}
}

static void
accept_all(struct queue *q, bool on)
{
	if (q->accept_off == !on)
		return;
	q->accept_off = !on;
	for (struct listener *l = q->listeners; l != NULL; l = l->next)
		if (l->source.fd != -1 && loop_listen(q, &l->source, on) == -1)
			continue;
}

static void
again(struct queue *q, struct timer *timer)
{
	(void)timer;
	listen_resume(q);
}

void
listen_throttle(struct queue *q)
{
	q->counters.throttled++;
	accept_all(q, false);
	q->accept_timer.fire = again;
	timer_set(q, &q->accept_timer, q->now + AGAIN);
}

void
listen_resume(struct queue *q)
{
	if (q->accept_off && q->client_count < q->settings->clients_max)
		accept_all(q, true);
}

/* A socket that nobody listens at is left over from before. */
static int
bind_unix(struct listener *l, const char *path, unsigned int mode,
    struct ak_err *err)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	AK_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr *sa = (struct sockaddr *)&un;
	struct stat st;

	if (strlen(path) >= sizeof(un.sun_path))
		return ak_fail(err, AK_CONFIG, "%s: path too long", path);
	memcpy(un.sun_path, path, strlen(path) + 1);
	/* The kernel refuses a connection to a file as well. */
	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return ak_fail(err, AK_CANTCREATE, "%s: is there and no socket",
		    path);
	if (fd != -1 && connect(fd, sa, sizeof(un)) == -1 &&
	    errno == ECONNREFUSED)
		unlink(path);
	if (bind(l->source.fd, sa, sizeof(un)) == -1 ||
	    chmod(path, mode == 0 ? 0660 : mode) == -1)
		return ak_fail_sys(err, AK_CANTCREATE, "%s", path);
	l->path = ak_strdup(path);
	return 0;
}

static int
bind_tcp(struct listener *l, const struct addrinfo *to, struct ak_err *err)
{
	int on = 1, fd = l->source.fd;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (to->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, to->ai_addr, to->ai_addrlen) == -1)
		return ak_fail_sys(err, AK_CANTCREATE, "%s", l->address);
	return 0;
}

static int
open_tcp(struct listener *l, struct ak_err *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE },
			*list;
	char host[256];
	const char *colon = strrchr(l->address, ':');
	int well;

	l->tcp = true;
	if (colon == NULL)
		return ak_fail(err, AK_CONFIG,
		    "%s: neither HOST:PORT nor unix:/PATH", l->address);
	snprintf(host, sizeof(host), "%.*s", (int)(colon - l->address),
	    l->address);
	if (host[0] == '[' && colon[-1] == ']') {
		memmove(host, host + 1, strlen(host));
		host[strlen(host) - 1] = '\0';
	}
	if (getaddrinfo(host[0] == '\0' || ak_streq(host, "*") ? NULL : host,
		colon + 1, &hints, &list) != 0)
		return ak_fail(err, AK_CONFIG, "%s: no such address",
		    l->address);
	l->source.fd = socket(list->ai_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	well = l->source.fd == -1
	    ? ak_fail_sys(err, AK_SYSTEM, "%s", l->address)
	    : bind_tcp(l, list, err);
	freeaddrinfo(list);
	return well;
}

static int
open_one(struct queue *q, struct listener *l, const struct listen_conf *conf,
    struct ak_err *err)
{
	int well;

	if (ak_starts(l->address, "unix:")) {
		l->source.fd = socket(AF_UNIX,
		    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		well = bind_unix(l, l->address + strlen("unix:"), conf->mode,
		    err);
	} else {
		well = open_tcp(l, err);
	}
	if (well == -1)
		return -1;
	if (listen(l->source.fd, BACKLOG) == -1 ||
	    (!q->accept_off && loop_listen(q, &l->source, true) == -1))
		return ak_fail_sys(err, AK_SYSTEM, "%s", l->address);
	return 0;
}

static struct listener *
find(struct queue *q, const char *address)
{
	struct listener *l;

	for (l = q->listeners; l != NULL; l = l->next)
		if (l->source.fd != -1 && ak_streq(l->address, address))
			return l;
	return NULL;
}

void
listen_release(struct queue *q, struct listener *l)
{
	if (--l->uses > 0)
		return;
	free(l->address);
	free(l->path);
	loop_close(q, &l->source, l);
}

/* Who came by it is answered what was asked, and nothing more. */
static void
dismiss(struct queue *q, const struct listener *l)
{
	struct client *c, *next;

	for (c = q->clients; c != NULL; c = next) {
		next = c->next;
		if (c->listener != l)
			continue;
		c->keep_alive = false;
		if (c->state == CLIENT_HEAD && c->in_len == 0 &&
		    pending_size(&c->out) == 0)
			client_close(q, c);
	}
}

static void
shut(struct queue *q, struct listener *l)
{
	struct listener **at = &q->listeners;

	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	l->conf = NULL;
	if (l->path != NULL)
		unlink(l->path);
	dismiss(q, l);
	loop_close(q, &l->source, NULL);
	listen_release(q, l);
}

int
listen_update(struct queue *q, struct settings *to, struct ak_err *err)
{
	struct listener *made = NULL, *l, *next;
	int well = 0;

	for (size_t i = 0; i < to->listen_count && well == 0; i++) {
		if (find(q, to->listens[i].address) != NULL)
			continue;
		l = ak_calloc(1, sizeof(*l));
		l->source = (struct source){ .fd = -1, .ready = ready };
		l->address = ak_strdup(to->listens[i].address);
		l->uses = 1;
		l->next = q->listeners;
		q->listeners = l;
		well = open_one(q, l, &to->listens[i], err);
		if (made == NULL)
			made = l;
	}
	for (l = q->listeners; well == -1 && made != NULL; l = next) {
		next = l->next;
		shut(q, l);
		if (l == made)
			break;
	}
	if (well == -1)
		return -1;
	for (l = q->listeners; l != NULL; l = l->next)
		l->conf = NULL;
	for (size_t i = 0; i < to->listen_count; i++)
		if ((l = find(q, to->listens[i].address)) != NULL)
			l->conf = &to->listens[i];
	for (l = q->listeners; l != NULL; l = next) {
		next = l->next;
		if (l->conf == NULL)
			shut(q, l);
	}
	return 0;
}

void
listen_close(struct queue *q)
{
	while (q->listeners != NULL)
		shut(q, q->listeners);
}
