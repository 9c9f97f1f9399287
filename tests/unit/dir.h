/*
 * dir - a directory of a test's own, gone at its end.
 */
#ifndef DIR_H
#define DIR_H

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib/file.h"

static char where[] = "/tmp/aikit-file-XXXXXX";
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

static bool
dir_begin(void)
{
	return mkdtemp(where) && ak_dir_open(AT_FDCWD, where, &dir, &err) == 0;
}

static void
dir_end(void)
{
	count_others(dir, NULL, true);
	rmdir(where);
}

#endif
