/*
 * sched_config - what may be configured, and what is sensible.
 */
#include <string.h>

#include "tools/queue/sched_impl.h"

#define SECOND ((int64_t)1000 * 1000)
#define DAY ((int64_t)86400 * SECOND)

/* docs/decisions/0060-scheduling.md says where these come from. */
void
sched_config_default(struct sched_config *config)
{
	*config = (struct sched_config){
		.classes = {
			{ .name = "interactive", .max_wait = 60 * SECOND,
			    .patience = 3 * SECOND },
			{ .name = "normal", .max_wait = 300 * SECOND,
			    .patience = 30 * SECOND, .min_share = 50,
			    .share_wait = 60 * SECOND },
			{ .name = "batch", .max_wait = 3600 * SECOND,
			    .patience = 45 * SECOND, .min_share = 50,
			    .share_wait = 60 * SECOND },
		},
		.queue_limit = 10000,
		.clients_max = 1024,
		.keys_max = 256,
		.prompt_weight = 1,
		.generated_weight = 30,
		.switch_weight = 1500,
		.quantum = 60 * SECOND,
		.history = 1024,
	};
}

struct range {
	const char *name;
	size_t at, size; /* in its struct */
	int64_t min, max;
};

#define FIELD(type, field, low, high)                                    \
	{                                                                \
		.name = #field, .at = offsetof(struct type, field),      \
		.size = sizeof(((struct type *)0)->field), .min = (low), \
		.max = (high)                                            \
	}

static const struct range config_ranges[] = {
	FIELD(sched_config, limit, 0, 100000),
	FIELD(sched_config, queue_limit, 1, 1000000),
	FIELD(sched_config, client_limit, 0, 100000),
	FIELD(sched_config, client_queue, 0, 1000000),
	FIELD(sched_config, clients_max, 1, 65536),
	FIELD(sched_config, keys_max, 1, 4096),
	FIELD(sched_config, prompt_weight, 0, 1000),
	FIELD(sched_config, generated_weight, 0, 1000),
	FIELD(sched_config, switch_weight, 0, 100000),
	FIELD(sched_config, quantum, 0, DAY),
	FIELD(sched_config, history, 0, 65536),
};

static const struct range class_ranges[] = {
	FIELD(sched_class, min_share, 0, 1000),
	FIELD(sched_class, share_wait, 0, DAY),
	FIELD(sched_class, max_wait, 0, DAY),
	FIELD(sched_class, patience, 0, DAY),
	FIELD(sched_class, limit, 0, 100000),
	FIELD(sched_class, queue_limit, 0, 1000000),
};

static int64_t
value_of(const void *in, const struct range *r)
{
	const char *at = (const char *)in + r->at;
	int64_t wide = 0;
	int narrow = 0;

	if (r->size == sizeof(wide)) {
		memcpy(&wide, at, sizeof(wide));
		return wide;
	}
	memcpy(&narrow, at, sizeof(narrow));
	return narrow;
}

static int
check(const void *in, const struct range *ranges, size_t count,
    struct ak_err *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct range *r = &ranges[i];
		int64_t value = value_of(in, r);

		if (value < r->min || value > r->max)
			return ak_fail(err, AK_CONFIG,
			    "%s: %lld is not between %lld and %lld", r->name,
			    (long long)value, (long long)r->min,
			    (long long)r->max);
	}
	return 0;
}

int
classes_of(const struct sched_config *config)
{
	int count = 0;

	while (count < SCHED_CLASSES && config->classes[count].name[0])
		count++;
	return count;
}

static int
check_class(const struct sched_config *config, int i, struct ak_err *err)
{
	const struct sched_class *c = &config->classes[i];

	if (!memchr(c->name, '\0', sizeof(c->name)))
		return ak_fail(err, AK_CONFIG, "class %d: name too long", i);
	for (int j = 0; j < i; j++)
		if (strcmp(config->classes[j].name, c->name) == 0)
			return ak_fail(err, AK_CONFIG,
			    "%s: there are two classes of that name", c->name);
	if (check(c, class_ranges, AK_COUNT(class_ranges), err) == -1)
		return ak_fail_in(err, "%s", c->name);
	if (c->overdue == SCHED_REFUSE && c->max_wait == 0)
		return ak_fail(err, AK_CONFIG,
		    "%s: to refuse what is late needs a max_wait", c->name);
	return 0;
}

int
sched_config_check(const struct sched_config *config, struct ak_err *err)
{
	int count = classes_of(config), shares = 0;

	if (count == 0)
		return ak_fail(err, AK_CONFIG, "no class");
	for (int i = 0; i < count; i++) {
		if (check_class(config, i, err) == -1)
			return -1;
		shares += config->classes[i].min_share;
	}
	if (shares > 1000)
		return ak_fail(err, AK_CONFIG,
		    "min_share: all classes together have %d permille", shares);
	return check(config, config_ranges, AK_COUNT(config_ranges), err);
}

static void
forget_client(struct table *t, struct named *n)
{
	struct client *c = (struct client *)(void *)n;

	(void)t;
	link_out(&c->charged);
}

static void
forget_key(struct table *t, struct named *n)
{
	struct key *key = (struct key *)(void *)n;

	for (int i = 0; i < SCHED_CLASSES; i++)
		order_empty(&key->piles[i].fair);
	named_release(t->models, &key->model->named);
}

void
history_resize(struct sched *s)
{
	free(s->notes);
	s->noted = 0;
	s->notes = s->config.history > 0
	    ? ak_calloc((size_t)s->config.history, sizeof(*s->notes))
	    : NULL;
}

struct sched *
sched_new(const struct sched_config *config, uint64_t seed, int64_t now)
{
	struct sched *s = ak_calloc(1, sizeof(*s));
	int keys = config->keys_max;

	s->config = *config;
	s->classes_count = classes_of(config);
	for (int i = 0; i < SCHED_CLASSES; i++) {
		link_init(&s->classes[i].piles);
		link_init(&s->classes[i].ages);
	}
	for (int i = 0; i < SCHED_BACKENDS; i++)
		link_init(&s->backends[i].entries);
	link_init(&s->promoted);
	link_init(&s->charged);
	table_init(&s->clients, sizeof(struct client), config->clients_max,
	    seed);
	/* A key known but idle holds its model; there is room for others. */
	table_init(&s->models, sizeof(struct model), 2 * keys, seed);
	table_init(&s->keys, sizeof(struct key), keys, seed);
	s->clients.forget = forget_client;
	s->keys.forget = forget_key;
	s->keys.models = &s->models;
	s->counted_at = now;
	history_resize(s);
	return s;
}

void
sched_free(struct sched *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->slots_count; i++) {
		struct entry *e = s->slots[i];

		if (e && e->state == SCHED_QUEUED)
			entry_unqueue(s, e);
		free(e);
	}
	table_free(&s->keys);
	table_free(&s->models);
	table_free(&s->clients);
	free(s->spare_flow);
	free(s->slots);
	free(s->generations);
	free(s->spare);
	free(s->notes);
	free(s);
}

int
sched_class(const struct sched *s, const char *name)
{
	for (int i = 0; i < s->classes_count; i++)
		if (strcmp(s->config.classes[i].name, name) == 0)
			return i;
	return -1;
}
