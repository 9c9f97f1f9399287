/*
 * change - what up.c and halt.c share: the lock, and running Compose.
 */
#ifndef STACK_CHANGE_H
#define STACK_CHANGE_H

#include "lib/proc.h"
#include "tools/stack/stack.h"

enum {
	COMPOSE_MS = 6 * 3600 * 1000, /* a first pull of everything */
	COMPOSE_SAYS = 4 << 20,	      /* bytes of progress lines */
};

/* argv of a Compose call; free argv. */
struct words {
	const char **argv;
	size_t count;
};

/* Begins with what compose_argv() gives; room for that many words more. */
int words_begin(struct words *words, const struct kit *kit, size_t room,
    struct ak_err *err) AK_MUST;
void words_add(struct words *words, const char *word);

/* Runs it to its end, without watching. */
int compose_run(struct ak_ctx *ctx, const struct kit *kit,
    const struct words *words) AK_MUST;

/*
 * Takes the lock of the project, not of the directory: two directories of the
 * same project are the same containers. Closing *fd lets go.
 */
int lock_take(struct ak_ctx *ctx, const struct kit *kit, int *fd) AK_MUST;

/*
 * chosen.c: the services that were asked for, by name or through a preset or
 * profile, and not only because another needs them. stop leaves them alone
 * unless they are named. A record that cannot be kept is not an error: stop
 * then takes along what nothing else needs.
 */
void chosen_add(const struct kit *kit, const struct selection *selection);
void chosen_remove(const struct kit *kit, const char *const services[],
    size_t count);
/* Lines of names; the caller frees. */
char *chosen_read(const struct kit *kit) AK_MUST;
bool chosen_has(const char *lines, const char *service);

#endif
