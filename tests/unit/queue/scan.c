/*
 * scan - unit test: what a body says, and what Go would read from it.
 */
#include "tools/queue/scan.h"

#include <math.h>
#include <string.h>

#include "lib/buf.h"
#include "tests/unit/tap.h"

static int
scan_all(struct scan *scan, const char *text, size_t len, size_t step)
{
	scan_begin(scan);
	for (size_t at = 0; at < len; at += step) {
		size_t n = step < len - at ? step : len - at;
		AK_FREE char *copy = ak_malloc(n);

		memcpy(copy, text + at, n);
		if (scan_feed(scan, copy, n) == -1)
			return -1;
	}
	return scan_end(scan);
}

/* Everything public, as one line. */
static void
tell(const struct scan *s, struct ak_buf *buf)
{
	ak_buf_reset(buf);
	if (s->error) {
		ak_buf_printf(buf, "%s at %llu", s->error,
		    (unsigned long long)s->at);
		return;
	}
	ak_buf_printf(buf, "model=%s", s->model);
	if (s->stream)
		ak_buf_printf(buf, " stream=%d", s->stream);
	if (s->prompt)
		ak_buf_str(buf, " prompt");
	if (s->messages)
		ak_buf_printf(buf, " messages=%u", s->message_count);
	if (s->input)
		ak_buf_printf(buf, " input=%u", s->input_count);
	if (s->keep_alive)
		ak_buf_printf(buf, " keep_alive=%d:%s@%llu+%llu", s->keep_alive,
		    s->keep_alive_text,
		    (unsigned long long)s->keep_alive_range.at,
		    (unsigned long long)s->keep_alive_range.len);
	for (enum scan_option i = SCAN_NUM_CTX; i < SCAN_OPTIONS; i++)
		if (s->options[i].kind)
			ak_buf_printf(buf, " %s=%d:%lld@%llu+%llu",
			    scan_option_name(i), s->options[i].kind,
			    (long long)s->options[i].integer,
			    (unsigned long long)s->options[i].range.at,
			    (unsigned long long)s->options[i].range.len);
	if (s->num_predict != -1)
		ak_buf_printf(buf, " num_predict=%lld",
		    (long long)s->num_predict);
	if (s->max_tokens != -1)
		ak_buf_printf(buf, " max_tokens=%lld",
		    (long long)s->max_tokens);
}

