/*
 * reply - unit test: tokens, ends and errors, in answers cut anywhere.
 */
#include "tools/queue/reply.h"

#include <string.h>

#include "lib/buf.h"
#include "tests/unit/tap.h"

#define TOKEN "{\"model\":\"m\",\"response\":\"x\",\"done\":false}\n"
#define LAST                                                             \
	"{\"response\":\"\",\"done\":true,\"done_reason\":\"stop\","     \
	"\"total_duration\":9,\"load_duration\":5,\"prompt_eval_count\"" \
	":26,\"eval_count\":298,\"eval_duration\":7}\n"
#define CHUNK "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n"

static const struct {
	const char *claim;
	enum reply_form form;
	const char *text;
	const char *want;
} rows[] = {
	{ "a stream of Ollama", REPLY_NDJSON, TOKEN TOKEN LAST,
	    "done prompt=26 eval=298 load=5 total=9 ns=7 deltas=2 units=3 "
	    "reason=stop" },
	{ "a last line without its end", REPLY_NDJSON, TOKEN "{\"done\":true}",
	    "done deltas=1 units=2" },
	{ "a chat of Ollama", REPLY_NDJSON,
	    "{\"message\":{\"role\":\"assistant\",\"content\":\"x\"}}\n"
	    "{\"message\":{\"thinking\":\"y\",\"content\":\"\"}}\n"
	    "{\"message\":{\"content\":\"\"},\"done\":true}\r\n",
	    "done deltas=2 units=3" },
	{ "an error in the stream", REPLY_NDJSON,
	    TOKEN "{\"error\":\"no\\nmemory\"}\n",
	    "error deltas=1 units=2 message=no?memory" },
	{ "blank lines are none", REPLY_NDJSON, "\n \r\n" TOKEN "\n",
	    "deltas=1 units=1" },
	{ "a line that is no JSON", REPLY_NDJSON, "{\"a\":\n" TOKEN "x\n",
	    "deltas=1 units=3 malformed=2" },
	{ "a line that is no object", REPLY_NDJSON, "5\n[]\n\"x\"\n" TOKEN,
	    "deltas=1 units=4 malformed=3" },
	{ "two objects on a line", REPLY_NDJSON, "{}{}\n",
	    "units=1 malformed=1" },
	{ "what a model writes is not heard", REPLY_NDJSON,
	    "{\"message\":{\"tool_calls\":[{\"function\":{\"arguments\":{"
	    "\"error\":\"x\",\"done\":true,\"usage\":{\"prompt_tokens\":9},"
	    "\"eval_count\":9}}}]},\"done\":false}\n",
	    "units=1" },
	{ "numbers that cannot be are not taken", REPLY_NDJSON,
	    "{\"eval_count\":-1,\"prompt_eval_count\":1e99}\n", "units=1" },
	{ "an embedding", REPLY_JSON,
	    "{\"model\":\"m\",\"embeddings\":[[0.1,-2e-3]],"
	    "\"prompt_eval_count\":8}",
	    "done prompt=8 units=1" },
	{ "an answer of OpenAI in one", REPLY_JSON,
	    "{\"choices\":[{\"message\":{\"content\":\"x\"},"
	    "\"finish_reason\":\"length\"}],\"usage\":{\"prompt_tokens\":3,"
	    "\"completion_tokens\":4,\"total_tokens\":7}}\n",
	    "done prompt=3 eval=4 deltas=1 units=1 reason=length" },
	{ "one cut short", REPLY_JSON, "{\"choices\":[",
	    "units=1 malformed=1" },
	{ "an error of OpenAI", REPLY_JSON,
	    "{\"error\":{\"message\":\"no\",\"type\":\"api_error\"}}",
	    "done error units=1 message=no" },
	{ "an error that is null is none", REPLY_JSON,
	    "{\"error\":null,\"output\":[]}", "done units=1" },
	{ "events of OpenAI", REPLY_SSE,
	    CHUNK CHUNK "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,"
			"\"completion_tokens\":4}}\n\ndata: [DONE]\n\n",
	    "done prompt=3 eval=4 deltas=2 units=4" },
	{ "comments and other fields", REPLY_SSE,
	    ": wait\n\nid: 1\nevent: x\ndata:{\"a\":1}\nretry\n\n: bye\n\n",
	    "units=1" },
	{ "lines that end in CR, or in CRLF", REPLY_SSE,
	    "data: {\"text\":\"x\"}\r\rdata: {\"text\":\"x\"}\r\n\r\n"
	    "data: [DONE]\r\r",
	    "done deltas=2 units=3" },
	{ "data over several lines", REPLY_SSE,
	    "data: {\"text\":\ndata: \"x\"}\ndata:\n\n", "deltas=1 units=1" },
	{ "no DONE", REPLY_SSE, "data: [DONE] x\n\ndata: [DO\n\ndata: [1]\n\n",
	    "units=3 malformed=3" },
	{ "a name longer than data", REPLY_SSE, "dataaaaaaaaaaaaaa: x\n\n",
	    "" },
	{ "events of Anthropic", REPLY_SSE,
	    "event: message_start\n"
	    "data: {\"type\":\"message_start\",\"message\":{\"content\":[],"
	    "\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\n"
	    "event: content_block_delta\n"
	    "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{"
	    "\"type\":\"text_delta\",\"text\":\"Hi\"}}\n\n"
	    "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
	    "\"end_turn\"},\"usage\":{\"output_tokens\":15}}\n\n"
	    "data: {\"type\":\"message_stop\"}\n\n",
	    "done prompt=25 eval=15 deltas=1 units=4 reason=end_turn" },
	{ "an error of Anthropic", REPLY_SSE,
	    "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":"
	    "\"overloaded_error\",\"message\":\"busy\"}}\n\n",
	    "error units=1 message=busy" },
	{ "events of responses", REPLY_SSE,
	    "data: {\"type\":\"response.output_text.delta\",\"delta\":\"x\"}"
	    "\n\ndata: {\"type\":\"response.completed\",\"response\":{"
	    "\"error\":null,\"usage\":{\"input_tokens\":1,\"output_tokens\":"
	    "2}}}\n\n",
	    "done prompt=1 eval=2 deltas=1 units=2" },
	{ "what is opaque", REPLY_OPAQUE, TOKEN, "" },
};

