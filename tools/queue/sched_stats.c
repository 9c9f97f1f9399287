/*
 * sched_stats - figures, for metrics and for people.
 */
#include "tools/queue/sched_impl.h"

static const char *const reasons[] = {
	[SCHED_OK] = "ok",
	[SCHED_FULL] = "queue_full",
	[SCHED_CLASS_FULL] = "class_full",
	[SCHED_CLIENT_FULL] = "client_full",
	[SCHED_TABLE_FULL] = "too_many_names",
	[SCHED_NO_CLASS] = "no_such_class",
	[SCHED_BAD_NAME] = "bad_name",
	[SCHED_NO_BACKEND] = "no_backend",
	[SCHED_CLOSED] = "draining",
	[SCHED_HOPELESS] = "deadline_hopeless",
	[SCHED_LATE] = "waited_too_long",
};
_Static_assert(AK_COUNT(reasons) == SCHED_REASONS, "a name each");

static const char *const causes[] = {
	[SCHED_BY_NEED] = "need",
	[SCHED_BY_CLASS] = "class",
	[SCHED_BY_TURN] = "turn",
	[SCHED_BY_SHARE] = "min_share",
	[SCHED_BY_MAXWAIT] = "max_wait",
	[SCHED_BY_PROMOTE] = "promote",
};
_Static_assert(AK_COUNT(causes) == SCHED_CAUSES, "a name each");

const char *
sched_reason_name(enum sched_reason reason)
{
	return reasons[reason];
}

const char *
sched_cause_name(enum sched_cause cause)
{
	return causes[cause];
}

static void
class_stats(const struct sched *s, int i, int64_t now, struct sched_stats *to)
{
	const struct class *c = &s->classes[i];

	to->classes[i].queued = c->queued;
	to->classes[i].running = c->running;
	if (c->queued > 0)
		to->classes[i].oldest_wait = now -
		    holder(c->ages.next, struct entry, class_age)->arrived;
	to->classes[i].gpu_us = c->gpu_us;
	to->classes[i].promotions = c->promotions;
	to->classes[i].share = class_share(s, i);
	to->classes[i].gap = class_gap(s, i);
	to->classes[i].gate = c->gate == SCHED_OPEN || s->gate == SCHED_PAUSED
	    ? s->gate
	    : c->gate;
}

void
sched_stats(const struct sched *s, int64_t now, struct sched_stats *to)
{
	*to = (struct sched_stats){ 0 };
	to->queued = s->queued;
	to->running = s->running;
	to->gate = s->gate;
	to->switch_us = s->switch_us;
	to->switches_failed = s->switches_failed;
	to->preempted = s->preempted;
	for (int i = 0; i < s->classes_count; i++)
		class_stats(s, i, now, to);
	for (int i = 0; i < SCHED_BACKENDS; i++) {
		to->backends[i].running = s->backends[i].running;
		to->backends[i].resident = s->backends[i].count;
		to->backends[i].switching = s->backends[i].phase != STEADY;
		to->backends[i].gate = s->backends[i].gate;
	}
	for (int i = 0; i < SCHED_CAUSES; i++)
		to->switches[i] = s->switches[i];
}

static void
fill(const struct entry *e, struct sched_info *info)
{
	*info = (struct sched_info){
		.state = e->state,
		.class = e->class,
		.backend = e->backend,
		.client = e->client->named.name,
		.model = e->key->model->named.name,
		.options = e->key->options,
		.owner = e->owner,
		.arrived = e->arrived,
		.started = e->started,
		.deadline = e->deadline,
		.generated = e->generated,
	};
}

bool
sched_info(const struct sched *s, uint64_t id, struct sched_info *info)
{
	const struct entry *e = entry_find(s, id);

	if (!e) {
		*info = (struct sched_info){ .state = SCHED_GONE };
		return false;
	}
	fill(e, info);
	return true;
}

void
sched_each(const struct sched *s,
    void (*each)(void *arg, uint64_t id, const struct sched_info *info),
    void *arg)
{
	struct sched_info info;

	for (size_t i = 0; i < s->slots_count; i++)
		if (s->slots[i]) {
			fill(s->slots[i], &info);
			each(arg, s->slots[i]->id, &info);
		}
}

static void
tell_client(const struct client *c,
    void (*each)(void *arg, const struct sched_client_stats *client), void *arg)
{
	struct sched_client_stats to = {
		.name = c->named.name,
		.queued = c->queued,
		.running = c->running,
		.weight = c->weight,
		.prompt = c->prompt,
		.generated = c->generated,
		.gpu_us = c->gpu_us,
		.gate = c->gate,
	};

	each(arg, &to);
}

void
sched_clients(const struct sched *s,
    void (*each)(void *arg, const struct sched_client_stats *client), void *arg)
{
	const struct link *heads[] = { &s->clients.held, &s->clients.idle };

	for (size_t i = 0; i < AK_COUNT(heads); i++)
		for (const struct link *l = heads[i]->next; l != heads[i];
		     l = l->next)
			tell_client((const struct client *)(const void *)
					holder(l, struct named, link),
			    each, arg);
}

static void
tell_key(const struct key *key,
    void (*each)(void *arg, const struct sched_key_stats *key), void *arg)
{
	struct sched_key_stats to = {
		.model = key->model->named.name,
		.options = key->options,
		.queued = key->queued,
		.running = key->running,
		.resident = key->resident,
		.tokens_per_second = key->rate,
		.gate = key->model->gate,
	};

	for (int i = 0; i < SCHED_BACKENDS; i++)
		if (key->load_us[i] > to.load_us)
			to.load_us = key->load_us[i];
	each(arg, &to);
}

void
sched_keys(const struct sched *s,
    void (*each)(void *arg, const struct sched_key_stats *key), void *arg)
{
	const struct link *heads[] = { &s->keys.held, &s->keys.idle };

	for (size_t i = 0; i < AK_COUNT(heads); i++)
		for (const struct link *l = heads[i]->next; l != heads[i];
		     l = l->next)
			tell_key((const struct key *)(const void *)holder(l,
				     struct named, link),
			    each, arg);
}
