/*
 * conf_value - a key's value: from text, and back to the text it came from.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "tools/queue/conf.h"

#define WORDS_MAX 8

typedef int parse_fn(struct config *config, const struct conf_key *key,
    void *to, const char *text, struct ak_err *err);
typedef void print_fn(const struct conf_key *key, const void *at,
    struct ak_buf *buf);

static int
parse_bool(struct config *config AK_UNUSED,
    const struct conf_key *key AK_UNUSED, void *to, const char *text,
    struct ak_err *err)
{
	static const char *const words[] = { "no", "yes", "false", "true",
		"off", "on" };

	for (size_t i = 0; i < AK_COUNT(words); i++)
		if (ak_streq(text, words[i])) {
			*(bool *)to = i % 2 == 1;
			return 0;
		}
	return ak_fail(err, AK_CONFIG, "%s: not yes or no", text);
}

static void
print_bool(const struct conf_key *key AK_UNUSED, const void *at,
    struct ak_buf *buf)
{
	ak_buf_str(buf, *(const bool *)at ? "yes" : "no");
}

static int
parse_int(struct config *config AK_UNUSED, const struct conf_key *key, void *to,
    const char *text, struct ak_err *err)
{
	int64_t value;

	if (ak_str_int(text, key->min, key->max, &value, err) == -1)
		return -1;
	*(int *)to = (int)value;
	return 0;
}

static void
print_int(const struct conf_key *key AK_UNUSED, const void *at,
    struct ak_buf *buf)
{
	ak_buf_printf(buf, "%d", *(const int *)at);
}

static int
parse_count32(struct config *config AK_UNUSED, const struct conf_key *key,
    void *to, const char *text, struct ak_err *err)
{
	int64_t value;

	if (ak_str_int(text, key->min, key->max, &value, err) == -1)
		return -1;
	*(uint32_t *)to = (uint32_t)value;
	return 0;
}

static void
print_count32(const struct conf_key *key AK_UNUSED, const void *at,
    struct ak_buf *buf)
{
	ak_buf_printf(buf, "%u", *(const uint32_t *)at);
}

/* Whole units only, so that what is printed is what was meant. */
static void
print_bytes(int64_t bytes, struct ak_buf *buf)
{
	static const char *const units[] = { "", "k", "m", "g", "t" };
	size_t unit = 0;

	while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < AK_COUNT(units)) {
		bytes /= 1024;
		unit++;
	}
	ak_buf_printf(buf, "%lld%s", (long long)bytes, units[unit]);
}

static int
read_bytes(const struct conf_key *key, const char *text, int64_t *bytes,
    struct ak_err *err)
{
	AK_BUF struct ak_buf range = { 0 };

	if (ak_str_size(text, bytes, err) == -1)
		return -1;
	if (*bytes >= key->min && *bytes <= key->max)
		return 0;
	print_bytes(key->min, &range);
	ak_buf_str(&range, " to ");
	print_bytes(key->max, &range);
	return ak_fail(err, AK_CONFIG, "%s: not a size from %s", text,
	    range.data);
}

static int
parse_size(struct config *config AK_UNUSED, const struct conf_key *key,
    void *to, const char *text, struct ak_err *err)
{
	return read_bytes(key, text, to, err);
}

static void
print_size(const struct conf_key *key AK_UNUSED, const void *at,
    struct ak_buf *buf)
{
	print_bytes(*(const int64_t *)at, buf);
}

static int
parse_size32(struct config *config AK_UNUSED, const struct conf_key *key,
    void *to, const char *text, struct ak_err *err)
{
	int64_t bytes;

	if (read_bytes(key, text, &bytes, err) == -1)
		return -1;
	*(uint32_t *)to = (uint32_t)bytes;
	return 0;
}

static void
print_size32(const struct conf_key *key AK_UNUSED, const void *at,
    struct ak_buf *buf)
{
	print_bytes(*(const uint32_t *)at, buf);
}

