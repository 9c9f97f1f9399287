/*
 * http1 - HTTP/1.1, strict and in pieces: request and response heads, bodies,
 * and the heads we write ourselves.
 *
 * Nothing here does I/O or allocates, and nothing knows what the messages are
 * for. What is read stays where the caller has it: a result is a slice, an
 * offset and a length into the caller's buffer, counted from the first byte of
 * the message, so the buffer may move between calls. Bytes may be cut anywhere
 * and come in any number of calls: the result is the same.
 *
 *	static struct http1_head head;
 *
 *	head = (struct http1_head){ 0 };
 *	for (;;) {
 *		... read(2) behind data[0 .. len) ...
 *		switch (http1_request(&head, data, len, &http1_limits)) {
 *		case HTTP1_MORE: continue;
 *		case HTTP1_BAD: answer(http1_status(head.bad)); return;
 *		case HTTP1_DONE: break;
 *		}
 *		http1_body_start(&body, &head);
 *		... the body begins at data + head.bytes ...
 *	}
 *
 * A head may be a scratch of the process: only when HTTP1_MORE comes back must
 * its contents be kept (copied) for the next call with the same message.
 *
 * What RFC 9112 lets a recipient be lenient about is refused here, because two
 * readers that are lenient in different ways are how requests are smuggled:
 * bare LF and bare CR, obs-fold, blanks before the colon, NUL and controls,
 * lists and repetitions of Content-Length and Transfer-Encoding, both at once,
 * Transfer-Encoding other than "chunked" or with HTTP/1.0, a Host that is not
 * one plain host[:port], CONNECT, TRACE, Upgrade, and versions other than 1.0
 * and 1.1. One empty line before a request line is skipped (RFC 9112 2.2).
 * After HTTP1_BAD the connection cannot be used: answer and close.
 *
 * Sources: RFC 9112 2 (messages), 3 (request line), 4 (status line), 5 (field
 * syntax), 6 (bodies), 7.1 (chunks), 9.3 (persistence); RFC 9110 5 (fields),
 * 7.2 (Host), 7.6.1 (Connection), 10.1.1 (Expect).
 */
#ifndef QUEUE_HTTP1_H
#define QUEUE_HTTP1_H

#include <stdint.h>

#include "lib/buf.h"

#define HTTP1_FIELDS 100       /* the most that a head holds */
#define HTTP1_HEAD_MAX 65535   /* bytes; offsets are 16 bits */
#define HTTP1_METHOD_MAX 24    /* bytes */
#define HTTP1_NAME_MAX 255     /* bytes of a field name */
#define HTTP1_EXT_MAX 256      /* bytes of a chunk's extension */
#define HTTP1_TRAILER_MAX 8192 /* bytes of all trailers */

enum http1_got {
	HTTP1_BAD = -1,
	HTTP1_MORE = 0,
	HTTP1_DONE = 1,
};

