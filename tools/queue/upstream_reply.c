/*
 * upstream_reply - an answer on its way to the client.
 *
 * What one read brings is framed anew and written at once, in one write. An
 * answer is looked at as it passes, for tokens and errors, and never changed.
 */
#include <sys/socket.h>

#include <errno.h>
#include <string.h>

#include "tools/queue/proxy.h"

#define ANSWER_MAX (1 << 20) /* of our own requests */
#define BUFFER_FREE (256 << 10)
/* us: whoever answers within is quick. The loop looks out for the next. */
#define QUICK 200
/* Three names, three numbers of at most 20 digits, three CRLF. */
#define EXTRA_MAX (3 * 24 + 3 * HTTP1_DIGITS + 3 * 2 + 1)

static char buffer[HTTP1_HEAD_MAX + 1 + PROXY_READ];
static struct http1_head scratch;
static struct ak_buf out;
static struct http1_span unseen; /* of buffer: in out, and not looked at */

static const struct http1_limits limits = {
	.head_bytes = HTTP1_HEAD_MAX,
	.target_bytes = HTTP1_HEAD_MAX,
	.fields = HTTP1_FIELDS,
};

/* Its length and its framing towards the client. */
static void
framing(const struct queue *q, struct client *c, const struct request *r,
    const struct http1_head *head, struct http1_onward *how)
{
	how->framing = (enum http1_framing)head->framing;
	how->length = head->length;
	if (r->method == HTTP1_HEAD && head->length >= 0)
		how->framing = HTTP1_LENGTH;
	if (how->framing == HTTP1_CHUNKED || how->framing == HTTP1_CLOSE) {
		how->framing = c->old ? HTTP1_CLOSE : HTTP1_CHUNKED;
		if (c->old)
			c->keep_alive = false;
	}
	if (c->state == CLIENT_BODY || q->draining)
		c->keep_alive = false;
	c->chunked = how->framing == HTTP1_CHUNKED;
	how->close = !c->keep_alive;
	how->old = c->old;
}

static void
look_at(struct request *r, const struct http1_head *head, const char *data)
{
	enum reply_form form = reply_form(data + head->content_type.at,
	    head->content_type.len);

	if (r->lane != ROUTE_QUEUE && r->lane != ROUTE_CONTROL)
		return;
	r->reply = ak_malloc(sizeof(*r->reply));
	reply_begin(r->reply, form);
	r->sse = form == REPLY_SSE;
	r->newline = true;
}

/* What we have to say of the request: without printf, it is every answer's. */
static void
put_extra(const struct request *r, char extra[EXTRA_MAX])
{
	char id[HTTP1_CHUNK_LINE];
	size_t len = http1_chunk_line(id, r->id);

	extra = stpcpy(extra, "X-Aikit-Request-Id: ");
	extra = mempcpy(extra, id, len);
	*extra = '\0';
	if (r->sched_id == 0)
		return;
	extra = http1_put_number(extra,
	    "X-Aikit-Queue-Position: ", (uint64_t)r->position);
	http1_put_number(extra, "X-Aikit-Queue-Wait-Ms: ",
	    (uint64_t)(r->at_run - r->at_queued) / 1000);
}

/* The head of the answer is there. */
static void
begin(struct queue *q, struct upstream *u, const struct http1_head *head,
    const char *data)
{
	struct request *r = u->request;
	struct http1_onward how = { 0 };
	char extra[EXTRA_MAX];

	http1_body_start(&u->body, head);
	u->keep_alive = head->keep_alive;
	u->state = UP_BODY;
	r->phase = PHASE_STREAMING;
	r->status = head->status;
	r->at_first = q->now;
	u->backend->quick = q->now - r->at_sent < QUICK;
	if (r->sched_id != 0 && head->status < 400) {
		sched_first_byte(q->sched, r->sched_id, q->now);
		q->pick = true;
	}
	look_at(r, head, data);
	if (r->client == NULL)
		return;
	framing(q, r->client, r, head, &how);
	put_extra(r, extra);
	how.extra = extra;
	http1_put_response(&out, head, data, &how);
	r->begun = true;
	if (!u->stream)
		held_free(q, &r->held);
}

/* A busy or failing backend, before the client has seen anything of it. */
static bool
elsewhere(struct queue *q, const struct request *r,
    const struct http1_head *head)
{
	if (head->status != 502 && head->status != 503 && head->status != 504)
		return false;
	if (r->client == NULL || r->held.data == NULL || r->up->stream ||
	    r->tries >= q->settings->retry_max)
		return false;
	return backend_other(q, r->backend);
}

/* How much of data the head took; 0: more is needed, or u is closed. */
static size_t
answer_head(struct queue *q, struct upstream *u, const char *data, size_t len)
{
	struct http1_head *head = u->head != NULL ? u->head : &scratch;
	size_t used;

	if (u->head == NULL)
		memset(head, 0, offsetof(struct http1_head, fields));
	switch (http1_response(head, data, len,
	    (enum http1_method)u->request->method, &limits)) {
	case HTTP1_MORE:
		if (u->head == NULL) {
			u->head = ak_malloc(sizeof(*head));
			*u->head = scratch;
		}
		return 0;
	case HTTP1_BAD:
		q->counters.upstream_bad++;
		upstream_lost_as(q, u, "the server's answer is malformed");
		return 0;
	case HTTP1_DONE:
		break;
	}
	used = head->bytes;
	if (elsewhere(q, u->request, head))
		upstream_lost_as(q, u, "the server is busy");
	else if (head->status >= 200)
		begin(q, u, head, data);
	if (u->source.fd == -1)
		return 0;
	free(u->head);
	u->head = NULL;
	return used;
}

