/*
 * revive_kit - the folder of a kit: settings, secrets, certificates.
 *
 * It is restored beside what is there and then put in its place name by name.
 * Where a kit is installed already, only what is this site's own is: the rest
 * belongs to the version that is installed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"
#include "tools/backup/beneath.h"
#include "tools/backup/exec.h"
#include "tools/backup/revive.h"
#include "tools/backup/stack.h"

static const char *const own[] = { "local.ini", "secrets", "certificates" };

int
revive_check_keys(const struct revival *revival, struct ak_err *err)
{
	AK_CLOSE int dir = open(revival->dir,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct ak_err missing = { 0 };
	char digits[65];

	if (dir == -1)
		return 0;
	ak_json_each(key, ak_json_get(revival->manifest, "keys")) {
		const char *name = ak_json_name(key);

		if (manifest_fingerprint(dir, name, digits, &missing) == -1 ||
		    ak_streq(digits, ak_json_str(key)))
			continue;
		ak_err_set(err, AK_NOPERM,
		    "%s/secrets/%s is another key than the one that the data "
		    "was written with",
		    revival->dir, name);
		ak_err_help(err, "move %s/secrets away, if nothing needs it",
		    revival->dir);
		return -1;
	}
	return 0;
}

static bool
is_own(const char *name)
{
	for (size_t i = 0; i < AK_COUNT(own); i++)
		if (ak_streq(name, own[i]))
			return true;
	return false;
}

/* What has the name in dir goes into the folder for that, made when needed. */
static int
put_aside(struct revival *revival, int dir, const char *name,
    struct ak_err *err)
{
	AK_FREE char *aside = ak_printf(".replaced-%s", revival->stamp);
	AK_FREE char *to = ak_printf("%s/%s", aside, name);
	struct stat status;

	if (fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) == -1)
		return 0;
	if (mkdirat(dir, aside, 0700) == -1 && errno != EEXIST)
		return ak_fail_sys(err, AK_CANTCREATE, "%s", aside);
	if (revival->folder_aside == NULL)
		revival->folder_aside = ak_strdup(aside);
	if (renameat(dir, name, dir, to) == -1)
		return ak_fail_sys(err, AK_IO, "%s", to);
	return 0;
}

static int
place(struct revival *revival, int dir, int staged, const char *name,
    struct ak_err *err)
{
	if (put_aside(revival, dir, name, err) == -1)
		return -1;
	if (renameat(staged, name, dir, name) == -1)
		return ak_fail_sys(err, AK_IO, "%s/%s", revival->dir, name);
	return 0;
}

static int
place_all(struct revival *revival, int dir, int staged, bool whole,
    struct ak_err *err)
{
	AK_CLOSE int copy = openat(staged, ".", O_RDONLY | O_CLOEXEC);
	DIR *list = copy == -1 ? NULL : fdopendir(copy);
	int failed = 0;

	if (list == NULL)
		return ak_fail_sys(err, AK_IO, "%s", revival->dir);
	ak_take_fd(&copy);
	for (struct dirent *e; failed == 0 && (e = readdir(list)) != NULL;)
		if (!ak_streq(e->d_name, ".") && !ak_streq(e->d_name, "..") &&
		    (whole || is_own(e->d_name)))
			failed = place(revival, dir, staged, e->d_name, err);
	closedir(list);
	return failed;
}

static const struct snap_source *
find_kit(const struct snap *snap)
{
	for (size_t i = 0; i < snap->source_count; i++)
		if (ak_streq(snap->sources[i].type, "kit") &&
		    !snap->sources[i].failed)
			return &snap->sources[i];
	return NULL;
}

/* What a restore that was killed has left: secrets, and dumps. */
static void
remove_left(int dir)
{
	AK_CLOSE int copy = openat(dir, ".", O_RDONLY | O_CLOEXEC);
	DIR *list = copy == -1 ? NULL : fdopendir(copy);

	if (list == NULL)
		return;
	ak_take_fd(&copy);
	for (struct dirent *e; (e = readdir(list)) != NULL;)
		if (ak_starts(e->d_name, ".restoring-"))
			(void)!beneath_remove(dir, e->d_name);
	closedir(list);
}

static int
restore_folder(struct revival *revival, struct ak_err *err)
{
	struct restored what = { revival->snap, find_kit(revival->snap) };
	AK_FREE char *name = ak_printf(".restoring-%s", revival->stamp);
	AK_CLOSE int dir = -1, staged = -1;
	int failed;
	bool whole;

	if (what.source == NULL)
		return ak_fail(err, AK_DATA, "%s: it has no folder of a kit",
		    revival->snap->name);
	if (ak_dir_make(revival->dir, 0755, &dir, err) == -1)
		return -1;
	remove_left(dir);
	if (mkdirat(dir, name, 0700) == -1)
		return ak_fail_sys(err, AK_CANTCREATE, "%s/%s", revival->dir,
		    name);
	whole = faccessat(dir, "compose.yaml", F_OK, 0) == -1;
	failed = ak_dir_open(dir, name, &staged, err);
	if (failed == 0)
		failed = restore_into(revival->ctx, &revival->session, &what,
		    staged, &revival->sums, err);
	if (failed == 0)
		failed = place_all(revival, dir, staged, whole, err);
	if (beneath_remove(dir, name) == -1 && failed == 0)
		failed = ak_fail_sys(err, AK_IO, "%s/%s", revival->dir, name);
	return failed;
}

int
revive_stack(struct revival *revival, const char *const words[],
    struct ak_err *err)
{
	const char *argv[256] = { "aikit-stack", "--kit", revival->dir };
	size_t count = 3;
	struct ak_proc proc = { .argv = argv,
		.timeout_ms = INT64_C(3600) * 1000,
		.max_output = 16 << 20,
		.pass_err = true };
	AK_PROC_RESULT struct ak_proc_result result = { 0 };

	for (size_t i = 0; words[i] != NULL && count < AK_COUNT(argv) - 1; i++)
		argv[count++] = words[i];
	if (ak_proc_run(&proc, &result, err) == -1)
		return -1;
	if (result.status == 0)
		return 0;
	return ak_fail(err,
	    result.status == AK_NO ? AK_UNAVAILABLE
				   : (enum ak_code)result.status,
	    "aikit-stack %s: exit %d", words[0], result.status);
}

int
revive_kit(struct revival *revival, struct ak_err *err)
{
	static const char *const init[] = { "init", NULL };
	AK_FREE char *settings = ak_printf("%s/settings.ini", revival->dir);

	if (restore_folder(revival, err) == -1)
		return -1;
	/* .env is made of the settings; a secret that is new is made. */
	if (access(settings, F_OK) == 0 &&
	    revive_stack(revival, init, err) == -1)
		return -1;
	if (kit_open(revival->dir, &revival->kit, err) == -1)
		return -1;
	free(revival->project);
	revival->project = ak_strdup(revival->kit->project);
	return 0;
}
