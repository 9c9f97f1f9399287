/*
 * rec - records in: one JSON object a line, read one at a time.
 *
 * A line is at most 1 MiB. A line that is longer, is no object or has no
 * string "type" is AK_DATA, named by its number; reading stops there.
 */
#ifndef AK_REC_H
#define AK_REC_H

#include "lib/json.h"

/* Zero-initialise but for fd. ak_rec_close() frees; fd stays the caller's. */
struct ak_rec {
	int fd;
	size_t line; /* number of the line last given, from 1 */
	struct ak_buf pending;
	size_t start;	 /* of the next line in it */
	size_t searched; /* bytes of that known to have no line feed */
	bool ended;
	struct ak_json *json;
};

/*
 * 1 and the next record, which lives until the next call; 0 at the end; -1.
 * Empty lines are skipped.
 */
int ak_rec_next(struct ak_rec *rec, const struct ak_json **json,
    struct ak_err *err) AK_MUST;
void ak_rec_close(struct ak_rec *rec);

#endif