/* Exact, in one unit: 1500ms, 90s, 10m, 24h. */
static void
print_ms(int64_t ms, struct ak_buf *buf)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = { { "h", 3600000 }, { "m", 60000 }, { "s", 1000 } };

	for (size_t i = 0; i < AK_COUNT(units); i++)
		if (ms >= units[i].ms && ms % units[i].ms == 0) {
			ak_buf_printf(buf, "%lld%s",
			    (long long)(ms / units[i].ms), units[i].name);
			return;
		}
	ak_buf_printf(buf, "%lld%s", (long long)ms, ms == 0 ? "" : "ms");
}

static int
parse_time(struct config *config AK_UNUSED, const struct conf_key *key,
    void *to, const char *text, struct ak_err *err)
{
	AK_BUF struct ak_buf range = { 0 };
	int64_t ms;

	if (ak_str_duration(text, &ms, err) == -1)
		return -1;
	if (ms * 1000 >= key->min && ms * 1000 <= key->max) {
		*(int64_t *)to = ms * 1000;
		return 0;
	}
	print_ms(key->min / 1000, &range);
	ak_buf_str(&range, " to ");
	print_ms(key->max / 1000, &range);
	return ak_fail(err, AK_CONFIG, "%s: not a time from %s", text,
	    range.data);
}

static void
print_time(const struct conf_key *key AK_UNUSED, const void *at,
    struct ak_buf *buf)
{
	print_ms(*(const int64_t *)at / 1000, buf);
}

static int
parse_seconds(struct config *config AK_UNUSED,
    const struct conf_key *key AK_UNUSED, void *to, const char *text,
    struct ak_err *err)
{
	int64_t ms;

	if (ak_str_duration(text, &ms, err) == -1)
		return -1;
	*(double *)to = (double)ms / 1000;
	return 0;
}

static void
print_seconds(const struct conf_key *key AK_UNUSED, const void *at,
    struct ak_buf *buf)
{
	print_ms((int64_t)(*(const double *)at * 1000 + 0.5), buf);
}

/* "10%" or "2.5%": tenths of a per cent are what is kept. */
static int
parse_share(struct config *config AK_UNUSED,
    const struct conf_key *key AK_UNUSED, void *to, const char *text,
    struct ak_err *err)
{
	size_t digits = strspn(text, "0123456789");
	const char *rest = text + digits;
	long share = digits > 0 && digits <= 3 ? strtol(text, NULL, 10) * 10
					       : -1;

	if (share >= 0 && rest[0] == '.' && rest[1] >= '0' && rest[1] <= '9') {
		share += rest[1] - '0';
		rest += 2;
	}
	if (share < 0 || share > 1000 || strcmp(rest, "%") != 0)
		return ak_fail(err, AK_CONFIG,
		    "%s: not a percentage from 0%% to 100%%", text);
	*(int *)to = (int)share;
	return 0;
}

static void
print_share(const struct conf_key *key AK_UNUSED, const void *at,
    struct ak_buf *buf)
{
	int share = *(const int *)at;

	ak_buf_printf(buf, "%d", share / 10);
	if (share % 10 != 0)
		ak_buf_printf(buf, ".%d", share % 10);
	ak_buf_char(buf, '%');
}

static int
parse_mode(struct config *config AK_UNUSED, const struct conf_key *key,
    void *to, const char *text, struct ak_err *err)
{
	size_t len = strlen(text);
	unsigned long mode;

	if (len == 0 || len > 4 || strspn(text, "01234567") != len)
		return ak_fail(err, AK_CONFIG, "%s: not an octal mode", text);
	mode = strtoul(text, NULL, 8);
	if (mode > (unsigned long)key->max)
		return ak_fail(err, AK_CONFIG, "%s: not a mode up to %03llo",
		    text, (unsigned long long)key->max);
	*(unsigned int *)to = (unsigned int)mode;
	return 0;
}

static void
print_mode(const struct conf_key *key AK_UNUSED, const void *at,
    struct ak_buf *buf)
{
	unsigned int mode = *(const unsigned int *)at;

	ak_buf_printf(buf, "%04o", mode == 0 ? 0660 : mode);
}

