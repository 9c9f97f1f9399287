/*
 * backend_name - the name of a backend's host, looked up while others go on.
 *
 * The C library waits for name servers, and a queue must not: a process of its
 * own asks, and writes the address into a pipe. This is done only for a backend
 * that does not answer, since a container that was made anew has a new address.
 */
#include <sys/wait.h>

#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tools/queue/proxy.h"

#define LOOKUP_SECONDS 10

struct lookup {
	struct source source; /* first */
	struct backend *backend;
	char *url; /* a reload may give the number to another */
};

struct found {
	struct sockaddr_storage addr;
	socklen_t len;
};

static void
ready(struct queue *q, struct source *source, uint32_t events)
{
	struct lookup *lookup = (struct lookup *)source;
	struct backend *b = lookup->backend;
	struct found found;

	(void)events;
	if (read(source->fd, &found, sizeof(found)) == sizeof(found) &&
	    b->url != NULL && ak_streq(b->url, lookup->url)) {
		memcpy(&b->addr, &found.addr, sizeof(found.addr));
		b->addr_len = found.len;
	}
	b->looking = false;
	q->children--;
	free(lookup->url);
	loop_close(q, source, lookup);
}

/*
 * Everything but the pipe is closed: a connection that the queue closes would
 * stay open for as long as we have it.
 */
static AK_NORETURN void
child(const struct backend *b, int pipe)
{
	struct backend copy = { .url = b->url, .host = b->host };
	struct found found = { .len = 0 };
	struct ak_err err;

	if (dup2(pipe, STDERR_FILENO + 1) == -1)
		_exit(1);
	close_range(STDERR_FILENO + 2, ~0U, 0);
	alarm(LOOKUP_SECONDS);
	if (backend_resolve(&copy, &err) == -1 || copy.addr_len == 0)
		_exit(1);
	memcpy(&found.addr, &copy.addr, sizeof(copy.addr));
	found.len = copy.addr_len;
	_exit(write(STDERR_FILENO + 1, &found, sizeof(found)) == -1);
}

void
backend_look(struct queue *q, struct backend *b)
{
	struct lookup *lookup;
	int ends[2];
	pid_t pid;

	if (b->looking || ak_starts(b->url, "unix:") ||
	    pipe2(ends, O_CLOEXEC | O_NONBLOCK) == -1)
		return;
	pid = fork();
	if (pid == 0)
		child(b, ends[1]);
	close(ends[1]);
	q->children += pid != -1;
	lookup = ak_calloc(1, sizeof(*lookup));
	lookup->source = (struct source){ .fd = ends[0], .ready = ready };
	lookup->backend = b;
	lookup->url = ak_strdup(b->url);
	if (pid != -1 && loop_add(q, &lookup->source) == 0) {
		b->looking = true;
		return;
	}
	free(lookup->url);
	loop_close(q, &lookup->source, lookup);
}
