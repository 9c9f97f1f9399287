/*
 * queue_client - the clients of a proxy while it is measured.
 *
 *	queue_client paced PORT N GAP_US	N requests, one after another
 *	queue_client tokens PORT N		N streams of queue_peer tokens
 *	queue_client fill PORT N BODY		N connections, each with a
 *						request that is kept waiting
 *	queue_client leave PORT N GAP_US	N requests, each left by its
 *						client after the gap
 *	queue_client cancel PORT N SOCKET	the same, of one that waits;
 *						SOCKET is the admin's
 *
 * paced and tokens print the median and the 99th of 100 in microseconds: of a
 * request, and of a line from its writer to its reader. fill says how many
 * requests it sent, and keeps them until its standard input ends. leave prints
 * when each was left, in nanoseconds, for queue_peer leave says when it saw
 * that. cancel prints as paced does how long the queue took to tell that a
 * request is gone.
 */
#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { WARM = 200, ANSWER = 156, SAMPLES = 1 << 20 };

static const char request[] =
    "POST /api/generate HTTP/1.1\r\nHost: x\r\n"
    "Content-Type: application/json\r\nContent-Length: 60\r\n\r\n"
    "{\"model\":\"llama3.2:3b\",\"prompt\":\"Why is the sky blue now??\"}";

static long long samples[SAMPLES];
static int count;

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static long long
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Of the command line, which the script writes. */
static int
number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*end != '\0' || n < 0 || n > INT_MAX)
		die(text);
	return (int)n;
}

