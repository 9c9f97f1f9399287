/*
 * queue_peer - what stands behind a proxy while it is measured.
 *
 *	queue_peer ports N		N ports of loopback that are free now
 *	queue_peer answer PORT		answers each request at once
 *	queue_peer hang PORT		never answers a POST
 *	queue_peer leave PORT		the same, and prints when its
 *					connection ends, in nanoseconds
 *	queue_peer tokens PORT LINES GAP_US
 *					streams lines that carry their time
 *
 * What a proxy asks of its own accord is answered as Ollama would. A body is
 * counted and thrown away, so that one of a gigabyte needs no memory here.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { DATA_MAX = 64 << 10, EVENTS = 256 };

enum manner { ANSWER, HANG, LEAVE, TOKENS };

struct conn {
	int fd;
	int reading;		 /* the head was there, the body not all */
	size_t kind;		 /* of the request, in answers */
	unsigned long long body; /* bytes of it that are still to come */
	size_t have;
	char data[DATA_MAX + 1];
};

static enum manner manner;
static long lines, gap_us;

#define JSON_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define MODEL "\"name\":\"llama3.2:3b\",\"model\":\"llama3.2:3b\",\"size\":1"

static const struct {
	const char *start;
	const char *answer;
} answers[] = {
	{ "GET /api/version ",
	    JSON_HEAD "Content-Length: 20\r\n\r\n{\"version\":\"0.17.4\"}" },
	{ "GET /api/ps ",
	    JSON_HEAD "Content-Length: 122\r\n\r\n{\"models\":[{" MODEL
		      ",\"size_vram\":1,"
		      "\"expires_at\":\"2099-01-01T00:00:00.00000Z\"}]}" },
	{ "GET /api/tags ",
	    JSON_HEAD "Content-Length: 66\r\n\r\n{\"models\":[{" MODEL "}]}" },
	{ "POST /api/blobs/",
	    "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n" },
	{ "",
	    JSON_HEAD
	    "Content-Length: 156\r\n\r\n"
	    "{\"model\":\"m\",\"created_at\":\"2026-01-01T00:00:00Z\","
	    "\"response\":\"ok\",\"done\":true,"
	    "\"total_duration\":1000,\"prompt_eval_count\":1,"
	    "\"eval_count\":1,\"eval_duration\":10}\n" },
};

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static int
listening(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((in_port_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int one = 1, s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(s, (struct sockaddr *)&a, sizeof(a)) == -1 ||
	    listen(s, 4096) == -1)
		die("bind");
	return s;
}

static void
ports(long n)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);

	while (n-- > 0) {
		if (getsockname(listening(0), (struct sockaddr *)&a, &len) ==
		    -1)
			die("getsockname");
		printf("%d\n", ntohs(a.sin_port));
	}
}

static void
say(int fd, const char *text, size_t len)
{
	if (write(fd, text, len) != (ssize_t)len)
		_exit(0);
}

