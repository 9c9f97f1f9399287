/*
 * look - all that is known of some services at one moment.
 */
#ifndef LOOK_H
#define LOOK_H

#include "tools/stack/stack.h"

/* A service as it is. */
struct row {
	const struct service *service; /* NULL: not in the kit */
	const char *name;
	/* of the container that is worst off, with what the probe heard */
	struct state state;
	size_t containers;
	struct drift drift;
	struct probe probe;
	struct usage usage;
};

/* Zero-initialise; look_free(). Rows refer to kit and containers. */
struct look {
	struct containers containers;
	struct image *images; /* one a service of the kit, for drift */
	size_t image_count;
	struct row *rows;
	size_t count;
};
#define LOOK __attribute__((cleanup(look_free)))

enum {
	LOOK_DRIFT = 1,
	LOOK_PROBE = 2,
	LOOK_USAGE = 4,
};

/* Which services, and what is asked of them beside their state. */
struct look_want {
	char *const *names;
	size_t count;
	int what; /* LOOK_... */
};

/*
 * The services that names mean; without names those that have a container,
 * what these need, and containers of services that are not in the kit; when
 * there is no container at all, every service that up would start.
 */
int look_take(struct kit *kit, struct ak_docker *engine,
    const struct look_want *want, struct look *look, struct ak_err *err)
    AK_MUST;
void look_free(struct look *look);
/* Rows that are neither ok nor done. */
size_t look_ill(const struct look *look);
/* Adds what each container uses to the row of its service. */
void look_add_usage(struct look *look, const struct usage_target targets[],
    size_t count);
/* Is the daemon one of this machine, with its processes and networks? */
bool look_is_local(const struct ak_docker *engine);

#endif
