/*
 * file - unit test: whole files, read whole and replaced whole.
 */
#include "lib/file.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/dir.h"
#include "tests/unit/tap.h"

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

int
main(void)
{
	if (!dir_begin())
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
	dir_end();
	return done_testing();
}
