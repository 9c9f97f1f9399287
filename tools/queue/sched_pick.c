/*
 * sched_pick - what goes next, and where.
 */
#include "tools/queue/sched_impl.h"

static void
wake_at(struct scan *look, int64_t at)
{
	if (at < look->wake)
		look->wake = at;
}

static bool
run(struct scan *look, struct entry *e, enum why why, struct sched_act *act)
{
	struct note more = { .why = (uint8_t)why,
		.arrived = e->arrived,
		.backend = (uint8_t)look->backend };

	entry_start(look->s, e, look->backend, look->now);
	note_add(look->s, NOTE_RAN, e, look->now, &more);
	*act = (struct sched_act){ .kind = SCHED_RUN,
		.id = e->id,
		.owner = e->owner,
		.backend = look->backend };
	return true;
}

/* Work that may be stopped so that a switch to a better class need not wait. */
static bool
stoppable(const struct sched *s, const struct entry *e, int class)
{
	return s->config.classes[e->class].preemptible && !e->streamed &&
	    e->class > class && e->preempts < PREEMPTS;
}

static bool
preempt(struct scan *look, struct sched_act *act)
{
	struct backend *b = &look->s->backends[look->backend];
	struct link *head = &b->entries;
	struct note more = { .backend = (uint8_t)look->backend };
	struct entry *e;

	for (struct link *l = head->next; l != head; l = l->next) {
		e = holder(l, struct entry, running);
		if (e->stopping || !stoppable(look->s, e, b->target_class) ||
		    (b->victim && b->victim != e->key))
			continue;
		e->stopping = true;
		e->preempts++;
		look->s->preempted++;
		note_add(look->s, NOTE_PREEMPT, e, look->now, &more);
		*act = (struct sched_act){ .kind = SCHED_PREEMPT,
			.id = e->id,
			.owner = e->owner,
			.backend = look->backend };
		return true;
	}
	return false;
}

/* One step of a switch that was decided; false when it has to wait. */
static bool
advance(struct scan *look, struct sched_act *act)
{
	struct sched *s = look->s;
	struct backend *b = &s->backends[look->backend];
	struct note more = { .backend = (uint8_t)look->backend };
	struct entry *e;

	if (b->phase != DRAINING)
		return false;
	e = scan_key(look, b->target);
	if (!e) {
		switch_end(s, look->backend, false, look->now);
		return false;
	}
	if (switch_evicts(b, b->target)) {
		if (b->set.unload && !b->victim)
			b->victim = switch_victim(s, b, b->target);
		if (switch_waits_for(b) > 0)
			return preempt(look, act);
		if (b->set.unload) {
			b->phase = UNLOADING;
			switch_from(b, b->victim);
			*act = (struct sched_act){ .kind = SCHED_UNLOAD,
				.backend = look->backend,
				.model = b->victim->named.name };
			return true;
		}
	}
	if (!backend_open(b) || sched_full(s))
		return false;
	more.arrived = e->arrived;
	switch_send(s, look->backend, e, look->now);
	note_add(s, NOTE_RAN, e, look->now, &more);
	*act = (struct sched_act){ .kind = SCHED_RUN,
		.id = e->id,
		.owner = e->owner,
		.backend = look->backend,
		.switching = true,
		.cause = b->cause,
		.from = b->from };
	return true;
}

static bool
switch_to(struct scan *look, struct entry *e, enum sched_cause cause,
    struct sched_act *act)
{
	switch_begin(look->s, look->backend, e, cause, look->now);
	return advance(look, act);
}

static bool
pick_promoted(struct scan *look, struct sched_act *act)
{
	struct link *head = &look->s->promoted;
	struct entry *e;
	enum fit fit;

	for (struct link *l = head->next; l != head; l = l->next) {
		e = holder(l, struct entry, promoted);
		if (!entry_open(look->s, e))
			continue;
		fit = scan_fit(look, e->flow->pile, e);
		if (fit == FIT_NOW)
			return run(look, e, WHY_PROMOTED, act);
		if (fit == FIT_LOAD)
			return switch_to(look, e, SCHED_BY_PROMOTE, act);
	}
	return false;
}

