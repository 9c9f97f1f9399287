/*
 * snap - snapshots: sealed headers, whose presence is the commit.
 */
#ifndef BACKUP_SNAP_H
#define BACKUP_SNAP_H

#include "lib/json.h"
#include "tools/backup/repo.h"

/* How sure the bytes of a source are one state. */
enum consistency {
	CONSISTENT_NONE,  /* files as they were when read */
	CONSISTENT_CRASH, /* as after a power cut: paused or frozen */
	CONSISTENT_APP,	  /* the application's own: dump, locks */
	CONSISTENT_CLEAN, /* stopped */
};

/* "none", "crash", "application", "stopped". */
const char *snap_consistency_name(enum consistency consistency);

struct snap_source {
	char *type;   /* dir sqlite postgres exec volume */
	char *name;   /* as given: "dir:/srv", "volume:grafana_data" */
	char *prefix; /* where its entries are in the tree: "srv" */
	enum consistency consistency;
	int exit_status; /* of exec; 0 else */
	bool failed;
	char *problem;	    /* of failed */
	struct chunks tree; /* its tree stream */
	uint64_t files, bytes, changed, vanished;
};

struct snap {
	char name[64]; /* 20260102T030405Z-0123456789abcdef */
	char id[17];
	char parent[64];
	char *host, *stack, *tool;
	int64_t begin, end; /* ns */
	char **tags;
	size_t tag_count;
	bool full, independent;
	struct snap_source *sources;
	size_t source_count;
	char **warnings;
	size_t warning_count;
	struct ak_json *more; /* "kit": services that ran, fingerprints; NULL */
	uint64_t read_bytes, new_bytes, stored_bytes;
};
void snap_free(struct snap *snap);
/* Of this host, from now on. */
void snap_begin(struct snap *snap, const struct ak_opt_list *tags);

/* Syncs, and commits; name and id are set. more_json: the value of "kit". */
int snap_write(struct repo *repo, struct snap *snap, const char *more_json,
    struct ak_err *err) AK_MUST;
int snap_read(struct repo *repo, const char *name, struct snap **snap,
    struct ak_err *err) AK_MUST;
/* All, oldest first; one that cannot be read is in *bad, by name. */
struct snaps {
	struct snap **items;
	size_t count;
	char **bad;
	size_t bad_count;
};
int snap_list(struct repo *repo, struct snaps *snaps, struct ak_err *err)
    AK_MUST;
void snaps_free(struct snaps *snaps);
/* "latest", a name, or the unique begin of a name or id; AK_NOINPUT. */
int snap_find(struct repo *repo, const char *which, struct snap **snap,
    struct ak_err *err) AK_MUST;

#endif
