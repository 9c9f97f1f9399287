/*
 * squeeze - zstd, for frames and sealed objects. Contexts are one thread's.
 */
#ifndef BACKUP_SQUEEZE_H
#define BACKUP_SQUEEZE_H

#include "lib/buf.h"
#include "lib/err.h"

struct squeeze;
struct squeeze *squeeze_new(int level);
void squeeze_free(struct squeeze *squeeze);
/* Appends one zstd frame; the caller decides whether it was worth it. */
void squeeze_add(struct squeeze *squeeze, const void *data, size_t len,
    struct ak_buf *out);
/* Exactly rlen bytes to out; AK_DATA when it holds others. */
int squeeze_get(struct squeeze *squeeze, const void *data, size_t len,
    void *out, size_t rlen, struct ak_err *err) AK_MUST;
/*
 * Appends what one frame holds, whatever that says of its size: memory grows
 * with the bytes that come. AK_DATA when they are more than max.
 */
int squeeze_grow(struct squeeze *squeeze, const void *data, size_t len,
    size_t max, struct ak_buf *out, struct ak_err *err) AK_MUST;

#endif
