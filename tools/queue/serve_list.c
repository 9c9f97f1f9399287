/*
 * serve_list - a list of what several backends have: each is asked at once, and
 * those that answer in time make one answer. A page of another origin is
 * answered by one of them, since it decides whether the page may read it.
 */
#include <inttypes.h>
#include <string.h>

#include "tools/queue/lists.h"
#include "tools/queue/proxy.h"

struct listing {
	struct request *r; /* NULL: its client has left */
	int left;	   /* questions that are not answered */
	struct ak_buf answers[SCHED_BACKENDS];
};

static void
left(struct queue *q, struct request *r, void *arg)
{
	struct listing *list = arg;

	(void)q, (void)r;
	list->r = NULL;
}

static void
answer(struct queue *q, struct request *r, const struct ak_buf *body)
{
	struct client *c = r->client;
	AK_BUF struct ak_buf out = { 0 };

	if (c->old || q->draining)
		c->keep_alive = false;
	dialect_head(&out, 200, body->len, !c->keep_alive);
	ak_buf_printf(&out, "X-Aikit-Request-Id: %" PRIx64 "\r\n\r\n", r->id);
	ak_buf_add(&out, body->data, body->len);
	r->status = 200;
	r->at_first = r->at_last = q->now;
	r->bytes_out = (int64_t)body->len;
	client_write(q, c, out.data, out.len);
	serve_end(q, r, OUTCOME_OK);
}

/* What runs on two runs twice; what lies on two is one model. */
static void
finish(struct queue *q, struct listing *list)
{
	struct request *r = list->r;
	AK_BUF struct ak_buf body = { 0 };
	size_t count = 0;

	for (int i = 0; i < SCHED_BACKENDS; i++)
		if (list->answers[i].len > 0)
			list->answers[count++] = list->answers[i];
	if (r != NULL) {
		lists_merge(&body, list->answers, count,
		    !ak_streq(r->route->path, "/api/ps"));
		r->done = NULL;
		if (count > 0)
			answer(q, r, &body);
		else
			serve_down(q, r);
	}
	while (count-- > 0)
		ak_buf_free(&list->answers[count]);
	free(list);
}

static void
told(struct queue *q, struct request *own, void *arg)
{
	struct listing *list = arg;

	if (own->outcome == OUTCOME_OK && own->status == 200 &&
	    lists_whole(own->answer)) {
		list->answers[own->backend] = *own->answer;
		*own->answer = (struct ak_buf){ 0 };
	}
	if (--list->left == 0)
		finish(q, list);
}

static void
ask(struct queue *q, struct request *r, struct listing *list)
{
	struct request *own;

	list->left = 1; /* while they are asked */
	for (int i = 0; i < SCHED_BACKENDS; i++) {
		if (!q->backends[i].ready)
			continue;
		list->left++;
		own = request_own(q, i, r->route->path, NULL, told, list);
		own->deadline = q->now + q->settings->health.timeout;
		upstream_start(q, own, i, false);
	}
	if (--list->left == 0)
		finish(q, list);
}

bool
serve_list(struct queue *q, struct request *r)
{
	struct listing *list;
	int ready = 0;

	for (int i = 0; i < SCHED_BACKENDS; i++)
		ready += q->backends[i].ready;
	if (ready < 2 || r->method != HTTP1_GET || !r->listing)
		return false;
	list = ak_calloc(1, sizeof(*list));
	list->r = r;
	r->at_run = q->now;
	r->phase = PHASE_CONNECTING;
	r->done = left;
	r->arg = list;
	ask(q, r, list);
	return true;
}
