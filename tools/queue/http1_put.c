/*
 * http1_put - heads as we write them, from heads as they came.
 *
 * Nothing that frames or routes is copied: it is written anew, so that the next
 * reader cannot see another message than we do.
 */
#include "tools/queue/http1_read.h"

#include <string.h>
#include <strings.h>

/* Fields that end here; RFC 9110 7.6.1. */
static const bool ends_here[HTTP1_IDS] = {
	[HTTP1_ID_HOST] = true,
	[HTTP1_ID_CONTENT_LENGTH] = true,
	[HTTP1_ID_TRANSFER_ENCODING] = true,
	[HTTP1_ID_CONNECTION] = true,
	[HTTP1_ID_EXPECT] = true,
	[HTTP1_ID_UPGRADE] = true,
	[HTTP1_ID_KEEP_ALIVE] = true,
	[HTTP1_ID_PROXY_CONNECTION] = true,
	[HTTP1_ID_PROXY_AUTHENTICATE] = true,
	[HTTP1_ID_PROXY_AUTHORIZATION] = true,
	[HTTP1_ID_TE] = true,
	[HTTP1_ID_TRAILER] = true,
	[HTTP1_ID_HTTP2_SETTINGS] = true,
};

static bool
listed(const char *name, size_t len, const char *const *names)
{
	for (; names && *names; names++)
		if (strlen(*names) == len &&
		    strncasecmp(*names, name, len) == 0)
			return true;
	return false;
}

/* Does a Connection field name this one? */
static bool
named(const struct http1_head *head, const char *data,
    const struct http1_field *field)
{
	for (size_t i = 0; i < head->count; i++) {
		const struct http1_field *list = &head->fields[i];
		struct http1_span word;

		if (list->id != HTTP1_ID_CONNECTION)
			continue;
		for (size_t at = 0; http1_element(data + list->value,
			 list->value_len, &at, &word);)
			if (word.len == field->name_len &&
			    strncasecmp(word.data, data + field->name,
				word.len) == 0)
				return true;
	}
	return false;
}

/* Is Connection more than close or keep-alive? Seldom, and then it is read. */
static bool
names_fields(const struct http1_head *head, const char *data)
{
	for (size_t i = 0; i < head->count; i++) {
		struct http1_slice value = http1_value(&head->fields[i]);

		if (head->fields[i].id == HTTP1_ID_CONNECTION &&
		    !http1_is(data, value, "keep-alive") &&
		    !http1_is(data, value, "close"))
			return true;
	}
	return false;
}

/* Did it come as it goes, "name: value" CRLF? Most do. */
static bool
plain(const char *data, const struct http1_field *field)
{
	return field->value == field->name + field->name_len + 2 &&
	    data[field->value - 1] == ' ' &&
	    data[field->value + field->value_len] == '\r';
}

static void
put_fields(struct ak_buf *buf, const struct http1_head *head, const char *data,
    const struct http1_onward *how)
{
	bool ask = names_fields(head, data);
	size_t from = 0, to = 0; /* lines that go on as they are, in one */

	for (size_t i = 0; i < head->count; i++) {
		const struct http1_field *field = &head->fields[i];
		size_t end = (size_t)field->value + field->value_len;

		if (ends_here[field->id] || (ask && named(head, data, field)) ||
		    (how->drop &&
			listed(data + field->name, field->name_len, how->drop)))
			continue;
		if (field->name != to || !plain(data, field)) {
			ak_buf_add(buf, data + from, to - from);
			from = to = field->name;
		}
		if (plain(data, field)) {
			to = end + 2;
			continue;
		}
		ak_buf_add(buf, data + field->name, field->name_len);
		ak_buf_add(buf, ": ", 2);
		ak_buf_add(buf, data + field->value, field->value_len);
		ak_buf_add(buf, HTTP1_CRLF, 2);
	}
	ak_buf_add(buf, data + from, to - from);
}

char *
http1_digits(char *end, uint64_t value)
{
	do
		*--end = (char)('0' + value % 10);
	while ((value /= 10) > 0);
	return end;
}

