/*
 * quiesce - containers paused or stopped, and surely let go.
 *
 * The keeper is forked from a process that may have threads, so all that it
 * needs is made before, and it calls what signal-safety(7) allows. It gives the
 * orders itself, one after another: a pause that is still under way when we are
 * killed is over before it ends it.
 */
#include "tools/backup/quiesce.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/proc.h"

enum { ANSWER_S = 180, KEEPER_HEARS = 3, KEEPER_TELLS = 4 };

/* What the keeper says, one byte each: its work done, and how. */
enum { SAID_HELD = 'h', SAID_FAILED = 'f', SAID_GONE = 'g', SAID_LATE = 'l' };

static const struct {
	const char *hold, *go;
} orders[] = {
	[QUIESCE_PAUSE] = { "pause", "unpause" },
	[QUIESCE_STOP] = { "stop", "start" },
};

struct quiesce {
	struct ak_docker *engine;
	enum quiesce_how how;
	pid_t pid;
	int tell, hear;
	char **ids, **names;
	char **holds, **goes; /* requests, ready to be sent */
	size_t count;
	int64_t max_ms;
	struct sockaddr_un address;
};

static void
quiesce_free(struct quiesce *q)
{
	ak_close_scope(&q->tell);
	ak_close_scope(&q->hear);
	for (size_t i = 0; i < q->count; i++) {
		free(q->ids[i]);
		free(q->names[i]);
		free(q->holds[i]);
		free(q->goes[i]);
	}
	free(q->ids);
	free(q->names);
	free(q->holds);
	free(q->goes);
	free(q);
}

static char *
request_text(const char *id, const char *order)
{
	return ak_printf("POST /containers/%s/%s HTTP/1.1\r\n"
			 "Host: docker\r\nConnection: close\r\n"
			 "Content-Length: 0\r\n\r\n",
	    id, order);
}

static void
add_box(struct quiesce *q, const struct box *box)
{
	size_t n = q->count++;

	q->ids[n] = ak_strdup(box->id);
	q->names[n] = ak_strdup(box->name);
	q->holds[n] = request_text(box->id, orders[q->how].hold);
	q->goes[n] = request_text(box->id, orders[q->how].go);
}

static struct quiesce *
quiesce_new(struct ak_docker *engine, const struct boxes *boxes,
    enum quiesce_how how, int64_t max_ms)
{
	struct quiesce *q = ak_calloc(1, sizeof(*q));

	*q = (struct quiesce){ .engine = engine,
		.how = how,
		.pid = -1,
		.tell = -1,
		.hear = -1,
		.max_ms = max_ms,
		.address = { .sun_family = AF_UNIX } };
	q->ids = ak_calloc(boxes->count + 1, sizeof(*q->ids));
	q->names = ak_calloc(boxes->count + 1, sizeof(*q->names));
	q->holds = ak_calloc(boxes->count + 1, sizeof(*q->holds));
	q->goes = ak_calloc(boxes->count + 1, sizeof(*q->goes));
	for (size_t i = 0; i < boxes->count; i++)
		if (boxes->items[i].running && !boxes->items[i].paused)
			add_box(q, &boxes->items[i]);
	return q;
}

/* From here to keeper_run(): in the keeper. */

/* Sends a request; true when the answer is 2xx or 304. */
static bool
give_order(const struct quiesce *q, const char *request)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval limit = { .tv_sec = ANSWER_S };
	char answer[13] = "";
	size_t len = strlen(request), got = 0;
	ssize_t n = -1;

	if (fd == -1)
		return false;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (const struct sockaddr *)&q->address,
		sizeof(q->address)) == 0)
		n = send(fd, request, len, MSG_NOSIGNAL);
	while (n > 0 && got < sizeof(answer) - 1) {
		n = recv(fd, answer + got, sizeof(answer) - 1 - got, 0);
		got += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	/* "HTTP/1.1 204" */
	return got == sizeof(answer) - 1 &&
	    (answer[9] == '2' || memcmp(answer + 9, "304", 3) == 0);
}

static bool
let_go(const struct quiesce *q, size_t count)
{
	bool all = true;

	for (size_t i = count; i-- > 0;) {
		bool went = give_order(q, q->goes[i]);

		if (!went) /* once more */
			went = give_order(q, q->goes[i]);
		all = went && all;
	}
	return all;
}

static size_t
hold_all(const struct quiesce *q)
{
	size_t held = 0;

	while (held < q->count && give_order(q, q->holds[held]))
		held++;
	return held;
}

static int
pause_poll(int fd, int64_t until_ms)
{
	struct pollfd wait = { fd, POLLIN, 0 };
	int64_t left = until_ms - ak_proc_now_ms();
	int got = poll(&wait, 1, left < 0 ? 0 : (int)left);

	return got == -1 && errno == EINTR ? 0 : got;
}

static void
say(int fd, char said)
{
	ssize_t n;

	do
		n = write(fd, &said, 1);
	while (n == -1 && errno == EINTR);
}