/* Why a message is refused; http1_status(), http1_kind(), http1_text(). */
enum http1_bad {
	HTTP1_GOOD,
	HTTP1_BARE_LF,
	HTTP1_BARE_CR,
	HTTP1_CONTROL,	    /* NUL or a control byte in a line */
	HTTP1_EMPTY_LINES,  /* more than one before the request line */
	HTTP1_REQUEST_LINE, /* is not method SP target SP version */
	HTTP1_METHOD,	    /* is not a token */
	HTTP1_METHOD_LONG,
	HTTP1_METHOD_REFUSED, /* CONNECT, TRACE */
	HTTP1_TARGET,	      /* a byte that no URI has, a form not served */
	HTTP1_TARGET_LONG,
	HTTP1_TARGET_HOST, /* absolute-form, and Host says otherwise */
	HTTP1_VERSION,	   /* HTTP/ of another number than 1.0, 1.1 */
	HTTP1_STATUS_LINE,
	HTTP1_HEAD_LONG, /* over the limit without its end */
	HTTP1_FIELDS_MANY,
	HTTP1_FOLD,	  /* a line that continues another */
	HTTP1_NAME_EMPTY, /* a colon with nothing before it */
	HTTP1_NAME_SPACE, /* a blank before the colon */
	HTTP1_NAME,	  /* not a token, or no colon */
	HTTP1_NAME_LONG,
	HTTP1_HOST_MISSING,
	HTTP1_HOST_REPEATED,
	HTTP1_HOST, /* not host[:port]: list, userinfo, empty, ... */
	HTTP1_LENGTH_REPEATED,
	HTTP1_LENGTH_SYNTAX, /* not digits alone */
	HTTP1_LENGTH_BIG,    /* over 2^63 - 1 */
	HTTP1_CODING,	     /* Transfer-Encoding is not "chunked" */
	HTTP1_CODING_REPEATED,
	HTTP1_CODING_OLD,    /* with HTTP/1.0 */
	HTTP1_CODING_LENGTH, /* with Content-Length */
	HTTP1_REPEATED,	     /* another field that may stand once */
	HTTP1_EXPECT,	     /* is not 100-continue */
	HTTP1_UPGRADE,
	HTTP1_CHUNK_SIZE,      /* not hexadecimal digits */
	HTTP1_CHUNK_SIZE_LONG, /* over 16 digits, or over 2^63 - 1 */
	HTTP1_CHUNK_EXT,       /* a control byte in it */
	HTTP1_CHUNK_EXT_LONG,
	HTTP1_CHUNK_END, /* data not followed by CRLF */
	HTTP1_TRAILER,	 /* not a field line */
	HTTP1_TRAILER_REFUSED,
	HTTP1_TRAILER_LONG,
	HTTP1_BADS, /* how many there are */
};

enum http1_method {
	HTTP1_OTHER, /* a token not listed here */
	HTTP1_GET,
	HTTP1_HEAD,
	HTTP1_POST,
	HTTP1_PUT,
	HTTP1_DELETE,
	HTTP1_PATCH,
	HTTP1_OPTIONS,
	HTTP1_CONNECT, /* these two are always refused */
	HTTP1_TRACE,
	HTTP1_METHODS,
};

/* How the end of a body is found; RFC 9112 6.3. */
enum http1_framing {
	HTTP1_NONE,
	HTTP1_LENGTH,
	HTTP1_CHUNKED,
	HTTP1_CLOSE, /* responses only: until the connection ends */
};

/* Fields that are told apart while reading. */
enum http1_id {
	HTTP1_ID_OTHER,
	HTTP1_ID_HOST,
	HTTP1_ID_CONTENT_LENGTH,
	HTTP1_ID_TRANSFER_ENCODING,
	HTTP1_ID_CONNECTION,
	HTTP1_ID_EXPECT,
	HTTP1_ID_CONTENT_TYPE,
	HTTP1_ID_CONTENT_ENCODING,
	HTTP1_ID_AUTHORIZATION,
	HTTP1_ID_X_API_KEY,
	HTTP1_ID_UPGRADE,
	/* hop by hop, never passed on */
	HTTP1_ID_KEEP_ALIVE,
	HTTP1_ID_PROXY_CONNECTION,
	HTTP1_ID_PROXY_AUTHENTICATE,
	HTTP1_ID_PROXY_AUTHORIZATION,
	HTTP1_ID_TE,
	HTTP1_ID_TRAILER,
	HTTP1_ID_HTTP2_SETTINGS,
	HTTP1_IDS,
};

/* Into the caller's buffer, from the first byte of the message. */
struct http1_slice {
	uint16_t at;
	uint16_t len; /* 0: absent or empty */
};

struct http1_field {
	uint16_t name;
	uint16_t value;
	uint16_t value_len;
	uint8_t name_len;
	uint8_t id; /* enum http1_id */
};

