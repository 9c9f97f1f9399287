/*
 * drift - what the files that compare a container with the model share.
 */
#ifndef DRIFT_H
#define DRIFT_H

#include "tools/stack/stack.h"

/* One container under comparison. */
struct diff {
	const struct kit *kit;
	const struct ak_json *model;  /* of the service */
	const struct ak_json *config; /* inspect: Config */
	const struct ak_json *host;   /* inspect: HostConfig */
	const struct ak_json *inspect;
	/* Config of the image; NULL: not the one the container was made of */
	const struct ak_json *image;
	struct drift *drift;
};

/* Adds an item, once. */
void drift_add(struct diff *diff, const char *format, ...) AK_PRINTF(2, 3);

/* Equal, once the model's "$$" is read as "$"; NULL is an empty text. */
bool drift_same(const char *model, const char *text);

/* Things that have a name and a value, on one of the two sides. */
struct pair {
	char *name;
	char *value; /* NULL: any */
};
struct pairs {
	struct pair *items;
	size_t count;
};
#define PAIRS __attribute__((cleanup(pairs_free)))

/* Takes over what it is given. */
void pairs_add(struct pairs *pairs, char *name, char *value);
void pairs_free(struct pairs *pairs);
bool pairs_have(const struct pairs *pairs, const struct pair *pair);
/* Adds "KIND NAME" for each pair that only one side has. */
void pairs_compare(struct diff *diff, const char *kind,
    const struct pairs *wanted, const struct pairs *found);

/* drift_host.c: what Compose puts into HostConfig, and the health check. */
void drift_ports(struct diff *diff);
void drift_mounts(struct diff *diff);
void drift_limits(struct diff *diff);
void drift_restart(struct diff *diff);
void drift_logging(struct diff *diff);
void drift_health(struct diff *diff);
/* drift_net.c */
void drift_networks(struct diff *diff);
/* drift_plain.c: settings that are one word, one number or one list. */
void drift_plain(struct diff *diff);

#endif
