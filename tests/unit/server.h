/*
 * server - an HTTP server for unit tests, by TCP and by a unix socket.
 *
 * A path is an answer; most end their connection. /echo answers with what was
 * asked and keeps it.
 */
#ifndef SERVER_H
#define SERVER_H

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"

static struct {
	char dir[32], path[64], base[64];
	pid_t tcp, local;
} server;

static void
put(int fd, const char *text)
{
	(void)!write(fd, text, strlen(text));
}

static const struct {
	const char *path, *answer;
} answers[] = {
	{ "/ok", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" },
	{ "/empty", "HTTP/1.1 204 No Content\r\n\r\n" },
	{ "/chunked",
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n" },
	{ "/missing",
	    "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone" },
	{ "/later",
	    "HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\n"
	    "Content-Length: 0\r\n\r\n" },
	{ "/moved",
	    "HTTP/1.1 302 Found\r\nLocation: /ok\r\n"
	    "Content-Length: 0\r\n\r\n" },
	{ "/health",
	    "HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\n"
	    "{\"said\":\"a\\u0000b\\\\u0000\"}" },
	{ "/refused",
	    "HTTP/1.1 409 Conflict\r\nContent-Length: 20\r\n\r\n"
	    "{\"message\":\"in use\"}" },
	{ "/stopping", "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n" },
	{ "/garbage", "SSH-2.0-OpenSSH_9.2\r\n" },
	{ "/partial", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf" },
	{ "/closed", "" },
	{ "/long", "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n12345678901" },
};

/* Says what it was asked: the request itself is the body. */
static void
echo(int fd, const char *request)
{
	AK_BUF struct ak_buf answer = { 0 };

	ak_buf_printf(&answer,
	    "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n"
	    "Content-Length: %zu\r\n\r\n%s",
	    strlen(request), request);
	put(fd, answer.data);
}

static void
answer(int fd, const char *request)
{
	AK_FREE char *path = NULL;
	const char *begin = strchr(request, ' ');

	path = ak_strndup(begin ? begin + 1 : "",
	    begin ? strcspn(begin + 1, " ?") : 0);
	if (ak_streq(path, "/silent"))
		pause();
	if (ak_streq(path, "/half-silent")) {
		put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
		pause();
	}
	if (ak_streq(path, "/endless")) {
		put(fd, "HTTP/1.1 200 OK\r\n\r\n");
		for (;;)
			put(fd, "line\n");
	}
	if (ak_streq(path, "/drip")) {
		put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n");
		for (int i = 0; i < 6; i++) {
			poll(NULL, 0, 100);
			put(fd, "x");
		}
	}
	for (size_t i = 0; i < AK_COUNT(answers); i++)
		if (ak_streq(path, answers[i].path))
			put(fd, answers[i].answer);
	if (ak_starts(path, "/echo"))
		echo(fd, request);
}

/* Requests of a connection, one after the other; a body may come later. */
static void
serve(int fd)
{
	char request[65536];
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, request + len, sizeof(request) - len - 1)) > 0) {
		const char *head, *length;
		size_t need = 0;

		len += (size_t)n;
		request[len] = '\0';
		head = strstr(request, "\r\n\r\n");
		length = strstr(request, "Content-Length: ");
		if (length)
			need = strtoul(length + 16, NULL, 10);
		if (!head || strlen(head + 4) < need)
			continue;
		answer(fd, request);
		if (!strstr(request, " /echo"))
			_exit(0);
		len = 0;
	}
	_exit(0);
}

static pid_t
listen_at(int fd, const struct sockaddr *address, socklen_t len)
{
	pid_t pid;

	if (bind(fd, address, len) == -1 || listen(fd, 64) == -1)
		return -1;
	pid = fork();
	if (pid != 0)
		return pid;
	signal(SIGCHLD, SIG_IGN);
	setpgid(0, 0);
	for (;;) {
		int peer = accept(fd, NULL, NULL);

		if (fork() == 0)
			serve(peer);
		close(peer);
	}
}

static bool
start(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	AK_CLOSE int tcp = socket(AF_INET, SOCK_STREAM, 0);
	AK_CLOSE int local = socket(AF_UNIX, SOCK_STREAM, 0);
	socklen_t len = sizeof(in);

	snprintf(server.dir, sizeof(server.dir), "/tmp/http.XXXXXX");
	if (!mkdtemp(server.dir))
		return false;
	snprintf(server.path, sizeof(server.path), "%s/sock", server.dir);
	snprintf(un.sun_path, sizeof(un.sun_path), "%s", server.path);
	server.tcp = listen_at(tcp, (struct sockaddr *)&in, sizeof(in));
	server.local = listen_at(local, (struct sockaddr *)&un, sizeof(un));
	if (getsockname(tcp, (struct sockaddr *)&in, &len) == -1)
		return false;
	snprintf(server.base, sizeof(server.base), "http://127.0.0.1:%u",
	    (unsigned)ntohs(in.sin_port));
	return server.tcp > 0 && server.local > 0;
}

static void
stop(void)
{
	kill(-server.tcp, SIGKILL);
	kill(-server.local, SIGKILL);
	unlink(server.path);
	rmdir(server.dir);
}

#endif
