/*
 * meter - how far something is, how fast it goes, how long it will take.
 *
 * What reads the repository shows it by meter_show(); a backup, which counts
 * more, by itself (progress.c). On a terminal a line on stderr, at most ten
 * times a second; where records go out as JSON, a record progress a second. One
 * thread's at a time.
 */
#ifndef BACKUP_METER_H
#define BACKUP_METER_H

#include <stdint.h>

#include "lib/cmd.h"

/* Zero-initialise. */
struct meter {
	int64_t begin_ms, line_ms, record_ms;
};

/* what: source or level; bytes of total, 0 when that is not known. */
void meter_show(struct meter *meter, struct ak_ctx *ctx, const char *what,
    uint64_t bytes, uint64_t total);

/* Until the rest is done, in ms; -1: not known (yet). */
int64_t meter_left(int64_t ms, uint64_t done, uint64_t total);
/*
 * Appends " at RATE/s", the time left if it is known, and what if it is not
 * NULL.
 */
void meter_put(struct ak_buf *line, uint64_t bytes, int64_t ms, int64_t left_ms,
    const char *what);

#endif
