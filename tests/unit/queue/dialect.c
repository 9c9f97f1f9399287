/*
 * dialect - unit test: what each client is told.
 */
#include "tools/queue/dialect.h"

#include <string.h>

#include "tests/unit/tap.h"

static const struct {
	int status;
	const char *line;
	const char *openai;
	const char *anthropic;
} rows[] = {
	{ 400, "Bad Request", "invalid_request_error",
	    "invalid_request_error" },
	{ 401, "Unauthorized", "authentication_error", "authentication_error" },
	{ 403, "Forbidden", "permission_error", "permission_error" },
	{ 404, "Not Found", "not_found_error", "not_found_error" },
	{ 405, "Method Not Allowed", "invalid_request_error",
	    "invalid_request_error" },
	{ 408, "Request Timeout", "timeout_error", "timeout_error" },
	{ 413, "Content Too Large", "invalid_request_error",
	    "request_too_large" },
	{ 414, "URI Too Long", "invalid_request_error",
	    "invalid_request_error" },
	{ 415, "Unsupported Media Type", "invalid_request_error",
	    "invalid_request_error" },
	{ 417, "Expectation Failed", "invalid_request_error",
	    "invalid_request_error" },
	{ 429, "Too Many Requests", "rate_limit_error", "rate_limit_error" },
	{ 431, "Request Header Fields Too Large", "invalid_request_error",
	    "invalid_request_error" },
	{ 500, "Internal Server Error", "api_error", "api_error" },
	{ 501, "Not Implemented", "api_error", "api_error" },
	{ 502, "Bad Gateway", "api_error", "api_error" },
	{ 503, "Service Unavailable", "overloaded_error", "overloaded_error" },
	{ 504, "Gateway Timeout", "timeout_error", "timeout_error" },
	{ 505, "HTTP Version Not Supported", "api_error", "api_error" },
};

static void
judge(size_t i)
{
	const struct dialect_error error = { .status = rows[i].status,
		.text = "so" };
	AK_FREE char *openai = ak_printf(
	    "{\"error\":{\"message\":\"so\",\"type\":\"%s\",\"param\":null,"
	    "\"code\":null}}",
	    rows[i].openai);
	AK_FREE char *anthropic = ak_printf(
	    "{\"type\":\"error\",\"error\":{\"type\":\"%s\",\"message\":"
	    "\"so\"}}",
	    rows[i].anthropic);
	AK_FREE char *whole = ak_printf(
	    "HTTP/1.1 %d %s\r\nContent-Type: application/json; charset=utf-8"
	    "\r\nContent-Length: %zu\r\n\r\n%s",
	    rows[i].status, rows[i].line, strlen(openai), openai);
	const char *const want[] = { "{\"error\":\"so\"}", openai, anthropic };
	AK_BUF struct ak_buf buf = { 0 };

	for (enum dialect d = DIALECT_OLLAMA; d < DIALECTS; d++) {
		ak_buf_reset(&buf);
		dialect_body(&buf, d, &error);
		is_str(buf.data, want[d], "%d in dialect %d", rows[i].status,
		    (int)d);
	}
	ak_buf_reset(&buf);
	dialect_response(&buf, DIALECT_OPENAI, &error);
	is_str(buf.data, whole, "%d as a response", rows[i].status);
}

static const struct {
	int64_t retry_ms;
	const char *want; /* NULL: nothing is said */
} retries[] = {
	{ 0, NULL },
	{ -1, NULL },
	{ 1, "\r\nRetry-After: 1\r\nretry-after-ms: 1\r\n" },
	{ 1000, "\r\nRetry-After: 1\r\nretry-after-ms: 1000\r\n" },
	{ 1001, "\r\nRetry-After: 2\r\nretry-after-ms: 1001\r\n" },
	{ 90000, "\r\nRetry-After: 90\r\nretry-after-ms: 90000\r\n" },
};

static void
come_again(void)
{
	for (size_t i = 0; i < AK_COUNT(retries); i++) {
		AK_BUF struct ak_buf buf = { 0 };
		bool said;

		dialect_response(&buf, DIALECT_OLLAMA,
		    &(struct dialect_error){ .status = 503,
			.text = "busy",
			.retry_ms = retries[i].retry_ms });
		said = strcasestr(buf.data, "retry-after") != NULL;
		ok(retries[i].want ? strstr(buf.data, retries[i].want) != NULL
				   : !said,
		    "%lld ms are told", (long long)retries[i].retry_ms);
	}
}

static void
forms(void)
{
	const struct dialect_error error = { .status = 503,
		.text = "a \"b\" \\ \n\x01 \xc3\xa4 \xff",
		.code = "queue_full",
		.close = true,
		.head = true,
		.extra = "X-A: b\r\n" };
	AK_BUF struct ak_buf buf = { 0 };

	dialect_in_stream(&buf, DIALECT_OLLAMA, false, &error);
	is_str(buf.data,
	    "{\"error\":\"a \\\"b\\\" \\\\ \\n\\u0001 \xc3\xa4 "
	    "\xef\xbf\xbd\"}\n",
	    "a line in a stream is escaped");
	ak_buf_reset(&buf);
	dialect_in_stream(&buf, DIALECT_OPENAI, true,
	    &(struct dialect_error){
		.status = 504, .text = "late", .code = "queue_full" });
	is_str(buf.data,
	    "data: {\"error\":{\"message\":\"late\",\"type\":"
	    "\"timeout_error\",\"param\":null,\"code\":\"queue_full\"}}\n\n",
	    "an event of OpenAI");
	ak_buf_reset(&buf);
	dialect_in_stream(&buf, DIALECT_ANTHROPIC, true,
	    &(struct dialect_error){ .status = 529, .text = "busy" });
	is_str(buf.data,
	    "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":"
	    "\"overloaded_error\",\"message\":\"busy\"}}\n\n",
	    "an event of Anthropic");
	ak_buf_reset(&buf);
	dialect_response(&buf, DIALECT_OLLAMA, &error);
	ok(ak_ends(buf.data, "\r\nConnection: close\r\nX-A: b\r\n\r\n"),
	    "HEAD has the fields without the body");
}

int
main(void)
{
	for (size_t i = 0; i < AK_COUNT(rows); i++)
		judge(i);
	come_again();
	forms();
	return done_testing();
}
