/*
 * tell_request - records of requests: those that are there, one that has
 * ended, and why one waited.
 *
 * What a client sent is never in them but for names: its own and the model's.
 * Not even a backend's words for an error, which may quote the prompt.
 */
#include <stdio.h>
#include <string.h>

#include "tools/queue/operate.h"

static const char *
class_name(const struct queue *q, int class)
{
	return class < 0 || class >= SCHED_CLASSES
	    ? NULL
	    : q->settings->sched.classes[class].name;
}

static const char *
backend_name(const struct queue *q, int backend)
{
	return backend < 0 || backend >= SCHED_BACKENDS
	    ? NULL
	    : q->backends[backend].name;
}

static const char *
text_of(const struct name *name)
{
	return name == NULL || name->text[0] == '\0' ? NULL : name->text;
}

static void
put_id(struct ak_buf *buf, uint64_t id)
{
	char text[24];

	snprintf(text, sizeof(text), "%llx", (unsigned long long)id);
	put_str(buf, "id", text);
}

/* Between two times that both have come. */
static void
put_between(struct ak_buf *buf, const char *key, int64_t from, int64_t to)
{
	if (from > 0 && to >= from)
		put_seconds(buf, key, to - from);
}

static void
put_who(const struct queue *q, const struct request *r, struct ak_buf *buf)
{
	put_str(buf, "client", text_of(r->user));
	put_str(buf, "class", class_name(q, r->class));
	put_str(buf, "method", http1_method_name((enum http1_method)r->method));
	put_str(buf, "endpoint", r->route != NULL ? r->route->path : "other");
	put_str(buf, "model", text_of(r->model));
	put_str(buf, "options", text_of(r->options));
	put_str(buf, "backend", backend_name(q, r->backend));
}

/* From being queued until it was sent, or until now. */
static int64_t
waited(const struct request *r, int64_t now)
{
	int64_t end = r->at_run > 0 ? r->at_run
	    : r->at_end > 0	    ? r->at_end
				    : now;

	return r->at_queued > 0 ? end - r->at_queued : -1;
}

void
tell_request(const struct app *app, struct queue *q, const struct request *r,
    struct ak_buf *buf)
{
	bool waits = r->phase == PHASE_QUEUED;

	put_begin(buf, "request");
	put_id(buf, r->id);
	put_time(buf, "since", tell_time(app, r->at_begin));
	put_str(buf, "phase", phase_name((enum phase)r->phase));
	put_who(q, r, buf);
	if (waits && r->sched_id != 0) {
		put_int(buf, "position", sched_position(q->sched, r->sched_id));
		put_seconds(buf, "estimate_seconds",
		    sched_estimate(q->sched, r->sched_id, q->now));
	}
	put_seconds(buf, "wait_seconds", waited(r, q->now));
	put_between(buf, "run_seconds", r->at_run, q->now);
	if (r->deadline > 0)
		put_seconds(buf, "deadline_seconds",
		    r->deadline > q->now ? r->deadline - q->now : 0);
	if (r->reply != NULL)
		put_int(buf, "generated_tokens", reply_generated(r->reply));
	put_int(buf, "in_bytes", r->bytes_in);
	put_int(buf, "out_bytes", r->bytes_out);
	if (r->tries > 0)
		put_int(buf, "tries", r->tries + 1);
	put_end(buf);
}

void
tell_requests(const struct app *app, struct queue *q, const char *state,
    struct ak_buf *buf)
{
	for (const struct request *r = q->requests; r != NULL; r = r->next)
		if (r->client != NULL &&
		    (state == NULL ||
			ak_streq(state, phase_name((enum phase)r->phase))))
			tell_request(app, q, r, buf);
}

void
tell_access(const struct app *app, const struct queue *q,
    const struct request *r, struct ak_buf *buf)
{
	put_begin(buf, "access");
	put_time(buf, "time", tell_time(app, r->at_end));
	put_id(buf, r->id);
	put_who(q, r, buf);
	if (r->status > 0)
		put_int(buf, "status", r->status);
	put_str(buf, "outcome", outcome_name((enum outcome)r->outcome));
	if (r->outcome != OUTCOME_OK && r->why != SCHED_OK)
		put_str(buf, "reason",
		    sched_reason_name((enum sched_reason)r->why));
	if (r->outcome == OUTCOME_CANCELLED || r->outcome == OUTCOME_KILLED ||
	    r->outcome == OUTCOME_TIMEOUT)
		put_str(buf, "phase", phase_name((enum phase)r->phase));
	put_seconds(buf, "wait_seconds", waited(r, r->at_end));
	if (r->load_us > 0)
		put_seconds(buf, "load_seconds", r->load_us);
	put_between(buf, "first_byte_seconds", r->at_sent, r->at_first);
	put_between(buf, "first_token_seconds", r->at_begin, r->at_token);
	put_between(buf, "seconds", r->at_begin, r->at_end);
	if (r->prompt > 0 || r->generated > 0) {
		put_int(buf, "prompt_tokens", r->prompt);
		put_int(buf, "generated_tokens", r->generated);
	}
	put_int(buf, "in_bytes", r->bytes_in);
	put_int(buf, "out_bytes", r->bytes_out);
	if (r->tries > 0)
		put_int(buf, "tries", r->tries + 1);
	if (r->switching)
		put_bool(buf, "switched", true);
	put_end(buf);
}

