/*
 * serve_name - interned strings: of models, options and clients there are few,
 * of requests many.
 */
#include <string.h>

#include "tools/queue/proxy.h"

#define BUCKETS 1024 /* a power of two */

static struct name *table[BUCKETS];

/* FNV-1a. Whoever makes chains long pays with 255 bytes a request. */
static uint32_t
hash_of(const char *text, size_t len)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * 16777619u;
	return hash;
}

struct name *
name_get(const char *text, size_t len)
{
	uint32_t hash = hash_of(text, len);
	struct name **bucket = &table[hash & (BUCKETS - 1)], *name;

	for (name = *bucket; name != NULL; name = name->next)
		if (name->hash == hash && strlen(name->text) == len &&
		    memcmp(name->text, text, len) == 0) {
			name->uses++;
			return name;
		}
	name = ak_malloc(sizeof(*name) + len + 1);
	name->next = *bucket;
	name->hash = hash;
	name->uses = 1;
	memcpy(name->text, text, len);
	name->text[len] = '\0';
	*bucket = name;
	return name;
}

void
name_put(struct name *name)
{
	struct name **at;

	if (name == NULL || --name->uses > 0)
		return;
	at = &table[name->hash & (BUCKETS - 1)];
	while (*at != name)
		at = &(*at)->next;
	*at = name->next;
	free(name);
}