static void
tell(const struct reply *r, struct ak_buf *buf)
{
	const struct {
		const char *name;
		int64_t value;
	} numbers[] = {
		{ "prompt", r->prompt_eval_count },
		{ "eval", r->eval_count },
		{ "load", r->load_ns },
		{ "total", r->total_ns },
		{ "ns", r->eval_ns },
		{ "deltas", r->deltas > 0 ? (int64_t)r->deltas : -1 },
		{ "units", r->units > 0 ? (int64_t)r->units : -1 },
		{ "malformed", r->malformed > 0 ? (int64_t)r->malformed : -1 },
	};

	ak_buf_reset(buf);
	if (r->done)
		ak_buf_str(buf, " done");
	if (r->error)
		ak_buf_str(buf, " error");
	for (size_t i = 0; i < AK_COUNT(numbers); i++)
		if (numbers[i].value != -1)
			ak_buf_printf(buf, " %s=%lld", numbers[i].name,
			    (long long)numbers[i].value);
	if (r->reason[0])
		ak_buf_printf(buf, " reason=%s", r->reason);
	if (r->message[0])
		ak_buf_printf(buf, " message=%s", r->message);
	if (buf->len > 0)
		ak_buf_drop(buf, 1);
}

static void
judge(size_t i)
{
	AK_BUF struct ak_buf said = { 0 };
	size_t len = strlen(rows[i].text);
	struct reply reply;
	bool same = true;

	for (size_t step = len; step > 0; step--) {
		reply_begin(&reply, rows[i].form);
		for (size_t at = 0; at < len; at += step) {
			size_t n = step < len - at ? step : len - at;
			AK_FREE char *copy = ak_malloc(n);

			memcpy(copy, rows[i].text + at, n);
			reply_feed(&reply, copy, n);
		}
		reply_end(&reply);
		tell(&reply, &said);
		if (step == len)
			is_str(ak_buf_text(&said), rows[i].want, "%s",
			    rows[i].claim);
		same = same && ak_streq(ak_buf_text(&said), rows[i].want);
	}
	ok(same, "%s: the same wherever it is cut", rows[i].claim);
}

static void
bounds(void)
{
	AK_BUF struct ak_buf text = { 0 };
	struct reply reply;

	ak_buf_str(&text, "{\"error\":\"");
	for (int i = 0; i < 63; i++)
		ak_buf_str(&text, "\xc3\xa4");
	ak_buf_str(&text, "\xc3\xa4\xc3\xa4\"}");
	reply_begin(&reply, REPLY_JSON);
	reply_feed(&reply, text.data, text.len);
	reply_end(&reply);
	is_int((long long)strlen(reply.message), 126,
	    "a long message is cut between characters");
	is_int(reply_generated(&reply), 0, "no tokens are none");
	is_int(reply_prompt(&reply), 0, "nor is a prompt not said");
	reply_begin(&reply, REPLY_NDJSON);
	reply_feed(&reply, TOKEN TOKEN, strlen(TOKEN TOKEN));
	is_int(reply_generated(&reply), 2, "tokens not said are counted");
	is_int(reply_form("Application/JSON ; charset=utf-8", 32), REPLY_JSON,
	    "a type is known by its name");
	is_int(reply_form("text/event-stream", 17), REPLY_SSE, "as are events");
	is_int(reply_form("application/x-ndjson", 20), REPLY_NDJSON,
	    "and lines");
	is_int(reply_form("application/jsonx", 17), REPLY_OPAQUE,
	    "others are opaque");
	is_int(reply_form(NULL, 0), REPLY_OPAQUE, "as is none");
}

int
main(void)
{
	for (size_t i = 0; i < AK_COUNT(rows); i++)
		judge(i);
	bounds();
	return done_testing();
}
