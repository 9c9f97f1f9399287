/*
 * scan_form - the field "model" of a form, as the form passes.
 *
 * A delimiter begins with a CR, which no boundary holds: so a delimiter that
 * breaks off can begin anew at the byte that broke it, and nowhere before.
 */
#include <string.h>
#include <strings.h>

#include "tools/queue/scan_model.h"

enum state {
	BODY,  /* of a part, or what is before the first */
	AFTER, /* a delimiter: blanks and CRLF, or -- */
	DASH,
	AFTER_LF,
	HEAD,
	HEAD_LF,
	END,
};

struct word {
	const char *text;
	size_t len;
};

static int
fail(struct scan_form *form, const char *why)
{
	form->error = why;
	return -1;
}

/*
 * The next "; name=value" of a header's value at *s, which ends in a NUL.
 * *value, of at most size - 1 bytes, is unquoted. 1, 0 at the end, -1.
 */
static int
parameter(const char **s, struct word *name, char *value, size_t size)
{
	const char *p = *s + strspn(*s, " \t");
	bool quoted;
	size_t len = 0;

	if (!*p)
		return 0;
	if (*p++ != ';')
		return -1;
	p += strspn(p, " \t");
	name->text = p;
	name->len = strcspn(p, "=; \t\"");
	p += name->len;
	if (name->len == 0)
		return *p ? -1 : 0;
	if (*p++ != '=')
		return -1;
	quoted = *p == '"';
	p += quoted;
	while (*p && (quoted ? *p != '"' : !strchr("; \t", *p))) {
		if (quoted && *p == '\\' && p[1])
			p++;
		if (len + 1 >= size)
			return -1;
		value[len++] = *p++;
	}
	value[len] = '\0';
	if (quoted && *p++ != '"')
		return -1;
	*s = p;
	return 1;
}

static bool
named(const struct word *name, const char *word)
{
	return name->len == strlen(word) &&
	    strncasecmp(name->text, word, name->len) == 0;
}

/* bcharsnospace and a blank that is not last; RFC 2046 5.1.1. */
static bool
good_boundary(const char *s)
{
	size_t len = strlen(s);

	return len > 0 && len <= SCAN_BOUNDARY_MAX && s[len - 1] != ' ' &&
	    strspn(s,
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"'()+_,-./:=? ") == len;
}

int
scan_form_begin(struct scan_form *form, const char *type, size_t len)
{
	static const char form_data[] = "multipart/form-data";
	char boundary[SCAN_BOUNDARY_MAX + 2], value[sizeof(form->line)];
	const char *s = form->line + strlen(form_data);
	struct word name;
	int more;

	memset(form, 0, sizeof(*form));
	boundary[0] = '\0';
	if (len >= sizeof(form->line))
		return fail(form, "a Content-Type of over 511 bytes");
	memcpy(form->line, type, len);
	if (strncasecmp(form->line, form_data, strlen(form_data)) != 0 ||
	    !strchr("; \t", *s))
		return fail(form, "not multipart/form-data");
	while ((more = parameter(&s, &name, value, sizeof(value))) == 1) {
		if (!named(&name, "boundary"))
			continue;
		if (boundary[0])
			return fail(form, "more than one boundary");
		memcpy(boundary, value, sizeof(boundary) - 1);
		boundary[sizeof(boundary) - 1] = '\0';
	}
	if (more == -1 || !good_boundary(boundary))
		return fail(form, "no boundary that RFC 2046 allows");
	form->delimiter_len = (uint8_t)(strlen(boundary) + 4);
	memcpy(form->delimiter, "\r\n--", 4);
	memcpy(form->delimiter + 4, boundary, form->delimiter_len - 4U);
	/* The first one may be without its CRLF. */
	form->matched = form->given = 2;
	return 0;
}

static void
keep(struct scan_form *form, const char *data, size_t len)
{
	if (!form->wanted)
		return;
	for (size_t i = 0; i < len; i++)
		if (form->model_len < SCAN_MODEL_MAX)
			form->model[form->model_len++] = data[i];
		else
			form->cut = true;
}

