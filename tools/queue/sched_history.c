/*
 * sched_history - decisions kept, and why a request waited.
 *
 * Nothing is written down for those that wait: a decision is kept once, and
 * what it meant to a request is worked out when somebody asks.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tools/queue/sched_impl.h"

/* Steps told of one request; the rest is counted. */
#define STEPS 100

static void
cut(char *to, size_t size, const char *from)
{
	size_t len = strlen(from);

	if (len < size) {
		memcpy(to, from, len + 1);
		return;
	}
	memcpy(to, from, size - 4);
	memcpy(to + size - 4, "...", 4);
}

void
note_add(struct sched *s, enum note_kind kind, const struct entry *e,
    int64_t now, const struct note *more)
{
	struct note *n;

	if (s->config.history == 0)
		return;
	n = &s->notes[s->noted++ % (uint64_t)s->config.history];
	*n = *more;
	n->kind = (uint8_t)kind;
	n->at = now;
	if (!e)
		return;
	n->id = e->id;
	n->class = (uint8_t)e->class;
	cut(n->client, sizeof(n->client), e->client->named.name);
	cut(n->model, sizeof(n->model), e->key->model->named.name);
}

struct story {
	const struct sched *s;
	struct note of; /* id, class, client, model, arrived */
	bool waits;	/* it still does */
	void (*line)(void *arg, int64_t at, const char *text);
	void *arg;
	int steps, left_out;
	/* the step that is being gathered: the same again only counts */
	int64_t at;
	int times;
	char text[160];
};

static void
flush(struct story *t)
{
	char text[192];

	if (t->times == 0)
		return;
	if (t->times > 1)
		snprintf(text, sizeof(text), "%s (%d times)", t->text,
		    t->times);
	else
		snprintf(text, sizeof(text), "%s", t->text);
	t->times = 0;
	if (t->steps++ < STEPS)
		t->line(t->arg, t->at, text);
	else
		t->left_out++;
}

static void step(struct story *t, int64_t at, const char *format, ...)
    AK_PRINTF(3, 4);