/* Nothing but its two ends stays open: another pipe's end would outlive us. */
static void
keep_only(int hear, int tell)
{
	dup2(hear, KEEPER_HEARS);
	dup2(tell, KEEPER_TELLS);
	for (int fd = 0; fd < KEEPER_HEARS; fd++)
		close(fd);
	syscall(SYS_close_range, KEEPER_TELLS + 1U, ~0U, 0U);
}

static AK_NORETURN void
keeper_run(const struct quiesce *q, int hear, int tell)
{
	int64_t until;
	size_t held;
	int got = 0;
	char said = SAID_GONE;

	held = hold_all(q);
	if (held < q->count) {
		/* Also the one that failed: it may have obeyed all the same. */
		let_go(q, held + 1);
		say(tell, SAID_FAILED);
		_exit(1);
	}
	say(tell, SAID_HELD);
	until = ak_proc_now_ms() + q->max_ms;
	while (got == 0 && ak_proc_now_ms() < until)
		got = pause_poll(hear, until);
	if (got == 0)
		said = SAID_LATE;
	if (!let_go(q, q->count))
		said = SAID_FAILED;
	say(tell, said);
	_exit(0);
}

static AK_NORETURN void
keeper_begin(const struct quiesce *q, int hear, int tell)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT,
		SIGPIPE };
	int in = fcntl(hear, F_DUPFD, 10), out = fcntl(tell, F_DUPFD, 10);

	setsid();
	for (size_t i = 0; i < AK_COUNT(ignored); i++)
		signal(ignored[i], SIG_IGN);
	keep_only(in, out);
	keeper_run(q, KEEPER_HEARS, KEEPER_TELLS);
}

/* Back with us. */

static int
hear_keeper(const struct quiesce *q)
{
	char said = '\0';
	ssize_t n;

	do
		n = read(q->hear, &said, 1);
	while (n == -1 && errno == EINTR);
	return n == 1 ? said : -1;
}

static int
keeper_start(struct quiesce *q, struct ak_err *err)
{
	int to[2], from[2];

	if (pipe2(to, O_CLOEXEC) == -1)
		return ak_fail_sys(err, AK_SYSTEM, "pipe");
	if (pipe2(from, O_CLOEXEC) == -1) {
		close(to[0]);
		close(to[1]);
		return ak_fail_sys(err, AK_SYSTEM, "pipe");
	}
	q->tell = to[1];
	q->hear = from[0];
	q->pid = fork();
	if (q->pid == 0)
		keeper_begin(q, to[0], from[1]);
	close(to[0]);
	close(from[1]);
	if (q->pid == -1)
		return ak_fail_sys(err, AK_SYSTEM, "fork");
	return 0;
}

int
quiesce_begin(struct ak_docker *engine, const struct boxes *boxes,
    enum quiesce_how how, int64_t max_ms, struct quiesce **quiesce,
    struct ak_err *err)
{
	struct quiesce *q = quiesce_new(engine, boxes, how, max_ms);
	const char *socket = ak_docker_where(engine);
	bool late;

	*quiesce = NULL;
	if (q->count == 0) {
		quiesce_free(q);
		return 0;
	}
	if (strlen(socket) >= sizeof(q->address.sun_path)) {
		quiesce_free(q);
		return ak_fail(err, AK_CONFIG, "%s: name too long", socket);
	}
	memcpy(q->address.sun_path, socket, strlen(socket));
	if (keeper_start(q, err) == -1) {
		quiesce_free(q);
		return -1;
	}
	if (hear_keeper(q) == SAID_HELD) {
		*quiesce = q;
		return 0;
	}
	ak_err_set(err, AK_UNAVAILABLE, "%s: cannot %s it", q->names[0],
	    orders[how].hold);
	struct ak_err ignored = { 0 };

	(void)!quiesce_end(q, &late, &ignored);
	return -1;
}

/* The keeper is gone without a word: we do its work. */
static int
go_ourselves(struct quiesce *q, struct ak_err *err)
{
	int failed = 0;

	for (size_t i = q->count; i-- > 0;) {
		AK_FREE char *path = ak_printf("/containers/%s/%s", q->ids[i],
		    orders[q->how].go);

		if (engine_order(q->engine, "POST", path, NULL, err) == -1)
			failed = ak_fail_in(err, "%s", q->names[i]);
	}
	return failed;
}

int
quiesce_end(struct quiesce *q, bool *late, struct ak_err *err)
{
	int said, failed = 0;

	*late = false;
	if (q == NULL)
		return 0;
	ak_close_scope(&q->tell);
	said = hear_keeper(q);
	*late = said == SAID_LATE;
	if (said == -1)
		failed = go_ourselves(q, err);
	else if (said == SAID_FAILED)
		failed = ak_fail(err, AK_UNAVAILABLE,
		    "%s: it does not go on after the backup", q->names[0]);
	while (waitpid(q->pid, NULL, 0) == -1 && errno == EINTR)
		;
	quiesce_free(q);
	return failed;
}
