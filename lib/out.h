/*
 * out - records out: NDJSON for programs, a table for people.
 *
 * A record is begun, gets its fields, and is ended. As JSON it is one line of
 * UTF-8 whatever the bytes, "type" first, fields in the order given; a NULL
 * string is left out. As a table (lib/table.h) the columns of its view are
 * shown, once another view, a note, a flush or the close ends it; a view with
 * .stream is drawn line by line.
 *
 *	static const struct ak_view job_view = {
 *		.type = "job",
 *		.columns = AK_COLUMNS({ "id", "ID", AK_SHOW_TEXT, 0, NULL },
 *		    { "size_bytes", "SIZE", AK_SHOW_SIZE, 0, NULL }),
 *	};
 *
 *	ak_out_begin(out, &job_view);
 *	ak_out_str(out, "id", job->id);
 *	ak_out_int(out, "size_bytes", job->size);
 *	ak_out_end(out);
 *
 * A write error sticks: later calls do nothing and ak_out_close() tells it as
 * AK_IO.
 */
#ifndef AK_OUT_H
#define AK_OUT_H

#include <stdint.h>

#include "lib/err.h"
#include "lib/table.h"

enum ak_form { AK_FORM_AUTO, AK_FORM_JSON, AK_FORM_TABLE };

struct ak_out;

/*
 * Writes to fd, which stays the caller's. AK_FORM_AUTO is a table when fd is a
 * terminal. colour allows escapes in a table.
 */
struct ak_out *ak_out_open(int fd, enum ak_form form, bool colour);
/* Draws what waits, frees, and tells the first error there was. */
int ak_out_close(struct ak_out *out, struct ak_err *err) AK_MUST;
/* Draws what waits and hands it to the kernel; for --follow and --watch. */
void ak_out_flush(struct ak_out *out);
bool ak_out_is_table(const struct ak_out *out);
/* True once a write failed (a reader gone, a full disk): stop producing. */
bool ak_out_failed(const struct ak_out *out);

void ak_out_begin(struct ak_out *out, const struct ak_view *view);
void ak_out_str(struct ak_out *out, const char *key, const char *value);
void ak_out_bytes(struct ak_out *out, const char *key, const char *value,
    size_t len);
/* Beyond 2^53 it goes out as a string. */
void ak_out_int(struct ak_out *out, const char *key, int64_t value);
/* At most six decimals; a value that is not finite is left out. */
void ak_out_number(struct ak_out *out, const char *key, double value);
void ak_out_bool(struct ak_out *out, const char *key, bool value);
/* Nanoseconds since 1970; goes out as RFC 3339. */
void ak_out_time(struct ak_out *out, const char *key, int64_t ns);
/* A list of strings; in a table joined by ", ". */
void ak_out_list(struct ak_out *out, const char *key);
void ak_out_item(struct ak_out *out, const char *value);
void ak_out_list_end(struct ak_out *out);
void ak_out_end(struct ak_out *out);

/*
 * A line for people below a table ("3 services, 1 not well"). As JSON nothing
 * is written: what matters to programs is a record or the exit status.
 */
void ak_out_note(struct ak_out *out, const char *format, ...) AK_PRINTF(2, 3);

/*
 * Whole lines that are no record, where an option asks for another form
 * (graph --dot). The same in JSON and in a table.
 */
void ak_out_raw(struct ak_out *out, const char *format, ...) AK_PRINTF(2, 3);

#endif
