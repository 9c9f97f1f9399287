/*
 * retain - which snapshots stay, and why.
 *
 * Pure: nothing is read, the time is given. A rule keeps the newest snapshot of
 * each of the last N hours, days, ISO weeks, months or years (of UTC) that have
 * one. Three things stay whatever the rules say: the newest, as many of the
 * last as minimum says, and what is dated more than an hour after now, which is
 * a wrong clock or a lie and counts for no rule: whoever forges snapshots of
 * the future makes nothing go.
 */
#ifndef BACKUP_RETAIN_H
#define BACKUP_RETAIN_H

#include <stdint.h>

#include "lib/ak.h"
#include "lib/buf.h"

enum retain_rule {
	RETAIN_LAST,
	RETAIN_HOURLY,
	RETAIN_DAILY,
	RETAIN_WEEKLY,
	RETAIN_MONTHLY,
	RETAIN_YEARLY,
	RETAIN_RULES,
};

struct retain {
	int64_t keep[RETAIN_RULES]; /* how many of each; 0: none */
	int64_t within_ns;	    /* before the newest; 0: none */
	int64_t minimum;	    /* of the last, at least */
};

/* In: the time, ns since 1970, oldest first. Out: the rest. */
struct retain_item {
	int64_t time;
	bool keep;
	bool future;  /* dated after now + 1 h */
	bool newest;  /* of those that are not */
	bool minimum; /* one of the last */
	bool within;
	unsigned rules; /* 1 << rule of those that keep it */
};

/* Does any rule ask for anything? */
bool retain_asked(const struct retain *retain);
void retain_apply(const struct retain *retain, int64_t now,
    struct retain_item items[], size_t count);
/* "daily, weekly", "newest", "dated in the future", "no rule keeps it". */
void retain_reason(const struct retain_item *item, struct ak_buf *text);

#endif
