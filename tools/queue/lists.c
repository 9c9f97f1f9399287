/*
 * lists - what several backends have, as one list.
 *
 * Items are copied as they are written. What stands around them is the first
 * list's.
 */
#include "tools/queue/lists.h"

#include <string.h>

#include "tools/queue/lex.h"

struct merge {
	struct ak_buf *to;
	struct ak_buf names; /* of the items in it, each with a NUL */
	bool once;
	size_t items;
	const struct ak_buf *around; /* the first with an array, or NULL */
	uint64_t rest;		     /* where its array ends */
};

bool
lists_whole(const struct ak_buf *list)
{
	struct lex lex = { 0 };
	const char *data = list->data;
	size_t len = list->len;

	while (lex_next(&lex, &data, &len) > LEX_MORE)
		continue;
	return lex_end(&lex) == 0;
}

static bool
is_new(struct merge *m, const char *name)
{
	const char *at = m->names.data, *end = at + m->names.len;

	for (; m->once && at < end; at += strlen(at) + 1)
		if (strcmp(at, name) == 0)
			return false;
	ak_buf_add(&m->names, name, strlen(name) + 1);
	return true;
}

static void
copy(struct merge *m, const char *item, uint64_t len, const char *name)
{
	if (*name != '\0' && !is_new(m, name))
		return;
	if (m->items++ > 0)
		ak_buf_char(m->to, ',');
	ak_buf_add(m->to, item, len);
}

struct walk {
	struct lex lex;
	const struct ak_buf *list;
	uint64_t start; /* of an item */
	bool inside;	/* the array */
	bool wanted;	/* the next string is the item's name */
	char name[LEX_TEXT + 1];
};

static void
open_array(struct merge *m, struct walk *w)
{
	w->inside = true;
	if (m->around != NULL)
		return;
	m->around = w->list;
	ak_buf_add(m->to, w->list->data, w->lex.at);
}

/* false: the array is over. */
static bool
take(struct merge *m, struct walk *w, enum lex_token token)
{
	struct lex *lex = &w->lex;

	if (token == LEX_ARRAY && lex->depth == 2)
		open_array(m, w);
	if (!w->inside)
		return true;
	if (token == LEX_ARRAY_END && lex->depth == 1) {
		if (m->around == w->list)
			m->rest = lex->at - 1;
		return false;
	}
	if (token == LEX_OBJECT && lex->depth == 3) {
		w->start = lex->start;
		w->name[0] = '\0';
	}
	if (token == LEX_OBJECT_END && lex->depth == 2)
		copy(m, w->list->data + w->start, lex->at - w->start, w->name);
	if (token == LEX_STRING && w->wanted)
		memcpy(w->name, lex->text, lex->text_len + 1U);
	w->wanted = token == LEX_NAME && lex->depth == 3 &&
	    (strcmp(lex->text, "model") == 0 || strcmp(lex->text, "id") == 0);
	lex->keep = w->wanted;
	return true;
}

static void
add(struct merge *m, const struct ak_buf *list)
{
	struct walk w = { .list = list };
	const char *data = list->data;
	size_t len = list->len;
	enum lex_token token;

	do
		token = lex_next(&w.lex, &data, &len);
	while (token > LEX_MORE && take(m, &w, token));
}

void
lists_merge(struct ak_buf *to, const struct ak_buf *lists, size_t count,
    bool once)
{
	struct merge m = { .to = to, .once = once };

	for (size_t i = 0; i < count; i++)
		add(&m, &lists[i]);
	if (m.around != NULL)
		ak_buf_add(to, m.around->data + m.rest, m.around->len - m.rest);
	else if (count > 0)
		ak_buf_add(to, lists[0].data, lists[0].len);
	ak_buf_free(&m.names);
}
