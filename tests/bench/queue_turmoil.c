/*
 * queue_turmoil - clients of a queue that leave when they like, while its
 * backends are killed and its configuration changes.
 *
 *	queue_turmoil COUNT SEED QUEUE_PORT PEER_PORT PEER_PORT QUEUE_PID DIR
 *
 * Starts both peers (queue_turmoil_peer) itself, and kills them. DIR has conf.0
 * and conf.1, which take turns as DIR/conf. Every request has an id that each
 * line of its answer must have. Who stays must be answered within a minute,
 * once, with its own answer or an error of the queue. The first that is not
 * ends the program with 1.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/queue_turmoil.h"

enum { CONNS = 64, LOST_MS = 60000 };

static struct conn conns[CONNS];
static unsigned long long seed;
static long count;
static int port, epoll;

static long long
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static unsigned
dice(unsigned sides)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(seed >> 33) % sides;
}

/* ---- Peers and configurations that come and go. ---- */

static void
peer(int i, const char *at)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", dice(1 << 20));
	peers[i] = fork();
	if (peers[i] == 0) {
		execlp("queue_turmoil_peer", "queue_turmoil_peer", at, number,
		    (char *)NULL);
		_exit(127);
	}
}

static void
reload(const char *dir, pid_t queue)
{
	char from[512], new[512], to[512];

	snprintf(from, sizeof(from), "%s/conf.%u", dir, dice(2));
	snprintf(new, sizeof(new), "%s/conf.new", dir);
	snprintf(to, sizeof(to), "%s/conf", dir);
	/*
	 * Replaced in one step: there is never none. Between two names of one
	 * file rename(2) does nothing, which is right as well.
	 */
	if ((unlink(new) == -1 && errno != ENOENT) || link(from, new) == -1 ||
	    rename(new, to) == -1 || kill(queue, SIGHUP) == -1) {
		perror("queue_turmoil: reload");
		exit(1);
	}
	sum.reloads++;
}

/* Until both peers are there and the queue has seen it. */
static void
wait_for_peers(void)
{
	static const char request[] =
	    "GET /api/version HTTP/1.1\r\nHost: x\r\n\r\n";
	const struct timespec pause = { .tv_nsec = 10000000 };
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((in_port_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	long long end = now_ms() + LOST_MS;
	char text[16] = "";
	int well = 0, s;

	while (well < 20 && now_ms() < end) {
		s = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(s, (struct sockaddr *)&a, sizeof(a)) == -1 ||
		    write(s, request, sizeof(request) - 1) == -1 ||
		    read(s, text, sizeof(text) - 1) == -1)
			well = 0;
		well = strncmp(text, "HTTP/1.1 200", 12) == 0 ? well + 1 : 0;
		close(s);
		nanosleep(&pause, NULL);
	}
}

static void
turmoil(char *argv[])
{
	static long long next, back;
	static int dead = -1;
	long long now = now_ms();

	if (dead != -1 && now >= back) {
		peer(dead, argv[4 + dead]);
		dead = -1;
	}
	if (now < next)
		return;
	next = now + 10 + dice(40);
	if (dead == -1 &&
	    (dice(20) == 0 || (sum.kills == 0 && sum.asked > count / 4))) {
		dead = (int)dice(2);
		kill(peers[dead], SIGKILL);
		waitpid(peers[dead], NULL, 0);
		back = now + dice(300);
		sum.kills++;
	} else if (dice(2) == 0) {
		reload(argv[7], (pid_t)strtol(argv[6], NULL, 10));
	}
}

/* ---- Requests. ---- */

static void
hang_up(struct conn *c, int reset)
{
	struct linger at_once = { .l_onoff = 1 };

	if (reset)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once,
		    sizeof(at_once));
	close(c->fd);
	c->fd = -1;
	c->id = 0;
	c->have = 0;
}

static void
dial(struct conn *c)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((in_port_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET,
		.data.ptr = c };
	int one = 1;

	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(c->fd, (struct sockaddr *)&a, sizeof(a)) == -1)
		fail(c, strerror(errno));
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event);
}

static void
compose(struct conn *c)
{
	static const unsigned sizes[] = { 0, 10, 1000, 20000, 100000 };
	size_t pad = sizes[dice(32) == 0 ? 4 : dice(4)], head, len;
	char body[256];

	len = (size_t)snprintf(body, sizeof(body),
	    "{\"model\":\"m%u\",\"stream\":%s,\"prompt\":\"#%ld#", dice(5),
	    dice(4) != 0 ? "true" : "false", c->id);
	head = (size_t)snprintf(c->out, OUT_MAX,
	    "POST /api/generate HTTP/1.1\r\nHost: x\r\n"
	    "X-Aikit-Priority: %s\r\nContent-Length: %zu\r\n\r\n%s",
	    dice(3) == 0 ? "batch" : "normal",
	    len + pad + strlen("#\"}") +
		(size_t)snprintf(NULL, 0, "#%ld", c->id),
	    body);
	memset(c->out + head, 'p', pad);
	c->out_len = head + pad +
	    (size_t)snprintf(c->out + head + pad, 64, "#%ld#\"}", c->id);
}

