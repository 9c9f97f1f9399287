/*
 * revive_data - databases of a kit, through a server of their own.
 *
 * The volume of the server is made empty, the server is started alone and
 * becomes healthy, and takes in roles first, then each database.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/backup/beneath.h"
#include "tools/backup/postgres.h"
#include "tools/backup/revive.h"

enum { SERVER_MS = 180000 };

static int
restore_one(const char *container, int dir, const char *file,
    struct ak_err *err)
{
	AK_CLOSE int fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd == -1)
		return ak_fail_sys(err, AK_IO, "%s", file);
	return postgres_restore(container, file, fd, err);
}

int
revive_dumps(const char *container, int dir, struct ak_err *err)
{
	AK_CLOSE int copy = openat(dir, ".", O_RDONLY | O_CLOEXEC);
	DIR *list = NULL;
	int failed = 0;

	if (postgres_wait(container, SERVER_MS, err) == -1)
		return -1;
	if (faccessat(dir, POSTGRES_GLOBALS, F_OK, 0) == 0 &&
	    restore_one(container, dir, POSTGRES_GLOBALS, err) == -1)
		return -1;
	list = copy == -1 ? NULL : fdopendir(copy);
	if (list == NULL)
		return ak_fail_sys(err, AK_IO, "dumps");
	ak_take_fd(&copy);
	for (struct dirent *e; failed == 0 && (e = readdir(list)) != NULL;)
		if (ak_ends(e->d_name, ".sql"))
			failed = restore_one(container, dir, e->d_name, err);
	closedir(list);
	return failed;
}

/* The volumes of the manifest that this service's databases stood in. */
static int
empty_volumes(struct revival *revival, const char *service, struct ak_err *err)
{
	ak_json_each(item, ak_json_get(revival->manifest, "volumes")) {
		const char *volume = ak_json_str(ak_json_get(item, "volume"));
		AK_CLOSE int files = -1;

		if (volume == NULL ||
		    !ak_streq(ak_json_str(ak_json_get(item, "how")),
			"postgres") ||
		    !ak_streq(ak_json_str(ak_json_get(item, "service")),
			service))
			continue;
		if (revive_volume_make(revival, volume, &files, err) == -1)
			return -1;
	}
	return 0;
}

/* The dumps lie in the kit's folder for a while: what reads them is ours. */
static int
take_in(struct revival *revival, const struct snap_source *source,
    const char *container, struct ak_err *err)
{
	struct restored what = { revival->snap, source };
	AK_FREE char *name = ak_printf(".restoring-%s", revival->stamp);
	AK_CLOSE int dir = -1;
	int failed = -1;

	if (mkdirat(revival->kit->fd, name, 0700) == -1)
		return ak_fail_sys(err, AK_CANTCREATE, "%s", name);
	dir = openat(revival->kit->fd, name,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1)
		ak_err_set_sys(err, AK_IO, "%s", name);
	else
		failed = restore_into(revival->ctx, &revival->session, &what,
		    dir, &revival->sums, err);
	if (failed == 0)
		failed = revive_dumps(container, dir, err);
	if (beneath_remove(revival->kit->fd, name) == -1 && failed == 0)
		failed = ak_fail_sys(err, AK_IO, "%s", name);
	return failed;
}

int
revive_databases(struct revival *revival, const struct snap_source *source,
    struct ak_err *err)
{
	const char *service = source->prefix + strlen("databases/");
	const char *up[] = { "up", service, NULL };
	BOXES struct boxes boxes = { 0 };
	const struct box *box;

	if (empty_volumes(revival, service, err) == -1 ||
	    revive_stack(revival, up, err) == -1 ||
	    engine_boxes(revival->engine, DOCKER_PROJECT, revival->project,
		&boxes, err) == -1)
		return -1;
	box = boxes_find(&boxes, service);
	if (box == NULL)
		return ak_fail(err, AK_UNAVAILABLE, "%s did not start",
		    service);
	revive_record(revival, "databases", service);
	return take_in(revival, source, box->name, err);
}