char *
http1_put_number(char *to, const char *name, uint64_t value)
{
	char digits[HTTP1_DIGITS], *end = digits + sizeof(digits);
	char *at = http1_digits(end, value);

	to = mempcpy(stpcpy(to, name), at, (size_t)(end - at));
	return stpcpy(to, HTTP1_CRLF);
}

static void
put_framing(struct ak_buf *buf, const struct http1_onward *how)
{
	static const char length[] = "Content-Length: ";
	char line[sizeof(length) + HTTP1_NUMBER], *end;

	if (how->framing == HTTP1_CHUNKED)
		ak_buf_str(buf, "Transfer-Encoding: chunked\r\n");
	if (how->framing == HTTP1_LENGTH) {
		end = http1_put_number(line, length, (uint64_t)how->length);
		ak_buf_add(buf, line, (size_t)(end - line));
	}
	if (how->close)
		ak_buf_str(buf, "Connection: close\r\n");
	else if (how->old)
		ak_buf_str(buf, "Connection: keep-alive\r\n");
	if (how->extra)
		ak_buf_str(buf, how->extra);
	ak_buf_add(buf, HTTP1_CRLF, 2);
}

static void
put_slice(struct ak_buf *buf, const char *data, struct http1_slice slice)
{
	ak_buf_add(buf, data + slice.at, slice.len);
}

static void
put_host(struct ak_buf *buf, const char *host)
{
	ak_buf_str(buf, "Host: ");
	ak_buf_str(buf, host);
	ak_buf_add(buf, HTTP1_CRLF, 2);
}

void
http1_put_request(struct ak_buf *buf, const struct http1_head *head,
    const char *data, const struct http1_onward *how)
{
	struct http1_slice method = head->method_name;

	ak_buf_grow(buf, head->bytes + 256U);
	/* With the blank behind it. */
	ak_buf_add(buf, data + method.at, method.len + 1U);
	if (how->target) {
		ak_buf_str(buf, how->target);
	} else {
		if (head->path.len == 0)
			ak_buf_char(buf, '/');
		put_slice(buf, data, head->path);
		if (head->query.at > 0) {
			ak_buf_char(buf, '?');
			put_slice(buf, data, head->query);
		}
	}
	ak_buf_str(buf, " HTTP/1.1\r\n");
	if (how->host)
		put_host(buf, how->host);
	put_fields(buf, head, data, how);
	put_framing(buf, how);
}

void
http1_put_again(struct ak_buf *buf, struct http1_span made,
    const struct http1_onward *how)
{
	const char *lf = memchr(made.data, '\n', made.len);
	size_t line = (size_t)(lf + 1 - made.data);

	ak_buf_add(buf, made.data, line);
	if (how->host)
		put_host(buf, how->host);
	/* Without the empty line, which framing ends with. */
	ak_buf_add(buf, lf + 1, made.len - line - strlen(HTTP1_CRLF));
	put_framing(buf, how);
}

void
http1_put_response(struct ak_buf *buf, const struct http1_head *head,
    const char *data, const struct http1_onward *how)
{
	char status[] = "HTTP/1.1 000 ";

	http1_digits(strrchr(status, ' '), head->status);
	ak_buf_grow(buf, head->bytes + 256U);
	ak_buf_str(buf, status);
	if (head->reason.len > 0)
		put_slice(buf, data, head->reason);
	else
		ak_buf_str(buf, http1_reason(head->status));
	ak_buf_add(buf, HTTP1_CRLF, 2);
	put_fields(buf, head, data, how);
	put_framing(buf, how);
}

size_t
http1_chunk_line(char line[HTTP1_CHUNK_LINE], size_t size)
{
	static const char hex[] = "0123456789abcdef";
	size_t len = 1;

	for (size_t rest = size; rest >>= 4;)
		len++;
	for (size_t at = len; at-- > 0; size >>= 4)
		line[at] = hex[size & 15];
	line[len] = '\r';
	line[len + 1] = '\n';
	return len + 2;
}
