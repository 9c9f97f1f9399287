/*
 * value - may a setting have this value?
 *
 * A value is written as the service that reads it wants it. So the form of a
 * size or a duration is the pattern's where there is one, and the house's own
 * where there is none.
 */
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "lib/utf8.h"
#include "tools/stack/settings.h"

struct pattern {
	struct pattern *next;
	char *text;
	regex_t regex;
};

int
pattern_compile(struct pattern **list, const char *text,
    const struct pattern **pattern, struct ak_err *err)
{
	AK_FREE char *whole = ak_printf("^(%s)$", text);
	AK_FREE struct pattern *new = NULL;
	char why[128];
	int code;

	for (*pattern = *list; *pattern != NULL; *pattern = (*pattern)->next)
		if (ak_streq((*pattern)->text, text))
			return 0;
	new = ak_calloc(1, sizeof(*new));
	code = regcomp(&new->regex, whole, REG_EXTENDED | REG_NOSUB);
	if (code != 0) {
		regerror(code, &new->regex, why, sizeof(why));
		return ak_fail(err, AK_CONFIG, "pattern %s: %s", text, why);
	}
	new->text = ak_strdup(text);
	new->next = *list;
	*pattern = *list = ak_take(&new);
	return 0;
}

void
patterns_free(struct pattern *list)
{
	while (list != NULL) {
		struct pattern *next = list->next;

		regfree(&list->regex);
		free(list->text);
		free(list);
		list = next;
	}
}

int
value_number(enum setting_type type, const char *text, int64_t *number,
    struct ak_err *err)
{
	int failed;

	if (type == SET_SIZE)
		failed = ak_str_size(text, number, err);
	else if (type == SET_DURATION)
		failed = ak_str_duration(text, number, err);
	else
		failed = ak_str_int(text, INT64_MIN, INT64_MAX, number, err);
	if (failed == -1)
		err->code = AK_CONFIG;
	return failed;
}

static bool
is_bounded(const struct setting *setting)
{
	return setting->min != INT64_MIN || setting->max != INT64_MAX;
}

static int
check_int(const struct setting *setting, const char *value, struct ak_err *err)
{
	int64_t number;
	int failed = ak_str_int(value, setting->min, setting->max, &number,
	    err);

	if (failed == -1)
		err->code = AK_CONFIG;
	return failed;
}

static void
add_bound(struct ak_buf *text, const struct setting *setting, int64_t bound)
{
	if (setting->type == SET_SIZE)
		ak_str_from_size(text, bound);
	else
		ak_str_from_duration(text, bound);
}

/* A size or a duration: with a pattern, its form is that of the service. */
static int
check_measure(const struct setting *setting, const char *value,
    struct ak_err *err)
{
	AK_BUF struct ak_buf bound = { 0 };
	int64_t number;

	if (setting->pattern != NULL && !is_bounded(setting))
		return 0;
	if (value_number(setting->type, value, &number, err) == -1)
		return -1;
	if (number >= setting->min && number <= setting->max)
		return 0;
	add_bound(&bound, setting,
	    number < setting->min ? setting->min : setting->max);
	return ak_fail(err, AK_CONFIG, "%s: %s than %s", value,
	    number < setting->min ? "less" : "more", ak_buf_text(&bound));
}

static int
check_bool(const struct setting *setting AK_UNUSED, const char *value,
    struct ak_err *err)
{
	if (ak_streq(value, "true") || ak_streq(value, "false"))
		return 0;
	return ak_fail(err, AK_CONFIG, "%s: neither true nor false", value);
}

static int
check_enum(const struct setting *setting, const char *value, struct ak_err *err)
{
	size_t len = strlen(value);

	for (const char *p = setting->values; *p != '\0';) {
		size_t word = strcspn(p, " ");

		if (word == len && strncmp(p, value, len) == 0)
			return 0;
		p += word;
		p += strspn(p, " ");
	}
	return ak_fail(err, AK_CONFIG, "%s: not one of %s", value,
	    setting->values);
}

/* A name of the DNS (RFC 1123, and _ as Docker allows), or an IP address. */
static int
check_host(const struct setting *setting AK_UNUSED, const char *value,
    struct ak_err *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t len = strlen(value);

	if (len > 0 && len <= 253 && strspn(value, letters) > 0 &&
	    strspn(value, ".:_-") == 0 && strstr(value, "..") == NULL) {
		size_t i = 0;

		while (i < len &&
		    (strchr(letters, value[i]) != NULL ||
			strchr(".:_-", value[i]) != NULL))
			i++;
		if (i == len)
			return 0;
	}
	if (*value == ':' && strspn(value, "0123456789abcdefABCDEF:.") == len)
		return 0;
	return ak_fail(err, AK_CONFIG, "%s: neither a host name nor an address",
	    value);
}

/* scheme://host and whatever follows (RFC 3986), without blanks. */
static int
check_url(const struct setting *setting AK_UNUSED, const char *value,
    struct ak_err *err)
{
	size_t scheme = strspn(value,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "+.-");

	if (scheme > 0 && ak_starts(value + scheme, "://") &&
	    strcspn(value + scheme + 3, "/?# ") > 0 &&
	    strpbrk(value, " \t\"<>\\^`{|}") == NULL)
		return 0;
	return ak_fail(err, AK_CONFIG, "%s: not a URL such as https://host",
	    value);
}

static int
check_text(const struct setting *setting AK_UNUSED, const char *value AK_UNUSED,
    struct ak_err *err AK_UNUSED)
{
	return 0;
}

static int
check_secret(const struct setting *setting AK_UNUSED,
    const char *value AK_UNUSED, struct ak_err *err)
{
	return ak_fail(err, AK_CONFIG, "a secret, which has no value here");
}

static int (*const checks[])(const struct setting *setting, const char *value,
    struct ak_err *err) = {
	[SET_BOOL] = check_bool,
	[SET_INT] = check_int,
	[SET_SIZE] = check_measure,
	[SET_DURATION] = check_measure,
	[SET_PORT] = check_int,
	[SET_HOST] = check_host,
	[SET_URL] = check_url,
	[SET_ENUM] = check_enum,
	[SET_STRING] = check_text,
	[SET_PATH] = check_text,
	[SET_SECRET] = check_secret,
};
_Static_assert(AK_COUNT(checks) == SET_TYPES, "a check for each type");

/* What can neither stand on a line of .env nor be read by people. */
static bool
is_plain(const char *value)
{
	for (const char *p = value; *p != '\0'; p++)
		if (((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f)
			return false;
	return ak_utf8_valid(value, strlen(value));
}

int
setting_check(const struct setting *setting, const char *value,
    struct ak_err *err)
{
	if (!is_plain(value))
		return ak_fail(err, AK_CONFIG,
		    "a line feed, another control byte, or no UTF-8");
	if (*value == '\0' && !setting->required && setting->type != SET_SECRET)
		return 0;
	if (*value == '\0' && setting->type != SET_SECRET)
		return ak_fail(err, AK_CONFIG, "empty, but it must be set");
	if (setting->compiled != NULL &&
	    regexec(&setting->compiled->regex, value, 0, NULL, 0) != 0)
		return ak_fail(err, AK_CONFIG, "%s: not of the form %s", value,
		    setting->pattern);
	return checks[setting->type](setting, value, err);
}
