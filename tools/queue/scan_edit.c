/*
 * scan_edit - what a body should say instead: num_ctx and keep_alive.
 *
 * Where a body does not say it, a member is put in before the end of the
 * object: the last one counts, whatever came before.
 */
#include "tools/queue/scan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Go's units; time.ParseDuration. */
static const struct {
	const char *name;
	double seconds;
} units[] = {
	{ "ns", 1e-9 },
	{ "us", 1e-6 },
	{ "\xc2\xb5s", 1e-6 },
	{ "\xce\xbcs", 1e-6 },
	{ "ms", 1e-3 },
	{ "s", 1 },
	{ "m", 60 },
	{ "h", 3600 },
};

/* A unit ends where a digit or a point begins the next number. */
static const char *
read_unit(const char *s, double *seconds)
{
	size_t len = strcspn(s, ".0123456789");

	for (size_t i = 0; i < AK_COUNT(units); i++)
		if (strlen(units[i].name) == len &&
		    strncmp(s, units[i].name, len) == 0) {
			*seconds = units[i].seconds;
			return s + len;
		}
	return NULL;
}

/* Digits with at most one point among them. */
static const char *
read_number(const char *s, double *value)
{
	size_t whole = strspn(s, "0123456789");
	size_t fraction = s[whole] == '.' ? strspn(s + whole + 1, "0123456789")
					  : 0;
	size_t len = whole + (s[whole] == '.') + fraction;

	if (whole + fraction == 0)
		return NULL;
	*value = strtod(s, NULL);
	return s + len;
}

static int
read_duration(const char *s, double *seconds)
{
	bool negative = *s == '-';
	double sum = 0;

	s += *s == '-' || *s == '+';
	if (strcmp(s, "0") == 0) {
		*seconds = 0;
		return 0;
	}
	if (!*s)
		return -1;
	while (*s) {
		double value, unit;

		if (!(s = read_number(s, &value)) || !(s = read_unit(s, &unit)))
			return -1;
		sum += value * unit;
	}
	/* What Go's Duration of nanoseconds cannot hold. */
	if (sum > 9223372036.854775807)
		return -1;
	*seconds = negative && sum > 0 ? INFINITY : sum;
	return 0;
}

int
scan_keep_alive(const struct scan *scan, double *seconds)
{
	double value;

	switch (scan->keep_alive) {
	case SCAN_ABSENT:
	case SCAN_NULL:
		return 1;
	case SCAN_NUMBER:
		value = strtod(scan->keep_alive_text, NULL);
		*seconds = value < 0 ? INFINITY : value;
		return 0;
	case SCAN_STRING:
		return read_duration(scan->keep_alive_text, seconds);
	default:
		return -1;
	}
}

/* before, value and after take the place of the range. */
static struct scan_edit *
replace(struct scan_edit *edit, struct scan_range range, const char *before,
    const char *value, const char *after)
{
	edit->at = range.at;
	edit->len = range.len;
	snprintf(edit->text, sizeof(edit->text), "%s%s%s", before, value,
	    after);
	return edit;
}

/* Behind all members, before the brace at at. */
static struct scan_range
before_brace(uint64_t at)
{
	return (struct scan_range){ at, 0 };
}

/* NULL: what the body says there is no number, and Ollama will refuse it. */
static struct scan_edit *
edit_num_ctx(const struct scan *scan, struct scan_edit *edit, const char *value)
{
	const struct scan_value *said = &scan->options[SCAN_NUM_CTX];
	struct scan_range all = scan->options_range;

	if (said->range.len > 0)
		return replace(edit, said->range, "", value, "");
	if (said->kind != SCAN_ABSENT)
		return NULL;
	switch (scan->options_kind) {
	case SCAN_OBJECT:
		return replace(edit, before_brace(all.at + all.len - 1),
		    scan->options_empty ? "\"num_ctx\":" : ",\"num_ctx\":",
		    value, "");
	case SCAN_NULL:
		return replace(edit, all, "{\"num_ctx\":", value, "}");
	case SCAN_ABSENT:
		return replace(edit, before_brace(scan->end),
		    scan->empty ? "\"options\":{\"num_ctx\":"
				: ",\"options\":{\"num_ctx\":",
		    value, "}");
	default:
		return NULL;
	}
}

static void
edit_keep_alive(const struct scan *scan, struct scan_edit *edit,
    const char *value)
{
	if (scan->keep_alive_range.len > 0)
		replace(edit, scan->keep_alive_range, "", value, "");
	else
		replace(edit, before_brace(scan->end),
		    scan->empty ? "\"keep_alive\":" : ",\"keep_alive\":", value,
		    "");
}

size_t
scan_edits(const struct scan *scan, const char *num_ctx, const char *keep_alive,
    struct scan_edit edits[2])
{
	size_t count = 0;

	if (num_ctx && edit_num_ctx(scan, &edits[count], num_ctx))
		count++;
	if (!keep_alive)
		return count;
	edit_keep_alive(scan, &edits[count], keep_alive);
	if (count++ == 0)
		return count;
	if (edits[0].at == edits[1].at && edits[1].len == 0) {
		/* Both at the end; in an empty body no comma is there yet. */
		size_t len = strlen(edits[0].text);

		snprintf(edits[0].text + len, sizeof(edits[0].text) - len,
		    "%s%s", scan->empty ? "," : "", edits[1].text);
		return 1;
	}
	if (edits[0].at > edits[1].at) {
		struct scan_edit first = edits[1];

		edits[1] = edits[0];
		edits[0] = first;
	}
	return count;
}