static const struct {
	const char *claim;
	const char *text;
	const char *want;
} rows[] = {
	{ "an empty object", "{}", "model=" },
	{ "a chat",
	    "{\"model\":\"a:1b\",\"messages\":[{\"role\":\"user\",\"content\":"
	    "\"hi \\\"you\\\"\"},{}],\"stream\":false}",
	    "model=a:1b stream=2 messages=2" },
	{ "a generate", " { \"prompt\" : \"x\" , \"model\" : \"m\" } \r\n\t",
	    "model=m prompt" },
	{ "an empty prompt", "{\"model\":\"m\",\"prompt\":\"\"}", "model=m" },
	{ "empty messages", "{\"model\":\"m\",\"messages\":[]}", "model=m" },
	{ "messages that are null", "{\"messages\":[1],\"messages\":null}",
	    "model=" },
	{ "an input of text", "{\"input\":\"x\"}", "model= input=1" },
	{ "an input of three",
	    "{\"input\":[\"x\",[1,[2,3]],{\"a\":{\"b\":1}}]}",
	    "model= input=3" },
	{ "an input of nothing", "{\"input\":[]}", "model=" },
	{ "every option",
	    "{\"options\":{\"num_ctx\":8192,\"num_batch\":1e2,\"num_gpu\":-1,"
	    "\"main_gpu\":0,\"use_mmap\":false,\"num_thread\":4.9,"
	    "\"draft_num_predict\":3,\"num_predict\":77,\"stop\":[\"a\"]}}",
	    "model= num_ctx=4:8192@22+4 num_batch=4:100@39+3"
	    " num_gpu=4:-1@53+2 main_gpu=4:0@67+1 use_mmap=2:0@80+5"
	    " num_thread=4:4@99+3 draft_num_predict=4:3@123+1 num_predict=77" },
	{ "options deeper or elsewhere do not count",
	    "{\"num_ctx\":1,\"options\":{\"a\":{\"num_ctx\":2}},\"b\":{"
	    "\"model\":\"x\",\"options\":{\"num_ctx\":3}}}",
	    "model=" },
	{ "keep_alive as a number", "{\"keep_alive\":-1}",
	    "model= keep_alive=4:-1@14+2" },
	{ "keep_alive as text", "{\"keep_alive\":\"10m\"}",
	    "model= keep_alive=5:10m@14+5" },
	{ "the largest of the limits",
	    "{\"max_tokens\":5,\"max_completion_tokens\":9}",
	    "model= max_tokens=9" },
	{ "escapes in a name", "{\"\\u006dod\\u0065l\":\"m\"}", "model=m" },
	{ "escapes in the model",
	    "{\"model\":\"\\u0041\\/\\u00e4\\ud83d\\ude00\\ud800x\"}",
	    "model=A/\xc3\xa4\xf0\x9f\x98\x80\xef\xbf\xbdx" },
	{ "two first halves of a pair",
	    "{\"model\":\"\\ud83d\\ud83d\\ude00\\ude00\"}",
	    "model=\xef\xbf\xbd\xf0\x9f\x98\x80\xef\xbf\xbd" },
	{ "a half before an escape", "{\"model\":\"\\ud83d\\/\"}",
	    "model=\xef\xbf\xbd/" },
	{ "the last of two models", "{\"model\":\"a\",\"model\":\"b\"}",
	    "model=b" },
	{ "Model is model, and the last counts",
	    "{\"model\":\"a\",\"MODEL\":\"b\"}", "model=b" },
	{ "an exact name before another case does not win",
	    "{\"Model\":\"a\",\"model\":\"b\",\"mOdel\":\"c\"}", "model=c" },
	{ "a long s folds", "{\"\xc5\xbftream\":true}", "model= stream=3" },
	{ "an escaped Kelvin sign folds", "{\"\\u212aeep_alive\":5}",
	    "model= keep_alive=4:5@19+1" },
	{ "a dotless i does not", "{\"\xc4\xb1nput\":\"x\"}", "model=" },
	{ "names in options do not fold",
	    "{\"OPTIONS\":{\"Num_ctx\":1,\"num_gpu\":2}}",
	    "model= num_gpu=4:2@34+1" },
	{ "a null leaves the model", "{\"model\":\"a\",\"model\":null}",
	    "model=a" },
	{ "a null takes stream back", "{\"stream\":true,\"stream\":null}",
	    "model= stream=1" },
	{ "a null takes an option back",
	    "{\"options\":{\"num_ctx\":1,\"num_ctx\":null}}",
	    "model= num_ctx=1:0@34+4" },
	{ "options add up",
	    "{\"options\":{\"num_ctx\":1},\"options\":{\"num_gpu\":2}}",
	    "model= num_ctx=4:1@22+1 num_gpu=4:2@46+1" },
	{ "options that are null are emptied",
	    "{\"options\":{\"num_ctx\":1},\"options\":null}", "model=" },
	{ "a name with a NUL is another", "{\"model\\u0000\":\"x\"}",
	    "model=" },
	{ "an array is no object", "[]", "not an object at 0" },
	{ "nor is a text", "\"x\"", "not an object at 0" },
	{ "nothing", "", "cut short at 0" },
	{ "blanks", " \n", "cut short at 2" },
	{ "an object without its end", "{\"a\":1", "cut short at 6" },
	{ "a second value", "{} {}", "more behind the value at 3" },
	{ "a NUL behind it", "{}x", "more behind the value at 2" },
	{ "a comma too many", "{\"a\":1,}", "no name where one must be at 7" },
	{ "a comma too many in an array", "{\"a\":[1,]}",
	    "no value where one must be at 8" },
	{ "no comma", "{\"a\":1 \"b\":2}", "no comma between values at 7" },
	{ "no colon", "{\"a\" 1}", "no colon behind a name at 5" },
	{ "single quotes", "{'a':1}", "no name where one must be at 1" },
	{ "the wrong bracket", "{\"a\":[1}}",
	    "a bracket that closes nothing at 7" },
	{ "NaN", "{\"a\":NaN}", "no value where one must be at 5" },
	{ "a word cut", "{\"a\":tru}", "no value where one must be at 8" },
	{ "a number with a zero before it", "{\"a\":01}", "not a number at 6" },
	{ "a number with a plus", "{\"a\":+1}",
	    "no value where one must be at 5" },
	{ "a point without digits", "{\"a\":1.}", "not a number at 7" },
	{ "an exponent without digits", "{\"a\":1e+}", "not a number at 8" },
	{ "a minus alone", "{\"a\":-}", "not a number at 6" },
	{ "a control byte in a string", "{\"a\":\"x\ny\"}",
	    "a control byte in a string at 7" },
	{ "a strange escape", "{\"a\":\"\\x41\"}",
	    "an escape that JSON has not at 7" },
	{ "a short escape", "{\"a\":\"\\u12\"}",
	    "an escape without four digits at 10" },
	{ "a model of another kind", "{\"model\":5}",
	    "model is not a string at 9" },
	{ "a model in an array", "{\"model\":[\"a\"]}",
	    "model is not a string at 9" },
	{ "a model that is not UTF-8", "{\"model\":\"\xff\"}",
	    "model is not UTF-8 at 9" },
	{ "a model with a line feed", "{\"model\":\"a\\nb\"}",
	    "model has a control byte at 9" },
	{ "a model with a NUL", "{\"model\":\"a\\u0000b\"}",
	    "model has a control byte at 9" },
	{ "a very long number",
	    "{\"options\":{\"num_ctx\":1000000000000000000000000000000000000000"
	    "}}",
	    "a number of over 39 bytes at 22" },
	{ "other bytes are not looked at", "{\"a\":\"\xff\xfe\"}", "model=" },
};

