/*
 * client - one connection of a client: its deadlines, what is written to it,
 * and its end.
 */
#include <sys/epoll.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "tools/queue/proxy.h"

#define LINGER (2 * QUEUE_SECOND)

static struct client *
of_timer(struct timer *t)
{
	return (struct client *)((char *)t - offsetof(struct client, timer));
}

/* The address without its port; of a unix socket the peer's user. */
static struct name *
origin(int fd, const struct sockaddr_storage *addr)
{
	const struct sockaddr_in *in = (const void *)addr;
	const struct sockaddr_in6 *in6 = (const void *)addr;
	char text[INET6_ADDRSTRLEN + 16] = "";
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (addr->ss_family == AF_INET)
		inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
	else if (addr->ss_family == AF_INET6)
		inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
	else if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0)
		snprintf(text, sizeof(text), "uid:%u", peer.uid);
	return name_get(text, strlen(text));
}

/* No request: idle, or its head takes too long. */
static void
overdue_idle(struct queue *q, struct client *c)
{
	if (c->in_len > 0)
		serve_bad_status(q, c, 408, "the head did not come in time");
	else
		client_close(q, c);
}

static void
fire(struct queue *q, struct timer *t)
{
	struct client *c = of_timer(t);

	bool unwritten = pending_size(&c->out) > 0;

	if (c->state == CLIENT_LINGER || (unwritten && c->request == NULL))
		client_close(q, c);
	else if (unwritten)
		serve_cancel(q, c->request, OUTCOME_TIMEOUT);
	else if (c->state == CLIENT_HEAD)
		overdue_idle(q, c);
	else if (c->state == CLIENT_BODY && c->paused)
		client_timer(q, c);
	else if (c->state == CLIENT_BODY)
		serve_timeout(q, c->request, "the body did not come in time");
	if (c->broken && c->source.fd != -1)
		client_close(q, c);
}

void
client_timer(struct queue *q, struct client *c)
{
	const struct timeouts *limit = &q->settings->timeouts;

	if (c->state == CLIENT_LINGER)
		timer_set(q, &c->timer, q->now + LINGER);
	else if (pending_size(&c->out) > 0)
		timer_set(q, &c->timer, q->now + limit->write);
	else if (c->state == CLIENT_BODY)
		timer_set(q, &c->timer, q->now + limit->body);
	else if (c->state == CLIENT_WAIT)
		timer_stop(q, &c->timer);
	else if (c->in_len > 0)
		timer_set(q, &c->timer, c->at_head + limit->head);
	else
		timer_set(q, &c->timer, q->now + limit->idle);
}

static void
flushed(struct queue *q, struct client *c)
{
	if (c->request != NULL && c->request->up != NULL)
		upstream_resume(q, c->request->up);
	if (c->source.fd != -1 && pending_size(&c->out) == 0)
		client_go(q, c);
}

static void
writable(struct queue *q, struct client *c)
{
	size_t before = pending_size(&c->out);

	if (before == 0)
		return;
	if (pending_flush(c->source.fd, &c->out) == -1) {
		c->broken = true;
		return;
	}
	if (pending_size(&c->out) == before)
		return;
	/* While its backend rests for it, a trickle is no progress. */
	if (c->request == NULL || c->request->up == NULL ||
	    !c->request->up->resting)
		client_timer(q, c);
	if (pending_size(&c->out) == 0 && !c->keep_alive &&
	    (c->state == CLIENT_HEAD || c->state == CLIENT_LINGER))
		client_linger(q, c);
	else
		flushed(q, c);
}

/*
 * A client that sends no more has left, unless what it waits for costs nothing:
 * for that, "printf ... | nc" is answered.
 */
static bool
left(const struct queue *q, const struct client *c)
{
	if (c->broken)
		return true;
	return c->fin && !q->settings->half_close && c->request != NULL &&
	    c->state == CLIENT_WAIT && c->request->lane != ROUTE_PASS;
}

