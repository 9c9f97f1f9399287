/*
 * session - what a command works with that reads snapshots: the repository,
 * its index, chunks; and the paths that are asked for.
 */
#ifndef BACKUP_SESSION_H
#define BACKUP_SESSION_H

#include "tools/backup/snap.h"
#include "tools/backup/tree.h"

/* Zero-initialise. */
struct session {
	struct repo *repo;
	struct index *index;
	struct loader *loader;
};

/*
 * Opened, locked shared by the command's name, with a cache of so many frames.
 * Packs that no segment of the index knows are read by their footers; the
 * second one leaves that to those who must know of it.
 */
int session_open(struct session *session, struct ak_ctx *ctx, size_t frames)
    AK_MUST;
int session_open_as_indexed(struct session *session, struct ak_ctx *ctx,
    size_t frames) AK_MUST;
void session_close(struct session *session);
#define SESSION __attribute__((cleanup(session_close)))

/*
 * Paths in a snapshot, as "/srv/data", "srv/data/" or "./srv/data" name them:
 * a path is wanted when it is one of them or below one; all when none is given.
 */
struct wanted {
	char **paths;
	size_t count;
	bool *found;
};
/* AK_USAGE for a path with "..". */
int wanted_set(struct wanted *wanted, size_t count, char *const words[],
    struct ak_err *err) AK_MUST;
bool wanted_has(struct wanted *wanted, const char *path);
/* May something below path be wanted? */
bool wanted_below(const struct wanted *wanted, const char *path);
/* The first that was nowhere; NULL: all were found. */
const char *wanted_missing(const struct wanted *wanted);
void wanted_free(struct wanted *wanted);
#define WANTED __attribute__((cleanup(wanted_free)))

/* "prefix/path", of either; emptied before. */
void path_join(struct ak_buf *buf, const char *prefix, const char *path);

/*
 * All wanted entries of a snapshot, with their whole paths. What is lost of a
 * tree is told to lost, and the rest goes on; a NULL lost fails instead.
 */
struct visit {
	struct session *session;
	const struct snap *snap;
	struct wanted *wanted;
	int (*entry)(void *arg, const struct snap_source *source,
	    const char *path, const struct entry *entry, struct ak_err *err);
	void (*lost)(void *arg, const struct snap_source *source,
	    const struct ak_err *why);
	void *arg;
};
int visit_all(const struct visit *visit, struct ak_err *err) AK_MUST;
int visit_source(const struct visit *visit, const struct snap_source *source,
    struct ak_err *err) AK_MUST;

#endif
