/*
 * top_draw - the picture: a head, and a table of each kind as far as it fits.
 */
#include <string.h>
#include <time.h>

#include "lib/str.h"
#include "tools/queue/top.h"

static const struct ak_view views[TOP_KINDS] = {
	[TOP_BACKEND] = { "backend",
	    AK_COLUMNS({ "backend", "BACKEND", AK_SHOW_TEXT, 0, NULL },
		{ "state", "STATE", AK_SHOW_TEXT, 0,
		    "up=green down=red silent=red drained=yellow "
		    "paused=yellow" },
		{ "running", "RUNS", AK_SHOW_NUMBER, 0, NULL },
		{ "slots", "SLOTS", AK_SHOW_NUMBER, 0, NULL },
		{ "loaded", "LOADED", AK_SHOW_NUMBER, 0, NULL },
		{ "switching", "SWITCHING", AK_SHOW_TEXT, 0, "yes=yellow" },
		{ "failures", "FAILED", AK_SHOW_NUMBER, 0, NULL }),
	    false },
	[TOP_CLASS] = { "class",
	    AK_COLUMNS({ "class", "CLASS", AK_SHOW_TEXT, 0, NULL },
		{ "queued", "WAIT", AK_SHOW_NUMBER, 0, NULL },
		{ "running", "RUN", AK_SHOW_NUMBER, 0, NULL },
		{ "oldest_wait_seconds", "OLDEST", AK_SHOW_SECONDS, 0, NULL },
		{ "estimate_seconds", "NEXT IN", AK_SHOW_SECONDS, 0, NULL },
		{ "rate", "TOKENS/S", AK_SHOW_NUMBER, 0, NULL },
		{ "bar", "SHARE OF 5 MIN", AK_SHOW_TEXT, 0, NULL },
		{ "state", "STATE", AK_SHOW_TEXT, 0, "paused=yellow" }),
	    false },
	[TOP_CLIENT] = { "client",
	    AK_COLUMNS({ "client", "CLIENT", AK_SHOW_TEXT, 0, NULL },
		{ "queued", "WAIT", AK_SHOW_NUMBER, 0, NULL },
		{ "running", "RUN", AK_SHOW_NUMBER, 0, NULL },
		{ "rate", "TOKENS/S", AK_SHOW_NUMBER, 0, NULL },
		{ "prompt_tokens", "READ", AK_SHOW_NUMBER, 0, NULL },
		{ "generated_tokens", "MADE", AK_SHOW_NUMBER, 0, NULL },
		{ "gpu_seconds", "GPU", AK_SHOW_SECONDS, 0, NULL },
		{ "state", "STATE", AK_SHOW_TEXT, 0, "paused=yellow" }),
	    false },
	[TOP_MODEL] = { "model",
	    AK_COLUMNS({ "model", "MODEL", AK_SHOW_TEXT, 0, NULL },
		{ "queued", "WAIT", AK_SHOW_NUMBER, 0, NULL },
		{ "running", "RUN", AK_SHOW_NUMBER, 0, NULL },
		{ "rate", "TOKENS/S", AK_SHOW_NUMBER, 0, NULL },
		{ "load_seconds", "LOADS IN", AK_SHOW_SECONDS, 0, NULL },
		{ "loaded_on", "LOADED ON", AK_SHOW_TEXT, 0, NULL },
		{ "options", "OPTIONS", AK_SHOW_TEXT, 0, NULL },
		{ "state", "STATE", AK_SHOW_TEXT, 0, "paused=yellow" }),
	    false },
	[TOP_REQUEST] = { "request",
	    AK_COLUMNS({ "id", "REQUEST", AK_SHOW_TEXT, 0, NULL },
		{ "phase", "PHASE", AK_SHOW_TEXT, 0,
		    "streaming=green queued=yellow loading=yellow" },
		{ "class", "CLASS", AK_SHOW_TEXT, 0, NULL },
		{ "client", "CLIENT", AK_SHOW_TEXT, 0, NULL },
		{ "position", "PLACE", AK_SHOW_NUMBER, 0, NULL },
		{ "estimate_seconds", "IN", AK_SHOW_SECONDS, 0, NULL },
		{ "wait_seconds", "WAITED", AK_SHOW_SECONDS, 0, NULL },
		{ "run_seconds", "RUNS", AK_SHOW_SECONDS, 0, NULL },
		{ "generated_tokens", "TOKENS", AK_SHOW_NUMBER, 0, NULL },
		{ "rate", "T/S", AK_SHOW_NUMBER, 0, NULL },
		{ "model", "MODEL", AK_SHOW_TEXT, 0, NULL }),
	    false },
};

