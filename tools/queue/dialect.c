/*
 * dialect - errors as the clients of each API expect them.
 */
#include "tools/queue/dialect.h"

#include <string.h>

#include "lib/json.h"
#include "tools/queue/http1.h"

/* The type of an error by its status; NULL: as any other of its class. */
struct type {
	int status;
	const char *openai;
	const char *anthropic;
};

static const struct type types[] = {
	{ 400, "invalid_request_error", "invalid_request_error" },
	{ 401, "authentication_error", "authentication_error" },
	{ 403, "permission_error", "permission_error" },
	{ 404, "not_found_error", "not_found_error" },
	{ 408, "timeout_error", "timeout_error" },
	{ 413, "invalid_request_error", "request_too_large" },
	{ 429, "rate_limit_error", "rate_limit_error" },
	{ 503, "overloaded_error", "overloaded_error" },
	{ 504, "timeout_error", "timeout_error" },
	{ 529, "overloaded_error", "overloaded_error" },
};

static const struct type client = { 400, "invalid_request_error",
	"invalid_request_error" };
static const struct type server = { 500, "api_error", "api_error" };

static const struct type *
type_of(int status)
{
	for (size_t i = 0; i < AK_COUNT(types); i++)
		if (types[i].status == status)
			return &types[i];
	return status < 500 ? &client : &server;
}

static void
put_member(struct ak_buf *buf, const char *before, const char *value)
{
	ak_buf_str(buf, before);
	ak_json_quote(buf, value, strlen(value));
}

static void
put_ollama(struct ak_buf *buf, const struct dialect_error *error)
{
	put_member(buf, "{\"error\":", error->text);
	ak_buf_char(buf, '}');
}

static void
put_openai(struct ak_buf *buf, const struct dialect_error *error)
{
	put_member(buf, "{\"error\":{\"message\":", error->text);
	put_member(buf, ",\"type\":", type_of(error->status)->openai);
	if (error->code)
		put_member(buf, ",\"param\":null,\"code\":", error->code);
	else
		ak_buf_str(buf, ",\"param\":null,\"code\":null");
	ak_buf_str(buf, "}}");
}

static void
put_anthropic(struct ak_buf *buf, const struct dialect_error *error)
{
	put_member(buf, "{\"type\":\"error\",\"error\":{\"type\":",
	    type_of(error->status)->anthropic);
	put_member(buf, ",\"message\":", error->text);
	ak_buf_str(buf, "}}");
}

static void (*const bodies[])(struct ak_buf *, const struct dialect_error *) = {
	[DIALECT_OLLAMA] = put_ollama,
	[DIALECT_OPENAI] = put_openai,
	[DIALECT_ANTHROPIC] = put_anthropic,
};
_Static_assert(AK_COUNT(bodies) == DIALECTS, "a form for each");

void
dialect_body(struct ak_buf *buf, enum dialect dialect,
    const struct dialect_error *error)
{
	bodies[dialect](buf, error);
}

void
dialect_head(struct ak_buf *buf, int status, size_t len, bool close)
{
	ak_buf_printf(buf,
	    "HTTP/1.1 %d %s\r\n"
	    "Content-Type: application/json; charset=utf-8\r\n"
	    "Content-Length: %zu\r\n",
	    status, http1_reason(status), len);
	if (close)
		ak_buf_str(buf, "Connection: close\r\n");
}

void
dialect_response(struct ak_buf *buf, enum dialect dialect,
    const struct dialect_error *error)
{
	AK_BUF struct ak_buf body = { 0 };
	long long retry_ms = error->retry_ms;

	dialect_body(&body, dialect, error);
	dialect_head(buf, error->status, body.len, error->close);
	if (retry_ms > 0)
		ak_buf_printf(buf,
		    "Retry-After: %lld\r\nretry-after-ms: %lld\r\n",
		    (retry_ms - 1) / 1000 + 1, retry_ms);
	if (error->extra)
		ak_buf_str(buf, error->extra);
	ak_buf_str(buf, "\r\n");
	if (!error->head)
		ak_buf_add(buf, body.data, body.len);
}

void
dialect_in_stream(struct ak_buf *buf, enum dialect dialect, bool sse,
    const struct dialect_error *error)
{
	if (sse && dialect == DIALECT_ANTHROPIC)
		ak_buf_str(buf, "event: error\n");
	if (sse)
		ak_buf_str(buf, "data: ");
	dialect_body(buf, dialect, error);
	ak_buf_str(buf, sse ? "\n\n" : "\n");
}
