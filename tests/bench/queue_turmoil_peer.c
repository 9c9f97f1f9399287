/*
 * queue_turmoil_peer - an Ollama that is seldom well: it echoes the id of each
 * request in every line of its answer, and dies in the midst of some.
 *
 *	queue_turmoil_peer PORT SEED
 *
 * A body begins and ends with its id, as #123#; one that does not, or that is
 * not as long as was said, is answered with 500, which no client expects.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DATA_MAX = 256 << 10, EVENTS = 256, CONNS = 1024 };

/* What becomes of one answer. */
enum fate { WELL, BEFORE, IN_HEAD, IN_BODY, BUSY };

struct conn {
	int fd; /* -1: free */
	size_t have, used;
	long id, lines, line; /* of the answer under way; id 0: none */
	enum fate fate;
	int stream;
	char *data;
};

static struct conn conns[CONNS];
static unsigned long long seed;

static unsigned
dice(unsigned sides)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(seed >> 33) % sides;
}

static void
drop(struct conn *c, int reset)
{
	struct linger now = { .l_onoff = 1 };

	if (reset)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(c->fd);
	free(c->data);
	memset(c, 0, sizeof(*c));
	c->fd = -1;
}

static void
say(struct conn *c, const char *text)
{
	size_t len = strlen(text);

	if (c->fd != -1 && send(c->fd, text, len, MSG_NOSIGNAL) != (ssize_t)len)
		drop(c, 1);
}

static void
whole(struct conn *c, int status, const char *body)
{
	char text[1024];

	snprintf(text, sizeof(text),
	    "HTTP/1.1 %d X\r\nContent-Type: application/json\r\n"
	    "Content-Length: %zu\r\n\r\n%s",
	    status, strlen(body), body);
	say(c, text);
}

static void
chunk(struct conn *c, const char *line)
{
	char text[512];

	snprintf(text, sizeof(text), "%zx\r\n%s\r\n", strlen(line), line);
	say(c, text);
}

/* One step of an answer. */
static void
step(struct conn *c)
{
	char line[256];

	if (c->fate == BEFORE || (c->fate == IN_BODY && c->line == 1)) {
		drop(c, dice(2) == 0);
		return;
	}
	if (c->fate == IN_HEAD) {
		say(c, "HTTP/1.1 200 OK\r\nConte");
		if (c->fd != -1)
			drop(c, dice(2) == 0);
		return;
	}
	if (c->fate == BUSY) {
		whole(c, 503, "{\"error\":\"server busy\"}");
		c->id = 0;
		return;
	}
	snprintf(line, sizeof(line),
	    "{\"response\":\"#%ld#\",\"done\":%s,\"eval_count\":%ld}\n", c->id,
	    c->line == c->lines ? "true" : "false", c->lines);
	if (!c->stream) {
		whole(c, 200, line);
		c->id = 0;
		return;
	}
	if (c->line == 0)
		say(c,
		    "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
		    "Transfer-Encoding: chunked\r\n\r\n");
	if (c->fd != -1)
		chunk(c, line);
	if (c->line++ == c->lines && c->fd != -1) {
		say(c, "0\r\n\r\n");
		c->id = 0;
	}
}

static enum fate
fate(void)
{
	static const enum fate rare[] = { BEFORE, IN_HEAD, IN_BODY, IN_BODY,
		BUSY };

	return dice(40) == 0 ? rare[dice(5)] : WELL;
}

static const char models[] =
    "{\"models\":[{\"model\":\"m0\"},{\"model\":\"m1\"},{\"model\":\"m2\"},"
    "{\"model\":\"m3\"},{\"model\":\"m4\"}]}";

/* A whole request; body is its end. */
static void
answer(struct conn *c, const char *body, size_t len)
{
	const char *first = memchr(body, '#', len), *last;
	char mark[32];

	if (strncmp(c->data, "GET /api/tags ", 14) == 0) {
		whole(c, 200, models);
		return;
	}
	if (strncmp(c->data, "GET ", 4) == 0) {
		whole(c, 200, "{\"version\":\"0.0.0\",\"models\":[]}");
		return;
	}
	c->id = first == NULL ? 0 : strtol(first + 1, NULL, 10);
	snprintf(mark, sizeof(mark), "#%ld#\"}", c->id);
	last = len < strlen(mark) ? "" : body + len - strlen(mark);
	if (c->id <= 0 || strncmp(last, mark, strlen(mark)) != 0) {
		whole(c, 500, "{\"error\":\"a torn body\"}");
		c->id = 0;
		return;
	}
	c->lines = c->id % 8;
	c->line = 0;
	c->stream = memmem(body, len, "\"stream\":true", 13) != NULL;
	if (!c->stream)
		c->line = c->lines;
	c->fate = fate();
}

static void
hear(struct conn *c)
{
	const char *end, *length;
	size_t head, body = 0;
	ssize_t n = read(c->fd, c->data + c->have, DATA_MAX - c->have);

	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			drop(c, 0);
		return;
	}
	c->have += (size_t)n;
	c->data[c->have] = '\0';
	end = strstr(c->data, "\r\n\r\n");
	if (end == NULL)
		return;
	head = (size_t)(end + 4 - c->data);
	length = strcasestr(c->data, "\ncontent-length:");
	if (length != NULL && length < end)
		body = strtoul(length + 16, NULL, 10);
	if (c->have < head + body)
		return;
	if (c->have > head + body || c->id != 0) {
		whole(c, 500, "{\"error\":\"more than one request\"}");
		return;
	}
	c->have = 0;
	answer(c, c->data + head, body);
}

static void
greet(int epoll, int from)
{
	struct epoll_event event = { .events = EPOLLIN };
	int one = 1, fd;
	size_t i;

	while ((fd = accept4(from, NULL, NULL, SOCK_NONBLOCK)) != -1) {
		for (i = 0; i < CONNS && conns[i].fd != -1;)
			i++;
		if (i == CONNS) {
			close(fd);
			continue;
		}
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		conns[i] = (struct conn){ .fd = fd,
			.data = malloc(DATA_MAX + 1) };
		event.data.ptr = &conns[i];
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	}
}

int
main(int argc, char *argv[])
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event events[EVENTS], event = { .events = EPOLLIN };
	int epoll = epoll_create1(0), one = 1, busy = 0, n;
	int from = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (argc != 3)
		return 64;
	a.sin_port = htons((in_port_t)strtol(argv[1], NULL, 10));
	seed = strtoull(argv[2], NULL, 10);
	setsockopt(from, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(from, (struct sockaddr *)&a, sizeof(a)) == -1 ||
	    listen(from, 1024) == -1)
		return 73;
	for (size_t i = 0; i < CONNS; i++)
		conns[i].fd = -1;
	epoll_ctl(epoll, EPOLL_CTL_ADD, from, &event);
	for (;;) {
		n = epoll_wait(epoll, events, EVENTS, busy ? 1 : -1);
		for (int i = 0; i < n; i++) {
			struct conn *c = events[i].data.ptr;

			if (c == NULL)
				greet(epoll, from);
			else if (c->fd != -1)
				hear(c);
		}
		busy = 0;
		for (struct conn *c = conns; c < conns + CONNS; c++) {
			if (c->fd != -1 && c->id != 0 && dice(2) == 0)
				step(c);
			busy |= c->fd != -1 && c->id != 0;
		}
	}
}
