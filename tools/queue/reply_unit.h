/*
 * reply_unit - what one line, event or value of an answer says. Included by
 * reply*.c alone.
 */
#ifndef QUEUE_REPLY_UNIT_H
#define QUEUE_REPLY_UNIT_H

#include "tools/queue/reply.h"

/* A piece of the unit's JSON; reply->bad when it is none, or no object. */
void reply_unit(struct reply *reply, const char *data, size_t len);

#endif
