/*
 * deep.h - what deep.c and describe.c share.
 */
#ifndef DEEP_H
#define DEEP_H

#include "tools/stack/findings.h"

/*
 * describe.c: the body of a request that makes a container of a service for
 * one command, words apart by blanks. volumes: those the daemon has.
 */
void deep_describe(const struct kit *kit, const struct service *service,
    const char *command, const struct ak_json *volumes, struct ak_buf *body);
/* The daemon's name of a volume of the model; NULL when it is not made. */
const char *deep_volume(const struct kit *kit, const struct ak_json *volumes,
    const char *source);

#endif
