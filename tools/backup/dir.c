/*
 * dir - a directory or a file as a source, as it is when it is read.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "tools/backup/sources.h"
#include "tools/backup/sqlite.h"

static int
take(struct source *source, struct intake *in, struct ak_err *err)
{
	AK_CLOSE int fd = open(source->path,
	    O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd == -1)
		return ak_fail_sys(err,
		    errno == ENOENT ? AK_NOINPUT : AK_NOPERM, "%s",
		    source->path);
	if (fstat(fd, &st) == -1 ||
	    !(S_ISDIR(st.st_mode) || S_ISREG(st.st_mode)))
		return ak_fail(err, AK_NOINPUT,
		    "%s: neither a directory nor a file", source->path);
	in->about->consistency = CONSISTENT_NONE;
	return sqlite_intake(in, fd, err);
}

/* One that is not there (yet) keeps the name it has. */
static char *
absolute(const char *path)
{
	char here[PATH_MAX];
	char *real = realpath(path, NULL);

	if (real)
		return real;
	if (*path == '/' || !getcwd(here, sizeof(here)))
		return ak_strdup(path);
	return ak_printf("%s/%s", here, path);
}

int
dir_source(struct source *source, const char *rest, struct ak_err *err)
{
	if (*rest == '\0')
		return ak_fail(err, AK_USAGE, "dir: a path must follow");
	source->path = absolute(rest);
	source->type = ak_strdup("dir");
	source->name = ak_printf("dir:%s", source->path);
	source->prefix = ak_strdup(source->path + strspn(source->path, "/"));
	source->take = take;
	return 0;
}