/* ---- Why it waited. ---- */

struct step {
	int64_t at;
	size_t order;
	char text[224];
};

struct steps {
	const struct queue *q;
	struct step *steps;
	size_t count;
};

/* The scheduler knows backends by number; people by name. */
static void
set_text(struct step *step, const struct queue *q, const char *text)
{
	const char *at = strstr(text, "backend ");
	size_t digits = at == NULL ? 0 : strspn(at + 8, "0123456789");
	const char *name = digits == 0
	    ? NULL
	    : backend_name(q, (int)strtol(at + 8, NULL, 10));

	if (name == NULL)
		snprintf(step->text, sizeof(step->text), "%s", text);
	else
		snprintf(step->text, sizeof(step->text), "%.*s%s%s",
		    (int)(at - text) + 8, text, name, at + 8 + digits);
}

static void
add(void *arg, int64_t at, const char *text)
{
	struct steps *to = arg;
	struct step *step;

	if (at <= 0)
		return;
	to->steps = ak_resize(to->steps, to->count + 1, sizeof(*to->steps));
	step = &to->steps[to->count];
	*step = (struct step){ .at = at, .order = to->count++ };
	set_text(step, to->q, text);
}

static void add_format(struct steps *to, int64_t at, const char *format, ...)
    AK_PRINTF(3, 4);

static void
add_format(struct steps *to, int64_t at, const char *format, ...)
{
	AK_BUF struct ak_buf text = { 0 };
	va_list args;

	va_start(args, format);
	ak_buf_vprintf(&text, format, args);
	va_end(args);
	add(to, at, ak_buf_text(&text));
}

static int
by_time(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void
add_end(struct steps *to, const struct queue *q, const struct ended *e)
{
	if (e->at_end == 0)
		return;
	if (e->outcome == OUTCOME_REFUSED && e->why != SCHED_OK)
		add_format(to, e->at_end, "refused with %d: %s", e->status,
		    sched_reason_name((enum sched_reason)e->why));
	else if (e->outcome == OUTCOME_OK)
		add_format(to, e->at_end, "answered with %d by %s", e->status,
		    e->backend >= 0 ? backend_name(q, e->backend) : "us");
	else
		add_format(to, e->at_end, "%s, status %d, while %s",
		    outcome_name((enum outcome)e->outcome), e->status,
		    phase_name((enum phase)e->phase));
}

static void
tell_steps(const struct app *app, struct queue *q, const struct ended *e,
    struct ak_buf *buf)
{
	struct steps all = { .q = q };

	add_format(&all, e->at_begin, "came from %s",
	    e->user != NULL ? e->user->text : "nobody known");
	add(&all, e->at_whole, "its body was whole");
	if (e->position > 0)
		add_format(&all, e->at_queued, "queued, %d before it",
		    e->position - 1);
	if (e->sched_id != 0)
		(void)sched_explain(q->sched, e->sched_id, q->now, add, &all);
	if (e->tries > 0)
		add_format(&all, e->at_sent, "sent anew, try %d", e->tries + 1);
	add(&all, e->at_first, "first byte of the answer");
	add(&all, e->at_token, "first token");
	add_end(&all, q, e);
	if (all.count > 0)
		qsort(all.steps, all.count, sizeof(*all.steps), by_time);
	for (size_t i = 0; i < all.count; i++) {
		put_begin(buf, "step");
		put_time(buf, "time", tell_time(app, all.steps[i].at));
		put_seconds(buf, "after_seconds",
		    all.steps[i].at - e->at_begin);
		put_str(buf, "text", all.steps[i].text);
		put_end(buf);
	}
	free(all.steps);
}

bool
tell_explain(const struct app *app, struct queue *q, uint64_t id,
    struct ak_buf *buf)
{
	const struct request *r = queue_find(q, id);
	uint64_t kept = app->ended_count < ENDED ? app->ended_count : ENDED;

	if (r != NULL) {
		struct ended now = { 0 };

		ended_of(&now, r);
		tell_steps(app, q, &now, buf);
		return true;
	}
	for (uint64_t i = 1; i <= kept; i++) {
		const struct ended
		    *e = &app->ended[(app->ended_count - i) % ENDED];

		if (e->id == id) {
			tell_steps(app, q, e, buf);
			return true;
		}
	}
	return false;
}
