/*
 * level - how grave a log line is, by its own words.
 *
 * JSON says "level" or "severity", logfmt says level=, and the rest begins
 * with the word, behind a time perhaps. Found cheaply: nothing is parsed.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "tools/stack/logs.h"

enum { HEAD = 96 }; /* bytes in which a bare word must stand */

static const struct {
	const char *word;
	const char *level;
} words[] = {
	{ "trace", "debug" },
	{ "debug", "debug" },
	{ "verbose", "debug" },
	{ "info", "info" },
	{ "information", "info" },
	{ "log", "info" }, /* PostgreSQL */
	{ "notice", "notice" },
	{ "warn", "warning" },
	{ "warning", "warning" },
	{ "err", "error" },
	{ "error", "error" },
	{ "severe", "error" },
	{ "crit", "critical" },
	{ "critical", "critical" },
	{ "fatal", "critical" },
	{ "panic", "critical" },
	{ "alert", "critical" },
	{ "emerg", "critical" },
	{ "emergency", "critical" },
	/* numbers of pino and bunyan */
	{ "10", "debug" },
	{ "20", "debug" },
	{ "30", "info" },
	{ "40", "warning" },
	{ "50", "error" },
	{ "60", "critical" },
};

static const char *const keys[] = { "level", "severity", "lvl", "loglevel" };

static const char *
level_named(const char *s, size_t len)
{
	for (size_t i = 0; i < AK_COUNT(words); i++)
		if (strlen(words[i].word) == len &&
		    strncasecmp(words[i].word, s, len) == 0)
			return words[i].level;
	return NULL;
}

static size_t
word_length(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && isalnum((unsigned char)s[n]))
		n++;
	return n;
}

/* The value behind a key at s: "level":"warn", level=warn, level: 30. */
static const char *
value_at(const char *s, size_t len)
{
	size_t skip = 0;

	while (skip < len && skip < 5 && strchr("\":= ", s[skip]) != NULL &&
	    s[skip] != '\0')
		skip++;
	if (skip == 0)
		return NULL;
	return level_named(s + skip, word_length(s + skip, len - skip));
}

/* A key stands at the beginning, or behind a blank, quote, comma or brace. */
static const char *
by_key(const char *text, size_t len, const char *key)
{
	size_t size = strlen(key);
	const char *end = text + len;

	for (const char *s = text;
	     (s = memmem(s, (size_t)(end - s), key, size)) != NULL; s += size) {
		const char *level;

		if (s > text && strchr(" \"{,", s[-1]) == NULL)
			continue;
		level = value_at(s + size, (size_t)(end - s) - size);
		if (level != NULL)
			return level;
	}
	return NULL;
}

/*
 * Upper case, or in brackets, or with a colon behind: "ERROR x", "[warn] x",
 * "error: x". "no error here" has none.
 */
static bool
stands_out(const char *text, const char *word, size_t size, size_t left)
{
	char before = ' ', after = ' ';
	bool upper = true;

	if (word > text)
		before = word[-1];
	if (size < left)
		after = word[size];
	for (size_t i = 0; i < size; i++)
		upper = upper && isupper((unsigned char)word[i]);
	if (isalnum((unsigned char)before) || before == '-' || before == '_')
		return false;
	return upper || (before == '[' && after == ']') ||
	    (after == ':' && word == text);
}

static const char *
by_word(const char *text, size_t len)
{
	if (len > HEAD)
		len = HEAD;
	for (size_t i = 0; i < len;) {
		size_t size = word_length(text + i, len - i);
		const char *level = NULL;

		if (size > 2 && isalpha((unsigned char)text[i]) &&
		    stands_out(text, text + i, size, len - i))
			level = level_named(text + i, size);
		if (level != NULL)
			return level;
		i += size > 0 ? size : 1;
	}
	return NULL;
}

const char *
level_of(const char *text, size_t len)
{
	size_t head = len < 4096 ? len : 4096;

	for (size_t i = 0; i < AK_COUNT(keys); i++) {
		const char *level = by_key(text, head, keys[i]);

		if (level != NULL)
			return level;
	}
	return by_word(text, len);
}
