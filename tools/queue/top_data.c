/*
 * top_data - what was told, and what the difference to the last time makes.
 */
#include <string.h>

#include "lib/proc.h"
#include "tools/queue/top.h"

static const struct {
	const char *type, *key, *tokens;
} kinds[] = {
	[TOP_STATUS] = { "status", "type", NULL },
	[TOP_BACKEND] = { "backend", "backend", NULL },
	[TOP_CLASS] = { "class", "class", NULL },
	[TOP_CLIENT] = { "client", "client", "generated_tokens" },
	[TOP_MODEL] = { "model", "model", NULL },
	[TOP_REQUEST] = { "request", "id", "generated_tokens" },
};
_Static_assert(AK_COUNT(kinds) == TOP_KINDS, "a kind without its keys");

static void
rows_free(struct top_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		ak_json_free(rows->rows[i].json);
	free(rows->rows);
	*rows = (struct top_rows){ 0 };
}

void
top_free(struct top *top)
{
	for (int i = 0; i < TOP_KINDS; i++)
		rows_free(&top->of[i]);
}

static int
add_line(struct top *top, const char *line, size_t len, struct ak_err *err)
{
	AK_JSON struct ak_json *json = NULL;
	const char *type;
	struct top_rows *rows;

	if (ak_json_parse(&json, line, len, err) == -1)
		return -1;
	type = ak_json_str(ak_json_get(json, "type"));
	for (int i = 0; i < TOP_KINDS; i++) {
		const char *key = ak_json_str(ak_json_get(json, kinds[i].key));

		if (!ak_streq(type, kinds[i].type) || key == NULL)
			continue;
		rows = &top->of[i];
		rows->rows = ak_resize(rows->rows, rows->count + 1,
		    sizeof(*rows->rows));
		rows->rows[rows->count++] = (struct top_row){
			.json = json,
			.key = key,
			.tokens = kinds[i].tokens == NULL
			    ? 0
			    : ak_json_int(ak_json_get(json, kinds[i].tokens),
				  0),
		};
		json = NULL;
		return 0;
	}
	return 0;
}

static int
add_answer(struct top *top, struct ak_http *http, const char *path,
    struct ak_err *err)
{
	AK_BUF struct ak_buf answer = { 0 };
	const char *at, *end;

	if (ask(http, "GET", path, NULL, &answer, err) == -1)
		return -1;
	at = ak_buf_text(&answer);
	for (end = at + answer.len; at < end;) {
		const char *line = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((line != NULL ? line : end) - at);

		if (len > 0 && add_line(top, at, len, err) == -1)
			return -1;
		at += len + (line != NULL);
	}
	return 0;
}

static const struct top_row *
find(const struct top_rows *rows, const char *key)
{
	for (size_t i = 0; i < rows->count; i++)
		if (ak_streq(rows->rows[i].key, key))
			return &rows->rows[i];
	return NULL;
}

/* Half of what is new, half of what was: a number that can be read. */
static void
set_rates(struct top_rows *rows, const struct top_rows *old, double seconds)
{
	for (size_t i = 0; i < rows->count; i++) {
		struct top_row *row = &rows->rows[i];
		const struct top_row *was = find(old, row->key);
		double now;

		if (was == NULL || row->tokens < was->tokens || seconds <= 0)
			continue;
		now = (double)(row->tokens - was->tokens) / seconds;
		row->rate = was->rate > 0 ? (now + was->rate) / 2 : now;
		if (row->rate < 0.05)
			row->rate = 0;
	}
}

/* What runs is counted to its client only at its end: here at once. */
static void
add_live(struct top *top)
{
	for (size_t i = 0; i < top->of[TOP_CLIENT].count; i++) {
		struct top_row *row = &top->of[TOP_CLIENT].rows[i];

		for (size_t j = 0; j < top->of[TOP_REQUEST].count; j++) {
			const struct top_row *r = &top->of[TOP_REQUEST].rows[j];

			if (ak_streq(row->key,
				ak_json_str(ak_json_get(r->json, "client"))))
				row->tokens += r->tokens;
		}
	}
}

/* A class or model makes what its requests make. */
static void
sum_rates(struct top *top, enum top_kind kind)
{
	for (size_t i = 0; i < top->of[kind].count; i++) {
		struct top_row *row = &top->of[kind].rows[i];

		row->rate = 0;
		for (size_t j = 0; j < top->of[TOP_REQUEST].count; j++) {
			const struct top_row *r = &top->of[TOP_REQUEST].rows[j];

			if (ak_streq(row->key,
				ak_json_str(ak_json_get(r->json,
				    kinds[kind].key))))
				row->rate += r->rate;
		}
	}
}

static void
remember(struct top *top)
{
	if (top->history_count == TOP_HISTORY)
		memmove(top->history, top->history + 1,
		    (TOP_HISTORY - 1) * sizeof(*top->history));
	else
		top->history_count++;
	top->history[top->history_count - 1] = top->rate;
}

int
top_read(struct top *top, struct ak_http *http, struct ak_err *err)
{
	struct top new = { .read_ms = ak_proc_now_ms() };
	double seconds = (double)(new.read_ms - top->read_ms) / 1000;
	bool first = top->read_ms == 0;

	if (add_answer(&new, http, "/v1/status?all=1", err) == -1 ||
	    add_answer(&new, http, "/v1/requests", err) == -1) {
		top_free(&new);
		return -1;
	}
	add_live(&new);
	set_rates(&new.of[TOP_CLIENT], &top->of[TOP_CLIENT], seconds);
	set_rates(&new.of[TOP_REQUEST], &top->of[TOP_REQUEST], seconds);
	sum_rates(&new, TOP_CLASS);
	sum_rates(&new, TOP_MODEL);
	for (int i = 0; i < TOP_KINDS; i++) {
		rows_free(&top->of[i]);
		top->of[i] = new.of[i];
	}
	top->rate = 0;
	for (size_t i = 0; i < top->of[TOP_CLIENT].count; i++)
		top->rate += top->of[TOP_CLIENT].rows[i].rate;
	new.requests = top->of[TOP_STATUS].count == 0
	    ? 0
	    : ak_json_int(ak_json_get(top->of[TOP_STATUS].rows[0].json,
			      "requests"),
		  0);
	if (!first && seconds > 0 && new.requests >= top->requests)
		top->request_rate = (double)(new.requests - top->requests) /
		    seconds;
	top->requests = new.requests;
	top->read_ms = new.read_ms;
	remember(top);
	return 0;
}

const char *
top_state(const struct top *top)
{
	const struct top_rows *status = &top->of[TOP_STATUS];

	return status->count == 0
	    ? NULL
	    : ak_json_str(ak_json_get(status->rows[0].json, "state"));
}
