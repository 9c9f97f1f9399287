/*
 * sqlite_watch - databases met while a directory is walked, and sqlite: alone.
 *
 * "app.db" comes before "app.db-wal" in a tree, so what is held for the one is
 * there when the other is asked for. It is let go of with the next name; if
 * that stands between the two, as "app.db (old)" does, what belongs to the
 * database is copied then, and waits for its turn.
 */
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/backup/sources.h"
#include "tools/backup/sqlite.h"

enum { SECTOR = 512 }; /* a database is pages of at least this */

/* What belongs to a database that was let go of, and was not asked for yet. */
struct aside {
	char *name; /* of the database */
	ino_t dir_ino;
	dev_t dir_dev;
	int journal; /* -1: nothing belonged to it, or it was taken */
	bool wal;
	struct ak_err why; /* AK_DONE, or why it could not be copied */
};

struct sqlite_watch {
	struct sqlite_hold hold;
	char *name; /* of the database; NULL: nothing is held */
	char *seen; /* the last that was one, held or not; NULL: none */
	int dir;    /* where it lies */
	ino_t dir_ino;
	dev_t dir_dev;
	bool handed; /* what belongs to it was asked for */
	struct aside *asides;
	size_t aside_count;
};

struct sqlite_watch *
sqlite_watch_new(void)
{
	return ak_calloc(1, sizeof(struct sqlite_watch));
}

static void
let_go(struct sqlite_watch *watch)
{
	if (watch->name == NULL)
		return;
	sqlite_let_go(&watch->hold);
	ak_close_scope(&watch->dir);
	free(watch->name);
	watch->name = NULL;
}

static void
set_aside(struct sqlite_watch *watch)
{
	struct sqlite_hold *hold = &watch->hold;
	struct aside aside = { .dir_ino = watch->dir_ino,
		.dir_dev = watch->dir_dev,
		.wal = hold->wal };

	if (hold->state == SQLITE_WAL)
		(void)!sqlite_hold_wal(watch->dir, watch->name, hold,
		    &aside.why);
	aside.journal = ak_take_fd(&hold->journal);
	aside.name = ak_strdup(watch->name);
	watch->asides = ak_resize(watch->asides, watch->aside_count + 1,
	    sizeof(*watch->asides));
	watch->asides[watch->aside_count++] = aside;
}

static void
forget(struct sqlite_watch *watch)
{
	if (watch->name != NULL && !watch->handed)
		set_aside(watch);
	let_go(watch);
}

void
sqlite_watch_free(struct sqlite_watch *watch)
{
	if (watch == NULL)
		return;
	let_go(watch);
	for (size_t i = 0; i < watch->aside_count; i++) {
		ak_close_scope(&watch->asides[i].journal);
		free(watch->asides[i].name);
	}
	free(watch->asides);
	free(watch->seen);
	free(watch);
}

static const char *
ending_of(const struct sqlite_watch *watch, const struct instead_ask *ask)
{
	struct stat dir;
	size_t len;

	if (watch->name == NULL || fstat(ask->dir, &dir) == -1 ||
	    dir.st_ino != watch->dir_ino || dir.st_dev != watch->dir_dev)
		return NULL;
	len = strlen(watch->name);
	if (strncmp(ask->name, watch->name, len) != 0)
		return NULL;
	return ask->name + len;
}

/* What stands beside the database that is held. */
static enum instead
beside(struct sqlite_watch *watch, const struct instead_ask *ask,
    const char *ending, int *fd, struct ak_err *err)
{
	struct sqlite_hold *hold = &watch->hold;
	bool wal = strcmp(ending, "-wal") == 0;

	if (wal && hold->state == SQLITE_WAL &&
	    sqlite_hold_wal(ask->dir, watch->name, hold, err) == -1)
		return INSTEAD_FAILED;
	watch->handed |= wal == hold->wal && strcmp(ending, "-shm") != 0;
	if (strcmp(ending, "-shm") == 0 || wal != hold->wal ||
	    hold->journal == -1)
		return INSTEAD_SKIP;
	*fd = ak_take_fd(&hold->journal);
	return INSTEAD_FD;
}

