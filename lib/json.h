/*
 * json - values read by cJSON, with limits and typed access.
 *
 * A text is parsed whole into a tree that the caller frees; everything got
 * from it lives as long. Refused as AK_DATA: what RFC 8259 does not allow,
 * more than 64 levels, a duplicate key, bytes that are not UTF-8, a NUL even as
 * \u0000, a number beyond a double, anything behind the value.
 *
 *	AK_JSON struct ak_json *reply = NULL;
 *
 *	if (ak_json_parse(&reply, body.data, body.len, err) == -1)
 *		return -1;
 *	name = ak_json_str(ak_json_at(reply, "Config.Image"));
 *
 * Every getter takes NULL and answers as for an absent value, so that a chain
 * needs one check at its end.
 */
#ifndef AK_JSON_H
#define AK_JSON_H

#include <stdint.h>

#include "lib/buf.h"
#include "lib/err.h"

struct ak_json; /* one value; opaque */

enum ak_json_kind {
	AK_JSON_ABSENT,
	AK_JSON_NULL,
	AK_JSON_BOOL,
	AK_JSON_NUMBER,
	AK_JSON_STRING,
	AK_JSON_LIST,
	AK_JSON_OBJECT,
};

#define AK_JSON __attribute__((cleanup(ak_json_free_scope)))

int ak_json_parse(struct ak_json **json, const char *text, size_t len,
    struct ak_err *err) AK_MUST;
void ak_json_free(struct ak_json *json);
void ak_json_free_scope(struct ak_json **json);

enum ak_json_kind ak_json_kind(const struct ak_json *json);

/* A member of an object; NULL when there is none. */
const struct ak_json *ak_json_get(const struct ak_json *json, const char *key);
/* The same through keys joined by dots: "State.Health.Status". */
const struct ak_json *ak_json_at(const struct ak_json *json, const char *path);

/* NULL when it is no string. */
const char *ak_json_str(const struct ak_json *json);
/* other when it is no number, or no integer of at most 2^53. */
double ak_json_number(const struct ak_json *json, double other);
int64_t ak_json_int(const struct ak_json *json, int64_t other);
bool ak_json_bool(const struct ak_json *json, bool other);

/* Members of a list or object, in the order of the text. */
size_t ak_json_count(const struct ak_json *json);
const struct ak_json *ak_json_first(const struct ak_json *json);
const struct ak_json *ak_json_next(const struct ak_json *json);
/* The key under which a member stands; NULL in a list. */
const char *ak_json_name(const struct ak_json *json);

#define ak_json_each(item, json)                                     \
	for (const struct ak_json *item = ak_json_first(json); item; \
	     item = ak_json_next(item))

/* Appends the value as one compact line, without a line feed. */
void ak_json_print(const struct ak_json *json, struct ak_buf *buf);
/* Appends s as a JSON string; bytes that are not UTF-8 become U+FFFD. */
void ak_json_quote(struct ak_buf *buf, const char *s, size_t len);

#endif
