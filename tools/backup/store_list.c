/*
 * store_list - the names in a directory that is a store.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tools/backup/store_local.h"

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
is_known(const char *name, const char *const known[], size_t count)
{
	static const char *const also[] = { ".", "..", "README.txt",
		"restore.py", "lost+found" };

	for (size_t i = 0; i < AK_COUNT(also); i++)
		if (ak_streq(name, also[i]))
			return true;
	for (size_t i = 0; i < count; i++)
		if (ak_streq(name, known[i]))
			return true;
	return false;
}

char *
local_stranger(struct local *local, const char *const known[], size_t count)
{
	NAMES DIR *names = open_names(local->dir, ".");
	struct dirent *entry;

	while (names && (entry = readdir(names)))
		if (!is_known(entry->d_name, known, count))
			return ak_strdup(entry->d_name);
	return NULL;
}
