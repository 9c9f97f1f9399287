/*
 * scheme - how each kind of service is asked, and what answers are well.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/stack/probe.h"

static void
http_ask(struct ak_buf *question, const char *host, const char *path)
{
	ak_buf_printf(question,
	    "GET %s HTTP/1.0\r\nHost: %s\r\nUser-Agent: aikit-stack\r\n"
	    "Accept: */*\r\nConnection: close\r\n\r\n",
	    *path != '\0' ? path : "/", host);
}

/* Only the status line is read: "HTTP/1.1 200 OK". */
static int
http_judge(const char *data, size_t len, char *text)
{
	char line[64] = "";
	long status;

	if (memchr(data, '\n', len) == NULL && len < sizeof(line))
		return 0;
	memcpy(line, data, len < sizeof(line) ? len : sizeof(line) - 1);
	if (!ak_starts(line, "HTTP/1.") || line[8] != ' ') {
		snprintf(text, PROBE_TEXT, "the answer is not HTTP");
		return -1;
	}
	status = strtol(line + 9, NULL, 10);
	if (status >= 200 && status < 400)
		return 1;
	snprintf(text, PROBE_TEXT, "HTTP %ld", status);
	return -1;
}

static void
redis_ask(struct ak_buf *question, const char *host AK_UNUSED,
    const char *path AK_UNUSED)
{
	ak_buf_str(question, "PING\r\n");
}

/* A server that wants a password is one that serves. */
static int
redis_judge(const char *data, size_t len, char *text)
{
	char line[PROBE_TEXT - 8] = "";

	if (memchr(data, '\n', len) == NULL && len < sizeof(line))
		return 0;
	memcpy(line, data, len < sizeof(line) ? len : sizeof(line) - 1);
	if (ak_starts(line, "+PONG") || ak_starts(line, "-NOAUTH"))
		return 1;
	state_first_line(line + (*line == '-'), text, PROBE_TEXT);
	return -1;
}

/* SSLRequest, as in the PostgreSQL manual, "Message Formats". */
static void
postgres_ask(struct ak_buf *question, const char *host AK_UNUSED,
    const char *path AK_UNUSED)
{
	static const char request[] = { 0, 0, 0, 8, 4, (char)210, 22, 47 };

	ak_buf_add(question, request, sizeof(request));
}

static int
postgres_judge(const char *data, size_t len AK_UNUSED, char *text)
{
	if (*data == 'S' || *data == 'N')
		return 1;
	snprintf(text, PROBE_TEXT, "the answer is not PostgreSQL's");
	return -1;
}

static const struct scheme schemes[] = {
	{ "http", http_ask, http_judge },
	{ "tcp", NULL, NULL },
	{ "redis", redis_ask, redis_judge },
	{ "postgres", postgres_ask, postgres_judge },
};

const struct scheme *
scheme_find(const char *name, size_t len)
{
	for (size_t i = 0; i < AK_COUNT(schemes); i++)
		if (strlen(schemes[i].name) == len &&
		    strncmp(schemes[i].name, name, len) == 0)
			return &schemes[i];
	return NULL;
}
