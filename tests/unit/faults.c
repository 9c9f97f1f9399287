/*
 * faults - unit test: whole files, whatever happens on the way.
 *
 * Run with "replace DIR" or "create DIR" it does that one thing, so that
 * strace(1) can fail it or kill it at each of its system calls.
 */
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/dir.h"
#include "tests/unit/tap.h"

static const char *self;

static void
full_disk(void)
{
	static char big[256 * 1024];
	AK_FREE char *path = ak_printf("%s/full", where);
	int full = -1, was = dir;

	if (unshare(CLONE_NEWNS) == -1 || mkdir(path, 0700) == -1 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("full", path, "tmpfs", 0, "size=64k") == -1) {
		skip("no mounts", "a full disk leaves the old file");
		return;
	}
	full = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = full;
	is_int(ak_file_replace(full, "f", "old", 3, 0600, &err), 0,
	    "there is room for a small file");
	is_int(ak_file_replace(full, "f", big, sizeof(big), 0600, &err), -1,
	    "there is none for a large one");
	is_str(err.text, "f: no space left on device", "which is told");
	is_int(err.code, AK_IO, "as an I/O error");
	is_str(contents("f"), "old", "the old file stays");
	is_int(ak_file_create(full, "g", big, sizeof(big), 0600, &err), -1,
	    "nor is there any for a new one");
	is_int(count_others(full, "f", false), 0, "no draft is left");
	dir = was;
	close(full);
	umount(path);
	rmdir(path);
}

/* Runs this program with verb under strace with one expression. */
static int
trace(const char *fault, const char *verb, const char *to)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		dup2(null, STDERR_FILENO);
		setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
		execlp("strace", "strace", "-o", to, "-e", fault, self, verb,
		    where, (char *)NULL);
		_exit(127);
	}
	waitpid(child, &status, 0);
	return status;
}

static int
inject(const char *fault, const char *verb)
{
	return trace(fault, verb, "/dev/null");
}

static bool
killed(int status)
{
	return WIFSIGNALED(status) ||
	    (WIFEXITED(status) && WEXITSTATUS(status) > 128);
}

static const char *const calls[] = { "openat", "write", "fsync", "close",
	"?renameat,?renameat2", "linkat", "unlinkat", "exit_group" };

/* Kills it at each of its calls; how often the file was old, new, neither. */
static void
kill_at_each(const char *verb, const char *old, int seen[3])
{
	for (size_t i = 0; i < AK_COUNT(calls); i++)
		for (int n = 1, status = 9; n < 100 && killed(status); n++) {
			AK_FREE char
			    *fault = ak_printf("inject=%s:signal=KILL:when=%d",
				calls[i], n);
			const char *now;

			unlinkat(dir, "f", 0);
			if (old &&
			    ak_file_replace(dir, "f", old, strlen(old), 0600,
				&err) == -1)
				seen[2]++;
			status = inject(fault, verb);
			now = contents("f");
			if (ak_streq(now, "new"))
				seen[1]++;
			else if (ak_streq(now,
				     old ? old
					 : "f: no such file "
					   "or directory"))
				seen[0]++;
			else
				seen[2]++;
			count_others(dir, "f", true);
		}
}

static void
kills(void)
{
	int replaced[3] = { 0 }, created[3] = { 0 };

	kill_at_each("replace", "old", replaced);
	printf("# old %d, new %d\n", replaced[0], replaced[1]);
	ok(replaced[0] > 5 && replaced[1] > 0 && replaced[2] == 0,
	    "killed at any call, a replacement leaves the old file or the new");
	kill_at_each("create", NULL, created);
	printf("# none %d, new %d\n", created[0], created[1]);
	ok(created[0] > 5 && created[1] > 0 && created[2] == 0,
	    "killed at any call, a creation leaves no file or the new");
}

static void
failures(void)
{
	static const struct {
		const char *call, *verb, *left;
		int status;
	} cases[] = {
		{ "write:error=ENOSPC", "replace", "old", AK_IO },
		{ "write:error=EINTR:when=1", "replace", "new", 0 },
		/* the byte that is said to be written is not */
		{ "write:retval=1:when=1", "replace", "ew", 0 },
		{ "fsync:error=EIO:when=1", "replace", "old", AK_IO },
		{ "fsync:error=EIO:when=2", "replace", "new", AK_IO },
		{ "fsync:error=EINVAL:when=2", "replace", "new", 0 },
		{ "?renameat,?renameat2:error=EROFS", "replace", "old",
		    AK_CANTCREATE },
		{ "linkat:error=EPERM", "create",
		    "f: no such file or directory", AK_CANTCREATE },
		{ "linkat:error=EEXIST", "create",
		    "f: no such file or directory", AK_NO },
	};

	for (size_t i = 0; i < AK_COUNT(cases); i++) {
		AK_FREE char *fault = ak_printf("inject=%s", cases[i].call);
		int status;

		unlinkat(dir, "f", 0);
		if (ak_streq(cases[i].verb, "replace") &&
		    ak_file_replace(dir, "f", "old", 3, 0600, &err) == -1)
			ok(false, "an old file is made: %s", err.text);
		status = inject(fault, cases[i].verb);
		is_int(WEXITSTATUS(status), cases[i].status, "%s: status",
		    cases[i].call);
		is_str(contents("f"), cases[i].left, "%s: the file",
		    cases[i].call);
		is_int(count_others(dir, "f", true), 0, "%s: no draft",
		    cases[i].call);
	}
}

/* Its calls by name, which are all that a power cut leaves to reason about. */
static const char *
order(const char *verb)
{
	static struct ak_buf names;
	AK_FREE char *to = ak_printf("%s/trace", where);
	AK_FREE char *lines = NULL;
	char *line, *rest;

	ak_buf_reset(&names);
	unlinkat(dir, "f", 0);
	trace("trace=write,fsync,?renameat,?renameat2,linkat,unlinkat", verb,
	    to);
	lines = ak_strdup(contents("trace"));
	rest = lines;
	while ((line = strsep(&rest, "\n")) && *line != '+')
		ak_buf_printf(&names, "%.*s ", (int)strcspn(line, "(2"), line);
	unlinkat(dir, "trace", 0);
	return ak_buf_text(&names);
}

static void
orders(void)
{
	is_str(order("replace"), "write fsync renameat fsync ",
	    "bytes are synced before they get the name, then the name is");
	is_str(order("create"), "write fsync linkat unlinkat fsync ",
	    "so are those of a new file");
}

static void
faults(void)
{
	int status = inject("trace=none", "replace");

	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		skip("no strace", "faults are survived");
		return;
	}
	orders();
	failures();
	kills();
}

static int
do_verb(const char *verb, const char *path)
{
	AK_CLOSE int fd = -1;
	int made;

	if (ak_dir_open(AT_FDCWD, path, &fd, &err) == -1)
		return (int)err.code;
	if (ak_streq(verb, "replace"))
		made = ak_file_replace(fd, "f", "new", 3, 0600, &err) + 1;
	else
		made = ak_file_create(fd, "f", "new", 3, 0600, &err);
	if (made == 0 && err.code == AK_DONE)
		return AK_NO;
	return (int)err.code;
}

int
main(int argc, char *argv[])
{
	AK_FREE char *path = realpath("/proc/self/exe", NULL);

	if (argc == 3)
		return do_verb(argv[1], argv[2]);
	self = path;
	if (!dir_begin())
		return 1;
	faults();
	full_disk();
	dir_end();
	return done_testing();
}
