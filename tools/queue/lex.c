/*
 * lex - JSON in pieces: what may stand between strings and numbers.
 */
#include "tools/queue/lex_read.h"

#include <string.h>

static const struct {
	const char *word;
	enum lex_token token;
} words[] = {
	{ "true", LEX_TRUE },
	{ "false", LEX_FALSE },
	{ "null", LEX_NULL },
};

enum lex_token
lex_fail(struct lex *lex, const char *why)
{
	lex->state = LEX_AT_FAILED;
	lex->error = why;
	return LEX_BAD;
}

static bool
in_array(const struct lex *lex)
{
	return lex->arrays >> (lex->depth - 1) & 1;
}

/* A value has ended. */
enum lex_token
lex_ended(struct lex *lex, enum lex_token token)
{
	lex->keep = false;
	lex->state = LEX_AT_AFTER;
	lex->whole = lex->depth == 0;
	return token;
}

static enum lex_token
open_level(struct lex *lex, bool array)
{
	if (lex->depth == LEX_DEPTH)
		return lex_fail(lex, "more than 64 levels");
	lex->keep = false;
	lex->arrays &= ~(UINT64_C(1) << lex->depth);
	lex->arrays |= (uint64_t)array << lex->depth;
	lex->depth++;
	lex->state = array ? LEX_AT_FIRST_ITEM : LEX_AT_FIRST_NAME;
	return array ? LEX_ARRAY : LEX_OBJECT;
}

static enum lex_token
close_level(struct lex *lex, bool array)
{
	if (lex->depth == 0 || in_array(lex) != array)
		return lex_fail(lex, "a bracket that closes nothing");
	lex->depth--;
	return lex_ended(lex, array ? LEX_ARRAY_END : LEX_OBJECT_END);
}

static void
begin_text(struct lex *lex, enum lex_state state, bool name)
{
	lex->start = lex->at;
	lex->text_len = lex->high = 0;
	lex->cut = lex->filled = false;
	lex->name = name;
	lex->keep = lex->keep || name;
	lex->state = (uint8_t)state;
}

static enum lex_token
begin_value(struct lex *lex, char c)
{
	lex->start = lex->at;
	if (c == '{' || c == '[')
		return open_level(lex, c == '[');
	if (c == '"') {
		begin_text(lex, LEX_AT_STRING, false);
		return LEX_MORE;
	}
	if (c == '-' || (c >= '0' && c <= '9')) {
		begin_text(lex, LEX_AT_NUMBER, false);
		lex_keep(lex, c);
		lex->part = c == '-' ? LEX_AT_MINUS
		    : c == '0'	     ? LEX_AT_ZERO
				     : LEX_AT_INTEGER;
		return LEX_MORE;
	}
	for (size_t i = 0; i < AK_COUNT(words); i++)
		if (c == words[i].word[0]) {
			lex->state = LEX_AT_WORD;
			lex->part = (uint8_t)i;
			lex->left = 1;
			return LEX_MORE;
		}
	return lex_fail(lex, "no value where one must be");
}

static enum lex_token
between(struct lex *lex, char c)
{
	switch (lex->state) {
	case LEX_AT_FIRST_ITEM:
		return c == ']' ? close_level(lex, true) : begin_value(lex, c);
	case LEX_AT_FIRST_NAME:
	case LEX_AT_NAME:
		if (c == '}' && lex->state == LEX_AT_FIRST_NAME)
			return close_level(lex, false);
		if (c != '"')
			return lex_fail(lex, "no name where one must be");
		begin_text(lex, LEX_AT_STRING, true);
		return LEX_MORE;
	case LEX_AT_COLON:
		if (c != ':')
			return lex_fail(lex, "no colon behind a name");
		lex->state = LEX_AT_VALUE;
		return LEX_MORE;
	case LEX_AT_AFTER:
		if (lex->depth == 0)
			return lex_fail(lex, "more behind the value");
		if (c == ']' || c == '}')
			return close_level(lex, c == ']');
		if (c != ',')
			return lex_fail(lex, "no comma between values");
		lex->state = in_array(lex) ? LEX_AT_VALUE : LEX_AT_NAME;
		return LEX_MORE;
	default:
		return begin_value(lex, c);
	}
}

static enum lex_token
in_word(struct lex *lex, const char *data, size_t len, size_t *used)
{
	const char *word = words[lex->part].word;

	for (size_t n = 0; n < len; n++) {
		*used = n + 1;
		if (data[n] != word[lex->left])
			return lex_fail(lex, "no value where one must be");
		if (word[++lex->left] == '\0')
			return lex_ended(lex, words[lex->part].token);
	}
	return LEX_MORE;
}

static enum lex_token
step(struct lex *lex, const char *data, size_t len, size_t *used)
{
	char c = *data;

	*used = 1;
	switch (lex->state) {
	case LEX_AT_STRING:
		return lex_in_string(lex, data, len, used);
	case LEX_AT_ESCAPE:
		return lex_in_escape(lex, c);
	case LEX_AT_HEX:
		return lex_in_hex(lex, c);
	case LEX_AT_NUMBER:
		return lex_in_number(lex, data, len, used);
	case LEX_AT_WORD:
		return in_word(lex, data, len, used);
	default:
		if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
			return LEX_MORE;
		return between(lex, c);
	}
}

enum lex_token
lex_next(struct lex *lex, const char **data, size_t *len)
{
	const char *at = *data, *end = at + *len;
	enum lex_token token = lex->state == LEX_AT_FAILED ? LEX_BAD : LEX_MORE;
	size_t used;

	while (at < end && token == LEX_MORE) {
		token = step(lex, at, (size_t)(end - at), &used);
		at += used;
		lex->at += used; /* where a token begins is told by it */
	}
	*data = at;
	*len = (size_t)(end - at);
	return token;
}

int
lex_end(struct lex *lex)
{
	if (lex->state == LEX_AT_FAILED)
		return -1;
	if (!lex->whole) {
		lex_fail(lex, "cut short");
		return -1;
	}
	return 0;
}
