/*
 * reply_unit - what one line, event or value of an answer says.
 *
 * Members count by their name, and by where they stand: what a model writes may
 * hold any names, but it stands deeper, or in a string.
 */
#include "tools/queue/reply_unit.h"

#include <stddef.h>
#include <string.h>

#include "lib/utf8.h"

enum member {
	NONE,
	DONE,
	NUMBER, /* of the top: where in struct reply is in the table */
	ERROR,
	MESSAGE,
	USAGE,
	PROMPT_TOKENS,
	COMPLETION_TOKENS,
	CONTENT,
	REASON,
	TYPE,
};

#define AT(field) offsetof(struct reply, field)

#define NAME(text, member, at)                     \
	{                                          \
		text, sizeof(text) - 1, member, at \
	}

/* By length. */
static const struct {
	const char *name;
	uint8_t len;
	uint8_t member; /* enum member */
	uint16_t at;
} names[] = {
	NAME("done", DONE, 0),
	NAME("text", CONTENT, 0),
	NAME("type", TYPE, 0),
	NAME("error", ERROR, 0),
	NAME("usage", USAGE, 0),
	NAME("delta", CONTENT, 0),
	NAME("message", MESSAGE, 0),
	NAME("content", CONTENT, 0),
	NAME("response", CONTENT, 0),
	NAME("thinking", CONTENT, 0),
	NAME("reasoning", CONTENT, 0),
	NAME("arguments", CONTENT, 0),
	NAME("eval_count", NUMBER, AT(eval_count)),
	NAME("done_reason", REASON, 0),
	NAME("stop_reason", REASON, 0),
	NAME("input_tokens", PROMPT_TOKENS, AT(prompt_eval_count)),
	NAME("partial_json", CONTENT, 0),
	NAME("load_duration", NUMBER, AT(load_ns)),
	NAME("eval_duration", NUMBER, AT(eval_ns)),
	NAME("prompt_tokens", PROMPT_TOKENS, AT(prompt_eval_count)),
	NAME("output_tokens", COMPLETION_TOKENS, AT(eval_count)),
	NAME("finish_reason", REASON, 0),
	NAME("total_duration", NUMBER, AT(total_ns)),
	NAME("prompt_eval_count", NUMBER, AT(prompt_eval_count)),
	NAME("completion_tokens", COMPLETION_TOKENS, AT(eval_count)),
	NAME("reasoning_content", CONTENT, 0),
};
_Static_assert(AK_COUNT(names) < UINT8_MAX, "an index and one more");

static const char *const last_types[] = { "message_stop", "response.completed",
	"response.failed", "response.incomplete" };

/* The row of a member, from 1; 0 when its name says nothing to us. */
static enum member
member_of(uint8_t row)
{
	return row == 0 ? NONE : (enum member)names[row - 1].member;
}

/* The member that the innermost open level is the value of. */
static enum member
parent(const struct reply *reply)
{
	unsigned depth = reply->lex.depth;

	return depth > REPLY_LEVELS ? NONE : member_of(reply->parent[depth]);
}

static void
take_name(struct reply *reply)
{
	struct lex *lex = &reply->lex;
	size_t len = lex->text_len, i = 0; /* if it is cut, longer than any */
	enum member member;

	reply->member = 0;
	while (i < AK_COUNT(names) && names[i].len < len)
		i++;
	for (; i < AK_COUNT(names) && names[i].len == len; i++)
		if (memcmp(lex->text, names[i].name, len) == 0)
			reply->member = (uint8_t)(i + 1);
	member = member_of(reply->member);
	lex->keep = member == REASON || member == TYPE || member == ERROR ||
	    (member == MESSAGE && parent(reply) == ERROR);
}