/* Tokens and errors of what is unseen: a client has it before. */
static void
look(struct queue *q, struct request *r)
{
	uint64_t before;
	int more;

	if (unseen.len == 0)
		return;
	before = r->reply->deltas;
	reply_feed(r->reply, unseen.data, unseen.len);
	unseen.len = 0;
	more = (int)(r->reply->deltas - before);
	if (more <= 0)
		return;
	if (r->sched_id != 0)
		sched_progress(q->sched, r->sched_id, more);
	if (r->at_token != 0 && q->hooks != NULL && q->hooks->token != NULL)
		q->hooks->token(q->hooks->arg, r,
		    (q->now - r->at_token_last) / more);
	if (r->at_token == 0)
		r->at_token = q->now;
	r->at_token_last = q->now;
}

static void
payload(struct queue *q, struct request *r, const struct http1_span *span)
{
	struct client *c = r->client;
	char line[HTTP1_CHUNK_LINE];

	if (span->len == 0)
		return;
	r->bytes_out += (int64_t)span->len;
	if (r->reply != NULL) {
		look(q, r);
		unseen = *span;
		r->newline = span->data[span->len - 1] == '\n';
	}
	if (c == NULL) {
		if (r->answer->len + span->len <= ANSWER_MAX)
			ak_buf_add(r->answer, span->data, span->len);
		return;
	}
	if (c->chunked)
		ak_buf_add(&out, line, http1_chunk_line(line, span->len));
	ak_buf_add(&out, span->data, span->len);
	if (c->chunked)
		ak_buf_add(&out, HTTP1_CRLF, 2);
}

/*
 * Writes what was made, with the backends' next requests before it if late.
 * false: the client is gone, and r with it.
 */
static bool
hand_over(struct queue *q, struct request *r, bool late)
{
	if (r->client != NULL)
		(late ? client_write_late : client_write)(q, r->client,
		    out.data, out.len);
	ak_buf_reset(&out);
	look(q, r);
	if (r->client == NULL || !r->client->broken)
		return true;
	serve_cancel(q, r, OUTCOME_CANCELLED);
	return false;
}

/*
 * When others wait, the backends get their next requests before the clients
 * their last bytes: they work side by side then.
 */
static void
finish(struct queue *q, struct upstream *u, bool keep)
{
	struct request *r = u->request;
	bool others = q->queued > 0 && r->sched_id != 0;

	if (r->client != NULL && r->client->chunked)
		ak_buf_str(&out, HTTP1_LAST_CHUNK);
	if (!others && !hand_over(q, r, false))
		return;
	free(u->in);
	u->in = NULL;
	u->in_len = 0;
	upstream_done(q, u, keep);
	backend_result(q, r, r->status < 500);
	if (others) {
		look(q, r);
		serve_settle(q, r, OUTCOME_OK);
		serve_turn(q);
		if (!hand_over(q, r, true))
			return;
	}
	serve_end(q, r, OUTCOME_OK);
}

/* len bytes have come; those that are not used are kept. */
static void
feed(struct queue *q, struct upstream *u, const char *data, size_t len)
{
	struct http1_span span = { 0 };
	size_t used;

	u->request->at_last = q->now;
	if (u->request->sched_id != 0)
		backend_heard(q, u->backend);
	while (u->state == UP_SEND && len > 0) {
		used = answer_head(q, u, data, len);
		if (u->source.fd == -1)
			return;
		if (used == 0)
			break;
		data += used;
		len -= used;
	}
	while (u->state == UP_BODY && !u->body.done && len > 0) {
		if (http1_body(&u->body, data, len, &used, &span) ==
		    HTTP1_BAD) {
			q->counters.upstream_bad++;
			if (hand_over(q, u->request, false))
				upstream_lost_as(q, u,
				    "the server's answer is malformed");
			return;
		}
		payload(q, u->request, &span);
		data += used;
		len -= used;
	}
	if (u->state == UP_BODY && u->body.done) {
		finish(q, u, u->keep_alive && len == 0);
		return;
	}
	if (!hand_over(q, u->request, false))
		return;
	free(u->in);
	u->in = NULL;
	u->in_len = (uint32_t)len;
	if (len > 0) {
		u->in = ak_malloc(len);
		memcpy(u->in, data, len);
	}
	upstream_timer(q, u);
}

static void
ended(struct queue *q, struct upstream *u)
{
	if (u->state == UP_BODY && http1_body_eof(&u->body) == 0)
		finish(q, u, false);
	else
		upstream_lost(q, u);
}

static bool
wants(const struct queue *q, struct upstream *u)
{
	if (u->source.fd == -1 || !u->readable || u->request == NULL)
		return false;
	if (u->request->client != NULL &&
	    pending_size(&u->request->client->out) >
		(size_t)q->settings->buffer_max)
		u->resting = true;
	return !u->resting;
}

void
upstream_read(struct queue *q, struct upstream *u)
{
	ssize_t n;
	int turns = 0;

	while (wants(q, u)) {
		if (turns++ == PROXY_TURNS) {
			loop_again(q, &u->source);
			break;
		}
		if (u->in_len > 0)
			memcpy(buffer, u->in, u->in_len);
		n = recv(u->source.fd, buffer + u->in_len, PROXY_READ, 0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN) {
			u->readable = false;
			break;
		}
		if (n <= 0) {
			u->readable = false;
			ended(q, u);
			break;
		}
		if (n < PROXY_READ && !u->fin)
			u->readable = false;
		feed(q, u, buffer, u->in_len + (size_t)n);
	}
	if (out.cap > BUFFER_FREE)
		ak_buf_free(&out);
}