static void
begin(struct conn *c)
{
	if (sum.asked == count)
		return;
	if (c->fd == -1)
		dial(c);
	c->id = ++sum.asked;
	c->begun = now_ms();
	c->out_at = c->have = 0;
	c->leave_at = 0;
	compose(c);
	c->fate = dice(4) != 0 ? STAY : LEAVE_SENDING + dice(3);
	c->cut = c->fate == LEAVE_SENDING ? 1 + dice((unsigned)c->out_len)
					  : c->out_len;
	if (c->fate == LEAVE_WAITING)
		c->leave_at = c->begun + dice(30);
}

static void
leave(struct conn *c)
{
	sum.left++;
	hang_up(c, dice(2) == 0);
}

/* In up to a few pieces. */
static void
send_on(struct conn *c)
{
	size_t want = c->cut - c->out_at;
	ssize_t n;

	if (want == 0)
		return;
	if (dice(4) == 0)
		want = 1 + dice((unsigned)want);
	n = send(c->fd, c->out + c->out_at, want, MSG_NOSIGNAL);
	if (n > 0)
		c->out_at += (size_t)n;
	/* An answer before the whole request was read is read all the same. */
	else if (errno != EAGAIN)
		c->cut = c->out_at;
	if (c->fate == LEAVE_SENDING && c->out_at == c->cut)
		leave(c);
}

/* ---- Answers. ---- */

static void
take(struct conn *c)
{
	static char text[IN_MAX + 1];
	size_t len, used;

	c->in[c->have] = '\0';
	if (c->fate == LEAVE_READING && c->have > 0) {
		leave(c);
		return;
	}
	used = payload(c, text, &len);
	if (used == 0)
		return;
	if (used != c->have)
		fail(c, "answered with more than one answer");
	judge(c, text, len);
	if (strcasestr(c->in, "\nconnection: close") != NULL ||
	    c->out_at < c->out_len || dice(50) == 0)
		hang_up(c, 0);
	c->id = 0;
	c->have = 0;
}

static void
ended(struct conn *c)
{
	/* Part of what is no stream can only be cut. */
	if (c->have > 0 && strstr(c->in, "\r\n\r\n") != NULL &&
	    strstr(c->in, "chunked") == NULL)
		sum.broken++;
	else if (c->fate != STAY)
		sum.left++;
	else
		fail(c, "never answered");
	hang_up(c, 0);
}

static void
receive(struct conn *c)
{
	ssize_t n;

	while (c->fd != -1) {
		n = recv(c->fd, c->in + c->have, IN_MAX - c->have, 0);
		if (n == -1 && errno == EAGAIN)
			return;
		if (c->id == 0) {
			if (n > 0)
				fail(c, "answered once more");
			hang_up(c, 0);
		} else if (n <= 0) {
			ended(c);
		} else {
			c->have += (size_t)n;
			take(c);
		}
	}
}

static int
serve(struct conn *c, long long now)
{
	if (c->id == 0)
		begin(c);
	if (c->id == 0)
		return 0;
	if (c->fd != -1 && c->out_at < c->cut)
		send_on(c);
	if (c->fd != -1 && c->leave_at != 0 && now >= c->leave_at)
		leave(c);
	if (c->id != 0 && now - c->begun > LOST_MS)
		fail(c, "lost");
	return 1;
}

int
main(int argc, char *argv[])
{
	struct epoll_event events[CONNS];
	int busy = 1, n;
	long long begun = now_ms();

	if (argc != 8)
		return 64;
	count = strtol(argv[1], NULL, 10);
	seed = strtoull(argv[2], NULL, 10);
	port = (int)strtol(argv[3], NULL, 10);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	for (int i = 0; i < CONNS; i++)
		conns[i].fd = -1;
	for (int i = 0; i < 2; i++)
		peer(i, argv[4 + i]);
	wait_for_peers();
	while (busy) {
		n = epoll_wait(epoll, events, CONNS, 1);
		for (int i = 0; i < n; i++)
			receive(events[i].data.ptr);
		busy = 0;
		for (int i = 0; i < CONNS; i++)
			busy |= serve(&conns[i], now_ms());
		turmoil(argv);
	}
	for (int i = 0; i < 2; i++)
		if (kill(peers[i], SIGKILL) == 0)
			waitpid(peers[i], NULL, 0);
	printf("{\"type\":\"bench\",\"name\":\"turmoil\",\"requests\":%ld,"
	       "\"whole\":%ld,\"refused\":%ld,\"broken\":%ld,\"left\":%ld,"
	       "\"reloads\":%ld,\"kills\":%ld,\"lost\":0,\"twice\":0,"
	       "\"seconds\":%.1f}\n",
	    sum.asked, sum.whole, sum.refused, sum.broken, sum.left,
	    sum.reloads, sum.kills, (double)(now_ms() - begun) / 1e3);
	return sum.asked == sum.whole + sum.refused + sum.broken + sum.left ? 0
									    : 1;
}
