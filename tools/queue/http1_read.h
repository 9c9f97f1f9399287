/*
 * http1_read - what the readers of http1 share: classes of bytes, lines, and
 * fields. Included by http1_*.c alone.
 */
#ifndef QUEUE_HTTP1_READ_H
#define QUEUE_HTTP1_READ_H

#include "tools/queue/http1.h"

/* What a byte may be in; RFC 9110 5.5 and 5.6.2, RFC 3986 2. */
enum http1_class {
	HTTP1_IN_TOKEN = 1,
	HTTP1_IN_VALUE = 2, /* of a field: no control byte but the tab */
	HTTP1_IN_TARGET = 4,
	HTTP1_IN_HOST = 8, /* a name or an IPv4 address */
	HTTP1_IN_HEX = 16,
};
extern const uint8_t http1_class[256];

static inline bool
http1_in(char c, enum http1_class class)
{
	return (http1_class[(unsigned char)c] & class) != 0;
}

/* What Connection said. */
enum http1_connection {
	HTTP1_SAID_CLOSE = 1,
	HTTP1_SAID_KEEP_ALIVE = 2,
};

/* Which line of a head is next. */
enum http1_stage {
	HTTP1_AT_START,
	HTTP1_AT_START_AGAIN, /* an empty line was skipped */
	HTTP1_AT_FIELDS,
	HTTP1_AT_END,
};

/*
 * The next whole line, without its CRLF, which must end before max. HTTP1_BAD
 * with head->bad set to HTTP1_BARE_LF, or to over when the line is too long.
 */
enum http1_got http1_line(struct http1_head *head, const char *data, size_t len,
    struct http1_slice *line, size_t max, enum http1_bad over);

/* Why these bytes are not of the class: a control byte, a CR, or other. */
enum http1_bad http1_blame(char c, enum http1_bad other);

/*
 * The lines of fields up to the empty one: HTTP1_DONE behind it. note is asked
 * about every field that has an id; what it returns is head->bad.
 */
typedef enum http1_bad http1_note_fn(struct http1_head *head, const char *data,
    const struct http1_field *field, const struct http1_limits *limits);
enum http1_got http1_fields(struct http1_head *head, const char *data,
    size_t len, const struct http1_limits *limits, http1_note_fn *note);

/* What both kinds of message do with a field of framing or Connection. */
enum http1_bad http1_note_framing(struct http1_head *head, const char *data,
    const struct http1_field *field);

/*
 * The next element of a comma-separated list in value, without blanks around;
 * false at its end. *at begins at 0.
 */
bool http1_element(const char *value, size_t len, size_t *at,
    struct http1_span *element);

/* Equal in any case? word is lower case, and of letters, digits and dashes. */
bool http1_same(const char *data, const char *word, size_t len);

static inline struct http1_slice
http1_value(const struct http1_field *field)
{
	return (struct http1_slice){ field->value, field->value_len };
}

#endif
