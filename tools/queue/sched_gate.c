/*
 * sched_gate - what the operator says: pause, drain, promote, settings.
 */

#include "tools/queue/sched_impl.h"

void
sched_client_set(struct sched *s, const char *client, int weight, int limit)
{
	struct client *c = client_make(s, client);

	if (!c)
		return;
	c->weight = weight > 0 ? weight : 1;
	c->limit = limit > 0 ? limit : 0;
	named_pin(&s->clients, &c->named, true);
	client_check(s, c);
}

void
sched_model_set(struct sched *s, const char *model,
    const struct sched_model *to)
{
	struct model *m = model_make(s, model);

	if (!m)
		return;
	m->set = *to;
}

static bool
gate_class(struct sched *s, const char *name, enum sched_gate gate)
{
	int class = name ? sched_class(s, name) : -1;

	if (class == -1)
		return false;
	s->classes[class].gate = gate;
	return true;
}

static bool
gate_client(struct sched *s, const char *name, enum sched_gate gate)
{
	struct client *c = client_make(s, name);

	if (!c)
		return false;
	c->gate = gate;
	named_pin(&s->clients, &c->named, true);
	client_check(s, c);
	return true;
}

static bool
gate_model(struct sched *s, const char *name, enum sched_gate gate)
{
	struct model *m = model_make(s, name);

	if (!m)
		return false;
	m->gate = gate;
	named_pin(&s->models, &m->named, true);
	return true;
}

static bool
gate_backend(struct sched *s, const char *name, enum sched_gate gate)
{
	char *end = NULL;
	long n = name ? strtol(name, &end, 10) : -1;

	if (n < 0 || n >= SCHED_BACKENDS || end == name || *end ||
	    !s->backends[n].known || gate == SCHED_DRAINING)
		return false;
	s->backends[n].gate = gate;
	return true;
}

bool
sched_gate(struct sched *s, enum sched_scope scope, const char *name,
    enum sched_gate gate)
{
	switch (scope) {
	case SCHED_ALL:
		s->gate = gate;
		return true;
	case SCHED_CLASS:
		return gate_class(s, name, gate);
	case SCHED_CLIENT:
		return gate_client(s, name, gate);
	case SCHED_MODEL:
		return gate_model(s, name, gate);
	case SCHED_BACKEND:
		return gate_backend(s, name, gate);
	}
	return false;
}

bool
sched_promote(struct sched *s, uint64_t id, int64_t now)
{
	struct entry *e = entry_find(s, id);

	if (!e || e->state != SCHED_QUEUED)
		return false;
	link_out(&e->promoted);
	link_before(&s->promoted, &e->promoted);
	note_add(s, NOTE_PROMOTED, e, now, &(struct note){ 0 });
	return true;
}