/*
 * The best class with work on what would have to go for the key: all that is
 * resident, unless we choose the victim ourselves.
 */
static int
class_in_the_way(struct scan *look, const struct key *key)
{
	struct sched *s = look->s;
	const struct backend *b = &s->backends[look->backend];
	const struct key *victim = b->set.unload ? switch_victim(s, b, key)
						 : NULL;
	int best = SCHED_CLASSES;

	for (int i = 0; i < b->count; i++) {
		struct key *other = b->residents[i].key;

		if (victim && victim != other)
			continue;
		for (int c = 0; c < best && c < s->classes_count; c++) {
			struct pile *p = &other->piles[c];

			if (p->fair.count > 0 && class_open(s, c) &&
			    scan_fit(look, p, NULL) > FIT_NO)
				best = c;
		}
	}
	return best;
}

static const struct choice *
first_of(const struct scan *look, const struct choice choices[])
{
	for (int i = 0; i < look->s->classes_count; i++)
		if (choices[i].entry)
			return &choices[i];
	return NULL;
}

/*
 * Staying serves another client than the one whose turn it is. It ends when
 * that one would get ahead by more than a request, whatever the quantum says,
 * so that two of the same claim are never two requests apart.
 */
static bool
fair_to(const struct sched *s, const struct entry *stay,
    const struct entry *turn)
{
	if (stay->class != turn->class || stay->client == turn->client)
		return true;
	return stay->client->served[stay->class] -
	    turn->client->served[turn->class] <=
	    s->classes[turn->class].largest;
}

/*
 * The turn is that of work that needs a switch, which would cost a key that is
 * resident: is there a reason to wait with it?
 */
static bool
stay(struct scan *look, const struct entry *turn, bool *wait,
    struct sched_act *act)
{
	struct sched *s = look->s;
	const struct backend *b = &s->backends[look->backend];
	const struct choice *other = first_of(look, look->stay);
	int64_t patience = turn->arrived +
	    s->config.classes[turn->class].patience;
	int64_t until = b->settled + s->config.quantum;

	if (until < patience)
		until = patience;
	*wait = false;
	if (class_in_the_way(look, turn->key) <= turn->class) {
		if (look->now >= until)
			return false;
		if (other && other->entry->class <= turn->class)
			return fair_to(s, other->entry, turn) &&
			    run(look, other->entry, WHY_STAY, act);
		*wait = true;
		wake_at(look, until);
		return false;
	}
	return other &&
	    look->now + other->entry->flow->pile->service_us < patience &&
	    run(look, other->entry, WHY_FILL, act);
}

/* A later class that had less than its share, the one that misses most of it.
 */
static const struct choice *
short_of_share(const struct scan *look, int first)
{
	const struct sched_class *c;
	const struct choice *worst = NULL;
	int least = 1000, of;

	for (int i = first + 1; i < look->s->classes_count; i++) {
		c = &look->s->config.classes[i];
		if (c->min_share == 0 || !look->best[i].entry ||
		    look->now - look->oldest[i] < c->share_wait)
			continue;
		of = class_share(look->s, i) * 1000 / c->min_share;
		if (of < least) {
			least = of;
			worst = &look->best[i];
		}
	}
	return worst;
}

/* Whose turn it is, by class, share and waiting; NULL when there is no work. */
static const struct choice *
turn_of(struct scan *look, enum why *why)
{
	const struct choice *first = first_of(look, look->best), *other;
	const struct choice *overdue = first_of(look, look->overdue);

	*why = WHY_TURN;
	if (!first)
		return NULL;
	if (overdue) {
		*why = WHY_OVERDUE;
		if (overdue->entry != first->entry || first->fit == FIT_LOAD)
			look->s->classes[overdue->entry->class].promotions++;
		return overdue;
	}
	gpu_count(look->s, look->now);
	other = short_of_share(look, first->entry->class);
	if (!other)
		return first;
	*why = WHY_SHARE;
	return other;
}

