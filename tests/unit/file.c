/*
 * file - unit test: whole files, whatever happens on the way.
 *
 * Run with "replace DIR", "create DIR" or "make DIR" it does that one thing,
 * so that strace(1) can fail it or kill it at each of its system calls.
 */
#include "lib/file.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/tap.h"

static const char *self;
static char *where; /* the directory of this test */
static int dir = -1;
static struct ak_err err;

/* Contents of a file in the test's directory, or why there are none. */
static const char *
contents(const char *name)
{
	static struct ak_buf buf;

	ak_buf_reset(&buf);
	if (ak_file_read(dir, name, 1 << 20, &buf, &err) == -1)
		return err.text;
	return ak_buf_text(&buf);
}

/* Names in a directory but for those given; removed when wanted. */
static int
count_others(int at, const char *but, bool sweep)
{
	int copy = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = 0;
	DIR *names = fdopendir(copy);
	struct dirent *entry;

	while (names && (entry = readdir(names))) {
		if (ak_streq(entry->d_name, ".") ||
		    ak_streq(entry->d_name, "..") ||
		    ak_streq(entry->d_name, but))
			continue;
		n++;
		if (sweep)
			unlinkat(at, entry->d_name, 0);
	}
	if (names)
		closedir(names);
	return n;
}

static void
reading(void)
{
	AK_BUF struct ak_buf buf = { 0 };

	ak_buf_str(&buf, "before ");
	is_int(ak_file_replace(dir, "a", "12345", 5, 0600, &err), 0,
	    "a file is made");
	is_int(ak_file_read(dir, "a", 5, &buf, &err), 0, "and read");
	is_str(buf.data, "before 12345", "behind what the buffer held");
	is_int(ak_file_read(dir, "a", 4, &buf, &err), -1,
	    "a file that is too large is refused");
	is_str(err.text, "a: larger than 4 bytes", "with the limit");
	is_int(err.code, AK_DATA, "as bad data");
	is_str(buf.data, "before 12345", "and nothing is added");
	is_int(ak_file_read(dir, "none", 4, &buf, &err), -1, "no file");
	is_int(err.code, AK_NOINPUT, "is a missing input");
	is_str(err.text, "none: no such file or directory", "by name");
	ak_buf_reset(&buf);
	is_int(ak_file_read(AT_FDCWD, "/proc/self/comm", 64, &buf, &err), 0,
	    "a file that says it has no bytes is read");
	ok(ak_ends(buf.data, "file\n"), "all of it");
}

static void
odd_files(void)
{
	if (mkfifoat(dir, "fifo", 0600) == -1 ||
	    symlinkat("a", dir, "link") == -1 ||
	    mkdirat(dir, "dir", 0700) == -1)
		ok(false, "odd files are made: %s", strerror(errno));
	is_str(contents("fifo"), "fifo: no regular file",
	    "a FIFO is refused, and not waited for");
	is_str(contents("dir"), "dir: no regular file", "so is a directory");
	is_str(contents("link"), "link: a symbolic link", "so is a link");
	is_int(err.code, AK_DATA, "as bad data");
	is_int(ak_file_replace(dir, "link", "x", 1, 0600, &err), 0,
	    "a link is replaced");
	is_str(contents("a"), "12345", "and what it led to stays");
	is_str(contents("link"), "x", "it is a file now");
	is_int(ak_file_replace(dir, "dir", "x", 1, 0600, &err), -1,
	    "a directory is not replaced");
	is_int(err.code, AK_CANTCREATE, "since that cannot be made");
	is_str(err.text, "dir: is a directory", "for this reason");
	unlinkat(dir, "fifo", 0);
	unlinkat(dir, "link", 0);
	unlinkat(dir, "dir", AT_REMOVEDIR);
	is_int(count_others(dir, "a", false), 0, "no draft is left");
}

static void
modes(void)
{
	mode_t mask = umask(022);
	struct stat st;

	is_int(ak_file_replace(dir, "mode", "", 0, 0640, &err), 0,
	    "an empty file is made");
	fstatat(dir, "mode", &st, 0);
	is_int(st.st_mode & 0777, 0640, "with the mode given");
	is_int(ak_file_replace(dir, "mode", "", 0, 0666, &err), 0, "again");
	fstatat(dir, "mode", &st, 0);
	is_int(st.st_mode & 0777, 0644, "less what umask takes");
	unlinkat(dir, "mode", 0);
	umask(mask);
}

