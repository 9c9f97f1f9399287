/*
 * lock - one holder, who is named, and no longer than it lives.
 */
#include "lib/lock.h"

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "tests/unit/tap.h"

static void
test_held(int dir)
{
	struct ak_err err = { 0 };
	AK_FREE char *begins = ak_printf("lock: held by aikit-stack up core "
					 "(process %ld) since 2",
	    (long)getpid());
	int first = -1, second = -1;

	ok(ak_lock(dir, "lock", "aikit-stack up core", &first, &err) == 0,
	    "a lock is taken (%s)", err.text);
	ok(fcntl(first, F_GETFD) == FD_CLOEXEC, "no program inherits it");
	is_int(ak_lock(dir, "lock", "another", &second, &err), -1,
	    "a second one is refused");
	is_int(err.code, AK_TEMPFAIL, "and may try again");
	ok(ak_starts(err.text, begins), "and is told by whom: %s", err.text);
	is_int(second, -1, "its descriptor is not set");
	close(first);
	ok(ak_lock(dir, "lock", "x", &second, &err) == 0,
	    "closing lets go (%s)", err.text);
	close(second);
}

/* A shorter holder than the last leaves nothing of it in the file. */
static void
test_killed(int dir)
{
	struct ak_err err = { 0 };
	int ends[2], fd = -1;
	char byte = 0;
	pid_t child;

	if (!ok(pipe(ends) == 0, "a pipe"))
		return;
	child = fork();
	if (child == 0) {
		if (ak_lock(dir, "lock", "a child with a longer name", &fd,
			&err) == 0)
			(void)!write(ends[1], "x", 1);
		for (;;)
			pause();
	}
	ok(read(ends[0], &byte, 1) == 1, "a child holds it");
	ok(ak_lock(dir, "lock", "we", &fd, &err) == -1, "we do not get it");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	ok(ak_lock(dir, "lock", "we", &fd, &err) == 0,
	    "until it is killed (%s)", err.text);
	ok(ak_lock(dir, "lock", "x", &ends[1], &err) == -1, "then we hold it");
	ok(ak_starts(err.text, "lock: held by we (process "),
	    "and are named: %s", err.text);
	close(fd);
	close(ends[0]);
}

static void
test_bad(int dir)
{
	struct ak_err err = { 0 };
	int fd = -1;

	ok(symlinkat("elsewhere", dir, "link") == 0, "a symbolic link");
	is_int(ak_lock(dir, "link", "x", &fd, &err), -1, "is not followed");
	is_int(err.code, AK_CANTCREATE, "as what cannot be made");
	ok(faccessat(dir, "elsewhere", F_OK, 0) == -1 && errno == ENOENT,
	    "and nothing is made behind it");
	is_int(ak_lock(dir, "no/dir", "x", &fd, &err), -1,
	    "a directory that is missing");
	is_int(err.code, AK_CANTCREATE, "as what cannot be made");
}

static void
test_lines(void)
{
	AK_BUF struct ak_buf line = { 0 };
	struct ak_lock_holder holder;
	char bad[][24] = { "", "word", "12", "12 since", "12since who" };

	ak_lock_line(&line, "tool up core");
	ok(ak_ends(line.data, " tool up core\n"), "a line says who: %s",
	    line.data);
	line.data[line.len - 1] = '\0';
	ok(ak_lock_holder(line.data, &holder), "and is taken apart");
	is_int(holder.pid, getpid(), "the process");
	is_str(holder.who, "tool up core", "who, with its blanks");
	ok(ak_ends(holder.since, "Z"), "since when: %s", holder.since);
	for (size_t i = 0; i < AK_COUNT(bad); i++)
		ok(!ak_lock_holder(bad[i], &holder), "no line: %zu", i);
}

int
main(void)
{
	char path[] = "/tmp/lock.XXXXXX";
	int dir = mkdtemp(path) ? open(path, O_RDONLY | O_DIRECTORY) : -1;

	if (!ok(dir != -1, "a directory"))
		return done_testing();
	test_held(dir);
	test_killed(dir);
	test_bad(dir);
	test_lines();
	unlinkat(dir, "lock", 0);
	unlinkat(dir, "link", 0);
	close(dir);
	rmdir(path);
	return done_testing();
}