static int
end_part(struct scan_form *form)
{
	const char *why;

	if (!form->wanted)
		return 0;
	form->wanted = false;
	form->found = true;
	why = scan_model_bad(form->model, form->model_len, form->cut);
	return why ? fail(form, why) : 0;
}

/* Returns how many bytes were taken, at least one. */
static size_t
in_body(struct scan_form *form, const char *data, size_t len)
{
	const char *cr;
	size_t n;

	if (*data == form->delimiter[form->matched]) {
		if (++form->matched == form->delimiter_len)
			form->state = AFTER;
		return 1;
	}
	if (form->matched > form->given)
		keep(form, form->delimiter + form->given,
		    (size_t)(form->matched - form->given));
	if (form->matched > 0) {
		form->matched = form->given = 0;
		/* The byte is looked at again, unless it is plain. */
		if (*data == '\r')
			form->matched = 1;
		else
			keep(form, data, 1);
		return 1;
	}
	cr = memchr(data, '\r', len);
	n = cr ? (size_t)(cr - data) : len;
	keep(form, data, n);
	return n;
}

static int
end_line(struct scan_form *form)
{
	static const char disposition[] = "content-disposition:";
	size_t skip = strlen(disposition);
	char value[sizeof(form->line)];
	struct word name;
	bool model = false, file = false;
	const char *s;
	int more;

	form->line[form->line_len] = '\0';
	if (form->line[0] == ' ' || form->line[0] == '\t')
		return fail(form, "a field folded over lines");
	if (strncasecmp(form->line, disposition, skip) != 0)
		return 0;
	if (form->line_len == sizeof(form->line) - 1)
		return fail(form, "a Content-Disposition of over 510 bytes");
	s = form->line + skip;
	s += strspn(s, " \t");
	if (strncasecmp(s, "form-data", 9) != 0)
		return 0;
	s += 9;
	while ((more = parameter(&s, &name, value, sizeof(value))) == 1) {
		model = model ||
		    (named(&name, "name") && strcmp(value, "model") == 0);
		file = file || named(&name, "filename") ||
		    named(&name, "filename*");
	}
	if (more == -1)
		return fail(form, "a Content-Disposition that is none");
	form->wanted = model && !file && !form->found;
	return 0;
}

/* Between the delimiter and the part's body. */
static int
in_head(struct scan_form *form, char c)
{
	switch (form->state) {
	case AFTER:
		if (c == ' ' || c == '\t')
			return 0;
		form->state = c == '-' ? DASH : AFTER_LF;
		return c == '-' || c == '\r'
		    ? 0
		    : fail(form, "more behind a boundary");
	case DASH:
		form->state = END;
		return c == '-' ? 0 : fail(form, "more behind a boundary");
	case HEAD:
		if (c == '\n' || c == '\0')
			return fail(form, "a control byte in a part's head");
		if (c == '\r')
			form->state = HEAD_LF;
		else if (form->line_len < sizeof(form->line) - 1)
			form->line[form->line_len++] = c;
		return 0;
	default:
		break;
	}
	/* The LF of a line. */
	if (c != '\n')
		return fail(form, "a CR without LF in a part's head");
	if (form->state == HEAD_LF && form->line_len == 0) {
		form->state = BODY;
		form->matched = form->given = 2;
		return 0;
	}
	if (form->state == HEAD_LF && end_line(form) == -1)
		return -1;
	form->state = HEAD;
	form->line_len = 0;
	return 0;
}

int
scan_form_feed(struct scan_form *form, const char *data, size_t len)
{
	while (len > 0 && !form->error && form->state != END) {
		size_t used = 1;

		if (form->state == BODY) {
			used = in_body(form, data, len);
			if (form->state == AFTER && end_part(form) == -1)
				return -1;
		} else if (in_head(form, *data) == -1) {
			return -1;
		}
		data += used;
		len -= used;
		form->at += used;
	}
	return form->error ? -1 : 0;
}

int
scan_form_end(struct scan_form *form)
{
	if (form->error)
		return -1;
	return form->state == END ? 0 : fail(form, "the form is cut short");
}
