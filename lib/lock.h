/*
 * lock - one changer at a time, by flock(2) on a file in a directory.
 *
 * The file holds who has it, for the message to those who come later. The
 * kernel lets go of it when the process ends, however it ends.
 */
#ifndef AK_LOCK_H
#define AK_LOCK_H

#include "lib/buf.h"
#include "lib/err.h"

/*
 * Takes the lock name below dir; *fd is the caller's and closing it lets go.
 * who says what holds it ("aikit-stack up core"). Held by another: AK_TEMPFAIL,
 * naming its process id, who, and since when.
 */
int ak_lock(int dir, const char *name, const char *who, int *fd,
    struct ak_err *err) AK_MUST;

/*
 * What such a file says, "PID SINCE WHO" and a line feed, for locks that more
 * than one may hold; and a line of it taken apart, in place. false: it is none.
 */
struct ak_lock_holder {
	long pid;
	const char *since, *who;
};
void ak_lock_line(struct ak_buf *line, const char *who);
bool ak_lock_holder(char *line, struct ak_lock_holder *holder);

#endif