static enum instead
from_aside(struct aside *aside, const char *ending, int *fd, struct ak_err *err)
{
	bool wal = strcmp(ending, "-wal") == 0;

	if (strcmp(ending, "-shm") == 0 || wal != aside->wal)
		return INSTEAD_SKIP;
	if (aside->why.code != AK_DONE) {
		*err = aside->why;
		return INSTEAD_FAILED;
	}
	if (aside->journal == -1)
		return INSTEAD_SKIP;
	*fd = ak_take_fd(&aside->journal);
	return INSTEAD_FD;
}

static bool
is_beside(const char *ending)
{
	return strcmp(ending, "-wal") == 0 || strcmp(ending, "-shm") == 0 ||
	    strcmp(ending, "-journal") == 0;
}

static enum instead
take_hold(struct sqlite_watch *watch, const struct instead_ask *ask, int *fd,
    struct ak_err *err)
{
	struct sqlite_hold *hold = &watch->hold;
	struct stat dir;

	if (fstat(ask->dir, &dir) == -1 ||
	    sqlite_hold(ask->dir, ask->name, ask->unchanged, hold, err) == -1)
		return INSTEAD_FAILED;
	if (hold->state != SQLITE_NOT) {
		free(watch->seen);
		watch->seen = ak_strdup(ask->name);
	}
	if (hold->state != SQLITE_WAL && hold->state != SQLITE_ROLLBACK) {
		sqlite_let_go(hold);
		return INSTEAD_NOT;
	}
	watch->dir = fcntl(ask->dir, F_DUPFD_CLOEXEC, 0);
	watch->name = ak_strdup(ask->name);
	watch->handed = false;
	watch->dir_ino = dir.st_ino;
	watch->dir_dev = dir.st_dev;
	if (hold->state == SQLITE_WAL && ask->unchanged)
		return INSTEAD_NOT;
	*fd = ak_take_fd(&hold->fd);
	return INSTEAD_FD;
}

/* Of whose database this is what belongs to it; NULL: of none set aside. */
static struct aside *
find_aside(struct sqlite_watch *watch, const struct instead_ask *ask,
    const char **ending)
{
	const char *dash = strrchr(ask->name, '-');
	struct stat dir;

	if (watch->aside_count == 0 || dash == NULL || !is_beside(dash) ||
	    fstat(ask->dir, &dir) == -1)
		return NULL;
	*ending = dash;
	for (size_t i = 0; i < watch->aside_count; i++) {
		struct aside *aside = &watch->asides[i];

		if (aside->dir_ino == dir.st_ino &&
		    aside->dir_dev == dir.st_dev &&
		    strlen(aside->name) == (size_t)(dash - ask->name) &&
		    ak_starts(ask->name, aside->name))
			return aside;
	}
	return NULL;
}

enum instead
sqlite_instead(void *arg, const struct instead_ask *ask, int *fd,
    struct ak_err *err)
{
	struct sqlite_watch *watch = arg;
	const char *ending = ending_of(watch, ask);
	struct aside *aside;

	if (ending != NULL && is_beside(ending))
		return beside(watch, ask, ending, fd, err);
	forget(watch);
	aside = find_aside(watch, ask, &ending);
	if (aside != NULL)
		return from_aside(aside, ending, fd, err);
	if (ask->status->st_size < SECTOR || ask->status->st_size % SECTOR != 0)
		return INSTEAD_NOT;
	return take_hold(watch, ask, fd, err);
}

/* A journal comes and goes with each transaction. */
static bool
may_vanish(void *arg, const char *path)
{
	const struct sqlite_watch *watch = arg;
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;

	return watch->seen != NULL && ak_starts(name, watch->seen) &&
	    is_beside(name + strlen(watch->seen));
}