static int
ascending(const void *a, const void *b)
{
	const long long *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
report(void)
{
	size_t middle = (size_t)count / 2, most = (size_t)count * 99 / 100;

	if (count == 0)
		die("no sample");
	qsort(samples, (size_t)count, sizeof(*samples), ascending);
	printf("%.1f %.1f\n", (double)samples[middle] / 1e3,
	    (double)samples[most] / 1e3);
}

static int
connected(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((in_port_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int one = 1, s = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(s, (struct sockaddr *)&a, sizeof(a)) == -1)
		die("connect");
	return s;
}

static void
say(int s, const char *text, size_t len)
{
	if (write(s, text, len) != (ssize_t)len)
		die("write");
}

/* Until the body is whole; its length is known, its head is not. */
static void
answer(int s)
{
	char data[8192];
	size_t have = 0;
	const char *end = NULL;
	ssize_t n;

	while (end == NULL || have < (size_t)(end + 4 - data) + ANSWER) {
		n = read(s, data + have, sizeof(data) - 1 - have);
		if (n <= 0)
			die("read");
		have += (size_t)n;
		data[have] = '\0';
		end = strstr(data, "\r\n\r\n");
	}
	if (strncmp(data, "HTTP/1.1 200", 12) != 0) {
		fprintf(stderr, "queue_client: %.*s\n", 30, data);
		exit(1);
	}
}

static void
paced(int port, int n, long gap_us)
{
	const struct timespec gap = { .tv_nsec = gap_us * 1000 };
	int s = connected(port);
	long long begun;

	for (int i = -WARM; i < n && count < SAMPLES; i++) {
		begun = now_ns();
		say(s, request, sizeof(request) - 1);
		answer(s);
		if (i >= 0)
			samples[count++] = now_ns() - begun;
		nanosleep(&gap, NULL);
	}
	report();
}

/*
 * Samples of the whole lines in data, and the bytes that are left over. The
 * line "0" is the last chunk.
 */
static size_t
lines(char *data, size_t have, long long at, int *last)
{
	char *line = data, *end, *t;

	while ((end = strchr(line, '\n')) != NULL) {
		*end = '\0';
		t = strstr(line, "\"t\":");
		if (t != NULL && count < SAMPLES)
			samples[count++] = at - strtoll(t + 4, NULL, 10);
		*last |= strcmp(line, "0\r") == 0;
		line = end + 1;
	}
	have -= (size_t)(line - data);
	memmove(data, line, have);
	return have;
}

static void
tokens(int port, int n)
{
	char data[1 << 16];
	size_t have;
	ssize_t got;
	int s, last;

	while (n-- > 0) {
		s = connected(port);
		have = 0;
		last = 0;
		say(s, request, sizeof(request) - 1);
		while (!last) {
			got = read(s, data + have, sizeof(data) - 1 - have);
			if (got <= 0)
				die("read");
			have += (size_t)got;
			data[have] = '\0';
			have = lines(data, have, now_ns(), &last);
		}
		close(s);
	}
	report();
}

static void
fill(int port, int n, int body)
{
	static const char start[] = "{\"model\":\"llama3.2:3b\",\"prompt\":\"";
	char *text = malloc((size_t)body + 256), end;
	int head, sent = 0;

	if (text == NULL)
		die("malloc");
	head = snprintf(text, 256,
	    "POST /api/generate HTTP/1.1\r\nHost: x\r\n"
	    "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n",
	    body);
	memset(text + head, 'a', (size_t)body);
	for (size_t i = 0; start[i] != '\0'; i++)
		text[(size_t)head + i] = start[i];
	text[head + body - 2] = '"';
	text[head + body - 1] = '}';
	while (sent < n) {
		say(connected(port), text, (size_t)head + (size_t)body);
		sent++;
	}
	free(text);
	printf("%d\n", sent);
	fflush(stdout);
	while (read(STDIN_FILENO, &end, 1) > 0)
		;
}

static void
leave(int port, int n, long gap_us)
{
	const struct timespec gap = { .tv_nsec = gap_us * 1000 };
	int s;

	while (n-- > 0) {
		s = connected(port);
		say(s, request, sizeof(request) - 1);
		nanosleep(&gap, NULL);
		printf("%lld\n", now_ns());
		close(s);
		nanosleep(&gap, NULL);
	}
}

/* The events of the queue: a line for every request that has ended. */
static int
events(const char *path)
{
	static const char ask[] = "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n";
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char data[4096];
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(a.sun_path, path, sizeof(a.sun_path) - 1);
	if (connect(s, (struct sockaddr *)&a, sizeof(a)) == -1)
		die(path);
	say(s, ask, sizeof(ask) - 1);
	if (read(s, data, sizeof(data)) <= 0)
		die(path);
	return s;
}

static void
cancel(int port, int n, const char *path)
{
	const struct timespec gap = { .tv_nsec = 3000000 };
	int first = connected(port), from = events(path), s;
	char data[8192];
	long long begun;
	ssize_t got;

	/* The backend has one slot, and this one keeps it. */
	say(first, request, sizeof(request) - 1);
	nanosleep(&gap, NULL);
	while (n-- > 0) {
		s = connected(port);
		say(s, request, sizeof(request) - 1);
		nanosleep(&gap, NULL);
		begun = now_ns();
		close(s);
		do {
			got = read(from, data, sizeof(data) - 1);
			if (got <= 0)
				die("events");
			data[got] = '\0';
		} while (strstr(data, "\"cancelled\"") == NULL);
		samples[count++] = now_ns() - begun;
	}
	report();
}

int
main(int argc, char *argv[])
{
	if (argc == 5 && strcmp(argv[1], "paced") == 0)
		paced(number(argv[2]), number(argv[3]), number(argv[4]));
	else if (argc == 4 && strcmp(argv[1], "tokens") == 0)
		tokens(number(argv[2]), number(argv[3]));
	else if (argc == 5 && strcmp(argv[1], "fill") == 0)
		fill(number(argv[2]), number(argv[3]), number(argv[4]));
	else if (argc == 5 && strcmp(argv[1], "leave") == 0)
		leave(number(argv[2]), number(argv[3]), number(argv[4]));
	else if (argc == 5 && strcmp(argv[1], "cancel") == 0)
		cancel(number(argv[2]), number(argv[3]), argv[4]);
	else
		return 64;
	return 0;
}
