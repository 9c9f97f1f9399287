/*
 * admin - a socket that is asked over HTTP, in the same loop.
 *
 * Few speak here and they ask little: a question is read whole, an answer is
 * made whole. The same code serves GET /metrics on an address of its own.
 */
#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tools/queue/admin_impl.h"

#define QUESTION_MAX ((size_t)128 << 10)
/* Unread; then the follower is dropped. */
#define EVENTS_MAX ((size_t)1 << 20)
#define IDLE (60 * QUEUE_SECOND)
#define LINGER (2 * QUEUE_SECOND)

#define of_timer(t)                   \
	((struct admin_client *)(void \
		*)((char *)(t)-offsetof(struct admin_client, timer)))

void
admin_end(struct queue *q, struct admin_client *c)
{
	*c->prev = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	c->admin->client_count--;
	if (c->wait != NULL)
		c->wait->client = NULL;
	timer_drop(q, &c->timer);
	ak_buf_free(&c->in);
	ak_buf_free(&c->out);
	loop_close(q, &c->source, c);
}

/* false when the client is gone. */
static bool
flush(struct queue *q, struct admin_client *c)
{
	ssize_t wrote;

	while (c->out.len > 0) {
		wrote = send(c->source.fd, c->out.data, c->out.len,
		    MSG_NOSIGNAL);
		if (wrote == -1 && errno == EINTR)
			continue;
		if (wrote == -1 && errno == EAGAIN)
			return true;
		if (wrote == -1) {
			admin_end(q, c);
			return false;
		}
		ak_buf_drop(&c->out, (size_t)wrote);
	}
	/* Closed with bytes unread, a socket takes back what was written. */
	if (c->refused)
		shutdown(c->source.fd, SHUT_WR);
	if (!c->last || c->refused)
		return true;
	admin_end(q, c);
	return false;
}

static void
answer(struct queue *q, struct admin_client *c, const struct admin_call *call)
{
	ak_buf_printf(&c->out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\n",
	    call->status, http1_reason(call->status), call->type);
	if (call->follow)
		ak_buf_str(&c->out, "Connection: close\r\n\r\n");
	else
		ak_buf_printf(&c->out, "Content-Length: %zu\r\n%s\r\n",
		    call->out.len, c->last ? "Connection: close\r\n" : "");
	if (!c->head)
		ak_buf_add(&c->out, call->out.data, call->out.len);
	c->follow = call->follow;
	timer_set(q, &c->timer, c->follow ? QUEUE_FOREVER : q->now + IDLE);
}

void
admin_done(struct queue *q, struct admin_wait *wait)
{
	struct admin_client *c = wait->client;
	struct admin_call call = {
		.status = wait->status,
		.type = "application/x-ndjson",
		.out = wait->out,
	};

	if (c != NULL) {
		c->wait = NULL;
		answer(q, c, &call);
		(void)flush(q, c);
	}
	ak_buf_free(&wait->out);
	free(wait);
}

static void
bad(struct queue *q, struct admin_client *c, int status, const char *text)
{
	struct admin_call call = { 0 };

	c->last = c->refused = true;
	admin_refuse(&call, status, "%s", text);
	answer(q, c, &call);
	timer_set(q, &c->timer, q->now + LINGER);
	ak_buf_free(&call.out);
	ak_buf_reset(&c->in);
	(void)flush(q, c);
}

static int
hex(char c)
{
	return c >= '0' && c <= '9'		 ? c - '0'
	    : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
						 : -1;
}

/* %xx decoded; NULL when it is wrong or would hold a NUL. */
static char *
decode(const char *text, size_t len)
{
	AK_BUF struct ak_buf to = { 0 };

	for (size_t i = 0; i < len; i++) {
		int high, low;

		if (text[i] != '%') {
			ak_buf_char(&to, text[i]);
			continue;
		}
		if (i + 2 >= len || (high = hex(text[i + 1])) == -1 ||
		    (low = hex(text[i + 2])) == -1 || (high | low) == 0)
			return NULL;
		ak_buf_char(&to, (char)(high << 4 | low));
		i += 2;
	}
	return ak_buf_take(&to);
}

static void
question(struct queue *q, struct admin_client *c, const struct http1_head *head,
    const struct ak_buf *body)
{
	const char *data = c->in.data;
	AK_FREE char *path = decode(data + head->path.at, head->path.len);
	AK_FREE char *query = decode(data + head->query.at, head->query.len);
	struct admin_call call = {
		.app = c->admin->app,
		.q = q,
		.method = (enum http1_method)head->method,
		.path = path,
		.query = query,
		.body = ak_buf_text(body),
		.body_len = body->len,
		.metrics_only = c->metrics_only,
		.status = 200,
		.type = "application/x-ndjson",
	};

	c->last = !head->keep_alive;
	c->head = call.method == HTTP1_HEAD;
	if (path == NULL || query == NULL)
		admin_refuse(&call, 400, "the path is not well encoded");
	else
		admin_answer(&call);
	if (call.wait != NULL) {
		call.wait->client = c;
		c->wait = call.wait;
		timer_stop(q, &c->timer);
	} else {
		answer(q, c, &call);
	}
	ak_buf_free(&call.out);
}

