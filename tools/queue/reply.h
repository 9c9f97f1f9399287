/*
 * reply - what comes back, read as it passes: tokens, the end, and errors.
 *
 * An answer is NDJSON (Ollama), server-sent events (OpenAI, Anthropic), or one
 * JSON value. It is looked at in pieces, cut anywhere, in memory of a fixed
 * size, and never changed. Whatever comes, nothing fails: what is not
 * understood is counted as malformed and passed by.
 *
 *	reply_begin(&reply, REPLY_NDJSON);
 *	reply_feed(&reply, span.data, span.len);
 *	if (reply.deltas == 1) ... the first token ...
 *	reply_end(&reply);
 *	charge(reply_prompt(&reply), reply_generated(&reply));
 *
 * Sources: Ollama docs/api.md (eval_count, done, durations in nanoseconds, a
 * line {"error":...} after status 200); OpenAI's chat completion chunks and
 * responses (usage, [DONE]); Anthropic's message events; WHATWG HTML 9.2.6
 * (event streams: LF, CRLF or CR ends a line).
 */
#ifndef QUEUE_REPLY_H
#define QUEUE_REPLY_H

#include <stdint.h>

#include "lib/ak.h"
#include "tools/queue/lex.h"

enum reply_form {
	REPLY_OPAQUE, /* nothing is looked at */
	REPLY_JSON,   /* one value */
	REPLY_NDJSON,
	REPLY_SSE,
};

#define REPLY_LEVELS 3 /* deeper members say nothing of the whole */

struct reply {
	uint8_t form; /* enum reply_form */
	bool done;    /* "done": true, [DONE], message_stop, a whole value */
	bool error;   /* an object with "error" came */
	/* As said by the backend; -1: not said, or no number from 0 to 2^53. */
	int64_t
	    prompt_eval_count; /* tokens; usage.prompt_tokens, input_tokens */
	int64_t eval_count; /* tokens; usage.completion_tokens, output_tokens */
	int64_t load_ns;    /* load_duration */
	int64_t total_ns;   /* total_duration */
	int64_t eval_ns;    /* eval_duration */
	uint64_t deltas;    /* lines or events that carried content */
	uint64_t units;	    /* lines or events */
	uint64_t malformed; /* of them */
	char reason[16];    /* done_reason, finish_reason, stop_reason; cut */
	char message[128];  /* of the first error; cut, control bytes as ? */
	/* Ours. */
	uint8_t state, field_len, matched;
	uint8_t member, parent[REPLY_LEVELS + 1];
	bool begun, bad, content, ends, after_cr;
	struct lex lex;
	char field[8]; /* the name of a line of events, as far as it matters */
};

void reply_begin(struct reply *reply, enum reply_form form);
void reply_feed(struct reply *reply, const char *data, size_t len);
/* No more will come: a last line without its end is taken in. */
void reply_end(struct reply *reply);

/* Which form a Content-Type names. */
enum reply_form reply_form(const char *type, size_t len);

/* Tokens, for accounting: as said, else 0, and the count of deltas. */
int64_t reply_prompt(const struct reply *reply);
int64_t reply_generated(const struct reply *reply);

#endif
