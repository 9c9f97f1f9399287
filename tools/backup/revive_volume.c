/*
 * revive_volume - volumes of a kit, and what they replace.
 *
 * The engine cannot rename a volume: what is in one is moved, name by name,
 * into a new one beside it, which costs no copy.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/backup/beneath.h"
#include "tools/backup/revive.h"

/* The name that the engine has for a volume of the kit. */
static char *
engine_name(const struct revival *revival, const char *volume)
{
	const struct ak_json *volumes = ak_json_get(revival->kit->model,
	    "volumes");
	const char *name = ak_json_str(ak_json_get(ak_json_get(volumes, volume),
	    "name"));

	return name != NULL ? ak_strdup(name)
			    : ak_printf("%s_%s", revival->project, volume);
}

static bool
is_dots(const char *name)
{
	return ak_streq(name, ".") || ak_streq(name, "..");
}

static int
move_all(int from, int to, const char *volume, size_t *moved,
    struct ak_err *err)
{
	AK_CLOSE int copy = openat(from, ".", O_RDONLY | O_CLOEXEC);
	DIR *list = copy == -1 ? NULL : fdopendir(copy);
	int failed = 0;

	if (list == NULL)
		return ak_fail_sys(err, AK_IO, "volume %s", volume);
	ak_take_fd(&copy);
	for (struct dirent *e; failed == 0 && (e = readdir(list)) != NULL;) {
		if (is_dots(e->d_name))
			continue;
		if (renameat(from, e->d_name, to, e->d_name) == -1)
			failed = ak_fail_sys(err, AK_IO, "volume %s: %s",
			    volume, e->d_name);
		++*moved;
	}
	closedir(list);
	return failed;
}

static bool
is_empty(int dir)
{
	AK_CLOSE int copy = openat(dir, ".", O_RDONLY | O_CLOEXEC);
	DIR *list = copy == -1 ? NULL : fdopendir(copy);
	bool empty = true;

	if (list == NULL)
		return false;
	ak_take_fd(&copy);
	for (struct dirent *e; empty && (e = readdir(list)) != NULL;)
		empty = is_dots(e->d_name);
	closedir(list);
	return empty;
}

static void
note_aside(struct revival *revival, const char *name)
{
	revival->aside = ak_resize(revival->aside, revival->aside_count + 1,
	    sizeof(*revival->aside));
	revival->aside[revival->aside_count++] = ak_strdup(name);
}

/* Its owner and mode go along, so that it can be put back by hand. */
static int
keep_aside(struct revival *revival, const char *name, int files,
    struct ak_err *err)
{
	AK_FREE char *aside = ak_printf("%s.replaced-%s", name, revival->stamp);
	VOLUME struct volume volume = { 0 };
	AK_CLOSE int to = -1;
	struct stat status;
	size_t moved = 0;

	if (is_empty(files))
		return 0;
	if (engine_volume_make(revival->engine, aside, revival->project, aside,
		err) == -1 ||
	    engine_volume(revival->engine, aside, &volume, err) == -1 ||
	    volume_files(aside, &volume, &to, err) == -1)
		return -1;
	note_aside(revival, aside);
	if (move_all(files, to, name, &moved, err) == -1)
		return -1;
	if (fstat(files, &status) == -1 ||
	    fchown(to, status.st_uid, status.st_gid) == -1 ||
	    fchmod(to, status.st_mode & 07777) == -1)
		return ak_fail_sys(err, AK_IO, "volume %s", aside);
	revive_record(revival, "kept", aside);
	return 0;
}

int
revive_volume_make(struct revival *revival, const char *volume, int *files,
    struct ak_err *err)
{
	AK_FREE char *name = engine_name(revival, volume);
	VOLUME struct volume there = { 0 };
	AK_CLOSE int fd = -1;

	/* To make one that is there already is to get it. */
	if (engine_volume_make(revival->engine, name, revival->project, volume,
		err) == -1 ||
	    engine_volume(revival->engine, name, &there, err) == -1 ||
	    volume_files(name, &there, &fd, err) == -1 ||
	    keep_aside(revival, name, fd, err) == -1)
		return -1;
	*files = ak_take_fd(&fd);
	return 0;
}

int
revive_volume(struct revival *revival, const struct snap_source *source,
    struct ak_err *err)
{
	struct restored what = { revival->snap, source };
	const char *volume = source->prefix + strlen("volumes/");
	AK_CLOSE int files = -1;

	if (revive_volume_make(revival, volume, &files, err) == -1)
		return -1;
	revive_record(revival, "volume", volume);
	return restore_into(revival->ctx, &revival->session, &what, files,
	    &revival->sums, err);
}

void
revive_forget_aside(struct revival *revival)
{
	struct ak_err ignored = { 0 };

	for (size_t i = 0; i < revival->aside_count; i++) {
		if (engine_volume_remove(revival->engine, revival->aside[i],
			&ignored) == -1)
			ak_cmd_warn(revival->ctx, "%s: %s", revival->aside[i],
			    ignored.text);
		free(revival->aside[i]);
	}
	free(revival->aside);
	revival->aside = NULL;
	revival->aside_count = 0;
	if (revival->folder_aside != NULL &&
	    beneath_remove(revival->kit->fd, revival->folder_aside) == -1)
		ak_cmd_warn(revival->ctx, "%s: %s", revival->folder_aside,
		    strerror(errno));
}