/* A process of its own, which sleeps between its lines. */
static void
stream(int fd)
{
	static const char head[] =
	    "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
	    "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
	const struct timespec gap = { .tv_nsec = gap_us * 1000 };
	struct timespec now;
	char body[256], chunk[300];
	int n;

	say(fd, head, sizeof(head) - 1);
	for (long i = 0; i < lines; i++) {
		nanosleep(&gap, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
		n = snprintf(body, sizeof(body),
		    "{\"model\":\"llama3.2:3b\",\"response\":\" tok\","
		    "\"t\":%lld,\"done\":false}\n",
		    now.tv_sec * 1000000000LL + now.tv_nsec);
		n = snprintf(chunk, sizeof(chunk), "%x\r\n%s\r\n", (unsigned)n,
		    body);
		say(fd, chunk, (size_t)n);
	}
	say(fd, "0\r\n\r\n", 5);
	shutdown(fd, SHUT_WR);
	_exit(read(fd, body, 1) == -1);
}

static void
reply(const struct conn *c)
{
	if (*answers[c->kind].start != '\0' || manner == ANSWER)
		say(c->fd, answers[c->kind].answer,
		    strlen(answers[c->kind].answer));
	else if (manner == TOKENS && fork() == 0)
		stream(c->fd);
}

static void
drop(struct conn *c, size_t n)
{
	c->have -= n;
	memmove(c->data, c->data + n, c->have);
	c->data[c->have] = '\0';
}

static void
begin(struct conn *c, size_t head)
{
	const char *length = strcasestr(c->data, "\ncontent-length:");

	for (c->kind = 0; strncmp(c->data, answers[c->kind].start,
			      strlen(answers[c->kind].start)) != 0;)
		c->kind++;
	c->body = 0;
	if (length != NULL && length < c->data + head)
		c->body = strtoull(length + 16, NULL, 10);
	c->reading = 1;
	drop(c, head);
}

/* Is it one that hangs? Then its end is told. */
static void
ended(const struct conn *c)
{
	struct timespec now;

	if (manner != LEAVE || *answers[c->kind].start != '\0')
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("%lld\n", now.tv_sec * 1000000000LL + now.tv_nsec);
	fflush(stdout);
}

/* Heads and bodies, as far as they are there. */
static void
take(struct conn *c)
{
	const char *end;
	size_t n;

	for (;;) {
		if (c->reading) {
			n = c->body < c->have ? (size_t)c->body : c->have;
			c->body -= n;
			drop(c, n);
			if (c->body > 0)
				return;
			c->reading = 0;
			reply(c);
		}
		if ((end = strstr(c->data, "\r\n\r\n")) == NULL)
			return;
		begin(c, (size_t)(end + 4 - c->data));
	}
}

static void
greet(int epoll, int from)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct conn *c;
	int one = 1, fd;

	while ((fd = accept4(from, NULL, NULL, SOCK_NONBLOCK)) != -1) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if ((c = calloc(1, sizeof(*c))) == NULL)
			die("calloc");
		c->fd = fd;
		event.data.ptr = c;
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	}
}

static void
hear(int epoll, struct conn *c)
{
	ssize_t n = read(c->fd, c->data + c->have, DATA_MAX - c->have);

	if (n > 0) {
		c->have += (size_t)n;
		c->data[c->have] = '\0';
		take(c);
	} else if (n == 0 || errno != EAGAIN) {
		/* A stream may have it open still, and with it the event. */
		epoll_ctl(epoll, EPOLL_CTL_DEL, c->fd, NULL);
		ended(c);
		close(c->fd);
		free(c);
	}
}

static void
serve(int port)
{
	struct epoll_event events[EVENTS], event = { .events = EPOLLIN };
	int epoll = epoll_create1(0), from = listening(port), n;

	epoll_ctl(epoll, EPOLL_CTL_ADD, from, &event);
	for (;;) {
		n = epoll_wait(epoll, events, EVENTS, -1);
		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr == NULL)
				greet(epoll, from);
			else
				hear(epoll, events[i].data.ptr);
		}
	}
}

/* Of the command line, which the script writes. */
static int
number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*end != '\0' || n < 0 || n > INT_MAX) {
		fprintf(stderr, "%s: no number\n", text);
		exit(64);
	}
	return (int)n;
}

int
main(int argc, char *argv[])
{
	static const char *const manners[] = { "answer", "hang", "leave",
		"tokens" };

	if (argc == 3 && strcmp(argv[1], "ports") == 0) {
		ports(number(argv[2]));
		return 0;
	}
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (argc == 5) {
		lines = number(argv[3]);
		gap_us = number(argv[4]);
	}
	for (manner = ANSWER; argc >= 3 && manner <= TOKENS; manner++)
		if (strcmp(argv[1], manners[manner]) == 0)
			serve(number(argv[2]));
	fprintf(stderr, "queue_peer: see the head of queue_peer.c\n");
	return 64;
}
