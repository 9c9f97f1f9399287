/*
 * client_go - reads a client's bytes and cuts them into requests, strictly one
 * after the other: what is behind a request stays where it is, in the kernel
 * if it can, until that is answered.
 *
 * All clients read into one buffer. Only what cannot be used yet is copied.
 */
#include <sys/socket.h>

#include <errno.h>
#include <string.h>

#include "tools/queue/proxy.h"

static char buffer[HTTP1_HEAD_MAX + 1 + PROXY_READ];
static struct http1_head scratch;

/* The head of c's next request is at data: how much is used, 0: starved. */
static size_t
head(struct queue *q, struct client *c, const char *data, size_t len)
{
	struct http1_head *h = c->head != NULL ? c->head : &scratch;
	size_t used = 0;

	if (c->head == NULL) {
		h->stage = 0;
		memset(h, 0, offsetof(struct http1_head, fields));
		c->at_head = q->now;
	}
	switch (http1_request(h, data, len, &q->settings->http)) {
	case HTTP1_MORE:
		if (c->head == NULL) {
			c->head = ak_malloc(sizeof(*h));
			*c->head = scratch;
		}
		c->starved = true;
		return 0;
	case HTTP1_BAD:
		q->counters.bad[h->bad]++;
		serve_bad(q, c, h->bad);
		return len;
	case HTTP1_DONE:
		used = h->bytes;
		break;
	}
	c->keep_alive = h->keep_alive && !q->draining;
	c->old = h->minor == 0;
	c->state = CLIENT_BODY;
	c->head = NULL;
	serve_head(q, c, h, data);
	if (h != &scratch)
		free(h);
	return used;
}

static size_t
body(struct queue *q, struct client *c, const char *data, size_t len)
{
	struct request *r = c->request;
	struct http1_body *b = &r->reading->body;
	struct http1_span span = { 0 };
	const char *text = NULL;
	size_t used = 0;
	int status = 0;

	if (!b->done && http1_body(b, data, len, &used, &span) == HTTP1_BAD) {
		q->counters.bad[b->bad]++;
		text = http1_text(b->bad);
		status = http1_status(b->bad);
	} else if (span.len > 0) {
		r->reading->at_piece = q->now;
		status = body_piece(q, r, span.data, span.len, &text);
	}
	if (c->request != r)
		return used;
	if (status == 0 && b->done) {
		status = body_end(q, r, &text);
		if (status == 0) {
			c->state = CLIENT_WAIT;
			timer_stop(q, &c->timer);
			serve_whole(q, r);
		}
	}
	if (status != 0) {
		c->keep_alive = c->keep_alive && b->done;
		if (b->done)
			c->state = CLIENT_WAIT;
		serve_refuse(q, r,
		    &(struct dialect_error){ .status = status,
			.text = text,
			.retry_ms = status == 503 ? SERVE_RETRY_MS : 0 },
		    OUTCOME_REFUSED);
	}
	return used;
}

/* As far as data goes; what is left over is kept. */
static void
consume(struct queue *q, struct client *c, const char *data, size_t len)
{
	size_t used;
	bool more = true;

	c->starved = false;
	while (more && c->source.fd != -1 && !c->starved && !c->paused) {
		switch (c->state) {
		case CLIENT_HEAD:
			if (len == 0 || pending_size(&c->out) > 0 ||
			    !c->keep_alive) {
				more = false;
				continue;
			}
			used = head(q, c, data, len);
			break;
		case CLIENT_BODY:
			if (len == 0 && !c->request->reading->body.done) {
				more = false;
				continue;
			}
			used = body(q, c, data, len);
			break;
		case CLIENT_LINGER:
			used = len;
			more = false;
			break;
		default:
			used = 0;
			more = false;
			break;
		}
		data += used;
		len -= used;
	}
	if (c->source.fd == -1)
		return;
	if (len > 0) {
		c->in = ak_resize(c->in, len, 1);
		memcpy(c->in, data, len);
	} else {
		free(c->in);
		c->in = NULL;
	}
	c->in_len = (uint32_t)len;
}

/* The client has sent its last, in whatever state. */
static void
ended(struct queue *q, struct client *c)
{
	c->fin = true;
	c->readable = false;
	if (c->state == CLIENT_WAIT)
		return;
	if (c->state == CLIENT_HEAD && pending_size(&c->out) > 0) {
		c->keep_alive = false;
		return;
	}
	client_close(q, c);
}

/* More for c behind what it has; how much there is now, 0 for nothing new. */
static size_t
fill(struct queue *q, struct client *c)
{
	ssize_t n;

	if (c->in_len > 0)
		memcpy(buffer, c->in, c->in_len);
	if (c->in_len > 0 && !c->starved && c->state != CLIENT_LINGER)
		return c->in_len;
	if (!c->readable)
		return 0;
	do
		n = recv(c->source.fd, buffer + c->in_len, PROXY_READ, 0);
	while (n == -1 && errno == EINTR);
	if (n <= 0) {
		c->readable = false;
		if (n == 0)
			ended(q, c);
		else if (errno != EAGAIN)
			c->broken = true;
		return 0;
	}
	/* Less than was room for: the rest, or the end, is another event. */
	if (n < PROXY_READ && !c->fin)
		c->readable = false;
	return c->in_len + (size_t)n;
}

static bool
wants(const struct client *c)
{
	if (c->source.fd == -1 || c->broken || c->paused)
		return false;
	switch (c->state) {
	case CLIENT_WAIT:
		return false;
	case CLIENT_HEAD:
		return pending_size(&c->out) == 0 && c->keep_alive;
	default:
		return true;
	}
}

void
client_go(struct queue *q, struct client *c)
{
	size_t len;
	int turns = 0;

	if (c->busy)
		return;
	c->busy = true;
	while (wants(c)) {
		if (turns++ == PROXY_TURNS) {
			loop_again(q, &c->source);
			break;
		}
		len = fill(q, c);
		if (len == 0)
			break;
		consume(q, c, buffer, len);
	}
	c->busy = false;
	if (c->source.fd == -1)
		return;
	if (c->broken)
		client_close(q, c);
	else if (c->state != CLIENT_WAIT && !c->paused &&
	    (c->state != CLIENT_LINGER || turns == 0))
		client_timer(q, c);
}