static bool
pick_steady(struct scan *look, struct sched_act *act)
{
	struct sched *s = look->s;
	const struct backend *b = &s->backends[look->backend];
	enum sched_cause cause = SCHED_BY_NEED;
	const struct choice *turn;
	enum why why;
	bool wait;
	int other;

	scan_piles(look);
	turn = turn_of(look, &why);
	if (!turn)
		return false;
	if (turn->fit == FIT_NOW)
		return run(look, turn->entry, why, act);
	if (switch_evicts(b, turn->entry->key) && why != WHY_OVERDUE) {
		if (stay(look, turn->entry, &wait, act))
			return true;
		if (wait)
			return false;
		other = class_in_the_way(look, turn->entry->key);
		if (other <= turn->entry->class)
			cause = SCHED_BY_TURN;
		else if (other < SCHED_CLASSES)
			cause = SCHED_BY_CLASS;
	}
	if (why == WHY_SHARE)
		cause = SCHED_BY_SHARE;
	if (why == WHY_OVERDUE)
		cause = SCHED_BY_MAXWAIT;
	return switch_to(look, turn->entry, cause, act);
}

/*
 * Every slot is taken. A switch can be decided nevertheless when all that is in
 * its way may be stopped.
 */
static bool
pick_full(struct scan *look, struct sched_act *act)
{
	struct sched *s = look->s;
	struct backend *b = &s->backends[look->backend];
	struct link *head = &b->entries;
	const struct choice *turn;

	if (b->phase != STEADY || link_empty(head))
		return false;
	for (struct link *l = head->next; l != head; l = l->next)
		if (!stoppable(s, holder(l, struct entry, running), 0))
			return false;
	scan_piles(look);
	turn = first_of(look, look->best);
	if (!turn || turn->fit != FIT_LOAD ||
	    !switch_evicts(b, turn->entry->key) ||
	    class_in_the_way(look, turn->entry->key) <= turn->entry->class)
		return false;
	for (struct link *l = head->next; l != head; l = l->next)
		if (!stoppable(s, holder(l, struct entry, running),
			turn->entry->class))
			return false;
	return switch_to(look, turn->entry, SCHED_BY_CLASS, act);
}

static bool
pick_backend(struct scan *look, struct sched_act *act)
{
	const struct backend *b = &look->s->backends[look->backend];

	if (!backend_usable(b))
		return false;
	if (b->phase != STEADY && advance(look, act))
		return true;
	if (!backend_open(b) || sched_full(look->s))
		return pick_full(look, act);
	if (b->phase != STEADY && !b->set.unload)
		return false;
	if (b->phase == STEADY && pick_promoted(look, act))
		return true;
	return pick_steady(look, act);
}

/* Those with the least to do for their weight first. */
static int
by_load(const struct sched *s, int order[])
{
	int count = 0, at;

	for (int i = 0; i < SCHED_BACKENDS; i++) {
		const struct backend *b = &s->backends[i], *other;

		if (!b->known)
			continue;
		for (at = count++; at > 0; at--) {
			other = &s->backends[order[at - 1]];
			if ((int64_t)other->running * b->set.weight <=
			    (int64_t)b->running * other->set.weight)
				break;
			order[at] = order[at - 1];
		}
		order[at] = i;
	}
	return count;
}

void
sched_pick(struct sched *s, int64_t now, struct sched_act *act)
{
	struct scan look = { .s = s, .now = now, .wake = NEVER };
	int order[SCHED_BACKENDS], count;

	*act = (struct sched_act){ .kind = SCHED_WAIT, .wake = NEVER };
	if (s->timers.top)
		wake_at(&look, s->timers.top->a);
	/* When all of limit run, one of them may still be stopped. */
	count = s->queued > 0 && s->gate != SCHED_PAUSED ? by_load(s, order)
							 : 0;
	for (int i = 0; i < count; i++) {
		look.backend = order[i];
		if (pick_backend(&look, act))
			return;
	}
	act->wake = look.wake;
}
