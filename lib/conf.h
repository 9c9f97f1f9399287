/*
 * conf - INI files, read by libinih.
 *
 *	[section]
 *	key = value	; a comment begins with ; after white space, or with #
 *
 * A file is handed over one item at a time. A line that is none, or is longer
 * than 4096 bytes, is AK_CONFIG and named as FILE:LINE.
 */
#ifndef AK_CONF_H
#define AK_CONF_H

#include "lib/buf.h"
#include "lib/err.h"

/* Lives during the call only. section is "" before the first one. */
struct ak_conf_item {
	const char *file;
	int line;
	const char *section;
	const char *key;
	const char *value;
};

/*
 * Returns 0, or -1 with err set, which ends the reading; FILE:LINE is put
 * before the text by the reader.
 */
typedef int ak_conf_fn(void *arg, const struct ak_conf_item *item,
    struct ak_err *err);

/* file is the name used in messages; text ends in NUL. */
int ak_conf_parse(const char *file, const char *text, ak_conf_fn *each,
    void *arg, struct ak_err *err) AK_MUST;

#endif
