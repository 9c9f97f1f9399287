/*
 * dialect - errors as the clients of each API expect them.
 *
 *	Ollama     {"error":"TEXT"}
 *	OpenAI {"error":{"message":"TEXT","type":"TYPE","param":null,"code":C}}
 *	Anthropic  {"type":"error","error":{"type":"TYPE","message":"TEXT"}}
 *
 * TYPE and the status line follow from the status. Retry-After is in seconds,
 * rounded up (RFC 9110 10.2.3); retry-after-ms beside it is what the OpenAI and
 * Anthropic clients prefer to read.
 *
 * Sources: Ollama api/client.go (StatusError), middleware/openai.go
 * (NewError) and anthropic/anthropic.go (NewError); OpenAI and Anthropic API
 * references, "errors".
 */
#ifndef QUEUE_DIALECT_H
#define QUEUE_DIALECT_H

#include <stdint.h>

#include "lib/buf.h"

enum dialect {
	DIALECT_OLLAMA,
	DIALECT_OPENAI,
	DIALECT_ANTHROPIC,
	DIALECTS,
};

struct dialect_error {
	int status;	   /* 400 to 599 */
	const char *text;  /* UTF-8, any bytes but NUL; is escaped */
	const char *code;  /* a word for programs, OpenAI only; NULL: null */
	int64_t retry_ms;  /* when to come again; <= 0: not said */
	bool close;	   /* the connection closes after it */
	bool head;	   /* answers HEAD: no body follows */
	const char *extra; /* more whole header lines, with CRLF; or NULL */
};

/* Appends the JSON alone, without a line end. */
void dialect_body(struct ak_buf *buf, enum dialect dialect,
    const struct dialect_error *error);

/*
 * Appends the head of a response with a JSON body of len bytes, but for the
 * empty line that ends it.
 */
void dialect_head(struct ak_buf *buf, int status, size_t len, bool close);

/* Appends a whole response: status line, fields, body. */
void dialect_response(struct ak_buf *buf, enum dialect dialect,
    const struct dialect_error *error);

/*
 * Appends what tells of an error in a stream that has begun: an NDJSON line, or
 * with sse an event ("event: error" for Anthropic, data alone for OpenAI).
 * No chunk framing.
 */
void dialect_in_stream(struct ak_buf *buf, enum dialect dialect, bool sse,
    const struct dialect_error *error);

#endif
