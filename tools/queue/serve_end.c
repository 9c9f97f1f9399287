/*
 * serve_end - how a request ends: answered, refused, failed, late, or left by
 * its client. Whatever happens, it ends here, once.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/queue/proxy.h"

static struct ak_buf answer; /* of the process, while it is written */

const char *
phase_name(enum phase phase)
{
	static const char *const names[] = {
		[PHASE_HEAD] = "reading",
		[PHASE_BODY] = "reading",
		[PHASE_QUEUED] = "queued",
		[PHASE_CONNECTING] = "connecting",
		[PHASE_LOADING] = "loading",
		[PHASE_PREFILL] = "prefill",
		[PHASE_STREAMING] = "streaming",
		[PHASE_ENDED] = "ended",
	};

	_Static_assert(AK_COUNT(names) == PHASES, "a name a phase");
	return names[phase];
}

const char *
outcome_name(enum outcome outcome)
{
	static const char *const names[] = {
		[OUTCOME_NONE] = "none",
		[OUTCOME_OK] = "ok",
		[OUTCOME_REFUSED] = "refused",
		[OUTCOME_CANCELLED] = "cancelled",
		[OUTCOME_KILLED] = "killed",
		[OUTCOME_FAILED] = "failed",
		[OUTCOME_TIMEOUT] = "timeout",
	};

	_Static_assert(AK_COUNT(names) == OUTCOMES, "a name an outcome");
	return names[outcome];
}

/* What the answer told of itself. */
static void
account(struct request *r)
{
	struct reply *reply = r->reply;

	if (reply == NULL)
		return;
	reply_end(reply);
	r->prompt = reply_prompt(reply);
	r->generated = reply_generated(reply);
	r->load_us = reply->load_ns > 0 ? reply->load_ns / 1000 : 0;
	r->eval_us = reply->eval_ns > 0 ? reply->eval_ns / 1000 : 0;
	if (reply->error && r->error[0] == '\0')
		snprintf(r->error, sizeof(r->error), "%.63s", reply->message);
}

static void
tell_sched(struct queue *q, struct request *r)
{
	const struct reply *reply = r->reply;
	struct sched_usage usage = {
		.failed = r->outcome != OUTCOME_OK || r->status >= 400,
		.prompt = -1,
		.generated = -1,
		.load_us = -1,
		.prompt_us = -1,
		.generated_us = -1,
	};

	if (r->sched_id == 0)
		return;
	q->pick = true;
	if (r->phase == PHASE_QUEUED || r->outcome == OUTCOME_CANCELLED ||
	    r->outcome == OUTCOME_KILLED) {
		sched_cancel(q->sched, r->sched_id, q->now);
		return;
	}
	if (reply != NULL) {
		usage.prompt = reply->prompt_eval_count;
		usage.generated = reply_generated(reply);
		if (reply->load_ns >= 0)
			usage.load_us = reply->load_ns / 1000;
		if (reply->eval_ns >= 0)
			usage.generated_us = reply->eval_ns / 1000;
	}
	sched_done(q->sched, r->sched_id, &usage, q->now);
}

static void
forget(struct queue *q, struct request *r)
{
	*r->prev = r->next;
	if (r->next != NULL)
		r->next->prev = r->prev;
	q->request_count--;
	held_free(q, &r->held);
	reading_free(r);
	free(r->reply);
	if (r->answer != NULL)
		ak_buf_free(r->answer);
	free(r->answer);
	name_put(r->user);
	name_put(r->model);
	name_put(r->options);
	name_put(r->from);
	free(r);
}

void
serve_settle(struct queue *q, struct request *r, enum outcome outcome)
{
	r->outcome = (uint8_t)outcome;
	r->at_end = q->now;
	account(r);
	if (r->phase == PHASE_QUEUED && r->sched_id != 0)
		q->queued--;
	tell_sched(q, r);
	r->settled = true;
}

void
serve_end(struct queue *q, struct request *r, enum outcome outcome)
{
	struct client *c = r->client;

	if (!r->settled)
		serve_settle(q, r, outcome);
	r->outcome = (uint8_t)outcome;
	serve_unwait(q, r);
	if (r->managing)
		q->managing--;
	if (r->asking)
		q->asking--;
	models_changed(q, r);
	if (r->done != NULL)
		r->done(q, r, r->arg);
	if (c != NULL && q->hooks != NULL && q->hooks->ended != NULL)
		q->hooks->ended(q->hooks->arg, q, r);
	forget(q, r);
	if (c == NULL)
		return;
	c->request = NULL;
	client_answered(q, c);
}