/* Nine heights of a column; the first is empty. */
static const char *const heights[] = { " ", "\u2581", "\u2582", "\u2583",
	"\u2584", "\u2585", "\u2586", "\u2587", "\u2588" };

/* The newest, as many as there is room for. */
static void
spark(const struct top *top, int room, struct ak_buf *buf)
{
	size_t shown = room < 0 ? 0 : (size_t)room, first = 0;
	double most = 1;

	if (shown < top->history_count)
		first = top->history_count - shown;
	for (size_t i = first; i < top->history_count; i++)
		most = top->history[i] > most ? top->history[i] : most;
	for (size_t i = first; i < top->history_count; i++) {
		int height = (int)(top->history[i] / most * 8 + 0.5);

		if (height == 0 && top->history[i] > 0)
			height = 1;
		ak_buf_str(buf, heights[height]);
	}
}

/* Twenty columns, in eighths. */
static void
bar(double share, struct ak_buf *buf)
{
	static const char *const parts[] = { "", "\u258f", "\u258e", "\u258d",
		"\u258c", "\u258b", "\u258a", "\u2589" };
	int eighths = (int)(share * 160 + 0.5);

	for (int i = 0; i < eighths / 8; i++)
		ak_buf_str(buf, "\u2588");
	ak_buf_str(buf, parts[eighths % 8]);
	ak_buf_printf(buf, "%s%.0f%%", eighths > 0 ? " " : "", share * 100);
}

static void
cells(struct ak_table *table, const struct top_row *row, enum top_kind kind)
{
	ak_json_each(item, row->json) {
		const char *key = ak_json_name(item);
		const char *text = ak_json_str(item);

		if (text != NULL)
			ak_table_text(table, key, text, strlen(text));
		else if (ak_json_kind(item) == AK_JSON_BOOL)
			ak_table_text(table, key,
			    ak_json_bool(item, false) ? "yes" : "no",
			    ak_json_bool(item, false) ? 3 : 2);
		else
			ak_table_number(table, key, ak_json_number(item, 0));
	}
	if (row->rate > 0) {
		AK_BUF struct ak_buf rate = { 0 };

		ak_buf_printf(&rate, "%.1f", row->rate);
		ak_table_text(table, "rate", rate.data, rate.len);
	}
	if (kind == TOP_CLASS) {
		AK_BUF struct ak_buf share = { 0 };

		bar(ak_json_number(ak_json_get(row->json, "share"), 0), &share);
		ak_table_text(table, "bar", share.data, share.len);
	}
}

static int64_t
number(const struct top_row *row, const char *key)
{
	return ak_json_int(ak_json_get(row->json, key), 0);
}

/* Those who have something to do come first; requests as they came. */
static int
by_work(const void *a, const void *b)
{
	const struct top_row *x = *(const struct top_row *const *)a;
	const struct top_row *y = *(const struct top_row *const *)b;
	int64_t p = number(x, "running") * 1000000 + number(x, "queued");
	int64_t q = number(y, "running") * 1000000 + number(y, "queued");

	if (x->rate < y->rate || x->rate > y->rate)
		return x->rate > y->rate ? -1 : 1;
	if (p != q)
		return p > q ? -1 : 1;
	return strcmp(x->key, y->key);
}

/* Those that run, then those that wait, in their order. */
static int
by_turn(const void *a, const void *b)
{
	const struct top_row *x = *(const struct top_row *const *)a;
	const struct top_row *y = *(const struct top_row *const *)b;
	int64_t p = number(x, "position"), q = number(y, "position");

	return p != q ? p < q ? -1 : 1 : strcmp(x->key, y->key);
}