/* One question of what has been read: 1, 0 to read more, -1 when refused. */
static int
take(struct queue *q, struct admin_client *c)
{
	static struct http1_head head;
	AK_BUF struct ak_buf whole = { 0 };
	struct http1_body body;
	size_t at;

	head = (struct http1_head){ 0 };
	switch (http1_request(&head, c->in.data, c->in.len, &http1_limits)) {
	case HTTP1_MORE:
		return 0;
	case HTTP1_BAD:
		bad(q, c, http1_status((enum http1_bad)head.bad),
		    http1_text((enum http1_bad)head.bad));
		return -1;
	case HTTP1_DONE:
		break;
	}
	http1_body_start(&body, &head);
	for (at = head.bytes; !body.done && at < c->in.len;) {
		struct http1_span span;
		size_t used;

		if (http1_body(&body, c->in.data + at, c->in.len - at, &used,
			&span) == HTTP1_BAD) {
			bad(q, c, 400, http1_text((enum http1_bad)body.bad));
			return -1;
		}
		ak_buf_add(&whole, span.data, span.len);
		at += used;
	}
	if (!body.done)
		return 0;
	question(q, c, &head, &whole);
	ak_buf_drop(&c->in, at);
	return 1;
}

/* What is behind a question that waits for its answer stays unread. */
static void
go(struct queue *q, struct admin_client *c)
{
	while (c->in.len > 0 && c->wait == NULL && !c->follow && !c->last) {
		int taken = take(q, c);

		if (taken == -1)
			return;
		if (taken == 0)
			break;
	}
	if (c->wait == NULL && !c->follow && !c->last &&
	    c->in.len > QUESTION_MAX) {
		bad(q, c, 413, "the question is too long");
		return;
	}
	if (c->wait == NULL)
		(void)flush(q, c);
}

static void
ready(struct queue *q, struct source *source, uint32_t events AK_UNUSED)
{
	struct admin_client *c = (struct admin_client *)(void *)source;
	char piece[4096];
	ssize_t got;

	while (c->in.len <= QUESTION_MAX) {
		got = recv(source->fd, piece, sizeof(piece), 0);
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1 && errno == EAGAIN)
			break;
		if (got <= 0) {
			admin_end(q, c);
			return;
		}
		if (!c->follow && !c->refused)
			ak_buf_add(&c->in, piece, (size_t)got);
	}
	if (c->refused)
		(void)flush(q, c);
	else
		go(q, c);
}

static void
idle(struct queue *q, struct timer *timer)
{
	admin_end(q, of_timer(timer));
}

static void
accept_one(struct queue *q, struct admin_listener *l, int fd)
{
	struct admin *admin = l->admin;
	struct admin_client *c;

	if (admin->client_count == ADMIN_CLIENTS) {
		close(fd);
		return;
	}
	c = ak_calloc(1, sizeof(*c));
	c->source = (struct source){ .fd = fd, .ready = ready };
	c->timer.fire = idle;
	c->admin = admin;
	c->metrics_only = l->metrics_only;
	c->next = admin->clients;
	c->prev = &admin->clients;
	if (c->next != NULL)
		c->next->prev = &c->next;
	admin->clients = c;
	admin->client_count++;
	timer_set(q, &c->timer, q->now + IDLE);
	if (loop_add(q, &c->source) == -1)
		admin_end(q, c);
}

void
admin_arrived(struct queue *q, struct source *source, uint32_t events AK_UNUSED)
{
	int fd = accept4(source->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd != -1)
		accept_one(q, (struct admin_listener *)(void *)source, fd);
}

bool
admin_followed(const struct admin *admin)
{
	const struct admin_client *c = admin != NULL ? admin->clients : NULL;

	while (c != NULL && !c->follow)
		c = c->next;
	return c != NULL;
}

void
admin_event(struct admin *admin, struct queue *q, const struct ak_buf *line)
{
	struct admin_client *next;

	/* Something may happen before there is one, and after. */
	if (admin == NULL)
		return;
	for (struct admin_client *c = admin->clients; c != NULL; c = next) {
		next = c->next;
		if (!c->follow)
			continue;
		if (c->out.len + line->len > EVENTS_MAX) {
			admin_end(q, c);
			continue;
		}
		ak_buf_add(&c->out, line->data, line->len);
		(void)flush(q, c);
	}
}