/* Everything of fd from its beginning. */
struct whole {
	int fd;
	off_t at;
};

static ssize_t
whole_read(void *arg, void *data, size_t len, struct ak_err *err)
{
	struct whole *whole = arg;
	ssize_t n = pread(whole->fd, data, len, whole->at);

	if (n == -1)
		return ak_fail_sys(err, AK_IO, "read");
	whole->at += n;
	return n;
}

static int
take_file(struct intake *in, const char *path, int fd,
    const struct stat *status, struct ak_err *err)
{
	struct whole whole = { fd, 0 };
	struct intake_stream stream = {
		.path = path,
		.mode = status->st_mode & 07777,
		.uid = status->st_uid,
		.gid = status->st_gid,
		.mtime = status->st_mtim.tv_sec * INT64_C(1000000000) +
		    status->st_mtim.tv_nsec,
		.read = whole_read,
		.arg = &whole,
	};

	return intake_stream(in, &stream, err);
}

static int
take_held(struct intake *in, int dir, const char *name,
    struct sqlite_hold *hold, struct ak_err *err)
{
	AK_FREE char *beside = NULL;
	struct stat status;

	if (hold->state == SQLITE_NOT)
		return ak_fail(err, AK_DATA, "%s: no SQLite database", name);
	if (hold->state == SQLITE_COLD)
		hold->fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (hold->fd == -1 || fstatat(dir, name, &status, 0) == -1)
		return ak_fail_sys(err, AK_IO, "%s", name);
	if (take_file(in, name, hold->fd, &status, err) == -1 ||
	    (hold->state == SQLITE_WAL &&
		sqlite_hold_wal(dir, name, hold, err) == -1))
		return -1;
	if (hold->journal == -1)
		return 0;
	beside = ak_printf("%s%s", name, hold->wal ? "-wal" : "-journal");
	return take_file(in, beside, hold->journal, &status, err);
}

static int
sqlite_take(struct source *source, struct intake *in, struct ak_err *err)
{
	AK_FREE char *path = ak_strdup(source->path);
	AK_FREE char *copy = ak_strdup(source->path);
	const char *name = basename(path);
	AK_CLOSE int dir = open(dirname(copy),
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct sqlite_hold hold;
	int failed;

	in->about->consistency = CONSISTENT_APP;
	if (dir == -1)
		return ak_fail_sys(err, AK_NOINPUT, "%s", source->path);
	if (sqlite_hold(dir, name, false, &hold, err) == -1)
		return -1;
	failed = take_held(in, dir, name, &hold, err);
	sqlite_let_go(&hold);
	return failed;
}

/* Where the entries of a path are in the tree: without the first slash. */
static char *
prefix_of(const char *path)
{
	while (*path == '/')
		path++;
	return ak_strdup(path);
}

int
sqlite_source(struct source *source, const char *rest, struct ak_err *err)
{
	AK_FREE char *path = realpath(rest, NULL);
	AK_FREE char *copy = NULL;

	if (path == NULL)
		return ak_fail_sys(err, AK_NOINPUT, "%s", rest);
	copy = ak_strdup(path);
	source->type = ak_strdup("sqlite");
	source->name = ak_printf("sqlite:%s", path);
	source->prefix = prefix_of(dirname(copy));
	source->path = ak_take(&path);
	source->take = sqlite_take;
	return 0;
}

int
sqlite_intake(struct intake *in, int fd, struct ak_err *err)
{
	struct sqlite_watch *watch = sqlite_watch_new();
	int failed;

	in->instead = sqlite_instead;
	in->instead_arg = watch;
	in->may_vanish = may_vanish;
	failed = intake_directory(in, fd, err);
	in->instead = NULL;
	in->may_vanish = NULL;
	sqlite_watch_free(watch);
	return failed;
}
