/*
 * table - records drawn as columns, for people.
 */
#include "lib/table.h"

#include <string.h>
#include <time.h>

#include "lib/str.h"
#include "lib/utf8.h"

#define GAP 2
#define SECOND_NS INT64_C(1000000000)

static const struct colour {
	const char *name;
	const char *code;
} colours[] = {
	{ "bold", "1" },
	{ "dim", "2" },
	{ "red", "31" },
	{ "green", "32" },
	{ "yellow", "33" },
	{ "blue", "34" },
	{ "magenta", "35" },
	{ "cyan", "36" },
};

void
ak_table_free(struct ak_table *table)
{
	for (size_t i = 0; i < AK_COLUMNS_MAX; i++)
		ak_buf_free(&table->row[i]);
	ak_buf_free(&table->cells);
	free(table->ends);
}

/* What a terminal obeys: control characters and changes of direction. */
static bool
is_control(uint32_t point)
{
	return point < ' ' || (point >= 0x7f && point < 0xa0) ||
	    (point >= 0x2028 && point <= 0x202e) ||
	    (point >= 0x2066 && point <= 0x2069);
}

void
ak_table_plain(struct ak_buf *buf, const char *s, size_t len)
{
	uint32_t point;

	for (size_t i = 0, step; i < len; i += step) {
		step = ak_utf8_next(s + i, len - i, &point);
		if (step == 0 || (is_control(point) && point != '\t')) {
			ak_buf_char(buf, '?');
			step = step > 0 ? step : 1;
		} else if (point == '\t') {
			ak_buf_char(buf, ' ');
		} else {
			ak_buf_add(buf, s + i, step);
		}
	}
}

/* Bytes of s, plain text, that fit into so many columns; *used of them. */
static size_t
fitting(const char *s, size_t len, int columns, int *used)
{
	uint32_t point;
	size_t i = 0;

	*used = 0;
	while (i < len) {
		size_t step = ak_utf8_next(s + i, len - i, &point);
		int width = ak_utf8_width(point);

		if (*used + width > columns)
			break;
		*used += width;
		i += step;
	}
	return i;
}

static int
width_of(const char *s, size_t len)
{
	int used;

	fitting(s, len, INT32_MAX, &used);
	return used;
}

static size_t
columns_of(const struct ak_view *view)
{
	size_t n = 0;

	while (n < AK_COLUMNS_MAX && view->columns[n].key)
		n++;
	return n;
}

static bool
is_right(const struct ak_column *column)
{
	return column->show != AK_SHOW_TEXT && column->show != AK_SHOW_TIME;
}

/* The colour that "healthy=green unhealthy=red" gives to a text; or NULL. */
static const char *
colour_of(const char *spec, const char *s, size_t len)
{
	for (; spec && *spec;
	     spec += strcspn(spec, " "), spec += strspn(spec, " ")) {
		const char *name = spec + len + 1;

		if (strncmp(spec, s, len) != 0 || spec[len] != '=')
			continue;
		for (size_t i = 0; i < AK_COUNT(colours); i++)
			if (strcspn(name, " ") == strlen(colours[i].name) &&
			    ak_starts(name, colours[i].name))
				return colours[i].code;
	}
	return NULL;
}

/* One line; the blanks that it owes are paid by the next text alone. */
struct line {
	struct ak_table *table;
	int owed;
	int used;
};

typedef void draw_fn(struct line *line, const struct ak_column *column,
    int width, const char *s, size_t len);

static void
draw_text(struct line *line, const struct ak_column *column, const char *s,
    size_t len)
{
	struct ak_buf *out = line->table->out;
	const char *colour = NULL;

	if (len == 0)
		return;
	if (line->table->colour)
		colour = colour_of(column->colours, s, len);
	ak_buf_printf(out, "%*s", line->owed, "");
	line->owed = 0;
	if (colour)
		ak_buf_printf(out, "\033[%sm", colour);
	ak_buf_add(out, s, len);
	if (colour)
		ak_buf_str(out, "\033[m");
}

static void
draw_cell(struct line *line, const struct ak_column *column, int width,
    const char *s, size_t len)
{
	int used = width_of(s, len);
	int pad = width > used ? width - used : 0;

	if (is_right(column))
		line->owed += pad;
	draw_text(line, column, s, len);
	if (!is_right(column))
		line->owed += pad;
	line->owed += GAP;
	line->used += (width > used ? width : used) + GAP;
}

/* The last column gets what is left of the terminal, if that is anything. */
static void
draw_last(struct line *line, const struct ak_column *column, int width,
    const char *s, size_t len)
{
	static const char ellipsis[] = "\xe2\x80\xa6";
	int left = line->table->columns - line->used, used;

	if (line->table->view->stream || line->table->columns == 0 ||
	    left < 2 || is_right(column) || width_of(s, len) <= left) {
		draw_cell(line, column, width, s, len);
		return;
	}
	len = fitting(s, len, left - 1, &used);
	draw_text(line, column, s, len);
	ak_buf_str(line->table->out, ellipsis);
}

/* A row of the cells that begin at ends[first]; widths below 0 are left out. */
static void
draw_row(struct ak_table *table, size_t first, const int *widths)
{
	struct line line = { .table = table };
	size_t last = columns_of(table->view);
	draw_fn *draw;

	while (last > 0 && widths[last - 1] < 0)
		last--;
	if (last == 0)
		return;
	for (size_t i = 0; i < last; i++) {
		size_t start = first + i > 0 ? table->ends[first + i - 1] : 0;
		size_t len = table->ends[first + i] - start;
		const char *s = ak_buf_text(&table->cells) + start;

		if (widths[i] < 0)
			continue;
		draw = i + 1 == last ? draw_last : draw_cell;
		draw(&line, &table->view->columns[i], widths[i], s, len);
	}
	ak_buf_char(table->out, '\n');
}

