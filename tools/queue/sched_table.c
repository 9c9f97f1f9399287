/*
 * sched_table - clients, models and keys by name.
 *
 * Who is held is known; who is not stays known, with what was learnt of it,
 * until a new name needs the room. So a flood of names costs what config says
 * and forgets nobody who is waiting.
 */
#include <string.h>

#include "tools/queue/sched_impl.h"

void
table_init(struct table *t, size_t size, int max, uint64_t seed)
{
	size_t buckets = 16;

	while (buckets < (size_t)max)
		buckets *= 2;
	t->buckets = ak_calloc(buckets, sizeof(struct named *));
	t->mask = buckets - 1;
	t->size = size;
	t->max = max;
	t->seed = seed;
	link_init(&t->idle);
	link_init(&t->held);
}

/* A multiply and a shift a byte, from a secret start. */
static uint64_t
hash(const struct table *t, const char *name, size_t len)
{
	uint64_t h = t->seed;

	for (size_t i = 0; i < len; i++) {
		h = (h ^ (unsigned char)name[i]) * 0x9e3779b97f4a7c15U;
		h ^= h >> 29;
	}
	return h ^ h >> 32;
}

struct named *
named_find(const struct table *t, const char *name, size_t len)
{
	uint64_t h = hash(t, name, len);

	for (struct named *n = t->buckets[h & t->mask]; n; n = n->next)
		if (n->hash == h && n->len == len &&
		    memcmp(n->name, name, len) == 0)
			return n;
	return NULL;
}

static void
drop(struct table *t, struct named *n)
{
	link_out(&n->link);
	t->count--;
	if (t->forget)
		t->forget(t, n);
	free(n->name);
	free(n);
}

static void
forget(struct table *t, struct named *n)
{
	struct named **at = &t->buckets[n->hash & t->mask];

	while (*at != n)
		at = &(*at)->next;
	*at = n->next;
	drop(t, n);
}

struct named *
named_make(struct table *t, const char *name, size_t len)
{
	struct named *n = named_find(t, name, len);
	uint64_t h = hash(t, name, len);

	if (n)
		return n;
	if (t->count >= t->max && !link_empty(&t->idle))
		forget(t, holder(t->idle.next, struct named, link));
	if (t->count >= t->max)
		return NULL;
	n = ak_calloc(1, t->size);
	n->name = ak_malloc(len + 1);
	memcpy(n->name, name, len);
	n->name[len] = '\0';
	n->len = len;
	n->hash = h;
	n->next = t->buckets[h & t->mask];
	t->buckets[h & t->mask] = n;
	link_before(&t->idle, &n->link);
	t->count++;
	return n;
}

void
named_hold(struct table *t, struct named *n)
{
	if (n->holds++ > 0)
		return;
	link_out(&n->link);
	link_before(&t->held, &n->link);
}

void
named_release(struct table *t, struct named *n)
{
	if (--n->holds > 0)
		return;
	link_out(&n->link);
	link_before(&t->idle, &n->link);
}

void
named_pin(struct table *t, struct named *n, bool pinned)
{
	if (n->pinned == pinned)
		return;
	n->pinned = pinned;
	if (pinned)
		named_hold(t, n);
	else
		named_release(t, n);
}

void
table_free(struct table *t)
{
	struct named *n;

	for (size_t i = 0; i <= t->mask; i++)
		while ((n = t->buckets[i])) {
			t->buckets[i] = n->next;
			drop(t, n);
		}
	free(t->buckets);
}