static void
ready(struct queue *q, struct source *source, uint32_t events)
{
	struct client *c = (struct client *)source;

	if (events & (EPOLLERR | EPOLLHUP))
		c->broken = true;
	if (events & EPOLLRDHUP)
		c->fin = true;
	if (events & (EPOLLIN | EPOLLRDHUP))
		c->readable = true;
	if (!c->broken && (events & EPOLLOUT))
		writable(q, c);
	if (c->source.fd != -1 && !left(q, c))
		client_go(q, c);
	if (c->source.fd != -1 && left(q, c))
		client_close(q, c);
}

void
client_new(struct queue *q, struct listener *listener, int fd,
    const struct sockaddr_storage *addr)
{
	struct client *c = ak_calloc(1, sizeof(*c));
	int on = 1;

	c->source = (struct source){ .fd = fd, .ready = ready };
	c->timer.fire = fire;
	c->listener = listener;
	listener->uses++;
	c->from = origin(fd, addr);
	c->keep_alive = true;
	if (listener->tcp)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	c->next = q->clients;
	c->prev = &q->clients;
	if (c->next != NULL)
		c->next->prev = &c->next;
	q->clients = c;
	q->client_count++;
	q->counters.accepted++;
	client_timer(q, c);
	if (loop_add(q, &c->source) == -1)
		client_close(q, c);
}

void
client_close(struct queue *q, struct client *c)
{
	struct request *r = c->request;

	if (c->source.fd == -1)
		return;
	loop_close(q, &c->source, c);
	if (r != NULL)
		serve_cancel(q, r, OUTCOME_CANCELLED);
	timer_drop(q, &c->timer);
	*c->prev = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	q->client_count--;
	free(c->in);
	free(c->head);
	c->in = NULL;
	c->in_len = 0;
	c->head = NULL;
	pending_free(&c->out);
	name_put(c->from);
	listen_release(q, c->listener);
	listen_resume(q);
}

void
client_write(struct queue *q, struct client *c, const char *data, size_t len)
{
	bool waited = pending_size(&c->out) > 0;

	if (c->source.fd == -1 || c->broken)
		return;
	if (pending_write(c->source.fd, &c->out, data, len) == -1)
		c->broken = true;
	else if (!waited && pending_size(&c->out) > 0)
		client_timer(q, c);
}

void
client_write_late(struct queue *q, struct client *c, const char *data,
    size_t len)
{
	if (c->source.fd == -1 || c->broken || len == 0)
		return;
	/* One whose output is stuck has it written when there is room. */
	if (pending_size(&c->out) == 0) {
		c->late = q->late;
		q->late = c;
	}
	pending_add(&c->out, data, len);
}

void
client_late(struct queue *q)
{
	struct client *c;

	while ((c = q->late) != NULL) {
		q->late = c->late;
		if (c->source.fd != -1)
			ready(q, &c->source, EPOLLOUT);
	}
}

/*
 * Closing with bytes unread makes the kernel send RST, which can overtake the
 * answer: so our side is closed first, and what comes is dropped for a while.
 */
void
client_linger(struct queue *q, struct client *c)
{
	if (c->source.fd == -1)
		return;
	c->keep_alive = false;
	c->state = CLIENT_LINGER;
	c->readable = true;
	client_timer(q, c);
	if (c->broken || (c->fin && pending_size(&c->out) == 0))
		client_close(q, c);
	else if (pending_size(&c->out) == 0)
		shutdown(c->source.fd, SHUT_WR);
}

void
client_answered(struct queue *q, struct client *c)
{
	bool rest = c->state == CLIENT_BODY;

	if (c->source.fd == -1)
		return;
	if (c->broken) {
		client_close(q, c);
		return;
	}
	if (rest || q->draining)
		c->keep_alive = false;
	c->paused = false;
	c->state = CLIENT_HEAD;
	client_timer(q, c);
	if (c->keep_alive)
		client_go(q, c);
	else if (pending_size(&c->out) == 0)
		client_linger(q, c);
}
