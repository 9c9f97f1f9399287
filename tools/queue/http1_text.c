/*
 * http1_text - the words of HTTP: classes of bytes, methods, reasons, and what
 * to say of a message that is refused.
 */
#include "tools/queue/http1_read.h"

#include <string.h>
#include <strings.h>

const struct http1_limits http1_limits = {
	.head_bytes = 32768,
	.target_bytes = 8192,
	.fields = HTTP1_FIELDS,
};

/* Sums of enum http1_class, sixteen bytes a row. */
const uint8_t http1_class[256] = {
	/* clang-format off */
	 0,  0,  0,  0,  0,  0,  0,  0,  0,  2,  0,  0,  0,  0,  0,  0,
	 0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
	 2,  7,  2,  3,  7,  7,  7,  7,  6,  6,  7,  7,  6, 15, 15,  6,
	31, 31, 31, 31, 31, 31, 31, 31, 31, 31,  6,  6,  2,  6,  2,  6,
	 6, 31, 31, 31, 31, 31, 31, 15, 15, 15, 15, 15, 15, 15, 15, 15,
	15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,  6,  2,  6,  3, 15,
	 3, 31, 31, 31, 31, 31, 31, 15, 15, 15, 15, 15, 15, 15, 15, 15,
	15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,  2,  3,  2, 15,  0,
	 2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
	 2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
	 2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
	 2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
	 2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
	 2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
	 2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
	 2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
	/* clang-format on */
};

static const struct {
	int status;
	const char *kind;
	const char *text;
} bads[] = {
	[HTTP1_GOOD] = { 200, "good", "nothing is wrong" },
	[HTTP1_BARE_LF] = { 400, "bare_lf", "a line ends in LF without CR" },
	[HTTP1_BARE_CR] = { 400, "bare_cr", "a CR without LF" },
	[HTTP1_CONTROL] = { 400, "control", "a control byte in the head" },
	[HTTP1_EMPTY_LINES] = { 400, "empty_lines",
	    "empty lines before the request line" },
	[HTTP1_REQUEST_LINE] = { 400, "request_line",
	    "the request line is not method, target, version" },
	[HTTP1_METHOD] = { 400, "method", "the method is not a token" },
	[HTTP1_METHOD_LONG] = { 501, "method_long",
	    "the method is over 24 bytes" },
	[HTTP1_METHOD_REFUSED] = { 501, "method_refused",
	    "CONNECT and TRACE are not served" },
	[HTTP1_TARGET] = { 400, "target",
	    "the target is not a path or an http URI" },
	[HTTP1_TARGET_LONG] = { 414, "target_long", "the target is too long" },
	[HTTP1_TARGET_HOST] = { 400, "target_host",
	    "the target names another host than Host" },
	[HTTP1_VERSION] = { 505, "version",
	    "the version is not HTTP/1.0 or HTTP/1.1" },
	[HTTP1_STATUS_LINE] = { 502, "status_line",
	    "the status line is not version, status, reason" },
	[HTTP1_HEAD_LONG] = { 431, "head_long", "the head is too long" },
	[HTTP1_FIELDS_MANY] = { 431, "fields_many", "too many fields" },
	[HTTP1_FOLD] = { 400, "fold", "a field is folded over lines" },
	[HTTP1_NAME_EMPTY] = { 400, "name_empty", "a field without a name" },
	[HTTP1_NAME_SPACE] = { 400, "name_space",
	    "a blank before the colon of a field" },
	[HTTP1_NAME] = { 400, "name",
	    "a field name that is no token, or a line without a colon" },
	[HTTP1_NAME_LONG] = { 431, "name_long",
	    "a field name of over 255 bytes" },
	[HTTP1_HOST_MISSING] = { 400, "host_missing", "no Host" },
	[HTTP1_HOST_REPEATED] = { 400, "host_repeated", "more than one Host" },
	[HTTP1_HOST] = { 400, "host", "Host is not one host and port" },
	[HTTP1_LENGTH_REPEATED] = { 400, "length_repeated",
	    "more than one Content-Length" },
	[HTTP1_LENGTH_SYNTAX] = { 400, "length_syntax",
	    "Content-Length is not digits alone" },
	[HTTP1_LENGTH_BIG] = { 400, "length_big",
	    "Content-Length is over 2^63 - 1" },
	[HTTP1_CODING] = { 501, "coding",
	    "Transfer-Encoding is not exactly chunked" },
	[HTTP1_CODING_REPEATED] = { 400, "coding_repeated",
	    "more than one Transfer-Encoding" },
	[HTTP1_CODING_OLD] = { 400, "coding_old",
	    "Transfer-Encoding with HTTP/1.0" },
	[HTTP1_CODING_LENGTH] = { 400, "coding_length",
	    "Content-Length with Transfer-Encoding" },
	[HTTP1_REPEATED] = { 400, "repeated",
	    "a field twice that may stand once" },
	[HTTP1_EXPECT] = { 417, "expect", "Expect is not 100-continue" },
	[HTTP1_UPGRADE] = { 400, "upgrade", "Upgrade is not served" },
	[HTTP1_CHUNK_SIZE] = { 400, "chunk_size",
	    "a chunk size that is not hexadecimal digits" },
	[HTTP1_CHUNK_SIZE_LONG] = { 400, "chunk_size_long",
	    "a chunk size over 16 digits or 2^63 - 1" },
	[HTTP1_CHUNK_EXT] = { 400, "chunk_ext",
	    "a control byte in a chunk extension" },
	[HTTP1_CHUNK_EXT_LONG] = { 400, "chunk_ext_long",
	    "a chunk extension over 256 bytes" },
	[HTTP1_CHUNK_END] = { 400, "chunk_end",
	    "chunk data not followed by CRLF" },
	[HTTP1_TRAILER] = { 400, "trailer", "a trailer that is no field" },
	[HTTP1_TRAILER_REFUSED] = { 400, "trailer_refused",
	    "a trailer of framing, routing or authorization" },
	[HTTP1_TRAILER_LONG] = { 431, "trailer_long",
	    "trailers over 8192 bytes" },
};
_Static_assert(AK_COUNT(bads) == HTTP1_BADS, "a row for each");