static void
add_cell(struct ak_table *table, const char *s, size_t len)
{
	if (table->count == table->cap) {
		table->cap = table->cap > 0 ? 2 * table->cap : 256;
		table->ends = ak_resize(table->ends, table->cap,
		    sizeof(*table->ends));
	}
	ak_buf_add(&table->cells, s, len);
	table->ends[table->count++] = table->cells.len;
}

/* The header is the first row, so that widths count it as any other. */
static void
add_titles(struct ak_table *table)
{
	const struct ak_view *view = table->view;

	for (size_t i = 0; i < columns_of(view); i++)
		add_cell(table, view->columns[i].title,
		    strlen(view->columns[i].title));
}

static void
measure(const struct ak_table *table, int *widths)
{
	size_t columns = columns_of(table->view);
	bool valued[AK_COLUMNS_MAX] = { 0 };

	for (size_t i = 0; i < columns; i++)
		widths[i] = table->view->columns[i].width;
	if (table->view->stream)
		return;
	for (size_t cell = 0; cell < table->count; cell++) {
		size_t start = cell > 0 ? table->ends[cell - 1] : 0;
		size_t len = table->ends[cell] - start, i = cell % columns;
		int width = width_of(table->cells.data + start, len);

		if (width > widths[i])
			widths[i] = width;
		valued[i] = valued[i] || (cell >= columns && len > 0);
	}
	for (size_t i = 0; i < columns; i++)
		if (!valued[i])
			widths[i] = -1;
}

void
ak_table_draw(struct ak_table *table)
{
	int widths[AK_COLUMNS_MAX] = { 0 };
	size_t columns;

	if (table->count == 0)
		return;
	columns = columns_of(table->view);
	measure(table, widths);
	for (size_t cell = 0; cell < table->count; cell += columns)
		draw_row(table, cell, widths);
	table->count = 0;
	ak_buf_reset(&table->cells);
}

void
ak_table_begin(struct ak_table *table, const struct ak_view *view)
{
	if (table->view != view) {
		ak_table_draw(table);
		table->view = view;
		table->titled = false;
	}
	for (size_t i = 0; i < AK_COLUMNS_MAX; i++)
		ak_buf_reset(&table->row[i]);
}

void
ak_table_end(struct ak_table *table)
{
	size_t columns = columns_of(table->view);

	if (table->view->stream ? !table->titled : table->count == 0)
		add_titles(table);
	table->titled = true;
	for (size_t i = 0; i < columns; i++)
		add_cell(table, ak_buf_text(&table->row[i]), table->row[i].len);
	if (table->view->stream)
		ak_table_draw(table);
}

/* The cell of a key, empty, and how its column shows it; NULL without one. */
static struct ak_buf *
cell_for(struct ak_table *table, const char *key, enum ak_show *show)
{
	const struct ak_column *columns = table->view->columns;

	for (size_t i = 0; i < AK_COLUMNS_MAX && columns[i].key; i++)
		if (strcmp(columns[i].key, key) == 0) {
			*show = columns[i].show;
			return &table->row[i];
		}
	return NULL;
}

void
ak_table_text(struct ak_table *table, const char *key, const char *value,
    size_t len)
{
	enum ak_show show;
	struct ak_buf *cell = cell_for(table, key, &show);

	if (cell)
		ak_table_plain(cell, value, len);
}

void
ak_table_int(struct ak_table *table, const char *key, int64_t value)
{
	enum ak_show show;
	struct ak_buf *cell = cell_for(table, key, &show);
	int64_t ms;

	if (!cell)
		return;
	if (show == AK_SHOW_SIZE)
		ak_str_from_size(cell, value);
	else if (show == AK_SHOW_SECONDS &&
	    !__builtin_mul_overflow(value, 1000, &ms))
		ak_str_from_duration(cell, ms);
	else
		ak_buf_printf(cell, "%lld%s", (long long)value,
		    show == AK_SHOW_PERCENT ? "%" : "");
}

/* A double as an integer, the nearest there is. */
static int64_t
saturated(double value)
{
	if (value >= 0x1p63)
		return INT64_MAX;
	return value <= -0x1p63 ? INT64_MIN : (int64_t)value;
}

void
ak_table_number(struct ak_table *table, const char *key, double value)
{
	enum ak_show show;
	struct ak_buf *cell = cell_for(table, key, &show);

	if (!cell)
		return;
	if (show == AK_SHOW_SIZE)
		ak_str_from_size(cell, saturated(value));
	else if (show == AK_SHOW_SECONDS)
		ak_str_from_duration(cell, saturated(value * 1000));
	else if (show == AK_SHOW_PERCENT)
		ak_buf_printf(cell, "%.1f%%", value);
	else
		ak_buf_printf(cell, "%.6g", value);
}

void
ak_table_time(struct ak_table *table, const char *key, int64_t ns)
{
	enum ak_show show;
	struct ak_buf *cell = cell_for(table, key, &show);
	time_t seconds = ns / SECOND_NS - (ns % SECOND_NS < 0);
	char text[32];
	struct tm tm;

	if (!cell)
		return;
	if (show == AK_SHOW_AGE) {
		ak_str_from_duration(cell, (time(NULL) - seconds) * 1000);
		return;
	}
	localtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	ak_buf_str(cell, text);
}
