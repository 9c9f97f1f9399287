/*
 * status - what the command and its --watch share.
 */
#ifndef STATUS_H
#define STATUS_H

#include "tools/stack/look.h"

/* One record of the service. */
void status_print(struct ak_out *out, const struct row *row);
/* The usage keys, where known; top has them too. */
void usage_print(struct ak_out *out, const struct usage *usage);

/* Until interrupted: on a terminal drawn again, else a record a change. */
int status_watch(struct ak_ctx *ctx, struct kit *kit, struct ak_docker *engine,
    const struct look_want *want) AK_MUST;

#endif