struct http1_limits {
	uint32_t head_bytes;   /* <= HTTP1_HEAD_MAX; more is 431 */
	uint32_t target_bytes; /* more is 414 */
	uint32_t fields;       /* <= HTTP1_FIELDS; more is 431 */
	/*
	 * A request that offers "Upgrade: h2c" is served as HTTP/1.1 (RFC 9110
	 * 7.8 lets a server ignore it), as Java's HttpClient asks with every
	 * first request. Other protocols are refused all the same.
	 */
	bool ignore_h2c;
};

/* 32 KiB, 8 KiB, 100, and h2c refused. */
extern const struct http1_limits http1_limits;

/* Zero-initialise before the first byte of each message. */
struct http1_head {
	/* Of both kinds, valid after HTTP1_DONE. */
	uint32_t bytes;	 /* of the head with its empty line */
	uint8_t minor;	 /* HTTP/1.minor */
	uint8_t framing; /* enum http1_framing */
	bool keep_alive; /* the connection may serve another message */
	uint16_t count;	 /* of fields */
	int64_t length;	 /* Content-Length; -1: not said */
	struct http1_slice content_type, content_encoding;
	/* Of a request. */
	uint8_t method; /* enum http1_method */
	bool expect;	/* Expect: 100-continue, of HTTP/1.1 */
	struct http1_slice method_name;
	struct http1_slice target; /* as it came */
	struct http1_slice path;   /* "/api/chat"; "*" */
	struct http1_slice query;  /* without its "?" */
	struct http1_slice host;   /* with its port; empty: HTTP/1.0 */
	struct http1_slice authorization, x_api_key;
	/* Of a response. */
	uint16_t status; /* 100 to 599 */
	struct http1_slice reason;
	/* After HTTP1_BAD. */
	uint8_t bad; /* enum http1_bad */
	/* Ours. */
	uint8_t stage;
	uint8_t connection; /* bits of what Connection said */
	uint8_t codings, lengths;
	uint32_t once; /* bits of fields that have come */
	uint16_t line; /* where the current line starts */
	uint16_t seen; /* bytes looked at */
	struct http1_field fields[HTTP1_FIELDS]; /* [0 .. count) are set */
};

/*
 * data[0 .. len) is all that has come of the message so far (and may hold more
 * than its head). Bytes already looked at are not looked at again.
 */
enum http1_got http1_request(struct http1_head *head, const char *data,
    size_t len, const struct http1_limits *limits) AK_MUST;

/*
 * The same for a response; to is the method of the request it answers, since a
 * response to HEAD has no body (RFC 9112 6.3). Interim responses (status below
 * 200) are heads of their own: read on behind them. 101 is refused. A reason
 * may be missing with its blank. Whatever is bad here is a 502 to the client.
 */
enum http1_got http1_response(struct http1_head *head, const char *data,
    size_t len, enum http1_method to, const struct http1_limits *limits)
    AK_MUST;

/*
 * Readable on its own line: the status to answer with (400, 414, 417, 431,
 * 501, 505), a word for a metric ("bare_lf"), a text ("a line ends in LF
 * without CR").
 */
int http1_status(enum http1_bad bad);
const char *http1_kind(enum http1_bad bad);
const char *http1_text(enum http1_bad bad);

/* "GET"; NULL for HTTP1_OTHER. */
const char *http1_method_name(enum http1_method method);
/* The standard phrase, "Service Unavailable"; "" for a code without one. */
const char *http1_reason(int status);

/* The first field of that name, in any case; NULL. */
const struct http1_field *http1_find(const struct http1_head *head,
    const char *data, const char *name);
/* Is the slice this word, in any case? */
bool http1_is(const char *data, struct http1_slice slice, const char *word);

/* Bytes in the caller's buffer. */
struct http1_span {
	const char *data;
	size_t len;
};

/*
 * A body: where it ends, and which bytes of the stream are payload. Chunk
 * extensions are skipped, trailers are checked and dropped.
 */
