/*
 * json - values read by cJSON, with limits and typed access.
 *
 * cJSON gets what ak_scan_json() let pass; what only the tree shows, duplicate
 * keys and numbers beyond a double, is looked for afterwards.
 */
#include "lib/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/scan.h"
#include "lib/utf8.h"

/* Objects up to this size are searched for duplicates pair by pair. */
#define FEW 16
#define EXACT (INT64_C(1) << 53)
/* Of a wrong key or text, in an error. */
#define SHOWN 60

static const cJSON *
tree(const struct ak_json *json)
{
	return (const cJSON *)json;
}

static const struct ak_json *
value(const cJSON *node)
{
	return (const struct ak_json *)node;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *
duplicate_of_few(const cJSON *object)
{
	for (const cJSON *a = object->child; a; a = a->next)
		for (const cJSON *b = a->next; b; b = b->next)
			if (strcmp(a->string, b->string) == 0)
				return a->string;
	return NULL;
}

static const char *
duplicate_of_many(const cJSON *object, size_t count)
{
	AK_FREE const char **names = ak_calloc(count, sizeof(*names));
	size_t i = 0;

	for (const cJSON *item = object->child; item; item = item->next)
		names[i++] = item->string;
	qsort(names, count, sizeof(*names), by_name);
	for (i = 1; i < count; i++)
		if (strcmp(names[i - 1], names[i]) == 0)
			return names[i];
	return NULL;
}

/* It recurses as deep as the scan let pass. */
static int
check_tree(const cJSON *node, struct ak_err *err)
{
	const char *twice = NULL;
	size_t count = 0;

	for (const cJSON *item = node->child; item; item = item->next) {
		if (check_tree(item, err) == -1)
			return -1;
		count++;
	}
	if (cJSON_IsNumber(node) && !isfinite(node->valuedouble))
		return ak_fail(err, AK_DATA, "a number too large");
	if (cJSON_IsObject(node))
		twice = count <= FEW ? duplicate_of_few(node)
				     : duplicate_of_many(node, count);
	if (twice)
		return ak_fail(err, AK_DATA, "duplicate key %.*s", SHOWN,
		    twice);
	return 0;
}

static bool
is_blank(const char *s, const char *end)
{
	while (s < end && *s != '\0' && strchr(" \t\n\r", *s))
		s++;
	return s == end;
}

int
ak_json_parse(struct ak_json **json, const char *text, size_t len,
    struct ak_err *err)
{
	/* malloc(3) that never fails: else no memory looks like bad text. */
	cJSON_Hooks hooks = { .malloc_fn = ak_malloc, .free_fn = free };
	AK_JSON struct ak_json *root = NULL;
	const char *end = text;

	if (ak_scan_json(text, len, err) == -1)
		return -1;
	cJSON_InitHooks(&hooks);
	if (len > 0)
		root = (struct ak_json *)cJSON_ParseWithLengthOpts(text, len,
		    &end, false);
	if (!root)
		return ak_fail(err, AK_DATA, "not JSON, at byte %zu",
		    (size_t)(end - text));
	if (!is_blank(end, text + len))
		return ak_fail(err, AK_DATA,
		    "text behind the value, at byte %zu", (size_t)(end - text));
	if (check_tree(tree(root), err) == -1)
		return -1;
	*json = ak_take(&root);
	return 0;
}

void
ak_json_free(struct ak_json *json)
{
	cJSON_Delete((cJSON *)json);
}

void
ak_json_free_scope(struct ak_json **json)
{
	ak_json_free(ak_take(json));
}

enum ak_json_kind
ak_json_kind(const struct ak_json *json)
{
	switch (json ? tree(json)->type & 0xff : cJSON_Invalid) {
	case cJSON_NULL:
		return AK_JSON_NULL;
	case cJSON_False:
	case cJSON_True:
		return AK_JSON_BOOL;
	case cJSON_Number:
		return AK_JSON_NUMBER;
	case cJSON_String:
		return AK_JSON_STRING;
	case cJSON_Array:
		return AK_JSON_LIST;
	case cJSON_Object:
		return AK_JSON_OBJECT;
	default:
		return AK_JSON_ABSENT;
	}
}

static const struct ak_json *
member(const struct ak_json *json, const char *key, size_t len)
{
	if (ak_json_kind(json) != AK_JSON_OBJECT)
		return NULL;
	for (const cJSON *item = tree(json)->child; item; item = item->next)
		if (strncmp(item->string, key, len) == 0 &&
		    item->string[len] == '\0')
			return value(item);
	return NULL;
}

const struct ak_json *
ak_json_get(const struct ak_json *json, const char *key)
{
	return member(json, key, strlen(key));
}

const struct ak_json *
ak_json_at(const struct ak_json *json, const char *path)
{
	for (;;) {
		size_t len = strcspn(path, ".");

		json = member(json, path, len);
		if (path[len] == '\0')
			return json;
		path += len + 1;
	}
}

const char *
ak_json_str(const struct ak_json *json)
{
	return ak_json_kind(json) == AK_JSON_STRING ? tree(json)->valuestring
						    : NULL;
}

double
ak_json_number(const struct ak_json *json, double other)
{
	return ak_json_kind(json) == AK_JSON_NUMBER ? tree(json)->valuedouble
						    : other;
}

/* An integer that no other could have been rounded to. */
static bool
is_exact(double number)
{
	return fabs(number) <= (double)EXACT &&
	    (double)(int64_t)number == number;
}

int64_t
ak_json_int(const struct ak_json *json, int64_t other)
{
	double number = ak_json_number(json, 0.5);

	return is_exact(number) ? (int64_t)number : other;
}

bool
ak_json_bool(const struct ak_json *json, bool other)
{
	return ak_json_kind(json) == AK_JSON_BOOL ? cJSON_IsTrue(tree(json))
						  : other;
}

size_t
ak_json_count(const struct ak_json *json)
{
	size_t count = 0;

	ak_json_each(item, json)
		count++;
	return count;
}

const struct ak_json *
ak_json_first(const struct ak_json *json)
{
	return json ? value(tree(json)->child) : NULL;
}

const struct ak_json *
ak_json_next(const struct ak_json *json)
{
	return json ? value(tree(json)->next) : NULL;
}

const char *
ak_json_name(const struct ak_json *json)
{
	return json ? tree(json)->string : NULL;
}

/* Seventeen digits hold every double; fifteen read better where they do. */
static void
print_number(double number, struct ak_buf *buf)
{
	char text[32];

	if (is_exact(number)) {
		ak_buf_printf(buf, "%lld", (long long)number);
		return;
	}
	snprintf(text, sizeof(text), "%.15g", number);
	if (strtod(text, NULL) != number)
		snprintf(text, sizeof(text), "%.17g", number);
	ak_buf_str(buf, text);
}

static void
print_members(const struct ak_json *json, struct ak_buf *buf)
{
	bool object = ak_json_kind(json) == AK_JSON_OBJECT;
	const char *name;

	ak_buf_char(buf, object ? '{' : '[');
	ak_json_each(item, json) {
		if (item != ak_json_first(json))
			ak_buf_char(buf, ',');
		if ((name = ak_json_name(item))) {
			ak_json_quote(buf, name, strlen(name));
			ak_buf_char(buf, ':');
		}
		ak_json_print(item, buf);
	}
	ak_buf_char(buf, object ? '}' : ']');
}

void
ak_json_print(const struct ak_json *json, struct ak_buf *buf)
{
	switch (ak_json_kind(json)) {
	case AK_JSON_LIST:
	case AK_JSON_OBJECT:
		print_members(json, buf);
		return;
	case AK_JSON_STRING:
		ak_json_quote(buf, ak_json_str(json),
		    strlen(ak_json_str(json)));
		return;
	case AK_JSON_NUMBER:
		print_number(ak_json_number(json, 0), buf);
		return;
	case AK_JSON_BOOL:
		ak_buf_str(buf, ak_json_bool(json, false) ? "true" : "false");
		return;
	case AK_JSON_NULL:
	case AK_JSON_ABSENT:
		ak_buf_str(buf, "null");
	}
}

/*
 * Bytes that stand for themselves are added in runs. The rest are quotes,
 * control characters, also those of ISO 6429 from U+0080 on, which a terminal
 * may obey, and what is not UTF-8.
 */
static bool
is_literal(unsigned char c)
{
	return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

static void
quote_ascii(struct ak_buf *buf, unsigned char c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *found = c ? strchr(from, c) : NULL;

	if (found) {
		ak_buf_char(buf, '\\');
		ak_buf_char(buf, to[found - from]);
	} else {
		ak_buf_printf(buf, "\\u%04x", c);
	}
}

void
ak_json_quote(struct ak_buf *buf, const char *s, size_t len)
{
	uint32_t point;

	ak_buf_char(buf, '"');
	for (size_t i = 0, step; i < len; i += step) {
		step = 0;
		while (i + step < len && is_literal((unsigned char)s[i + step]))
			step++;
		if (step > 0) {
			ak_buf_add(buf, s + i, step);
			continue;
		}
		step = ak_utf8_next(s + i, len - i, &point);
		if (step == 0) {
			ak_buf_str(buf, "\xef\xbf\xbd");
			step = 1;
		} else if (point < 0x80) {
			quote_ascii(buf, (unsigned char)point);
		} else if (point < 0xa0) {
			ak_buf_printf(buf, "\\u%04x", (unsigned)point);
		} else {
			ak_buf_add(buf, s + i, step);
		}
	}
	ak_buf_char(buf, '"');
}