static int
parse_text(struct config *config, const struct conf_key *key AK_UNUSED,
    void *to, const char *text, struct ak_err *err AK_UNUSED)
{
	*(const char **)to = *text == '\0' || ak_streq(text, "none")
	    ? NULL
	    : conf_keep(config, text, strlen(text));
	return 0;
}

static void
print_text(const struct conf_key *key AK_UNUSED, const void *at,
    struct ak_buf *buf)
{
	const char *text = *(const char *const *)at;

	ak_buf_str(buf, text != NULL ? text : "");
}

static int
parse_word(struct config *config AK_UNUSED, const struct conf_key *key,
    void *to, const char *text, struct ak_err *err)
{
	AK_BUF struct ak_buf words = { 0 };

	for (int i = 0; key->words[i] != NULL; i++) {
		if (ak_streq(text, key->words[i])) {
			*(int *)to = i;
			return 0;
		}
		ak_buf_printf(&words, "%s%s", i > 0 ? ", " : "", key->words[i]);
	}
	return ak_fail(err, AK_CONFIG, "%s: not one of %s", text, words.data);
}

static void
print_word(const struct conf_key *key, const void *at, struct ak_buf *buf)
{
	ak_buf_str(buf, key->words[*(const int *)at]);
}
_Static_assert(sizeof(enum ctx_policy) == sizeof(int) &&
	sizeof(enum sched_overdue) == sizeof(int),
    "words are ints");

/* Ollama reads a bare number as seconds, and below 0 as for ever. */
static int
parse_alive(struct config *config, const struct conf_key *key AK_UNUSED,
    void *to, const char *text, struct ak_err *err)
{
	char number[32];
	int64_t ms;

	if (*text == '\0' || ak_streq(text, "none")) {
		*(const char **)to = NULL;
		return 0;
	}
	if (ak_streq(text, "forever"))
		snprintf(number, sizeof(number), "-1");
	else if (ak_str_duration(text, &ms, err) == -1)
		return -1;
	else
		snprintf(number, sizeof(number), "%lld",
		    (long long)((ms + 999) / 1000));
	*(const char **)to = conf_keep(config, number, strlen(number));
	return 0;
}

static void
print_alive(const struct conf_key *key AK_UNUSED, const void *at,
    struct ak_buf *buf)
{
	const char *text = *(const char *const *)at;

	if (text == NULL)
		return;
	if (*text == '-')
		ak_buf_str(buf, "forever");
	else
		print_ms(strtoll(text, NULL, 10) * 1000, buf);
}

static const struct {
	parse_fn *parse;
	print_fn *print;
} kinds[] = {
	[CONF_BOOL] = { parse_bool, print_bool },
	[CONF_INT] = { parse_int, print_int },
	[CONF_SIZE] = { parse_size, print_size },
	[CONF_SIZE32] = { parse_size32, print_size32 },
	[CONF_COUNT32] = { parse_count32, print_count32 },
	[CONF_TIME] = { parse_time, print_time },
	[CONF_SECONDS] = { parse_seconds, print_seconds },
	[CONF_SHARE] = { parse_share, print_share },
	[CONF_MODE] = { parse_mode, print_mode },
	[CONF_TEXT] = { parse_text, print_text },
	[CONF_WORD] = { parse_word, print_word },
	[CONF_OVERDUE] = { parse_word, print_word },
	[CONF_ALIVE] = { parse_alive, print_alive },
	[CONF_LIST] = { parse_text, print_text },
};
_Static_assert(AK_COUNT(kinds) == CONF_KINDS, "a kind without its functions");

int
conf_parse(struct config *config, const struct conf_key *key, void *base,
    const char *text, struct ak_err *err)
{
	if (kinds[key->kind].parse(config, key, (char *)base + key->at, text,
		err) == 0)
		return 0;
	err->code = AK_CONFIG;
	return -1;
}

void
conf_print(const struct conf_key *key, const void *base, struct ak_buf *buf)
{
	kinds[key->kind].print(key, (const char *)base + key->at, buf);
}
