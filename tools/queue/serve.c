/*
 * serve - which lane a whole request takes, and when its turn comes.
 */
#include <stdio.h>
#include <string.h>

#include "tools/queue/proxy.h"

/* A token of a prompt is about so many bytes of body. */
#define TOKEN_BYTES 4

/* What a reason of sched means to the client. */
static const struct {
	int status;
	const char *text;
} refusals[SCHED_REASONS] = {
	[SCHED_FULL] = { 503, "the queue is full" },
	[SCHED_CLASS_FULL] = { 503, "the queue of this class is full" },
	[SCHED_CLIENT_FULL] = { 429, "too many of your requests wait" },
	[SCHED_TABLE_FULL] = { 503, "too many clients or models at once" },
	[SCHED_NO_CLASS] = { 500, "no such class" },
	[SCHED_BAD_NAME] = { 400, "the name of the model is too long" },
	[SCHED_NO_BACKEND] = { 404, "no server has this model" },
	[SCHED_CLOSED] = { 503, "no new requests are taken now" },
	[SCHED_HOPELESS] = { 503, "it would not be done in time" },
	[SCHED_LATE] = { 503, "its turn did not come in time" },
};

static void
refuse_for(struct queue *q, struct request *r, enum sched_reason why)
{
	int64_t wait = sched_estimate_class(q->sched, r->class, q->now);
	struct dialect_error error = {
		.status = refusals[why].status,
		.text = refusals[why].text,
		.code = sched_reason_name(why),
	};

	r->why = (uint8_t)why;
	/* Nobody waits for it any more. */
	if (why == SCHED_LATE && r->deadline != 0 && q->now >= r->deadline) {
		error.status = 504;
		error.text = "its deadline passed while it waited";
	}
	if (error.status == 503 || error.status == 429)
		error.retry_ms = wait > QUEUE_SECOND ? wait / 1000
						     : SERVE_RETRY_MS;
	serve_refuse(q, r, &error, OUTCOME_REFUSED);
}

static bool
any_ready(const struct queue *q, uint32_t bits)
{
	for (int i = 0; i < SCHED_BACKENDS; i++)
		if ((bits >> i & 1) && q->backends[i].ready)
			return true;
	return false;
}

void
serve_down(struct queue *q, struct request *r)
{
	serve_refuse(q, r,
	    &(struct dialect_error){ .status = 503,
		.text = "no server answers",
		.code = "backend_down",
		.retry_ms = q->settings->health.interval / 1000 },
	    OUTCOME_FAILED);
}

static void
refuse_unknown(struct queue *q, struct request *r)
{
	const char *name = r->model->text;
	/* As Ollama says it: without the tag that the client left out. */
	int len = (int)(r->untagged ? strrchr(name, ':') - name
				    : (ptrdiff_t)strlen(name));
	AK_FREE char *text = ak_printf("model '%.*s' not found", len, name);

	r->why = SCHED_NO_BACKEND;
	serve_refuse(q, r,
	    &(struct dialect_error){
		.status = 404, .text = text, .code = "model_not_found" },
	    OUTCOME_REFUSED);
}

/* again: lists of models that are not new are read once more for it. */
static void
enqueue(struct queue *q, struct request *r, bool again)
{
	uint32_t bits;
	enum sched_reason why;
	struct sched_request what = {
		.class = r->class,
		.client = r->user->text[0] != '\0' ? r->user->text : "-",
		.options = r->options->text,
		.deadline = r->deadline,
		.avoid = r->avoid,
		.prompt = (int)(r->held.body_len / TOKEN_BYTES),
		.owner = r,
	};

	bits = models_tell(q, r);
	if (bits == 0 && again && models_wait(q, r))
		return;
	/* Asking may have shown that a list cannot be read. */
	if (bits == 0)
		bits = models_tell(q, r);
	if (bits == 0) {
		refuse_unknown(q, r);
		return;
	}
	if (!any_ready(q, bits)) {
		serve_down(q, r);
		return;
	}
	what.model = r->model->text;
	why = sched_add(q->sched, &what, q->now, &r->sched_id);
	if (why != SCHED_OK) {
		refuse_for(q, r, why);
		return;
	}
	r->phase = PHASE_QUEUED;
	r->at_queued = q->now;
	r->position = sched_position(q->sched, r->sched_id);
	q->queued++;
	q->pick = true;
	r->own_us += loop_clock() - q->now;
}

