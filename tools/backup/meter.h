/*
 * meter - how far a restore or a verification is, how fast, how long it takes.
 *
 * On a terminal a line on stderr, at most ten times a second; where records go
 * out as JSON, a record progress a second. One thread's at a time.
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

#endif
