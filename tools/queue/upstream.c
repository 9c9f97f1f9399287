/*
 * upstream - one connection to a backend: made, kept, and closed.
 *
 * Kept ones form a stack, so that a few stay hot and the others grow old.
 */
#include <sys/epoll.h>
#include <sys/socket.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "tools/queue/proxy.h"

/* Later than this, silence after a request was no race with a close. */
#define REPLAY_WITHIN QUEUE_SECOND

static void
push(struct upstream *u)
{
	struct backend *b = u->backend;

	u->next = b->pool;
	u->prev = &b->pool;
	if (u->next != NULL)
		u->next->prev = &u->next;
	b->pool = u;
	b->idle++;
}

static void
pull(struct upstream *u)
{
	*u->prev = u->next;
	if (u->next != NULL)
		u->next->prev = u->prev;
	u->prev = NULL;
	u->backend->idle--;
}

void
upstream_close(struct queue *q, struct upstream *u)
{
	if (u->source.fd == -1)
		return;
	if (u->state == UP_IDLE)
		pull(u);
	else
		u->backend->busy--;
	if (u->request != NULL)
		u->request->up = NULL;
	u->request = NULL;
	timer_drop(q, &u->timer);
	free(u->in);
	free(u->head);
	u->in = NULL;
	u->head = NULL;
	pending_free(&u->out);
	loop_close(q, &u->source, u);
}

void
upstream_done(struct queue *q, struct upstream *u, bool keep)
{
	if (u->request != NULL)
		u->request->up = NULL;
	u->request = NULL;
	if (!keep || u->fin || pending_size(&u->out) > 0 || !u->whole ||
	    u->backend->idle >= q->settings->pool_max || !u->backend->used ||
	    q->draining) {
		upstream_close(q, u);
		return;
	}
	timer_stop(q, &u->timer);
	u->backend->busy--;
	u->state = UP_IDLE;
	u->idle_since = q->now;
	push(u);
}

/* The backend went away without a word. */
static void
lost(struct queue *q, struct upstream *u, const char *text)
{
	struct request *r = u->request;
	bool untouched = u->in_len == 0 && u->state == UP_SEND &&
	    r->at_first == 0;
	bool replay = r->reused && untouched && r->held.data != NULL &&
	    !u->stream && q->now - r->at_run < REPLAY_WITHIN;

	upstream_close(q, u);
	if (!replay) {
		serve_failed(q, r, text);
		return;
	}
	q->counters.replayed++;
	upstream_start(q, r, r->backend, true);
}

void
upstream_lost_as(struct queue *q, struct upstream *u, const char *text)
{
	struct request *r = u->request;

	upstream_close(q, u);
	serve_failed(q, r, text);
}

void
upstream_lost(struct queue *q, struct upstream *u)
{
	lost(q, u,
	    u->state == UP_BODY
		? "the server broke off its answer"
		: "the server closed the connection without an answer");
}

/* It has run for as long as any may. */
static bool
ran_out(const struct queue *q, const struct request *r)
{
	int64_t run = q->settings->timeouts.run;

	return run > 0 && q->now >= r->at_run + run;
}

static void
fire(struct queue *q, struct timer *t)
{
	struct upstream *u = (struct upstream *)((char *)t -
	    offsetof(struct upstream, timer));
	struct request *r = u->request;

	if (u->state == UP_CONNECT)
		lost(q, u, "the server does not take the connection");
	else if (r->deadline != 0 && r->client == NULL)
		serve_timeout(q, r, "no answer in time");
	else if (u->resting || ran_out(q, r))
		serve_timeout(q, r, "the answer took too long");
	else if (r->at_first == 0)
		serve_timeout(q, r, "the server did not answer in time");
	else
		serve_timeout(q, r, "the server stopped in its answer");
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void
upstream_timer(struct queue *q, struct upstream *u)
{
	const struct timeouts *limit = &q->settings->timeouts;
	const struct request *r = u->request;
	/* Models come and go for as long as they do; only a pause is too long.
	 */
	bool large = r->lane == ROUTE_MANAGE || u->stream;
	int64_t due = QUEUE_FOREVER;

	if (u->state == UP_CONNECT)
		due = q->now + limit->connect;
	else if (u->whole && r->lane == ROUTE_MANAGE)
		due = QUEUE_FOREVER;
	else if (!u->whole || (r->at_first != 0 && !u->resting))
		due = q->now + limit->stall;
	else if (r->at_first == 0 && (r->streams || r->lane == ROUTE_PASS))
		due = q->now + limit->first;
	if (limit->run > 0)
		due = sooner(due, (large ? q->now : r->at_run) + limit->run);
	if (r->client == NULL && r->deadline != 0)
		due = r->deadline;
	timer_set(q, &u->timer, due);
}

static void
connected(struct queue *q, struct upstream *u)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(u->source.fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error != 0) {
		lost(q, u, "the server does not take the connection");
		return;
	}
	u->state = UP_SEND;
	if (upstream_flush(q, u) == -1)
		upstream_lost(q, u);
}