static void
judge(size_t i)
{
	AK_BUF struct ak_buf whole = { 0 }, cut = { 0 };
	size_t len = strlen(rows[i].text);
	struct scan scan;
	bool same = true;

	ok(scan_all(&scan, rows[i].text, len, len + 1) == (scan.error ? -1 : 0),
	    "%s: an error is told", rows[i].claim);
	tell(&scan, &whole);
	is_str(whole.data, rows[i].want, "%s", rows[i].claim);
	for (size_t step = 1; step <= len; step++) {
		if (scan_all(&scan, rows[i].text, len, step) == -1)
			same = same && scan.error;
		tell(&scan, &cut);
		same = same && ak_streq(whole.data, cut.data);
	}
	ok(same, "%s: the same wherever it is cut", rows[i].claim);
}

static void
sizes(void)
{
	AK_BUF struct ak_buf deep = { 0 }, name = { 0 };
	struct scan scan;

	ak_buf_str(&deep, "{\"a\":");
	for (int i = 1; i < 64; i++)
		ak_buf_char(&deep, '[');
	for (int i = 1; i < 64; i++)
		ak_buf_char(&deep, ']');
	ak_buf_char(&deep, '}');
	is_int(scan_all(&scan, deep.data, deep.len, 7), 0, "64 levels pass");
	ak_buf_reset(&deep);
	ak_buf_str(&deep, "{\"a\":");
	for (int i = 0; i < 100000; i++)
		ak_buf_char(&deep, '[');
	is_int(scan_all(&scan, deep.data, deep.len, 7), -1, "more do not");
	is_str(scan.error, "more than 64 levels", "and it says so");
	ak_buf_str(&name, "{\"model\":\"");
	for (int i = 0; i < 255; i++)
		ak_buf_char(&name, 'm');
	ak_buf_str(&name, "\"}");
	is_int(scan_all(&scan, name.data, name.len, 7), 0,
	    "a model of 255 bytes passes");
	is_int(scan.model_len, 255, "whole");
	name.len -= 2;
	ak_buf_str(&name, "m\"}");
	is_int(scan_all(&scan, name.data, name.len, 7), -1, "one of 256 not");
}

static const struct {
	const char *json;
	int result;
	double seconds;
} durations[] = { { "0", 0, 0 }, { "300", 0, 300 }, { "1.5", 0, 1.5 },
	{ "-1", 0, INFINITY }, { "\"0\"", 0, 0 }, { "\"5m\"", 0, 300 },
	{ "\"1h30m0.5s\"", 0, 5400.5 }, { "\"-1s\"", 0, INFINITY },
	{ "\"+2ms\"", 0, 0.002 }, { "\".5s\"", 0, 0.5 }, { "\"-1\"", -1, 0 },
	{ "\"5\"", -1, 0 }, { "\"\"", -1, 0 }, { "\"5 m\"", -1, 0 },
	{ "\"5d\"", -1, 0 }, { "\"m\"", -1, 0 }, { "\"1.2.3s\"", -1, 0 },
	{ "\"300y\"", -1, 0 }, { "\"9999999h\"", -1, 0 }, { "true", -1, 0 },
	{ "null", 1, 0 }, { "[1]", -1, 0 }, { "\"5\xc2\xb5s\"", 0, 5e-6 } };

static void
kept(void)
{
	for (size_t i = 0; i < AK_COUNT(durations); i++) {
		AK_FREE char *text = ak_printf("{\"keep_alive\":%s}",
		    durations[i].json);
		struct scan scan;
		double seconds = 0;

		ok(scan_all(&scan, text, strlen(text), 3) == 0 &&
			scan_keep_alive(&scan, &seconds) ==
			    durations[i].result &&
			(seconds > durations[i].seconds - 1e-9 ||
			    isinf(seconds)) &&
			!(seconds > durations[i].seconds + 1e-9),
		    "keep_alive %s is %g s", durations[i].json,
		    durations[i].seconds);
	}
}

int
main(void)
{
	for (size_t i = 0; i < AK_COUNT(rows); i++)
		judge(i);
	sizes();
	kept();
	return done_testing();
}
