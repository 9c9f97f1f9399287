/*
 * out - fuzz: whatever the bytes, a record is one line of UTF-8 that reads back
 * as what was given, and a table is lines of text without a control byte.
 */
#include "lib/out.h"

#include <sys/mman.h>

#include <string.h>
#include <unistd.h>

#include "lib/json.h"
#include "lib/utf8.h"
#include "tests/fuzz/fuzz.h"

static const struct ak_view views[] = {
	{ "v",
	    AK_COLUMNS({ "a", "A", AK_SHOW_TEXT, 0, NULL },
		{ "n", "N", AK_SHOW_SIZE, 0, NULL },
		{ "b", "B", AK_SHOW_TEXT, 0, NULL }),
	    false },
	{ "s",
	    AK_COLUMNS({ "b", "B", AK_SHOW_TEXT, 4, NULL },
		{ "a", "A", AK_SHOW_TEXT, 0, NULL }),
	    true },
};

static void
fill(struct ak_out *out, const char *bytes, size_t size, size_t cut)
{
	AK_FREE char *text = ak_strndup(bytes, size);
	int64_t n = 0;

	memcpy(&n, bytes, size < sizeof(n) ? size : sizeof(n));
	for (int i = 0; i < 3; i++) {
		ak_out_begin(out, &views[(n & 1) == 0 || i == 1]);
		ak_out_bytes(out, "a", bytes, cut);
		ak_out_int(out, "n", n);
		ak_out_time(out, "t", n);
		ak_out_number(out, "f", (double)n / 3);
		ak_out_list(out, "l");
		ak_out_item(out, text);
		ak_out_item(out, "");
		ak_out_list_end(out);
		ak_out_bytes(out, "b", bytes + cut, size - cut);
		ak_out_end(out);
	}
	ak_out_note(out, "%s", text);
}

static char *
written(enum ak_form form, const char *bytes, size_t size, size_t cut)
{
	AK_CLOSE int fd = memfd_create("out", MFD_CLOEXEC);
	struct ak_out *out = ak_out_open(fd, form, false);
	struct ak_err err = { 0 };
	char *text;
	off_t len;

	fill(out, bytes, size, cut);
	law(ak_out_close(out, &err) == 0);
	len = lseek(fd, 0, SEEK_END);
	text = ak_calloc((size_t)len + 1, 1);
	law(pread(fd, text, (size_t)len, 0) == len);
	law(strlen(text) == (size_t)len && text[len - 1] == '\n');
	return text;
}

/* The text that is read is the bytes, each that is none as U+FFFD. */
static void
same_text(const char *text, const char *bytes, size_t len)
{
	for (size_t i = 0, step; i < len; i += step) {
		const char *want = bytes + i;
		uint32_t point;

		step = ak_utf8_next(want, len - i, &point);
		want = step > 0 ? want : "\xef\xbf\xbd";
		law(strncmp(text, want, step > 0 ? step : 3) == 0);
		text += step > 0 ? step : 3;
		step = step > 0 ? step : 1;
	}
	law(*text == '\0');
}

static void
check_json(char *text, const char *bytes, size_t cut)
{
	for (char *line; *text != '\0' && (line = strsep(&text, "\n"));) {
		AK_JSON struct ak_json *json = NULL;
		struct ak_err err = { 0 };

		for (const char *c = line; *c != '\0'; c++)
			law((unsigned char)*c >= ' ' && *c != 0x7f);
		/* A NUL goes out as \u0000, which no reader of ours takes. */
		if (memchr(bytes, '\0', cut) || strstr(line, "\\u0000"))
			continue;
		law(ak_json_parse(&json, line, strlen(line), &err) == 0);
		law(ak_streq(ak_json_name(ak_json_first(json)), "type"));
		same_text(ak_json_str(ak_json_get(json, "a")), bytes, cut);
	}
}

static void
check_table(const char *text)
{
	const char *before = "";

	law(ak_utf8_valid(text, strlen(text)));
	for (const char *c = text; *c != '\0'; before = c++) {
		law((unsigned char)*c >= ' ' || *c == '\n');
		law(*c != 0x7f);
		law(!(*c == '\xc2' && (unsigned char)c[1] < 0xa0));
	}
	law(*before == '\n');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	size_t cut = size > 0 ? data[0] % size : 0;
	AK_FREE char *json = written(AK_FORM_JSON, bytes, size, cut);
	AK_FREE char *table = written(AK_FORM_TABLE, bytes, size, cut);

	check_json(json, bytes, cut);
	check_table(table);
	return 0;
}