static void
ready(struct queue *q, struct source *source, uint32_t events)
{
	struct upstream *u = (struct upstream *)source;

	if (u->state == UP_IDLE) {
		if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
			upstream_close(q, u);
		return;
	}
	if (u->state == UP_CONNECT) {
		if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
			connected(q, u);
		if (u->source.fd == -1 || u->state == UP_CONNECT)
			return;
	} else if ((events & EPOLLOUT) && !u->whole &&
	    upstream_flush(q, u) == -1) {
		u->fin = true; /* what it said before may still be read */
	}
	if (u->source.fd == -1)
		return;
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		u->fin = true;
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		u->readable = true;
	if (u->readable && !u->resting)
		upstream_read(q, u);
}

static struct upstream *
dial(struct queue *q, struct backend *b)
{
	int family = b->addr.ss_family, on = 1, fd;
	struct upstream *u;

	if (b->addr_len == 0)
		return NULL;
	fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return NULL;
	if (family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	u = ak_calloc(1, sizeof(*u));
	/* Its answer makes room for the next request. */
	u->source = (struct source){ .fd = fd, .first = true, .ready = ready };
	u->timer.fire = fire;
	u->backend = b;
	u->state = UP_SEND;
	b->busy++;
	q->counters.upstream_connects++;
	if (connect(fd, (struct sockaddr *)&b->addr, b->addr_len) == -1) {
		u->state = UP_CONNECT;
		if (errno != EINPROGRESS) {
			upstream_close(q, u);
			return NULL;
		}
	}
	if (loop_add(q, &u->source) == -1) {
		upstream_close(q, u);
		return NULL;
	}
	return u;
}

static struct upstream *
kept(struct backend *b)
{
	struct upstream *u = b->pool;

	if (u == NULL)
		return NULL;
	pull(u);
	b->busy++;
	u->state = UP_SEND;
	u->keep_alive = u->whole = u->stream = u->chunked = false;
	u->resting = false;
	u->spill_at = 0;
	u->edit = 0;
	return u;
}

void
upstream_start(struct queue *q, struct request *r, int backend, bool fresh)
{
	struct backend *b;
	struct upstream *u;

	r->backend = backend;
	if (backend == -1) {
		serve_failed(q, r, "no server answers");
		return;
	}
	b = &q->backends[backend];
	b->requests += r->client != NULL;
	u = fresh ? NULL : kept(b);
	r->reused = u != NULL;
	r->phase = PHASE_CONNECTING;
	if (u == NULL)
		u = dial(q, b);
	if (u == NULL) {
		serve_failed(q, r, "the server does not take the connection");
		return;
	}
	u->request = r;
	r->up = u;
	upstream_render(q, u, r);
	upstream_timer(q, u);
	if (r->tries == 0)
		r->own_us += loop_clock() - q->now;
}

void
upstream_resume(struct queue *q, struct upstream *u)
{
	struct client *c = u->request->client;

	if (!u->resting ||
	    pending_size(&c->out) > (size_t)q->settings->buffer_max / 2)
		return;
	u->resting = false;
	client_timer(q, c);
	upstream_timer(q, u);
	if (u->readable)
		upstream_read(q, u);
}
