/*
 * scan - the members of a body that decide where it goes.
 *
 * The lexer names each value as it passes; only the first two levels matter.
 */
#include "tools/queue/scan.h"

#include <string.h>

#include "tools/queue/scan_model.h"

enum member {
	NONE,
	MODEL,
	STREAM,
	KEEP_ALIVE,
	PROMPT,
	MESSAGES,
	INPUT,
	MAX_TOKENS,
	OPTIONS,
};

static const struct {
	const char *name;
	enum member member;
} members[] = {
	{ "model", MODEL },
	{ "stream", STREAM },
	{ "keep_alive", KEEP_ALIVE },
	{ "prompt", PROMPT },
	{ "messages", MESSAGES },
	{ "input", INPUT },
	{ "max_tokens", MAX_TOKENS },
	{ "max_completion_tokens", MAX_TOKENS },
	{ "max_output_tokens", MAX_TOKENS },
	{ "options", OPTIONS },
};

static const char *const options[] = {
	[SCAN_NUM_CTX] = "num_ctx",
	[SCAN_NUM_BATCH] = "num_batch",
	[SCAN_NUM_GPU] = "num_gpu",
	[SCAN_MAIN_GPU] = "main_gpu",
	[SCAN_USE_MMAP] = "use_mmap",
	[SCAN_NUM_THREAD] = "num_thread",
	[SCAN_DRAFT_NUM_PREDICT] = "draft_num_predict",
};
_Static_assert(AK_COUNT(options) == SCAN_OPTIONS, "a name for each");

/* Behind the options: the one that forces no reload. */
#define NUM_PREDICT SCAN_OPTIONS
#define NO_OPTION (SCAN_OPTIONS + 1)

static const uint8_t kinds[] = {
	[LEX_STRING] = SCAN_STRING,
	[LEX_NUMBER] = SCAN_NUMBER,
	[LEX_TRUE] = SCAN_TRUE,
	[LEX_FALSE] = SCAN_FALSE,
	[LEX_NULL] = SCAN_NULL,
	[LEX_OBJECT] = SCAN_OBJECT,
	[LEX_ARRAY] = SCAN_ARRAY,
};

const char *
scan_option_name(enum scan_option option)
{
	return options[option];
}

void
scan_begin(struct scan *scan)
{
	memset(scan, 0, sizeof(*scan));
	scan->num_predict = scan->max_tokens = -1;
	scan->empty = true;
}

static int
fail(struct scan *scan, const char *why, uint64_t at)
{
	if (!scan->error) {
		scan->error = why;
		scan->at = at;
	}
	return -1;
}

/*
 * Does Go match this name with ours? Its folding knows two characters beyond
 * ASCII that are letters of ours: U+017F is an s, U+212A a k.
 */
static bool
folds(const char *name, const char *ours)
{
	while (*name && *ours) {
		char c = *name;

		if (c == '\xc5' && name[1] == '\xbf')
			c = 's', name += 2;
		else if (c == '\xe2' && strncmp(name, "\xe2\x84\xaa", 3) == 0)
			c = 'k', name += 3;
		else
			name++;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c + ('a' - 'A'));
		if (c != *ours++)
			return false;
	}
	return *name == *ours;
}

/* A name with a NUL in it is none of ours. */
static bool
usable(const struct lex *lex)
{
	return !lex->cut && strlen(lex->text) == lex->text_len;
}

static void
name_member(struct scan *scan)
{
	scan->empty = false;
	scan->member = NONE;
	if (!usable(&scan->lex))
		return;
	for (size_t i = 0; i < AK_COUNT(members); i++)
		if (folds(scan->lex.text, members[i].name))
			scan->member = (uint8_t)members[i].member;
	scan->lex.keep = scan->member == MODEL || scan->member == KEEP_ALIVE;
}

static void
name_option(struct scan *scan)
{
	const char *text = scan->lex.text;

	scan->options_empty = false;
	scan->option = NO_OPTION;
	if (!usable(&scan->lex))
		return;
	if (strcmp(text, "num_predict") == 0)
		scan->option = NUM_PREDICT;
	for (size_t i = 0; i < SCAN_OPTIONS; i++)
		if (strcmp(text, options[i]) == 0)
			scan->option = (uint8_t)i;
}

static struct scan_range
range(const struct lex *lex)
{
	return (struct scan_range){ lex->start, lex->at - lex->start };
}

/* Towards zero, and to the nearest end where int64_t has none. */
static int64_t
integer(const struct lex *lex)
{
	double value = lex_number(lex);

	if (value >= 9223372036854775807.0)
		return INT64_MAX;
	return value <= -9223372036854775808.0 ? INT64_MIN : (int64_t)value;
}

static int
set_model(struct scan *scan, enum lex_token token)
{
	const struct lex *lex = &scan->lex;
	const char *why;

	if (token == LEX_NULL)
		return 0;
	if (token != LEX_STRING)
		return fail(scan, "model is not a string", lex->start);
	why = scan_model_bad(lex->text, lex->text_len, lex->cut);
	if (why)
		return fail(scan, why, lex->start);
	memcpy(scan->model, lex->text, lex->text_len + 1U);
	scan->model_len = lex->text_len;
	return 0;
}

static int
set_keep_alive(struct scan *scan, enum lex_token token)
{
	const struct lex *lex = &scan->lex;
	bool text = token == LEX_STRING || token == LEX_NUMBER;

	if (text && lex->text_len >= sizeof(scan->keep_alive_text))
		return fail(scan, "keep_alive is over 39 bytes", lex->start);
	scan->keep_alive = kinds[token];
	scan->keep_alive_range = range(lex);
	if (text)
		memcpy(scan->keep_alive_text, lex->text, lex->text_len + 1U);
	return 0;
}

