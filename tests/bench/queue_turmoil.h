/*
 * queue_turmoil - one request of a client, and whether its answer is right.
 */
#ifndef QUEUE_TURMOIL_H
#define QUEUE_TURMOIL_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

enum { IN_MAX = 64 << 10, OUT_MAX = 128 << 10 };

enum fate { STAY, LEAVE_SENDING, LEAVE_WAITING, LEAVE_READING };

struct conn {
	int fd; /* -1: none */
	long id;
	enum fate fate;
	long long begun, leave_at;   /* ms */
	size_t out_len, out_at, cut; /* sent up to cut before it leaves */
	size_t have;
	char out[OUT_MAX], in[IN_MAX + 1];
};

static struct {
	long asked, whole, refused, broken, left, reloads, kills;
} sum;

static pid_t peers[2];

static _Noreturn void
fail(const struct conn *c, const char *why)
{
	fprintf(stderr, "queue_turmoil: request %ld: %s\n%.*s\n", c->id, why,
	    (int)(c->have < 2000 ? c->have : 2000), c->in);
	for (int i = 0; i < 2; i++)
		if (peers[i] > 0)
			kill(peers[i], SIGKILL);
	exit(1);
}

/*
 * The payload of a whole answer into to, which is at least as long, and how
 * much of data it took; 0: there is more to come.
 */
static size_t
payload(const struct conn *c, char *to, size_t *len)
{
	const char *end = strstr(c->in, "\r\n\r\n"), *at, *length;
	size_t size;
	char *behind;

	*len = 0;
	if (end == NULL)
		return 0;
	at = end + 4;
	length = strcasestr(c->in, "\ncontent-length:");
	if (length != NULL && length < end) {
		size = strtoul(length + 16, NULL, 10);
		if (size > (size_t)(c->in + c->have - at))
			return 0;
		memcpy(to, at, size);
		*len = size;
		return (size_t)(at + size - c->in);
	}
	for (;;) {
		size = strtoul(at, &behind, 16);
		if (strncmp(behind, "\r\n", 2) != 0)
			return 0;
		at = behind + 2;
		if (size + 2 > (size_t)(c->in + c->have - at))
			return 0;
		memcpy(to + *len, at, size);
		*len += size;
		at += size + 2;
		if (size == 0)
			return (size_t)(at - c->in);
	}
}

/* Every line has the id; the last is the end, or tells of an error. */
static void
judge(struct conn *c, char *text, size_t len)
{
	int status = (int)strtol(c->in + 9, NULL, 10);
	char mark[32], done[64], *line, *next;
	long seen = 0;

	text[len] = '\0';
	if (status == 502 || status == 503) {
		sum.refused++;
		return;
	}
	if (status != 200)
		fail(c, "a status that nobody expects");
	snprintf(mark, sizeof(mark), "\"#%ld#\"", c->id);
	snprintf(done, sizeof(done), "\"done\":true,\"eval_count\":%ld}",
	    c->id % 8);
	for (line = text; *line != '\0'; line = next) {
		next = line + strcspn(line, "\n");
		next += *next == '\n';
		if (strncmp(line, "{\"error\"", 8) == 0 && *next == '\0') {
			sum.broken++;
			return;
		}
		if (memmem(line, (size_t)(next - line), mark, strlen(mark)) ==
		    NULL)
			fail(c, "a line of another");
		seen++;
	}
	if (strstr(text, done) == NULL)
		fail(c, "not whole");
	if (seen != c->id % 8 + 1 && seen != 1)
		fail(c, "lines are missing");
	sum.whole++;
}

#endif
