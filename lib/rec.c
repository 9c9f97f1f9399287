/*
 * rec - records in: one JSON object a line, read one at a time.
 */
#include "lib/rec.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES ((size_t)1024 * 1024)
#define CHUNK ((size_t)64 * 1024)

/* More bytes behind those that wait; the lines given are dropped first. */
static int
fill(struct ak_rec *rec, struct ak_err *err)
{
	ssize_t got;

	ak_buf_drop(&rec->pending, rec->start);
	rec->start = 0;
	ak_buf_grow(&rec->pending, CHUNK);
	do
		got = read(rec->fd, rec->pending.data + rec->pending.len,
		    CHUNK);
	while (got == -1 && errno == EINTR);
	if (got == -1)
		return ak_fail_sys(err, AK_IO, "read");
	rec->pending.len += (size_t)got;
	rec->ended = got == 0;
	return 0;
}

/* 1 and the next line without its line feed, 0 at the end, -1. */
static int
next_line(struct ak_rec *rec, const char **line, size_t *len,
    struct ak_err *err)
{
	for (;;) {
		const char *start = ak_buf_text(&rec->pending) + rec->start;
		size_t have = rec->pending.len - rec->start;
		const char *feed = memchr(start + rec->searched, '\n',
		    have - rec->searched);
		bool last = rec->ended && have > 0;

		*len = feed ? (size_t)(feed - start) : have;
		if (*len > LINE_MAX_BYTES)
			return ak_fail(err, AK_DATA,
			    "line %zu: longer than 1 MiB", rec->line + 1);
		if (feed || last) {
			*line = start;
			rec->line++;
			rec->start += *len + (feed != NULL);
			rec->searched = 0;
			return 1;
		}
		if (rec->ended)
			return 0;
		rec->searched = have;
		if (fill(rec, err) == -1)
			return -1;
	}
}

int
ak_rec_next(struct ak_rec *rec, const struct ak_json **json, struct ak_err *err)
{
	const char *line;
	size_t len;
	int got;

	ak_json_free_scope(&rec->json);
	do
		got = next_line(rec, &line, &len, err);
	while (got == 1 && (len == 0 || (len == 1 && *line == '\r')));
	if (got != 1)
		return got;
	if (ak_json_parse(&rec->json, line, len, err) == -1)
		return ak_fail_in(err, "line %zu", rec->line);
	if (!ak_json_str(ak_json_get(rec->json, "type")))
		return ak_fail(err, AK_DATA,
		    "line %zu: no object with a \"type\"", rec->line);
	*json = rec->json;
	return 1;
}

void
ak_rec_close(struct ak_rec *rec)
{
	ak_json_free_scope(&rec->json);
	ak_buf_free(&rec->pending);
}
