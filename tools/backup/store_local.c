/*
 * store_local - a directory as a store.
 *
 * A draft is a file in tmp/, synced and renamed into its place; the directories
 * that got new names are remembered and synced together. What a killed process
 * left in tmp/ is removed by whoever next holds the lock alone.
 */
#include "tools/backup/store_local.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/crypt.h"
#include "lib/file.h"

static struct local *
local_of(struct store *store)
{
	return (struct local *)store;
}

static enum ak_code
code_of(int why, enum ak_code other)
{
	switch (why) {
	case ENOENT:
	case ENOTDIR:
		return AK_NOINPUT;
	case EACCES:
	case EPERM:
	case EROFS:
		return AK_NOPERM;
	default:
		return other;
	}
}

/* A full disk is the failure that a person can mend at once. */
static int
fail_write(const char *name, enum ak_code code, struct ak_err *err)
{
	int why = errno;

	ak_err_set_sys(err, code, "%s", name);
	if (why == ENOSPC || why == EDQUOT)
		ak_err_help(err,
		    "make room; what is stored is whole, and the "
		    "next run goes on from it");
	return -1;
}

static int
local_draft(struct store *store, struct draft *draft, struct ak_err *err)
{
	struct local *local = local_of(store);
	uint64_t number[2];

	ak_crypt_random(number, sizeof(number));
	snprintf(draft->name, sizeof(draft->name),
	    "tmp/%ld-%016" PRIx64 "%016" PRIx64, (long)getpid(), number[0],
	    number[1]);
	draft->fd = openat(local->dir, draft->name,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
	if (draft->fd == -1)
		return fail_write(draft->name, code_of(errno, AK_CANTCREATE),
		    err);
	return 0;
}

static int
local_write(AK_UNUSED struct store *store, struct draft *draft,
    const void *data, size_t len, struct ak_err *err)
{
	const char *next = data;

	while (len > 0) {
		ssize_t put = write(draft->fd, next, len);

		if (put == -1 && errno == EINTR)
			continue;
		if (put == -1)
			return fail_write(draft->name, AK_IO, err);
		next += put;
		len -= (size_t)put;
	}
	/* What is on its way already, the sync at the end need not wait for. */
	(void)sync_file_range(draft->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	return 0;
}

static void
local_abandon(struct store *store, struct draft *draft)
{
	if (draft->fd == -1)
		return;
	ak_close_scope(&draft->fd);
	draft->fd = -1;
	unlinkat(local_of(store)->dir, draft->name, 0);
}

/* "packs/ab" of "packs/ab/abcd"; "." of "config". */
static char *
parent_of(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? ak_strndup(name, (size_t)(slash - name))
		     : ak_strdup(".");
}

/* Takes the name, which then waits for local_sync(). */
static void
mark_dirty(struct local *local, char *name)
{
	AK_FREE char *mine = name;

	pthread_mutex_lock(&local->mutex);
	for (size_t i = 0; i < local->dirty_count; i++)
		if (ak_streq(local->dirty[i], mine)) {
			pthread_mutex_unlock(&local->mutex);
			return;
		}
	local->dirty = ak_resize(local->dirty, local->dirty_count + 1,
	    sizeof(char *));
	local->dirty[local->dirty_count++] = ak_take(&mine);
	pthread_mutex_unlock(&local->mutex);
}

/* Directories below the rooms ("packs/ab") are made when first needed. */
static int
place(struct local *local, const char *draft, const char *name)
{
	AK_FREE char *parent = parent_of(name);

	if (renameat(local->dir, draft, local->dir, name) == 0)
		return 0;
	if (errno != ENOENT)
		return -1;
	if (mkdirat(local->dir, parent, 0700) == -1 && errno != EEXIST)
		return -1;
	mark_dirty(local, parent_of(parent));
	return renameat(local->dir, draft, local->dir, name);
}

static int
local_commit(struct store *store, struct draft *draft, const char *name,
    struct ak_err *err)
{
	struct local *local = local_of(store);

	if (fsync(draft->fd) == -1) {
		fail_write(name, AK_IO, err);
		local_abandon(store, draft);
		return -1;
	}
	if (place(local, draft->name, name) == -1) {
		fail_write(name, AK_CANTCREATE, err);
		local_abandon(store, draft);
		return -1;
	}
	ak_close_scope(&draft->fd);
	draft->fd = -1;
	mark_dirty(local, parent_of(name));
	return 0;
}

static int
local_get(struct store *store, const char *name, uint64_t offset, void *data,
    size_t len, struct ak_err *err)
{
	AK_CLOSE int fd = openat(local_of(store)->dir, name,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char *to = data;

	if (fd == -1)
		return ak_fail_sys(err, code_of(errno, AK_IO), "%s", name);
	if (offset > INT64_MAX - len)
		return ak_fail(err, AK_DATA, "%s: shorter than it should be",
		    name);
	while (len > 0) {
		ssize_t got = pread(fd, to, len, (off_t)offset);

		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return ak_fail_sys(err, AK_IO, "%s", name);
		if (got == 0)
			return ak_fail(err, AK_DATA,
			    "%s: shorter than it should be", name);
		to += got;
		offset += (uint64_t)got;
		len -= (size_t)got;
	}
	return 0;
}

static int
local_size(struct store *store, const char *name, uint64_t *size,
    struct ak_err *err)
{
	struct stat st;

	if (fstatat(local_of(store)->dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return ak_fail_sys(err, code_of(errno, AK_IO), "%s", name);
	if (!S_ISREG(st.st_mode))
		return ak_fail(err, AK_DATA, "%s: no regular file", name);
	*size = (uint64_t)st.st_size;
	return 0;
}

static int
local_remove(struct store *store, const char *name, struct ak_err *err)
{
	struct local *local = local_of(store);

	if (unlinkat(local->dir, name, 0) == -1 && errno != ENOENT)
		return ak_fail_sys(err, code_of(errno, AK_IO), "%s", name);
	mark_dirty(local, parent_of(name));
	return 0;
}

/* A directory that is gone since has nothing to lose. */
static int
sync_directory(struct local *local, const char *name, struct ak_err *err)
{
	AK_CLOSE int fd = openat(local->dir, name,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1 && errno == ENOENT)
		return 0;
	if (fd == -1 || (fsync(fd) == -1 && errno != EINVAL))
		return fail_write(name, AK_IO, err);
	return 0;
}

static int
local_sync(struct store *store, struct ak_err *err)
{
	struct local *local = local_of(store);
	AK_FREE char **names = NULL;
	size_t count;
	int result = 0;

	pthread_mutex_lock(&local->mutex);
	names = ak_take(&local->dirty);
	count = local->dirty_count;
	local->dirty_count = 0;
	pthread_mutex_unlock(&local->mutex);
	for (size_t i = 0; i < count; i++) {
		if (result == 0)
			result = sync_directory(local, names[i], err);
		if (result == -1)
			mark_dirty(local, names[i]);
		else
			free(names[i]);
	}
	return result;
}

/* The time that the file system itself puts on a new file. */
static int
local_now(struct store *store, int64_t *ns, struct ak_err *err)
{
	struct draft draft = { .fd = -1 };
	struct stat st;
	int result;

	if (local_draft(store, &draft, err) == -1)
		return -1;
	result = fstat(draft.fd, &st);
	local_abandon(store, &draft);
	if (result == -1)
		return ak_fail_sys(err, AK_IO, "%s", draft.name);
	*ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	return 0;
}

static void
local_close(struct store *store)
{
	struct local *local = local_of(store);

	for (size_t i = 0; i < local->dirty_count; i++)
		free(local->dirty[i]);
	free(local->dirty);
	pthread_mutex_destroy(&local->mutex);
	ak_close_scope(&local->lock);
	ak_close_scope(&local->dir);
	free(local);
}

static const struct store_ops ops = {
	.draft = local_draft,
	.write = local_write,
	.commit = local_commit,
	.abandon = local_abandon,
	.get = local_get,
	.size = local_size,
	.list = local_list,
	.remove = local_remove,
	.sync = local_sync,
	.lock = local_lock,
	.now = local_now,
	.close = local_close,
};

static int
make_rooms(struct local *local, const char *path, struct ak_err *err)
{
	if (local_check_empty(local, path, err) == -1)
		return -1;
	for (size_t i = 0; i < LOCAL_ROOMS; i++)
		if (mkdirat(local->dir, local_rooms[i], 0700) == -1 &&
		    errno != EEXIST)
			return fail_write(local_rooms[i], AK_CANTCREATE, err);
	mark_dirty(local, ak_strdup("."));
	return 0;
}

static struct local *
new_local(int dir)
{
	struct local *local = ak_calloc(1, sizeof(*local));

	*local = (struct local){ .store.ops = &ops, .dir = dir, .lock = -1 };
	pthread_mutex_init(&local->mutex, NULL);
	return local;
}

int
store_check_local(const char *path, struct ak_err *err)
{
	struct local *local;
	int dir, got;

	if (access(path, F_OK) == -1 && errno == ENOENT)
		return 0;
	if (ak_dir_open(AT_FDCWD, path, &dir, err) == -1)
		return -1;
	local = new_local(dir);
	got = local_check_empty(local, path, err);
	local_close(&local->store);
	return got;
}

int
store_open_local(const char *path, bool create, struct store **store,
    struct ak_err *err)
{
	const char *fault = getenv("AIKIT_FAULT");
	STORE struct store *new = NULL;
	struct local *local;
	int dir;

	if ((create ? ak_dir_make(path, 0700, &dir, err)
		    : ak_dir_open(AT_FDCWD, path, &dir, err)) == -1)
		return -1;
	local = new_local(dir);
	new = &local->store;
	if (create && make_rooms(local, path, err) == -1)
		return -1;
	if (fault && *fault)
		return store_open_fault(ak_take(&new), fault, store, err);
	*store = ak_take(&new);
	return 0;
}