void
serve_known(struct queue *q, struct request *r)
{
	r->asking = false;
	q->asking--;
	enqueue(q, r, false);
}

static void
direct(struct queue *q, struct request *r)
{
	int backend = backend_pick(q, r);

	r->at_run = q->now;
	if (backend == -1)
		serve_down(q, r);
	else
		upstream_start(q, r, backend, false);
}

/* In their order, a few at a time. */
static void
manage(struct queue *q, struct request *r)
{
	r->phase = PHASE_QUEUED;
	r->at_queued = q->now;
	if (q->manage_first == NULL)
		q->manage_last = &q->manage_first;
	r->wait_prev = q->manage_last;
	*q->manage_last = r;
	q->manage_last = &r->wait_next;
	serve_manage(q);
}

void
serve_unwait(struct queue *q, struct request *r)
{
	if (r->wait_prev == NULL)
		return;
	*r->wait_prev = r->wait_next;
	if (r->wait_next != NULL)
		r->wait_next->wait_prev = r->wait_prev;
	else
		q->manage_last = r->wait_prev;
	r->wait_prev = NULL;
	r->wait_next = NULL;
}

void
serve_manage(struct queue *q)
{
	struct request *r;

	while (q->manage_first != NULL &&
	    q->managing < q->settings->manage_limit) {
		r = q->manage_first;
		serve_unwait(q, r);
		r->managing = true;
		q->managing++;
		direct(q, r);
	}
}

void
serve_whole(struct queue *q, struct request *r)
{
	r->at_whole = q->now;
	if (r->at_run != 0)
		return;
	switch (r->lane) {
	case ROUTE_QUEUE:
		enqueue(q, r, true);
		break;
	case ROUTE_MANAGE:
		manage(q, r);
		break;
	default:
		if (!serve_list(q, r))
			direct(q, r);
		break;
	}
}

static void
run(struct queue *q, struct request *r, const struct sched_act *act)
{
	r->at_run = q->now;
	/* It did not wait at all. */
	if (r->at_queued == q->now) {
		r->position = 0;
		r->own_us = 0;
	}
	r->switching = act->switching;
	if (act->switching) {
		name_put(r->from);
		r->from = name_get(act->from, strlen(act->from));
		r->cause = (uint8_t)act->cause;
	}
	q->queued--;
	r->phase = PHASE_CONNECTING;
	upstream_start(q, r, act->backend, false);
}

static void
preempt(struct queue *q, struct request *r)
{
	if (r->up != NULL)
		upstream_close(q, r->up);
	serve_requeue(q, r, false);
}

void
serve_requeue(struct queue *q, struct request *r, bool avoid)
{
	if (!sched_requeue(q->sched, r->sched_id, avoid, q->now)) {
		r->sched_id = 0;
		enqueue(q, r, false);
		return;
	}
	r->phase = PHASE_QUEUED;
	r->backend = -1;
	q->queued++;
	q->pick = true;
}

static void
unloaded(struct queue *q, struct request *r, void *arg)
{
	(void)arg;
	sched_unloaded(q->sched, r->backend, r->model->text, q->now);
	q->pick = true;
}

static void
expire(struct queue *q)
{
	enum sched_reason why;
	struct request *r;
	void *owner;
	uint64_t id;

	while (sched_expired(q->sched, q->now, &id, &owner, &why)) {
		r = owner;
		r->sched_id = 0;
		q->queued--;
		r->phase = PHASE_QUEUED;
		refuse_for(q, r, why);
	}
}

void
serve_turn(struct queue *q)
{
	struct sched_act act;

	if (q->manage_first != NULL)
		serve_manage(q);
	if (!q->pick && q->now < q->wake)
		return;
	expire(q);
	for (;;) {
		q->pick = false;
		sched_pick(q->sched, q->now, &act);
		switch (act.kind) {
		case SCHED_WAIT:
			q->wake = act.wake;
			if (!q->pick)
				return;
			break;
		case SCHED_RUN:
			run(q, act.owner, &act);
			break;
		case SCHED_UNLOAD:
			queue_unload(q, act.backend, act.model, unloaded, NULL);
			break;
		case SCHED_PREEMPT:
			preempt(q, act.owner);
			break;
		}
	}
}

void
queue_kick(struct queue *q)
{
	q->pick = true;
}
