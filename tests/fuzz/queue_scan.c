/*
 * queue_scan - fuzz: whatever the bytes, a body says the same wherever it is
 * cut; what is put into it is read from it, and nothing else changes; and what
 * cJSON, behind our own scanner, reads as an object passes here too. The same
 * bytes as an answer or a form never say other things when cut.
 */
#include <string.h>

#include "lib/buf.h"
#include "lib/json.h"
#include "tests/fuzz/fuzz.h"
#include "tools/queue/reply.h"
#include "tools/queue/scan.h"

static int
scan_all(struct scan *scan, const char *data, size_t size, size_t step)
{
	scan_begin(scan);
	for (size_t at = 0; at < size; at += step) {
		size_t n = step < size - at ? step : size - at;
		AK_FREE char *copy = ak_malloc(n);

		memcpy(copy, data + at, n);
		if (scan_feed(scan, copy, n) == -1)
			return -1;
	}
	return scan_end(scan);
}

static void
change(const struct scan *scan, const char *data, size_t size)
{
	AK_BUF struct ak_buf out = { 0 };
	struct scan_edit edits[2];
	struct scan again;
	size_t at = 0, count = scan_edits(scan, "4096", "\"7m\"", edits);

	for (size_t i = 0; i < count; i++) {
		law(edits[i].at >= at && edits[i].at + edits[i].len <= size);
		ak_buf_add(&out, data + at, edits[i].at - at);
		ak_buf_str(&out, edits[i].text);
		at = edits[i].at + edits[i].len;
	}
	ak_buf_add(&out, data + at, size - at);
	law(scan_all(&again, out.data, out.len, out.len) == 0);
	law(strcmp(again.model, scan->model) == 0);
	law(again.prompt == scan->prompt && again.stream == scan->stream);
	law(again.messages == scan->messages && again.input == scan->input);
	law(strcmp(again.keep_alive_text, "7m") == 0);
	if (scan->options_kind == SCAN_ABSENT ||
	    scan->options_kind == SCAN_NULL)
		law(again.options[SCAN_NUM_CTX].integer == 4096);
	for (int i = SCAN_NUM_BATCH; i < SCAN_OPTIONS; i++)
		law(again.options[i].kind == scan->options[i].kind &&
		    again.options[i].integer == scan->options[i].integer);
}

static void
answer(const char *data, size_t size, enum reply_form form)
{
	struct reply whole, cut;

	reply_begin(&whole, form);
	reply_feed(&whole, data, size);
	reply_end(&whole);
	reply_begin(&cut, form);
	for (size_t i = 0; i < size; i++)
		reply_feed(&cut, data + i, 1);
	reply_end(&cut);
	law(whole.done == cut.done && whole.error == cut.error);
	law(whole.deltas == cut.deltas && whole.units == cut.units);
	law(whole.malformed == cut.malformed);
	law(whole.malformed <= whole.units && whole.deltas <= whole.units);
	law(whole.eval_count == cut.eval_count);
	law(strcmp(whole.message, cut.message) == 0);
	law(strcmp(whole.reason, cut.reason) == 0);
}

static void
form(const char *data, size_t size)
{
	static const char type[] = "multipart/form-data; boundary=b";
	struct scan_form whole, cut;
	int result, other = 0;

	law(scan_form_begin(&whole, type, sizeof(type) - 1) == 0);
	law(scan_form_begin(&cut, type, sizeof(type) - 1) == 0);
	result = scan_form_feed(&whole, data, size);
	for (size_t i = 0; i < size && other == 0; i++)
		other = scan_form_feed(&cut, data + i, 1);
	law(result == other && whole.error == cut.error);
	law(strcmp(whole.model, cut.model) == 0);
}

static bool
same(const struct scan_value *a, const struct scan_value *b)
{
	return a->kind == b->kind && a->integer == b->integer &&
	    a->range.at == b->range.at && a->range.len == b->range.len;
}

/* Errors that are ours alone; cJSON reads \u00zz as a NUL. */
static bool
stricter(const struct scan *scan)
{
	return ak_starts(scan->error, "model ") ||
	    ak_ends(scan->error, "over 39 bytes") ||
	    ak_streq(scan->error, "an escape without four digits");
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AK_JSON struct ak_json *json = NULL;
	const char *data = (const char *)bytes;
	struct ak_err err = { 0 };
	struct scan scan, cut;
	int result = scan_all(&scan, data, size, size + 1);

	for (size_t step = 1; step < 40; step = step * 2 + 1) {
		law(scan_all(&cut, data, size, step) == result);
		law(cut.error == scan.error && cut.at == scan.at);
		law(strcmp(cut.model, scan.model) == 0);
		for (int i = 0; i < SCAN_OPTIONS; i++)
			law(same(&cut.options[i], &scan.options[i]));
	}
	if (result == 0)
		change(&scan, data, size);
	else if (ak_json_parse(&json, data, size, &err) == 0)
		law(ak_json_kind(json) != AK_JSON_OBJECT || stricter(&scan));
	answer(data, size, REPLY_NDJSON);
	answer(data, size, REPLY_SSE);
	answer(data, size, REPLY_JSON);
	form(data, size);
	return 0;
}