static void
places(void)
{
	char name[256];
	AK_CLOSE int deep = -1, again = -1;
	AK_FREE char *path = ak_printf("%s/x/y//z/", where);
	AK_FREE char *bad = ak_printf("%s/a/x", where);

	is_int(ak_dir_make(path, 0700, &deep, &err), 0,
	    "a directory is made with its parents");
	is_int(ak_dir_make(path, 0700, &again, &err), 0, "or found");
	is_int(ak_file_replace(dir, "x/y/f", "deep", 4, 0600, &err), 0,
	    "a name may have directories");
	is_str(contents("x/y/f"), "deep", "there it is");
	is_int(count_others(deep, NULL, false), 0, "and nowhere else");
	is_int(ak_file_replace(dir, "x/none/f", "", 0, 0600, &err), -1,
	    "but they must be there");
	is_int(err.code, AK_CANTCREATE, "else it cannot be made");
	is_int(ak_dir_make(bad, 0700, &again, &err), -1,
	    "no directory is made below a file");
	is_int(err.code, AK_CANTCREATE, "that cannot be, either");
	memset(name, 'n', 255);
	name[255] = '\0';
	is_int(ak_file_replace(dir, name, "long", 4, 0600, &err), 0,
	    "a name may have 255 bytes");
	is_str(contents(name), "long", "all of them");
	unlinkat(dir, name, 0);
	unlinkat(dir, "x/y/f", 0);
}

static void
directories(void)
{
	AK_FREE char *path = ak_printf("%s/to-x", where);
	int fd = -1;

	is_int(ak_dir_open(dir, "none", &fd, &err), -1, "no directory");
	is_int(err.code, AK_NOINPUT, "is a missing input");
	is_int(ak_dir_open(dir, "a", &fd, &err), -1, "nor is a file one");
	is_int(err.code, AK_NOINPUT, "for the same reason");
	is_int(fd, -1, "no descriptor is set");
	if (symlinkat("x", dir, "to-x") == -1)
		ok(false, "a link is made: %s", strerror(errno));
	is_int(ak_dir_open(dir, "to-x", &fd, &err), -1,
	    "a link below a directory is not followed");
	is_int(ak_dir_open(AT_FDCWD, path, &fd, &err), 0,
	    "one in a path that a person gave is");
	ok(fcntl(fd, F_GETFD) & FD_CLOEXEC, "and is closed on exec");
	close(fd);
	unlinkat(dir, "to-x", 0);
}

static void
creating(void)
{
	is_int(ak_file_create(dir, "c", "one", 3, 0600, &err), 1,
	    "a name that is free is made");
	is_int(ak_file_create(dir, "c", "two", 3, 0600, &err), 0,
	    "one that is taken is not");
	is_str(contents("c"), "one", "and stays as it was");
	unlinkat(dir, "c", 0);
	if (symlinkat("nowhere", dir, "c") == -1)
		ok(false, "a link is made: %s", strerror(errno));
	is_int(ak_file_create(dir, "c", "two", 3, 0600, &err), 0,
	    "a link that leads nowhere takes a name as well");
	unlinkat(dir, "c", 0);
	is_int(count_others(dir, "a", false), 1, "no draft is left, only x");
}

/* As many writers as it takes; one of them makes the file. */
static void
racing(void)
{
	int status, made = 0, whole = 0;
	char text[32];

	for (int i = 0; i < 8; i++)
		if (fork() == 0) {
			struct ak_err own = { 0 };

			snprintf(text, sizeof(text), "writer %d", i);
			_exit(ak_file_create(dir, "race", text, strlen(text),
				  0600, &own) == 1);
		}
	while (wait(&status) != -1)
		made += WIFEXITED(status) && WEXITSTATUS(status) == 1;
	is_int(made, 1, "of eight writers one makes a file");
	whole = ak_starts(contents("race"), "writer ");
	is_int(whole, 1, "and it is whole");
	unlinkat(dir, "race", 0);
	is_int(count_others(dir, "a", false), 1, "no draft is left");
}

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
	rest = lines = ak_strdup(contents("trace"));
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
	int result;

	if (ak_dir_open(AT_FDCWD, path, &fd, &err) == -1)
		return 99;
	result = ak_streq(verb, "create")
	    ? ak_file_create(fd, "f", "new", 3, 0600, &err) - 1
	    : ak_file_replace(fd, "f", "new", 3, 0600, &err);
	if (result == -1 && ak_streq(verb, "create") && err.code == AK_DONE)
		return AK_NO;
	return result == 0 ? 0 : (int)err.code;
}

int
main(int argc, char *argv[])
{
	char template[] = "/tmp/aikit-file-XXXXXX";
	AK_FREE char *path = realpath("/proc/self/exe", NULL);

	if (argc == 3)
		return do_verb(argv[1], argv[2]);
	self = path;
	where = mkdtemp(template);
	if (!where || ak_dir_open(AT_FDCWD, where, &dir, &err) == -1)
		return 1;
	reading();
	odd_files();
	modes();
	places();
	directories();
	creating();
	racing();
	unlinkat(dir, "x/y/z", AT_REMOVEDIR);
	unlinkat(dir, "x/y", AT_REMOVEDIR);
	unlinkat(dir, "x", AT_REMOVEDIR);
	unlinkat(dir, "a", 0);
	faults();
	full_disk();
	count_others(dir, NULL, true);
	rmdir(where);
	return done_testing();
}
