/*
 * upstream_send - a request on its way to a backend.
 *
 * Its head is held as it goes on, but for Host, which is the backend's, and the
 * length, known when the body is whole. A body in memory goes with it in one
 * write; a spilled one by sendfile(2); a blob as it comes.
 */
#include <sys/sendfile.h>

#include <errno.h>
#include <string.h>

#include "tools/queue/proxy.h"

static struct ak_buf out; /* of the process */

static int64_t
body_length(const struct held *held)
{
	int64_t length = (int64_t)held->body_len;

	for (int i = 0; i < held->edit_count; i++)
		length += (int64_t)strlen(held->edits[i].text) -
		    (int64_t)held->edits[i].len;
	return length;
}

static void
put_head(struct upstream *u, const struct held *held)
{
	struct http1_onward how = {
		.host = u->backend->host,
		.framing = HTTP1_NONE,
	};

	if (u->stream) {
		how.framing = (enum http1_framing)held->framing;
		how.length = held->length;
		u->chunked = held->framing == HTTP1_CHUNKED;
	} else if (held->framing != HTTP1_NONE || held->body_len > 0) {
		how.framing = HTTP1_LENGTH;
		how.length = body_length(held);
	}
	http1_put_again(&out, (struct http1_span){ held->data, held->head_len },
	    &how);
}

void
upstream_render(struct queue *q, struct upstream *u, struct request *r)
{
	u->stream = r->reading != NULL && r->reading->as == READ_STREAM;
	ak_buf_reset(&out);
	put_head(u, &r->held);
	if (r->held.spill == -1)
		ak_buf_add(&out, r->held.data + r->held.head_len,
		    r->held.data_len - r->held.head_len);
	if (u->state == UP_CONNECT) {
		pending_add(&u->out, out.data, out.len);
		return;
	}
	/* That it is gone will be seen by reading, and told there. */
	if (pending_write(u->source.fd, &u->out, out.data, out.len) == -1 ||
	    upstream_flush(q, u) == -1) {
		u->fin = u->readable = true;
		loop_again(q, &u->source);
	}
}

/* 1: all has gone; 0: later; -1. */
static int
send_file(struct upstream *u, const struct held *held)
{
	const struct scan_edit *edit;
	uint64_t next;
	off_t at;
	ssize_t n;

	for (;;) {
		edit = u->edit < held->edit_count ? &held->edits[u->edit]
						  : NULL;
		next = edit != NULL ? edit->at : held->spilled;
		while (u->spill_at < next) {
			at = (off_t)u->spill_at;
			n = sendfile(u->source.fd, held->spill, &at,
			    next - u->spill_at);
			if (n == -1 && errno == EAGAIN)
				return 0;
			if (n <= 0)
				return -1;
			u->spill_at += (uint64_t)n;
		}
		if (edit == NULL)
			return 1;
		if (pending_write(u->source.fd, &u->out, edit->text,
			strlen(edit->text)) == -1)
			return -1;
		u->spill_at += edit->len;
		u->edit++;
		if (pending_size(&u->out) > 0)
			return 0;
	}
}

static void
sent(struct queue *q, struct upstream *u)
{
	struct request *r = u->request;

	u->whole = true;
	q->soon = u->backend->quick;
	r->at_sent = q->now;
	if (r->at_first == 0)
		r->phase = r->switching ? PHASE_LOADING : PHASE_PREFILL;
	upstream_timer(q, u);
}

int
upstream_flush(struct queue *q, struct upstream *u)
{
	struct request *r = u->request;
	struct client *c = r->client;
	int gone = 1;

	if (u->whole)
		return 0;
	if (pending_flush(u->source.fd, &u->out) == -1)
		return -1;
	if (pending_size(&u->out) > 0)
		return 0;
	if (u->stream) {
		upstream_timer(q, u);
		if (r->reading->body.done && !c->paused) {
			sent(q, u);
		} else if (c->paused) {
			c->paused = false;
			loop_again(q, &c->source);
		}
		return 0;
	}
	if (r->held.spill != -1)
		gone = send_file(u, &r->held);
	if (gone == 1)
		sent(q, u);
	else
		upstream_timer(q, u);
	return gone == -1 ? -1 : 0;
}

/*
 * Errors are not told here, where the caller still needs the request: the
 * kernel tells of them again.
 */
static void
piece(struct upstream *u, const char *data, size_t len)
{
	if (u->state == UP_CONNECT)
		pending_add(&u->out, data, len);
	else if (pending_write(u->source.fd, &u->out, data, len) == -1)
		u->fin = true;
}

void
upstream_piece(struct queue *q, struct request *r, const char *data, size_t len)
{
	struct upstream *u = r->up;
	char line[HTTP1_CHUNK_LINE];

	if (u == NULL || u->fin)
		return;
	if (u->chunked && len > 0)
		piece(u, line, http1_chunk_line(line, len));
	if (len > 0)
		piece(u, data, len);
	if (u->chunked && len > 0)
		piece(u, HTTP1_CRLF, 2);
	else if (u->chunked)
		piece(u, HTTP1_LAST_CHUNK, strlen(HTTP1_LAST_CHUNK));
	upstream_timer(q, u);
	if (pending_size(&u->out) > (size_t)q->settings->buffer_max)
		r->client->paused = true;
	if (len == 0 && pending_size(&u->out) == 0 && u->state != UP_CONNECT)
		sent(q, u);
}
