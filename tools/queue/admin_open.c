/*
 * admin_open - where the admin socket and the listener of metrics are opened.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <netdb.h>
#include <string.h>
#include <unistd.h>

#include "tools/queue/admin_impl.h"

static int
listen_at(struct admin *admin, struct queue *q, int fd, bool metrics_only)
{
	struct admin_listener *l = &admin->listeners[admin->listener_count];

	if (listen(fd, ADMIN_CLIENTS) == -1)
		return -1;
	*l = (struct admin_listener){ { .fd = fd, .ready = admin_arrived },
		admin, metrics_only };
	if (loop_listen(q, &l->source, true) == -1)
		return -1;
	admin->listener_count++;
	return 0;
}

/* A socket that nobody answers on is what a killed process left. */
static int
clear(const struct sockaddr_un *address, struct ak_err *err)
{
	AK_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct sockaddr *to = (const void *)address;
	struct stat st;

	if (lstat(address->sun_path, &st) == -1)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return ak_fail(err, AK_CANTCREATE,
		    "admin: %s: is there and no socket", address->sun_path);
	if (fd != -1 && connect(fd, to, sizeof(*address)) == 0)
		return ak_fail(err, AK_TEMPFAIL,
		    "admin: %s: another queue answers there",
		    address->sun_path);
	unlink(address->sun_path);
	return 0;
}

static int
open_path(struct admin *admin, struct queue *q, const char *path,
    struct ak_err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct sockaddr *to = (const void *)&address;
	AK_CLOSE int fd = -1;
	mode_t mask;
	int bound;

	if (strlen(path) >= sizeof(address.sun_path))
		return ak_fail(err, AK_CONFIG,
		    "admin: %s: longer than %zu bytes", path,
		    sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, strlen(path));
	if (clear(&address, err) == -1)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return ak_fail_sys(err, AK_SYSTEM, "admin");
	mask = umask(0177);
	bound = bind(fd, to, sizeof(address));
	umask(mask);
	if (bound == -1 || listen_at(admin, q, fd, false) == -1)
		return ak_fail_sys(err, AK_CANTCREATE, "admin: %s", path);
	(void)ak_take_fd(&fd);
	admin->path = ak_strdup(path);
	return 0;
}

static int
open_one(struct admin *admin, struct queue *q, const struct addrinfo *at)
{
	AK_CLOSE int fd = socket(at->ai_family,
	    at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;

	if (fd == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    bind(fd, at->ai_addr, at->ai_addrlen) == -1 ||
	    listen_at(admin, q, fd, true) == -1)
		return -1;
	(void)ak_take_fd(&fd);
	return 0;
}

/* "127.0.0.1:9464", "[::1]:9464", "localhost:9464" */
static int
open_metrics(struct admin *admin, struct queue *q, const char *address,
    struct ak_err *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE };
	const char *colon = strrchr(address, ':');
	bool bracket = address[0] == '[';
	AK_FREE char *host = ak_strndup(address + bracket,
	    (size_t)(colon - address) - 2 * (size_t)bracket);
	struct addrinfo *all = NULL;
	int failed;

	failed = getaddrinfo(host, colon + 1, &hints, &all);
	if (failed != 0)
		return ak_fail(err, AK_CONFIG, "metrics: %s: %s", address,
		    gai_strerror(failed));
	for (const struct addrinfo *at = all; at != NULL && failed == 0 &&
	     admin->listener_count < AK_COUNT(admin->listeners);
	     at = at->ai_next)
		failed = open_one(admin, q, at);
	if (failed != 0)
		ak_err_set_sys(err, AK_CANTCREATE, "metrics: %s", address);
	freeaddrinfo(all);
	return failed;
}

struct admin *
admin_new(struct app *app, struct queue *q, const char *path,
    const char *metrics, struct ak_err *err)
{
	struct admin *admin = ak_calloc(1, sizeof(*admin));

	admin->app = app;
	metrics_open(app->metrics);
	if ((path == NULL || open_path(admin, q, path, err) == 0) &&
	    (metrics == NULL || open_metrics(admin, q, metrics, err) == 0))
		return admin;
	admin_free(admin, q);
	return NULL;
}

void
admin_free(struct admin *admin, struct queue *q)
{
	while (admin->clients != NULL)
		admin_end(q, admin->clients);
	for (size_t i = 0; i < admin->listener_count; i++)
		loop_close(q, &admin->listeners[i].source, NULL);
	if (admin->path != NULL)
		unlink(admin->path);
	free(admin->path);
	free(admin);
}
