/*
 * sim_trace - a workload from a CSV file.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "lib/file.h"
#include "lib/str.h"
#include "tools/queue/sim_impl.h"

#define TRACE_BYTES ((size_t)256 << 20)
#define TRACE_LOAD (5 * SIM_SECOND)

enum { T, CLIENT, CLASS, MODEL, NUM_CTX, PROMPT, MADE, RATE, FIELDS };

static int
number(const char *text, const char *what, double max, double *value,
    struct ak_err *err)
{
	char *end = NULL;

	errno = 0;
	*value = strtod(text, &end);
	if (errno || end == text || *end || !(*value >= 0 && *value <= max))
		return ak_fail(err, AK_DATA, "%s: %s: not a number from 0 on",
		    what, text);
	return 0;
}

static int
class_of(const struct sim *s, const char *name)
{
	for (int i = 0; i < s->classes; i++)
		if (strcmp(s->config.classes[i].name, name) == 0)
			return i;
	return -1;
}

static int
row_of(struct sim *s, char *fields[], struct sim_row *row, struct ak_err *err)
{
	double at = 0, prompt = 0, made = 0, rate = 45;

	if (number(fields[T], "t", 1e9, &at, err) == -1 ||
	    number(fields[PROMPT], "prompt", 1e8, &prompt, err) == -1 ||
	    number(fields[MADE], "gen", 1e8, &made, err) == -1)
		return -1;
	if (fields[RATE] && *fields[RATE] &&
	    number(fields[RATE], "tokens_per_second", 1e6, &rate, err) == -1)
		return -1;
	row->at = (int64_t)(at * 1e6);
	row->prompt = (int64_t)prompt;
	row->made = (int64_t)made;
	row->rate = rate > 0.01 ? rate : 0.01;
	row->class = class_of(s, fields[CLASS]);
	row->client = sim_client_number(s, fields[CLIENT]);
	row->model = sim_model_number(s, fields[MODEL], fields[NUM_CTX],
	    TRACE_LOAD);
	if (row->class == -1)
		return ak_fail(err, AK_DATA, "%s: no such class",
		    fields[CLASS]);
	if (row->client == -1)
		return ak_fail(err, AK_DATA, "%s: not a name, or more than %d",
		    fields[CLIENT], SIM_CLIENTS);
	if (row->model == -1)
		return ak_fail(err, AK_DATA, "%s: not a model, or more than %d",
		    fields[MODEL], SIM_MODELS);
	return 0;
}

static int
split(char *line, char *fields[], struct ak_err *err)
{
	int count = 0;
	char *comma;

	for (int i = 0; i < FIELDS; i++)
		fields[i] = NULL;
	for (char *at = line; at; at = comma ? comma + 1 : NULL) {
		if (count == FIELDS)
			return ak_fail(err, AK_DATA, "more than %d fields",
			    FIELDS);
		comma = strchr(at, ',');
		if (comma)
			*comma = '\0';
		fields[count++] = at;
	}
	if (count < RATE)
		return ak_fail(err, AK_DATA, "%d fields, %d are needed", count,
		    RATE);
	return 0;
}

static int
read_line(struct sim *s, char *line, size_t *room, struct ak_err *err)
{
	char *fields[FIELDS];
	struct sim_row row = { 0 };

	if (split(line, fields, err) == -1 ||
	    row_of(s, fields, &row, err) == -1)
		return -1;
	if (s->rows_count > 0 && row.at < s->rows[s->rows_count - 1].at)
		return ak_fail(err, AK_DATA, "t goes back");
	if (s->rows_count == *room) {
		*room = *room ? *room * 2 : 1024;
		s->rows = ak_resize(s->rows, *room, sizeof(*s->rows));
	}
	s->rows[s->rows_count++] = row;
	return 0;
}

int
sim_trace(struct sim *s, struct ak_err *err)
{
	AK_BUF struct ak_buf text = { 0 };
	size_t number_of = 0, room = 0, len;
	char *feed;

	if (ak_file_read(AT_FDCWD, s->options->trace, TRACE_BYTES, &text,
		err) == -1)
		return -1;
	for (char *line = text.data; line && *line;
	     line = feed ? feed + 1 : NULL) {
		feed = strchr(line, '\n');
		if (feed)
			*feed = '\0';
		len = strlen(line);
		if (len > 0 && line[len - 1] == '\r')
			line[--len] = '\0';
		if (++number_of == 1 && ak_starts(line, "t,"))
			continue;
		if (len > 0 && read_line(s, line, &room, err) == -1)
			return ak_fail_in(err, "%s:%zu", s->options->trace,
			    number_of);
	}
	if (s->rows_count == 0)
		return ak_fail(err, AK_DATA, "%s: no request in it",
		    s->options->trace);
	s->sources[s->sources_count++] = (struct sim_source){ .kind = SIM_TRACE,
		.next = s->rows[0].at };
	return 0;
}