/* Of the first error, as far as there is room. */
static void
keep_message(struct reply *reply)
{
	const char *s = reply->lex.text;
	size_t len = reply->lex.text_len, at = 0;

	reply->error = true;
	if (reply->message[0])
		return;
	while (len > 0) {
		uint32_t point;
		size_t n = ak_utf8_next(s, len, &point);
		bool plain = n > 0 && point >= ' ' && point != 0x7f;
		size_t width = n > 0 ? n : 1;

		if (at + width >= sizeof(reply->message))
			break;
		if (plain)
			memcpy(reply->message + at, s, width);
		else
			reply->message[at] = '?';
		at += plain ? width : 1;
		s += width;
		len -= width;
	}
	reply->message[at] = '\0';
}

static void
keep_reason(struct reply *reply)
{
	size_t n = strnlen(reply->lex.text, sizeof(reply->reason) - 1);

	for (size_t i = 0; i < n; i++) {
		char c = reply->lex.text[i];

		if (c <= ' ' || c == 0x7f)
			c = '?';
		reply->reason[i] = c;
	}
	reply->reason[n] = '\0';
}

static void
keep_number(struct reply *reply, enum member member)
{
	unsigned depth = reply->lex.depth;
	bool top = member == NUMBER && depth == 1;
	bool usage = (member == PROMPT_TOKENS || member == COMPLETION_TOKENS) &&
	    depth <= REPLY_LEVELS && parent(reply) == USAGE;
	double value = lex_number(&reply->lex);
	int64_t whole;

	if (!(top || usage) || !(value >= 0 && value <= 9007199254740992.0))
		return;
	whole = (int64_t)value;
	memcpy((char *)reply + names[reply->member - 1].at, &whole,
	    sizeof(whole));
}

static void
take_string(struct reply *reply, enum member member)
{
	const struct lex *lex = &reply->lex;

	if (member == CONTENT && lex->filled)
		reply->content = true;
	if (member == ERROR && lex->depth <= 2 && lex->filled)
		keep_message(reply);
	if (member == MESSAGE && parent(reply) == ERROR &&
	    lex->depth <= REPLY_LEVELS)
		keep_message(reply);
	/* OpenAI's stands in choices[]. */
	if (member == REASON && lex->depth <= REPLY_LEVELS && lex->filled)
		keep_reason(reply);
	for (size_t i = 0; i < AK_COUNT(last_types); i++)
		if (member == TYPE && lex->depth == 1 &&
		    strcmp(lex->text, last_types[i]) == 0)
			reply->ends = true;
}

static void
take_open(struct reply *reply, enum lex_token token)
{
	unsigned depth = reply->lex.depth;
	enum member member = member_of(reply->member);

	if (depth == 1 && token != LEX_OBJECT)
		reply->bad = reply->form != REPLY_JSON;
	/* An item of a list is nobody's member. */
	if (depth <= REPLY_LEVELS)
		reply->parent[depth] = depth == 1 ? 0 : reply->member;
	if (member == ERROR && token == LEX_OBJECT && depth > 1 && depth <= 3)
		reply->error = true;
	reply->member = 0;
}

void
reply_unit(struct reply *reply, const char *data, size_t len)
{
	enum lex_token token;

	while (!reply->bad &&
	    (token = lex_next(&reply->lex, &data, &len)) != LEX_MORE) {
		enum member member = member_of(reply->member);

		switch (token) {
		case LEX_BAD:
			reply->bad = true;
			break;
		case LEX_NAME:
			take_name(reply);
			continue;
		case LEX_OBJECT:
		case LEX_ARRAY:
			take_open(reply, token);
			continue;
		case LEX_STRING:
			take_string(reply, member);
			break;
		case LEX_NUMBER:
			keep_number(reply, member);
			break;
		case LEX_TRUE:
			if (member == DONE && reply->lex.depth == 1)
				reply->ends = true;
			break;
		default:
			break;
		}
		reply->member = 0;
		/* A bare value is no line of any API. */
		if (reply->lex.depth == 0 && token < LEX_OBJECT)
			reply->bad = reply->bad || reply->form != REPLY_JSON;
	}
}