/* At most so many rows; returns the lines used. */
static int
draw_kind(const struct top *top, enum top_kind kind, int room,
    struct ak_table *table)
{
	const struct top_rows *rows = &top->of[kind];
	AK_FREE const struct top_row **order = ak_calloc(rows->count + 1,
	    sizeof(struct top_row *));
	size_t shown = (size_t)(room - 2) < rows->count ? (size_t)(room - 2)
							: rows->count;

	if (room < 3 || rows->count == 0)
		return 0;
	for (size_t i = 0; i < rows->count; i++)
		order[i] = &rows->rows[i];
	if (kind == TOP_CLIENT || kind == TOP_MODEL || kind == TOP_REQUEST)
		qsort(order, rows->count, sizeof(struct top_row *),
		    kind == TOP_REQUEST ? by_turn : by_work);
	for (size_t i = 0; i < shown; i++) {
		ak_table_begin(table, &views[kind]);
		cells(table, order[i], kind);
		ak_table_end(table);
	}
	ak_table_draw(table);
	ak_buf_char(table->out, '\n');
	return (int)shown + 2;
}

static void
draw_head(const struct top *top, int columns, bool colour, struct ak_buf *buf)
{
	const struct ak_json *status = top->of[TOP_STATUS].count == 0
	    ? NULL
	    : top->of[TOP_STATUS].rows[0].json;
	bool ready = ak_json_bool(ak_json_get(status, "ready"), false);
	time_t now = time(NULL);
	struct tm local;
	char clock[16];
	size_t line;

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now, &local));
	ak_buf_printf(buf, "%saikit-queue%s  %s  up ", colour ? "\033[1m" : "",
	    colour ? "\033[0m" : "", clock);
	ak_str_from_duration(buf,
	    (int64_t)(ak_json_number(ak_json_get(status, "uptime_seconds"), 0) *
		1000));
	ak_buf_printf(buf, "  %s%s%s\n",
	    !colour			    ? ""
		: top->problem[0] || !ready ? "\033[31m"
		: top_state(top)	    ? "\033[33m"
					    : "\033[32m",
	    top->problem[0]			  ? "no answer"
		: ak_json_get(status, "draining") ? "draining"
		: !ready			  ? "no backend is ready"
		: top_state(top)		  ? top_state(top)
						  : "ready",
	    colour ? "\033[0m" : "");
	line = buf->len;
	ak_buf_printf(buf,
	    "wait %lld  run %lld  requests %lld (%.1f/s)  "
	    "tokens/s %.1f  ",
	    (long long)ak_json_int(ak_json_get(status, "queued"), 0),
	    (long long)ak_json_int(ak_json_get(status, "running"), 0),
	    (long long)top->requests, top->request_rate, top->rate);
	spark(top, columns - (int)(buf->len - line), buf);
	ak_buf_str(buf, "\n\n");
}

/* How much room each may take of what is left; the last gets the rest. */
static const struct {
	enum top_kind kind;
	int lines; /* with its title and an empty line */
} order[] = {
	{ TOP_BACKEND, 6 },
	{ TOP_CLASS, 10 },
	{ TOP_MODEL, 7 },
	{ TOP_CLIENT, 8 },
	{ TOP_REQUEST, 1000 },
};

void
top_draw(const struct top *top, int columns, int lines, bool colour,
    struct ak_buf *buf)
{
	struct ak_table table = {
		.out = buf,
		.columns = columns,
		.colour = colour,
	};
	int left = lines - 4;

	draw_head(top, columns, colour, buf);
	for (size_t i = 0; i < AK_COUNT(order); i++) {
		int room = order[i].lines < left ? order[i].lines : left;

		if (top->shown != -1 && top->shown != (int)order[i].kind)
			continue;
		left -= draw_kind(top, order[i].kind,
		    top->shown != -1 ? left : room, &table);
	}
	ak_table_free(&table);
	if (top->problem[0] != '\0')
		ak_buf_printf(buf, "%s", top->problem);
	else
		ak_buf_str(buf,
		    "q quit  p pause  a all  b backends  c clients  "
		    "m models  r requests");
}
