/*
 * ak - unit test: ownership, memory, checked arithmetic.
 */
#include "lib/ak.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/tap.h"

static void
scopes(void)
{
	char *kept;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), kept_fd;

	errno = ENOENT;
	{
		AK_FREE char *text = ak_strdup("text");
		AK_CLOSE int copy = dup(fd);

		kept = ak_take(&text);
		ok(!text, "what is taken leaves NULL behind");
		kept_fd = ak_take_fd(&copy);
		is_int(copy, -1, "a descriptor that is taken leaves -1");
	}
	is_str(kept, "text", "what is taken outlives its scope");
	ok(fcntl(kept_fd, F_GETFD) != -1, "so does a descriptor");
	errno = ENOENT;
	{
		AK_CLOSE int closed = ak_take_fd(&kept_fd);
		AK_FREE char *freed = ak_take(&kept);

		kept_fd = closed + (freed == NULL);
	}
	is_int(errno, ENOENT, "the end of a scope keeps errno");
	is_int(fcntl(kept_fd, F_GETFD), -1, "and closes its descriptor");
	close(fd);
}

static void
strings(void)
{
	AK_FREE char *part = ak_strndup("example", 4);
	AK_FREE char *made = ak_printf("%s-%d", "n", 7);

	is_str(part, "exam", "a part of a string is copied");
	is_str(made, "n-7", "a string is printed to memory");
	ok(ak_streq("a", "a") && !ak_streq("a", "b"), "equal strings are");
	ok(ak_streq(NULL, NULL) && !ak_streq(NULL, "") && !ak_streq("", NULL),
	    "NULL equals only NULL");
	ok(ak_starts("restart", "re") && ak_starts("re", "re") &&
		!ak_starts("r", "re"),
	    "a prefix is found, a longer one not");
	ok(ak_ends("a.yaml", ".yaml") && ak_ends("x", "") &&
		!ak_ends("l", "yaml"),
	    "a suffix is found, a longer one not");
}

static void
arithmetic(void)
{
	size_t n = 5;

	ok(ak_add(SIZE_MAX - 1, 1, &n) && n == SIZE_MAX,
	    "a sum may be SIZE_MAX");
	ok(!ak_add(SIZE_MAX, 1, &n) && n == SIZE_MAX,
	    "a sum that overflows sets nothing");
	ok(ak_mul(3, 4, &n) && n == 12, "a product is set");
	ok(!ak_mul(SIZE_MAX / 2, 3, &n) && n == 12,
	    "a product that overflows sets nothing");
}

static void
nothing(void)
{
	AK_FREE char *none = ak_malloc(0);
	AK_FREE int *zeros = ak_calloc(0, sizeof(*zeros));

	ok(none && zeros, "no bytes are still memory");
	zeros = ak_resize(ak_take(&zeros), 0, 8);
	ok(zeros, "also when resized to none");
}

static void *(*volatile resize)(void *, size_t, size_t) = ak_resize;

/* What it says goes to a pipe; the exit status. */
static int
starve(size_t count, size_t size, char *said, size_t room)
{
	int pipe_fd[2], status;
	ssize_t got;
	pid_t child;

	if (pipe2(pipe_fd, O_CLOEXEC) == -1 || (child = fork()) == -1)
		return -1;
	if (child == 0) {
		dup2(pipe_fd[1], STDERR_FILENO);
		_exit(resize(NULL, count, size) ? 0 : 1);
	}
	close(pipe_fd[1]);
	got = read(pipe_fd[0], said, room - 1);
	said[got > 0 ? got : 0] = '\0';
	close(pipe_fd[0]);
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
no_memory(void)
{
	char said[128], *colon;

	is_int(starve(SIZE_MAX / 4, 8, said, sizeof(said)), 71,
	    "a size that overflows ends the program with 71");
#ifndef AK_SANITIZED
	is_int(starve(SIZE_MAX / 4, 1, said, sizeof(said)), 71,
	    "no memory ends the program with 71");
#endif
	colon = strchr(said, ':');
	is_str(colon, ": no memory\n", "and says so behind its name");
}

int
main(void)
{
	scopes();
	strings();
	arithmetic();
	nothing();
	no_memory();
	return done_testing();
}
