/*
 * sched_reconfigure - another configuration, while requests wait and run.
 */
#include <string.h>

#include "tools/queue/sched_impl.h"

/* What is known by class, of a client or of a key, goes to its new number. */
static void
move_client(struct client *c, const int to[])
{
	int64_t served[SCHED_CLASSES] = { 0 };

	for (int i = 0; i < SCHED_CLASSES; i++)
		if (to[i] >= 0 && served[to[i]] < c->served[i])
			served[to[i]] = c->served[i];
	memcpy(c->served, served, sizeof(served));
	c->weight = 1;
	c->limit = 0;
}

static void
move_key(struct key *key, const int to[])
{
	int64_t took[SCHED_CLASSES] = { 0 };

	for (int i = 0; i < SCHED_CLASSES; i++)
		if (to[i] >= 0)
			took[to[i]] = key->piles[i].service_us;
	for (int i = 0; i < SCHED_CLASSES; i++) {
		key->piles[i].service_us = took[i];
		key->piles[i].served_at = 0;
	}
}

static void
move_classes(struct sched *s, const int to[])
{
	struct class old[SCHED_CLASSES];

	memcpy(old, s->classes, sizeof(old));
	for (int i = 0; i < SCHED_CLASSES; i++) {
		s->classes[i] = (struct class){ 0 };
		link_init(&s->classes[i].piles);
		link_init(&s->classes[i].ages);
	}
	for (int i = 0; i < SCHED_CLASSES; i++) {
		struct class *c = &s->classes[to[i] < 0 ? 0 : to[i]];

		if (to[i] < 0)
			continue;
		c->running += old[i].running;
		c->gpu_us += old[i].gpu_us;
		c->promotions += old[i].promotions;
		for (int j = 0; j < STRETCHES; j++)
			c->window[j] += old[i].window[j];
		if (c->floor < old[i].floor)
			c->floor = old[i].floor;
		if (c->largest < old[i].largest)
			c->largest = old[i].largest;
		if (c->gate == SCHED_OPEN)
			c->gate = old[i].gate;
	}
}

static void
each_named(struct table *t, void (*move)(void *n, const int to[]),
    const int to[])
{
	struct link *heads[] = { &t->idle, &t->held }, *next;

	for (size_t i = 0; i < AK_COUNT(heads); i++)
		for (struct link *l = heads[i]->next; l != heads[i]; l = next) {
			next = l->next;
			move(holder(l, struct named, link), to);
		}
}

static void
reset_client(void *n, const int to[])
{
	move_client(n, to);
}

static void
reset_model(void *n, const int to[])
{
	(void)to;
	((struct model *)n)->set = (struct sched_model){ 0 };
}

static void
reset_key(void *n, const int to[])
{
	move_key(n, to);
}

/*
 * All that waits is taken out and put back under its new class, oldest first
 * in each of the old ones.
 */
static void
empty_queue(struct sched *s, struct link *all)
{
	struct entry *e;

	link_init(all);
	for (int i = 0; i < s->classes_count; i++)
		while (!link_empty(&s->classes[i].ages)) {
			e = holder(s->classes[i].ages.next, struct entry,
			    class_age);
			entry_unqueue(s, e);
			link_before(all, &e->running);
		}
}

static void
fill_queue(struct sched *s, struct link *all)
{
	struct entry *e;

	while (!link_empty(all)) {
		e = holder(all->next, struct entry, running);
		link_out(&e->running);
		entry_queue(s, e);
	}
}

static void
match(const struct sched *s, const struct sched_config *config, int to[])
{
	int count = classes_of(config);

	for (int i = 0; i < SCHED_CLASSES; i++) {
		to[i] = i < s->classes_count ? count - 1 : -1;
		for (int j = 0; j < count && to[i] >= 0; j++)
			if (strcmp(s->config.classes[i].name,
				config->classes[j].name) == 0)
				to[i] = j;
	}
}

void
sched_reconfigure(struct sched *s, const struct sched_config *config,
    int64_t now)
{
	bool same = s->config.history == config->history;
	struct link all, *head;
	int to[SCHED_CLASSES];

	gpu_count(s, now);
	orders_settle(s);
	match(s, config, to);
	empty_queue(s, &all);
	for (size_t i = 0; i < s->slots_count; i++)
		if (s->slots[i])
			s->slots[i]->class = to[s->slots[i]->class];
	for (int i = 0; i < SCHED_BACKENDS; i++)
		if (s->backends[i].phase != STEADY)
			s->backends[i]
			    .target_class = to[s->backends[i].target_class];
	move_classes(s, to);
	each_named(&s->clients, reset_client, to);
	each_named(&s->models, reset_model, to);
	each_named(&s->keys, reset_key, to);
	s->config = *config;
	s->classes_count = classes_of(config);
	s->clients.max = config->clients_max;
	s->keys.max = config->keys_max;
	s->models.max = 2 * config->keys_max;
	head = &s->clients.held;
	for (struct link *l = head->next; l != head; l = l->next)
		client_check(s,
		    (struct client *)(void *)holder(l, struct named, link));
	fill_queue(s, &all);
	if (!same)
		history_resize(s);
}
