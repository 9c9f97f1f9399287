/*
 * model - what model.c and hashes.c share: asking Compose, and the cache.
 */
#ifndef STACK_MODEL_H
#define STACK_MODEL_H

#include "tools/stack/stack.h"

/* Appends what Compose says to these words; input: its stdin, or NULL. */
int model_ask(const struct kit *kit, const char *const words[],
    const char *input, struct ak_buf *out, struct ak_err *err) AK_MUST;

/* True with the value in *json; an entry that does not parse is none. */
bool model_cached(const char *key, const char *ending, struct ak_json **json);
/* A cache that cannot be written is no error. */
void model_keep(const char *key, const char *ending, const struct ak_buf *text);

#endif
