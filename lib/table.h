/*
 * table - records drawn as columns, for people.
 *
 * A header row, two blanks between columns, numbers, sizes and durations to the
 * right. A column without any value is left out, as are blanks at a line's end.
 * Control bytes and what is not UTF-8 show as ?, a tab as a blank; East Asian
 * width is counted. On a terminal the last column, if it is text, is cut to the
 * width and ends in an ellipsis then.
 *
 * Rows wait until ak_table_draw(), since only all of them tell the widths. A
 * view with .stream is drawn row by row in the widths it gives, and not cut.
 */
#ifndef AK_TABLE_H
#define AK_TABLE_H

#include <stdint.h>

#include "lib/buf.h"

enum ak_show {
	AK_SHOW_TEXT,
	AK_SHOW_NUMBER,	 /* to the right, as it is */
	AK_SHOW_SIZE,	 /* bytes */
	AK_SHOW_SECONDS, /* a duration */
	AK_SHOW_PERCENT, /* one decimal */
	AK_SHOW_TIME,	 /* local time to the second */
	AK_SHOW_AGE,	 /* a time, shown as how long ago */
};

struct ak_column {
	const char *key;
	const char *title;
	enum ak_show show;
	int width; /* of a .stream view; 0: as wide as the value */
	/* colour of a cell, as in "healthy=green unhealthy=red"; or NULL */
	const char *colours;
};

#define AK_COLUMNS_MAX 18
/* The columns of a view: AK_COLUMNS({ "key", "KEY", ... }, ...). */
#define AK_COLUMNS(...) ((const struct ak_column[]){ __VA_ARGS__, { 0 } })

struct ak_view {
	const char *type;		 /* the record's "type" */
	const struct ak_column *columns; /* one without a key ends them */
	bool stream;
};

/* Zero-initialise; out, columns and colour are the caller's. */
struct ak_table {
	struct ak_buf *out; /* where lines go */
	int columns;	    /* of the terminal; 0: lines may be any length */
	bool colour;
	const struct ak_view *view; /* of the rows that wait */
	struct ak_buf cells;	    /* their texts, one after another */
	size_t *ends;		    /* where in cells each text ends */
	size_t count, cap;	    /* of ends */
	struct ak_buf row[AK_COLUMNS_MAX];
	bool titled; /* the header row of a stream is drawn */
};

void ak_table_free(struct ak_table *table);

/* Begins a row; the rows of another view are drawn before. */
void ak_table_begin(struct ak_table *table, const struct ak_view *view);
void ak_table_end(struct ak_table *table);
/* Draws the rows that wait, under their header. */
void ak_table_draw(struct ak_table *table);

/* A cell of the row begun. A key without a column is passed over. */
void ak_table_text(struct ak_table *table, const char *key, const char *value,
    size_t len);
void ak_table_int(struct ak_table *table, const char *key, int64_t value);
void ak_table_number(struct ak_table *table, const char *key, double value);
/* Nanoseconds since 1970. */
void ak_table_time(struct ak_table *table, const char *key, int64_t ns);

/* Appends s without line feeds, control bytes as in a cell. */
void ak_table_plain(struct ak_buf *buf, const char *s, size_t len);

#endif