static void
refuse_whole(struct queue *q, struct request *r,
    const struct dialect_error *said)
{
	struct client *c = r->client;
	struct dialect_error error = *said;
	char extra[256];

	snprintf(extra, sizeof(extra), "X-Aikit-Request-Id: %" PRIx64 "\r\n%s",
	    r->id, said->extra != NULL ? said->extra : "");
	error.extra = extra;
	error.head = r->method == HTTP1_HEAD;
	if (c->state == CLIENT_BODY || c->old || q->draining)
		c->keep_alive = false;
	error.close = !c->keep_alive;
	ak_buf_reset(&answer);
	dialect_response(&answer, (enum dialect)r->dialect, &error);
	client_write(q, c, answer.data, answer.len);
	r->status = (uint16_t)error.status;
}

/*
 * The client has part of an answer. In a stream the error is an object of its
 * own and the stream ends well, so that the client reads it; anything else is
 * cut, so that nobody takes it for whole.
 */
static void
refuse_rest(struct queue *q, struct request *r,
    const struct dialect_error *error)
{
	struct client *c = r->client;
	char line[HTTP1_CHUNK_LINE];
	AK_BUF struct ak_buf object = { 0 };

	if (!r->streams || r->reply == NULL ||
	    (r->reply->form != REPLY_NDJSON && r->reply->form != REPLY_SSE)) {
		c->keep_alive = false;
		return;
	}
	/* With its last chunk the answer is whole, and the next may follow. */
	c->keep_alive = c->keep_alive && c->chunked;
	if (!r->newline)
		ak_buf_char(&object, '\n');
	if (!r->newline && r->sse)
		ak_buf_char(&object, '\n');
	dialect_in_stream(&object, (enum dialect)r->dialect, r->sse, error);
	ak_buf_reset(&answer);
	if (c->chunked)
		ak_buf_add(&answer, line, http1_chunk_line(line, object.len));
	ak_buf_add(&answer, object.data, object.len);
	if (c->chunked)
		ak_buf_str(&answer, HTTP1_CRLF HTTP1_LAST_CHUNK);
	client_write(q, c, answer.data, answer.len);
}

void
serve_refuse(struct queue *q, struct request *r,
    const struct dialect_error *error, enum outcome outcome)
{
	if (r->up != NULL)
		upstream_close(q, r->up);
	if (r->client != NULL)
		q->counters.refused++;
	if (r->error[0] == '\0' && error->text != NULL)
		snprintf(r->error, sizeof(r->error), "%.63s", error->text);
	if (r->client != NULL && r->begun)
		refuse_rest(q, r, error);
	else if (r->client != NULL)
		refuse_whole(q, r, error);
	else
		r->status = (uint16_t)error->status;
	serve_end(q, r, outcome);
}

static bool
try_again(struct queue *q, struct request *r)
{
	int to = r->backend;

	if (r->begun || r->held.data == NULL || r->client == NULL ||
	    r->tries >= q->settings->retry_max || !backend_other(q, to) ||
	    r->client->state != CLIENT_WAIT)
		return false;
	if (r->sched_id == 0 && (to = backend_pick(q, r)) == -1)
		return false;
	r->tries++;
	q->counters.retried++;
	if (r->up != NULL)
		upstream_close(q, r->up);
	if (r->sched_id != 0) {
		serve_requeue(q, r, true);
		return true;
	}
	upstream_start(q, r, to, false);
	return true;
}

void
serve_failed(struct queue *q, struct request *r, const char *text)
{
	struct dialect_error error = {
		.status = 502,
		.text = text,
		.code = "backend_failed",
		.retry_ms = q->settings->health.interval / 1000,
	};

	backend_result(q, r, false);
	if (!try_again(q, r))
		serve_refuse(q, r, &error, OUTCOME_FAILED);
}

void
serve_timeout(struct queue *q, struct request *r, const char *text)
{
	struct dialect_error error = {
		.status = r->phase <= PHASE_BODY ? 408 : 504,
		.text = text,
		.code = "timeout",
	};

	if (r->phase >= PHASE_CONNECTING)
		backend_result(q, r, false);
	serve_refuse(q, r, &error, OUTCOME_TIMEOUT);
}

void
serve_cancel(struct queue *q, struct request *r, enum outcome outcome)
{
	if (r->up != NULL)
		upstream_close(q, r->up);
	if (outcome != OUTCOME_TIMEOUT)
		q->counters.cancelled[r->phase]++;
	if (r->client != NULL)
		r->client->broken = true;
	serve_end(q, r, outcome);
}

void
serve_bad_status(struct queue *q, struct client *c, int status,
    const char *text)
{
	struct dialect_error error = {
		.status = status,
		.text = text,
		.close = true,
	};

	ak_buf_reset(&answer);
	dialect_response(&answer, DIALECT_OLLAMA, &error);
	client_write(q, c, answer.data, answer.len);
	client_linger(q, c);
}

void
serve_bad(struct queue *q, struct client *c, enum http1_bad bad)
{
	serve_bad_status(q, c, http1_status(bad), http1_text(bad));
}
