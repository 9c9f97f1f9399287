/*
 * scan_form - unit test: the model that a form names.
 */
#include <string.h>

#include "tests/unit/tap.h"
#include "tools/queue/scan.h"

#define TYPE "multipart/form-data; boundary=b"
#define FIELD "Content-Disposition: form-data; name=\"model\"\r\n"
#define FILE_PART                                                           \
	"Content-Disposition: form-data; name=\"file\"; filename=\"a.wav\"" \
	"\r\nContent-Type: audio/wav\r\n\r\n"

#define LONG                                                 \
	"12345678901234567890123456789012345678901234567890" \
	"12345678901234567890123456789012345678901234567890"

static const struct {
	const char *claim;
	const char *type;
	const char *body;
	const char *model; /* NULL: refused */
	const char *error;
} rows[] = {
	{ "a form with a model", TYPE, "--b\r\n" FIELD "\r\nm:1\r\n--b--\r\n",
	    "m:1", NULL },
	{ "behind a file", TYPE,
	    "--b\r\n" FILE_PART "x\r\n--\r\n-\r\r\n--bb\r\r\n--b \t\r\n" FIELD
	    "\r\nm\r\n--b--",
	    NULL, "more behind a boundary" },
	{ "behind a file with much like a boundary", TYPE,
	    "--b\r\n" FILE_PART "x\r\n--\r\n-\r\r\n--c\r\r\n--b \t\r\n" FIELD
	    "\r\nm\r\n--b--",
	    "m", NULL },
	{ "before a file, with a text before all", TYPE,
	    "hello\r\n--b\r\n" FIELD "\r\nm\r\n--b\r\n" FILE_PART
	    "\r\n--b--\r\nbye",
	    "m", NULL },
	{ "the first of two counts, as in Go", TYPE,
	    "--b\r\n" FIELD "\r\nx\r\n--b\r\n" FIELD "\r\ny\r\n--b--", "x",
	    NULL },
	{ "a model with a CR that is no boundary", TYPE,
	    "--b\r\n" FIELD "\r\nx\r\n-y\r\n--b--", NULL,
	    "model has a control byte" },
	{ "an empty one", TYPE, "--b\r\n" FIELD "\r\n\r\n--b--", "", NULL },
	{ "an empty one without its line end", TYPE,
	    "--b\r\n" FIELD "\r\n--b--", "", NULL },
	{ "a name without quotes", TYPE,
	    "--b\r\ncontent-disposition:form-data;name=model\r\n\r\nm\r\n"
	    "--b--",
	    "m", NULL },
	{ "another name", TYPE,
	    "--b\r\nContent-Disposition: form-data; name=\"Model\"\r\n\r\nm"
	    "\r\n--b--",
	    "", NULL },
	{ "a file of that name is none", TYPE,
	    "--b\r\nContent-Disposition: form-data; name=model; filename=m"
	    "\r\n\r\nm\r\n--b--",
	    "", NULL },
	{ "a name in a quoted file name is none", TYPE,
	    "--b\r\nContent-Disposition: form-data; "
	    "filename=\"; name=model\"\r\n\r\nm\r\n--b--",
	    "", NULL },
	{ "a quoted boundary, and a charset",
	    "Multipart/Form-Data ; charset=utf-8; Boundary=\"a b\"",
	    "--a b\r\n" FIELD "\r\nm\r\n--a b--", "m", NULL },
	{ "a folded head", TYPE,
	    "--b\r\nContent-Disposition: form-data;\r\n name=model\r\n\r\nm"
	    "\r\n--b--",
	    NULL, "a field folded over lines" },
	{ "bare LF in a head", TYPE,
	    "--b\r\nA: b\nContent-Disposition: form-data; name=model\r\n\r\n",
	    NULL, "a control byte in a part's head" },
	{ "a form without its end", TYPE, "--b\r\n" FIELD "\r\nm\r\n--b\r\n",
	    NULL, "the form is cut short" },
	{ "bare LF behind a boundary", TYPE, "--b\n" FIELD, NULL,
	    "more behind a boundary" },
	{ "bare CR in a head", TYPE, "--b\r\nA: b\rc\r\n\r\n", NULL,
	    "a CR without LF in a part's head" },
	{ "one dash behind a boundary", TYPE, "--b-x", NULL,
	    "more behind a boundary" },
	{ "a Content-Disposition that breaks off", TYPE,
	    "--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\n", NULL,
	    "a Content-Disposition that is none" },
	{ "one with more behind a value", TYPE,
	    "--b\r\nContent-Disposition: form-data; name=\"a\"b\r\n\r\n", NULL,
	    "a Content-Disposition that is none" },
	{ "one without a value", TYPE,
	    "--b\r\nContent-Disposition: form-data; name\r\n\r\n", NULL,
	    "a Content-Disposition that is none" },
	{ "one that is no form-data", TYPE,
	    "--b\r\nContent-Disposition: inline; name=model\r\n\r\nm\r\n--b--",
	    "", NULL },
	{ "a quote in a file name", TYPE,
	    "--b\r\nContent-Disposition: form-data; filename=\"\\\"; a\";"
	    "name=model;\r\n\r\nm\r\n--b--",
	    "", NULL },
	{ "one of over 510 bytes", TYPE,
	    "--b\r\nContent-Disposition: form-data; a=" LONG LONG LONG LONG LONG
	    "\r\n\r\n",
	    NULL, "a Content-Disposition of over 510 bytes" },
	{ "a model of over 255 bytes", TYPE,
	    "--b\r\n" FIELD "\r\n" LONG LONG LONG "\r\n--b--", NULL,
	    "model is longer than 255 bytes" },
	{ "a type of over 511 bytes", TYPE LONG LONG LONG LONG LONG, "", NULL,
	    "a Content-Type of over 511 bytes" },
	{ "another type", "application/json", "", NULL,
	    "not multipart/form-data" },
	{ "a type that only begins so", "multipart/form-datax; boundary=b", "",
	    NULL, "not multipart/form-data" },
	{ "no boundary", "multipart/form-data", "", NULL,
	    "no boundary that RFC 2046 allows" },
	{ "two boundaries", TYPE "; boundary=c", "", NULL,
	    "more than one boundary" },
	{ "a boundary of strange bytes", "multipart/form-data; boundary=\"\r\"",
	    "", NULL, "no boundary that RFC 2046 allows" },
	{ "a boundary of 71 bytes",
	    "multipart/form-data; boundary="
	    "12345678901234567890123456789012345678901234567890123456789012345"
	    "678901",
	    "", NULL, "no boundary that RFC 2046 allows" },
};

static int
read_form(struct scan_form *form, size_t row, size_t step)
{
	const char *body = rows[row].body;
	size_t len = strlen(body);

	if (scan_form_begin(form, rows[row].type, strlen(rows[row].type)) == -1)
		return -1;
	for (size_t at = 0; at < len; at += step) {
		size_t n = step < len - at ? step : len - at;
		AK_FREE char *copy = ak_malloc(n);

		memcpy(copy, body + at, n);
		if (scan_form_feed(form, copy, n) == -1)
			return -1;
	}
	return scan_form_end(form);
}

int
main(void)
{
	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		struct scan_form form;
		bool same = true;

		for (size_t step = strlen(rows[i].body) + 1; step > 0; step--) {
			int result = read_form(&form, i, step);

			same = same && (result == -1) == !rows[i].model &&
			    ak_streq(form.error, rows[i].error) &&
			    (!rows[i].model ||
				strcmp(form.model, rows[i].model) == 0);
		}
		if (!ok(same, "%s", rows[i].claim))
			printf("#  got: %s, %s\n", form.model,
			    form.error ? form.error : "no error");
	}
	return done_testing();
}
