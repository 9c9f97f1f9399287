/*
 * store_list - the names in a directory that is a store, or could be one.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tools/backup/store_local.h"

const char *const local_rooms[LOCAL_ROOMS] = { "packs", "meta", "index",
	"snaps", "keys", "trash", "parity", "locks", "tmp" };

struct listing {
	struct local *local;
	store_each *each;
	void *arg;
};

static DIR *
open_names(int dir, const char *name)
{
	int fd = openat(dir, name,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *names = fd == -1 ? NULL : fdopendir(fd);

	if (!names)
		ak_close_scope(&fd);
	return names;
}

static void
close_names(DIR **names)
{
	if (*names)
		closedir(*names);
}
#define NAMES __attribute__((cleanup(close_names)))

/* What others put there ("lost+found", ".nfs0001") is no object. */
static bool
is_object(const char *name)
{
	return name[0] != '.' &&
	    name[strspn(name,
		"0123456789abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ._-")] == '\0';
}

static int list_below(const struct listing *listing, const char *place,
    int depth, struct ak_err *err);

static int
list_one(const struct listing *listing, const char *name, int depth,
    struct ak_err *err)
{
	struct stat st;

	if (fstatat(listing->local->dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0
				       : ak_fail_sys(err, AK_IO, "%s", name);
	if (S_ISDIR(st.st_mode) && depth > 0)
		return list_below(listing, name, depth - 1, err);
	if (!S_ISREG(st.st_mode))
		return 0;
	return listing->each(listing->arg, name, (uint64_t)st.st_size, err);
}

static int
list_below(const struct listing *listing, const char *place, int depth,
    struct ak_err *err)
{
	NAMES DIR *names = open_names(listing->local->dir, place);
	struct dirent *entry;

	if (!names)
		return errno == ENOENT ? 0
				       : ak_fail_sys(err, AK_IO, "%s", place);
	while (errno = 0, (entry = readdir(names))) {
		AK_FREE char *name = NULL;

		if (!is_object(entry->d_name))
			continue;
		name = ak_printf("%s/%s", place, entry->d_name);
		if (list_one(listing, name, depth, err) == -1)
			return -1;
	}
	return errno == 0 ? 0 : ak_fail_sys(err, AK_IO, "%s", place);
}

int
local_list(struct store *store, const char *prefix, store_each *each, void *arg,
    struct ak_err *err)
{
	struct listing listing = { (struct local *)store, each, arg };
	AK_FREE char *place = ak_strdup(prefix);
	size_t len = strlen(place);

	if (len > 0 && place[len - 1] == '/')
		place[len - 1] = '\0';
	return list_below(&listing, place, 1, err);
}

static bool
is_known(const char *name)
{
	static const char *const also[] = { ".", "..", "README.txt",
		"restore.py", "lost+found" };

	for (size_t i = 0; i < AK_COUNT(also); i++)
		if (ak_streq(name, also[i]))
			return true;
	for (size_t i = 0; i < LOCAL_ROOMS; i++)
		if (ak_streq(name, local_rooms[i]))
			return true;
	return false;
}

/* The first name in it that is none of init's; NULL: there is none. */
static char *
stranger(struct local *local)
{
	NAMES DIR *names = open_names(local->dir, ".");
	struct dirent *entry;

	while (names && (entry = readdir(names)))
		if (!is_known(entry->d_name))
			return ak_strdup(entry->d_name);
	return NULL;
}

static int
find_any(AK_UNUSED void *arg, const char *name, AK_UNUSED uint64_t size,
    struct ak_err *err)
{
	return ak_fail(err, AK_CANTCREATE, "%s", name);
}

/*
 * What a backup has put there lives by its keys, which init would make anew:
 * a repository that lost its config is not empty.
 */
static int
check_unused(struct local *local, const char *path, struct ak_err *err)
{
	static const char *const used[] = { "packs/", "meta/", "index/",
		"snaps/" };

	for (size_t i = 0; i < AK_COUNT(used); i++) {
		struct ak_err found = { 0 };

		if (local_list(&local->store, used[i], find_any, NULL,
			&found) == 0)
			continue;
		ak_err_set(err, AK_CANTCREATE,
		    "%s: a repository without its config, it has %s", path,
		    found.text);
		ak_err_help(err, "see docs/backup-recovery.md");
		return -1;
	}
	return 0;
}

/* What init makes, and nothing else: an init that was killed is done again. */
int
local_check_empty(struct local *local, const char *path, struct ak_err *err)
{
	AK_FREE char *found = stranger(local);

	if (!found)
		return check_unused(local, path, err);
	if (ak_streq(found, "config"))
		return ak_fail(err, AK_CANTCREATE,
		    "%s: there is a repository already", path);
	return ak_fail(err, AK_CANTCREATE, "%s: not empty, it has %s", path,
	    found);
}
