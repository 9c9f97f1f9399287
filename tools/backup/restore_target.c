/*
 * restore_target - the directory that a source is restored below.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "tools/backup/restore.h"

/* Where the source was: a directory, or the one that holds the file. */
static int
open_original(struct restore *restore, const struct snap_source *source,
    struct ak_err *err)
{
	AK_FREE char *path = ak_printf("/%s", source->prefix);
	char *slash = strrchr(path, '/');
	struct target *target = &restore->target;

	if (!ak_streq(source->type, "dir") &&
	    !ak_streq(source->type, "sqlite")) {
		ak_err_set(err, AK_USAGE, "%s: it was no directory",
		    source->name);
		ak_err_help(err, "--to DIR, or --stack for a kit");
		return -1;
	}
	target->base = ak_strdup(slash + 1);
	slash[slash == path] = '\0';
	if (!restore->options.plan)
		return ak_dir_make(path, 0777, &target->root, err);
	target->root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return 0;
}

int
restore_open_target(struct restore *restore, const struct snap_source *source,
    struct ak_err *err)
{
	struct target *target = &restore->target;

	*target = (struct target){ .root = -1 };
	restore->source = source;
	if (!restore->options.to)
		return open_original(restore, source, err);
	target->base = ak_strdup(source->prefix);
	if (!restore->options.plan)
		return ak_dir_make(restore->options.to, 0777, &target->root,
		    err);
	target->root = open(restore->options.to,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return 0;
}

void
restore_close_target(struct restore *restore)
{
	if (restore->target.root >= 0)
		close(restore->target.root);
	free(restore->target.base);
	if (restore->held_dir >= 0)
		close(restore->held_dir);
	free(restore->held_path);
	restore->held_path = NULL;
	restore->held_dir = -1;
	restore->target = (struct target){ .root = -1 };
}
