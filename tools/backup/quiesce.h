/*
 * quiesce - containers paused or stopped while something is read, and surely
 * let go afterwards.
 *
 * A process of its own does both. It ends the pause when it is told to, when
 * the time is over, and when we are no more, however we ended: it waits on a
 * pipe whose other end dies with us. What does not run is left alone.
 */
#ifndef BACKUP_QUIESCE_H
#define BACKUP_QUIESCE_H

#include "tools/backup/docker.h"

enum quiesce_how { QUIESCE_PAUSE, QUIESCE_STOP };

struct quiesce;
/*
 * Returns once all that run are paused or stopped; *quiesce may be NULL then:
 * none ran. When one cannot be, the others are let go and it is -1. A stop that
 * takes its container's own grace period does not count to max_ms.
 */
int quiesce_begin(struct ak_docker *engine, const struct boxes *boxes,
    enum quiesce_how how, int64_t max_ms, struct quiesce **quiesce,
    struct ak_err *err) AK_MUST;
/*
 * Lets them go and frees. *late: they were let go before, for their time was
 * over, and what was read since is not of one state. -1: one does not go on.
 */
int quiesce_end(struct quiesce *quiesce, bool *late, struct ak_err *err)
    AK_MUST;

#endif
