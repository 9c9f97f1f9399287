/*
 * conf - INI files, read by libinih.
 *
 * libinih cuts what is longer than its buffers and lets pass what stands behind
 * a section's bracket. So each line is looked at before libinih gets it, and
 * what it would change in silence is refused here.
 */
#include "lib/conf.h"

#include <ini.h>
#include <string.h>

#include "lib/utf8.h"

#define BLANKS " \t"
#define LINE_MAX_BYTES 4096
/* libinih keeps a section in 50 bytes. */
#define SECTION_MAX 49

/*
 * Debian's libinih has its limit in a variable, others have it compiled in; a
 * weak symbol is at NULL where it does not exist.
 */
extern int ini_max_line __attribute__((weak));

struct reading {
	const char *next; /* line not read yet */
	struct ak_conf_item item;
	ak_conf_fn *each;
	void *arg;
	struct ak_err *err;
	bool failed;
};

static bool
is_plain(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] < ' ' && s[i] != '\t')
			return false;
	return ak_utf8_valid(s, len) && !memchr(s, 0x7f, len);
}

/* A [section] is whole, of a length that libinih keeps, and stands alone. */
static int
check_section(const char *s, size_t len, struct ak_err *err)
{
	const char *end = memchr(s, ']', len);
	size_t behind;

	if (!end)
		return ak_fail(err, AK_CONFIG, "a section without its ]");
	if (end - s < 2 || end - s - 1 > SECTION_MAX)
		return ak_fail(err, AK_CONFIG,
		    "a section's name has 1 to %d bytes", SECTION_MAX);
	behind = (size_t)(end - s) + 1;
	behind += strspn(s + behind, BLANKS);
	if (behind < len && s[behind] != ';' && s[behind] != '#')
		return ak_fail(err, AK_CONFIG, "text behind a section's ]");
	return 0;
}

static int
check_line(const char *s, size_t len, size_t max, struct ak_err *err)
{
	if (len > max)
		return ak_fail(err, AK_CONFIG, "longer than %zu bytes", max);
	if (!is_plain(s, len))
		return ak_fail(err, AK_CONFIG,
		    "a control byte, or one that is not UTF-8");
	return *s == '[' ? check_section(s, len, err) : 0;
}

/*
 * An ini_reader. Blanks at the start of a line go, since to libinih they make
 * it the continuation of the one before.
 */
static char *
read_line(char *line, int size, void *arg)
{
	struct reading *r = arg;
	size_t len = strcspn(r->next, "\n"), skip = strspn(r->next, BLANKS);
	const char *start = r->next;

	if (r->failed || *start == '\0')
		return NULL;
	r->item.line++;
	r->next += len + (start[len] == '\n');
	start += skip;
	len -= skip;
	if (len > 0 && start[len - 1] == '\r')
		len--;
	if (check_line(start, len, (size_t)size - 3, r->err) == -1) {
		r->failed = true;
		return NULL;
	}
	memcpy(line, start, len);
	memcpy(line + len, "\n", 2);
	return line;
}

/* An ini_handler: 0 is its failure. */
static int
take_item(void *arg, const char *section, const char *key, const char *value)
{
	struct reading *r = arg;

	r->item.section = section;
	r->item.key = key;
	r->item.value = value ? value : "";
	if (*key == '\0') {
		ak_err_set(r->err, AK_CONFIG, "a value without a key");
		r->failed = true;
	} else if (r->each(r->arg, &r->item, r->err) == -1) {
		r->failed = true;
	}
	return !r->failed;
}

int
ak_conf_parse(const char *file, const char *text, ak_conf_fn *each, void *arg,
    struct ak_err *err)
{
	struct reading r = {
		.next = text,
		.item.file = file,
		.each = each,
		.arg = arg,
		.err = err,
	};
	int line;

	if (ak_starts(text, "\xef\xbb\xbf"))
		r.next += 3;
	if (&ini_max_line)
		ini_max_line = LINE_MAX_BYTES + 3;
	line = ini_parse_stream(read_line, &r, take_item, &r);
	if (line > 0 && (!r.failed || line < r.item.line)) {
		ak_err_set(err, AK_CONFIG, "neither [section] nor key = value");
		return ak_fail_in(err, "%s:%d", file, line);
	}
	if (r.failed)
		return ak_fail_in(err, "%s:%d", file, r.item.line);
	if (line != 0)
		return ak_fail(err, AK_SYSTEM, "%s: no memory", file);
	return 0;
}