struct http1_body {
	uint8_t framing; /* enum http1_framing */
	uint8_t bad;	 /* enum http1_bad */
	bool done;
	/* Ours. */
	uint8_t state;
	uint8_t name_len;
	uint16_t line_len; /* of a size, an extension, all trailers */
	uint64_t left;	   /* of the chunk or of the length */
	char name[24];	   /* of a trailer, as far as it matters */
};

/* After HTTP1_DONE of either head. A body of length 0 is done at once. */
void http1_body_start(struct http1_body *body, const struct http1_head *head);

/*
 * Looks at data[0 .. len): *used bytes of it are dealt with, and *payload,
 * which may be empty, lies within these. Call again with the rest while it is
 * HTTP1_MORE and *used < len. HTTP1_DONE at the end of the body: what is behind
 * *used belongs to the next message. HTTP1_BAD sets body->bad.
 *
 *	while (len > 0 && !body.done) {
 *		if (http1_body(&body, data, len, &used, &span) == HTTP1_BAD)
 *			...
 *		take(span.data, span.len);
 *		data += used, len -= used;
 *	}
 */
enum http1_got http1_body(struct http1_body *body, const char *data, size_t len,
    size_t *used, struct http1_span *payload) AK_MUST;

/*
 * The connection has ended: 0 when the body may end there (HTTP1_CLOSE, or it
 * was done), -1 when it is cut short.
 */
int http1_body_eof(struct http1_body *body) AK_MUST;

/* How a head goes on to the other side. */
struct http1_onward {
	const char
	    *target;	  /* of a request; NULL: path and query as they came */
	const char *host; /* of a request; NULL: none is written */
	enum http1_framing framing; /* ours, not the one that came */
	int64_t length;		    /* with HTTP1_LENGTH */
	/* "Connection: close", or "keep-alive" to an HTTP/1.0 client */
	bool close, old;
	const char *const *drop; /* more names not to pass on; NULL ends */
	const char *extra;	 /* whole lines, each with its CRLF; or NULL */
};

/*
 * Appends the head of a request or response. Always HTTP/1.1. What is dropped:
 * Host, Content-Length, Transfer-Encoding and Expect, which are written anew or
 * not at all; fields that are hop by hop (RFC 9110 7.6.1: Connection, and those
 * it names, Keep-Alive, Proxy-*, TE, Trailer, Upgrade). The others keep their
 * order and spelling. data is the head's, as it was read.
 */
void http1_put_request(struct ak_buf *buf, const struct http1_head *head,
    const char *data, const struct http1_onward *how);
/*
 * What http1_put_request() made without host and with HTTP1_NONE, whole and
 * alone, once more with them: nothing is read again. target and drop do not
 * count.
 */
void http1_put_again(struct ak_buf *buf, struct http1_span made,
    const struct http1_onward *how);
void http1_put_response(struct ak_buf *buf, const struct http1_head *head,
    const char *data, const struct http1_onward *how);

/* Decimal digits of value, which end in end; where they begin. */
#define HTTP1_DIGITS 20
char *http1_digits(char *end, uint64_t value);

/*
 * One line of a head: name, which has its ": ", the digits of value, CRLF and a
 * NUL. Where the NUL is; behind name it takes at most HTTP1_NUMBER bytes.
 */
#define HTTP1_NUMBER (HTTP1_DIGITS + 3)
char *http1_put_number(char *to, const char *name, uint64_t value);

/*
 * Room for the line before a chunk, "1f4\r\n"; its length. A chunk is this
 * line, size > 0 bytes, and HTTP1_CRLF; the last is HTTP1_LAST_CHUNK.
 */
#define HTTP1_CHUNK_LINE 18
#define HTTP1_CRLF "\r\n"
#define HTTP1_LAST_CHUNK "0\r\n\r\n"
size_t http1_chunk_line(char line[HTTP1_CHUNK_LINE], size_t size);

#endif