static void
step(struct story *t, int64_t at, const char *format, ...)
{
	char text[sizeof(t->text)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (t->times > 0 && strcmp(text, t->text) == 0) {
		t->times++;
		return;
	}
	flush(t);
	memcpy(t->text, text, sizeof(text));
	t->at = at;
	t->times = 1;
}

static const char *
class_name(const struct story *t, int class)
{
	return t->s->config.classes[class].name;
}

/* Another one was given the GPU while ours waited. */
static void
tell_other(struct story *t, const struct note *n)
{
	const char *class = class_name(t, n->class);

	if (n->why == WHY_PROMOTED)
		step(t, n->at, "a request that was promoted went first");
	else if (n->why == WHY_OVERDUE)
		step(t, n->at, "%s of %s went first: it had waited max_wait",
		    class, n->client);
	else if (n->why == WHY_SHARE)
		step(t, n->at, "%s had less than its min_share", class);
	else if (n->why == WHY_FILL)
		step(t, n->at, "%s used %s while patience lasted", class,
		    n->model);
	else if (n->class < t->of.class)
		step(t, n->at, "%s goes first: %s", class, n->client);
	else if (n->why == WHY_STAY)
		step(t, n->at, "%s stayed loaded: quantum or patience",
		    n->model);
	else if (n->class > t->of.class)
		step(t, n->at, "%s of %s ran: ours could not", class,
		    n->client);
	else if (strcmp(n->client, t->of.client) == 0)
		step(t, n->at, "an earlier request of the same client ran");
	else
		step(t, n->at, "%s had its turn in %s", n->client, class);
}

static void
tell_own(struct story *t, const struct note *n)
{
	static const char *const texts[NOTE_KINDS] = {
		[NOTE_RAN] = "sent to backend",
		[NOTE_LOADED] = "loaded on backend",
		[NOTE_LOAD_FAILED] = "not loaded on backend",
		[NOTE_REQUEUED] = "waits again, back from backend",
		[NOTE_PREEMPT] = "stopped for a better class on backend",
		[NOTE_SWITCH] = "its turn: a switch was decided on backend",
	};

	if (n->kind == NOTE_PROMOTED)
		step(t, n->at, "promoted");
	else if (texts[n->kind])
		step(t, n->at, "%s %d", texts[n->kind], n->backend);
}

static void
tell(struct story *t, const struct note *n)
{
	static const char *const ups[] = {
		[SCHED_DOWN] = "down",
		[SCHED_UP] = "up",
		[SCHED_DRAIN] = "draining",
	};

	if (n->id == t->of.id)
		tell_own(t, n);
	else if (n->kind == NOTE_RAN)
		tell_other(t, n);
	else if (n->kind == NOTE_SWITCH)
		step(t, n->at, "switch to %s on backend %d: %s", n->model,
		    n->backend, sched_cause_name((enum sched_cause)n->arrived));
	else if (n->kind == NOTE_LOADED)
		step(t, n->at, "%s loaded in %.1f s", n->model,
		    (double)n->arrived / 1e6);
	else if (n->kind == NOTE_LOAD_FAILED)
		step(t, n->at, "%s was not loaded", n->model);
	else if (n->kind == NOTE_BACKEND)
		step(t, n->at, "backend %d is %s", n->backend, ups[n->arrived]);
}

/* What is in its way at this moment. */
static void
tell_now(struct story *t, const struct entry *e, int64_t now)
{
	const struct sched *s = t->s;
	const struct class *c = &s->classes[e->class];
	int usable = 0, switching = 0;

	for (int i = 0; i < SCHED_BACKENDS; i++) {
		usable += backend_usable(&s->backends[i]);
		switching += s->backends[i].phase != STEADY;
	}
	if (s->gate == SCHED_PAUSED)
		step(t, now, "now: everything is paused");
	else if (c->gate == SCHED_PAUSED)
		step(t, now, "now: its class is paused");
	else if (e->client->gate == SCHED_PAUSED)
		step(t, now, "now: its client is paused");
	else if (e->key->model->gate == SCHED_PAUSED)
		step(t, now, "now: its model is paused");
	else if (usable == 0)
		step(t, now, "now: no backend is up");
	else if (e->client->parked)
		step(t, now, "now: its client runs as much as it may");
	else if (!entry_open(s, e))
		step(t, now, "now: its class or model runs as much as it may");
	else if (switching > 0)
		step(t, now, "now: a switch is under way");
	else
		step(t, now, "now: about number %d in line",
		    sched_position(s, e->id));
}

static bool
subject(struct story *t, uint64_t id, const struct entry *e)
{
	uint64_t size = (uint64_t)t->s->config.history, i = t->s->noted;
	const struct note *n;

	if (e) {
		t->of = (struct note){ .id = id,
			.class = (uint8_t)e->class,
			.arrived = e->arrived };
		cut(t->of.client, sizeof(t->of.client), e->client->named.name);
		cut(t->of.model, sizeof(t->of.model),
		    e->key->model->named.name);
		return true;
	}
	while (i-- > 0 && t->s->noted - i <= size) {
		n = &t->s->notes[i % size];
		if (n->id == id && n->kind == NOTE_RAN) {
			t->of = *n;
			return true;
		}
	}
	return false;
}

bool
sched_explain(const struct sched *s, uint64_t id, int64_t now,
    void (*line)(void *arg, int64_t at, const char *text), void *arg)
{
	const struct entry *e = entry_find(s, id);
	struct story t = { .s = s, .line = line, .arg = arg };
	uint64_t size = (uint64_t)s->config.history;
	uint64_t i = s->noted > size ? s->noted - size : 0;
	bool own_after = false;

	if (!subject(&t, id, e))
		return false;
	t.waits = e && e->state == SCHED_QUEUED;
	step(&t, t.of.arrived, "waits in %s for %s", class_name(&t, t.of.class),
	    t.of.model);
	if (i > 0 && s->notes[i % size].at > t.of.arrived)
		step(&t, t.of.arrived, "earlier steps are not kept any more");
	for (; i < s->noted; i++) {
		const struct note *n = &s->notes[i % size];

		if (n->at < t.of.arrived || (own_after && n->id != id))
			continue;
		if (n->id == id)
			own_after = n->kind != NOTE_REQUEUED &&
			    n->kind != NOTE_SWITCH && n->kind != NOTE_PROMOTED;
		tell(&t, n);
	}
	if (t.waits)
		tell_now(&t, e, now);
	flush(&t);
	if (t.left_out > 0)
		step(&t, now, "%d steps left out", t.left_out);
	t.steps = 0;
	flush(&t);
	return true;
}