static int
set_option(struct scan *scan, enum lex_token token)
{
	const struct lex *lex = &scan->lex;
	bool number = token == LEX_NUMBER;
	/* Of an array or object the end is not known yet. */
	bool open = token == LEX_OBJECT || token == LEX_ARRAY;
	struct scan_value value = { .kind = kinds[token] };

	if (scan->option == NO_OPTION)
		return 0;
	if (number && lex->text_len > 39)
		return fail(scan, "a number of over 39 bytes", lex->start);
	if (number)
		value.integer = integer(lex);
	if (!open)
		value.range = range(lex);
	if (scan->option == NUM_PREDICT)
		scan->num_predict = number ? value.integer : -1;
	else
		scan->options[scan->option] = value;
	return 0;
}

static void
set_max_tokens(struct scan *scan, enum lex_token token)
{
	int64_t value = token == LEX_NUMBER ? integer(&scan->lex) : -1;

	if (value > scan->max_tokens)
		scan->max_tokens = value;
}

static void
clear_options(struct scan *scan)
{
	memset(scan->options, 0, sizeof(scan->options));
	scan->num_predict = -1;
}

/* A member that is no array and no object. */
static int
set_member(struct scan *scan, enum lex_token token)
{
	const struct lex *lex = &scan->lex;
	bool said = token == LEX_STRING ? lex->filled : token != LEX_NULL;

	switch (scan->member) {
	case MODEL:
		return set_model(scan, token);
	case KEEP_ALIVE:
		return set_keep_alive(scan, token);
	case STREAM:
		scan->stream = token == LEX_NULL || token == LEX_TRUE ||
			token == LEX_FALSE
		    ? kinds[token]
		    : SCAN_ABSENT;
		break;
	case PROMPT:
		scan->prompt = token == LEX_NULL ? scan->prompt : said;
		break;
	case MESSAGES:
		scan->messages = said;
		scan->message_count = 0;
		break;
	case INPUT:
		scan->input = said;
		scan->input_count = said;
		break;
	case MAX_TOKENS:
		set_max_tokens(scan, token);
		break;
	case OPTIONS:
		scan->options_kind = kinds[token];
		scan->options_range = range(lex);
		if (token == LEX_NULL)
			clear_options(scan);
		break;
	default:
		break;
	}
	return 0;
}

static int
open_member(struct scan *scan, enum lex_token token)
{
	scan->start = scan->lex.start;
	scan->items = 0;
	if (scan->member == MODEL)
		return set_model(scan, token);
	if (scan->member == OPTIONS) {
		scan->options_kind = kinds[token];
		scan->options_empty = true;
	}
	if (scan->member == KEEP_ALIVE)
		scan->keep_alive = kinds[token];
	return 0;
}

static void
close_member(struct scan *scan)
{
	struct scan_range whole = { scan->start, scan->lex.at - scan->start };

	switch (scan->member) {
	case OPTIONS:
		scan->options_range = whole;
		break;
	case KEEP_ALIVE:
		scan->keep_alive_range = whole;
		break;
	case PROMPT:
		scan->prompt = scan->items > 0;
		break;
	case MESSAGES:
		scan->messages = scan->items > 0;
		scan->message_count = scan->items;
		break;
	case INPUT:
		scan->input = scan->items > 0;
		scan->input_count = scan->items;
		break;
	default:
		break;
	}
}

static int
name(struct scan *scan)
{
	if (scan->lex.depth == 1)
		name_member(scan);
	else if (scan->lex.depth == 2 && scan->member == OPTIONS)
		name_option(scan);
	return 0;
}

/* A value within a member: one more item, and perhaps an option. */
static int
take_item(struct scan *scan, enum lex_token token)
{
	if (token == LEX_OBJECT_END || token == LEX_ARRAY_END)
		return 0;
	scan->items++;
	return scan->member == OPTIONS && scan->options_kind == SCAN_OBJECT
	    ? set_option(scan, token)
	    : 0;
}

static int
take(struct scan *scan, enum lex_token token)
{
	bool opens = token == LEX_OBJECT || token == LEX_ARRAY;
	bool closes = token == LEX_OBJECT_END || token == LEX_ARRAY_END;

	if (token == LEX_NAME)
		return name(scan);
	/* The level that the value stands in, not the one it opens. */
	switch (scan->lex.depth - (opens ? 1 : 0)) {
	case 0:
		if (token != LEX_OBJECT && token != LEX_OBJECT_END)
			return fail(scan, "not an object", scan->lex.start);
		scan->end = scan->lex.at - 1;
		return 0;
	case 1:
		if (closes)
			close_member(scan);
		if (opens)
			return open_member(scan, token);
		return closes ? 0 : set_member(scan, token);
	case 2:
		return take_item(scan, token);
	default:
		return 0;
	}
}

int
scan_feed(struct scan *scan, const char *data, size_t len)
{
	enum lex_token token;

	if (scan->error)
		return -1;
	while ((token = lex_next(&scan->lex, &data, &len)) > LEX_MORE)
		if (take(scan, token) == -1)
			return -1;
	if (token == LEX_BAD)
		return fail(scan, scan->lex.error, scan->lex.at - 1);
	return 0;
}

int
scan_end(struct scan *scan)
{
	if (scan->error)
		return -1;
	if (lex_end(&scan->lex) == -1)
		return fail(scan, scan->lex.error, scan->lex.at);
	return 0;
}
