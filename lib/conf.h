/*
 * conf - INI files, read by libinih.
 *
 *	# a comment: # or ; at the start of a line, or ; behind a blank
 *	[section]
 *	key = value	; blanks around are dropped, the value may be empty
 *
 * A file is handed over one item at a time. Blanks at the start of a line mean
 * nothing: there are no continuation lines. A colon does for "=". Keys that
 * come twice are handed over twice.
 *
 * Refused as AK_CONFIG, named as FILE:LINE: a line that is none of these, is
 * longer than 4096 bytes, or holds a control byte or what is not UTF-8; a
 * section of more than 49 bytes, or with text behind it; a value without a key.
 * (A libinih whose line length is compiled in, unlike Debian's, keeps its own
 * limit, which is then told and refused in the same way.)
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