int
http1_status(enum http1_bad bad)
{
	return bads[bad].status;
}

const char *
http1_kind(enum http1_bad bad)
{
	return bads[bad].kind;
}

const char *
http1_text(enum http1_bad bad)
{
	return bads[bad].text;
}

static const char *const methods[] = {
	[HTTP1_OTHER] = NULL,
	[HTTP1_GET] = "GET",
	[HTTP1_HEAD] = "HEAD",
	[HTTP1_POST] = "POST",
	[HTTP1_PUT] = "PUT",
	[HTTP1_DELETE] = "DELETE",
	[HTTP1_PATCH] = "PATCH",
	[HTTP1_OPTIONS] = "OPTIONS",
	[HTTP1_CONNECT] = "CONNECT",
	[HTTP1_TRACE] = "TRACE",
};
_Static_assert(AK_COUNT(methods) == HTTP1_METHODS, "a name for each");

const char *
http1_method_name(enum http1_method method)
{
	return methods[method];
}

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{ 100, "Continue" },
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 411, "Length Required" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 417, "Expectation Failed" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 499, "Client Closed Request" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
};

const char *
http1_reason(int status)
{
	for (size_t i = 0; i < AK_COUNT(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "";
}

bool
http1_same(const char *data, const char *word, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (data[i] != word[i] &&
		    (data[i] < 'A' || data[i] > 'Z' ||
			data[i] + ('a' - 'A') != word[i]))
			return false;
	return true;
}

bool
http1_is(const char *data, struct http1_slice slice, const char *word)
{
	return strlen(word) == slice.len &&
	    strncasecmp(data + slice.at, word, slice.len) == 0;
}

const struct http1_field *
http1_find(const struct http1_head *head, const char *data, const char *name)
{
	size_t len = strlen(name);

	for (const struct http1_field *field = head->fields;
	     field < head->fields + head->count; field++)
		if (field->name_len == len &&
		    strncasecmp(data + field->name, name, len) == 0)
			return field;
	return NULL;
}
