/*
 * revive - a kit brought back; between restore_stack.c and its parts.
 *
 *	restore_stack.c   the order of it, and what is refused
 *	revive_kit.c      the folder: settings, secrets, certificates
 *	revive_volume.c   volumes, and what they replace
 *	revive_data.c     databases, through a server of their own
 */
#ifndef BACKUP_REVIVE_H
#define BACKUP_REVIVE_H

#include "tools/backup/docker.h"
#include "tools/backup/kit.h"
#include "tools/backup/restore_into.h"

struct revival {
	struct ak_ctx *ctx;
	struct session session;
	struct snap *snap;
	const struct ak_json *manifest; /* "kit" of snap->more */
	struct ak_docker *engine;
	char *dir;	 /* of the kit */
	struct kit *kit; /* once its folder is back */
	char *project;	 /* as the manifest has it, later the kit's */
	char stamp[24];	 /* names what is kept aside */
	char **aside;	 /* volumes that hold what was replaced */
	size_t aside_count;
	char *folder_aside; /* below it: the same of its files; or NULL */
	struct restored_sums sums;
	bool ill;	/* it is all there, and aikit-stack health says no */
	size_t lacking; /* sources that the snapshot has not */
	size_t damaged; /* sources of which files are lost */
};

/* What a person sees of it: a record "revived", or would be. */
void revive_record(struct revival *revival, const char *action,
    const char *what);

/* The kit's folder; then revival->kit is open. */
int revive_kit(struct revival *revival, struct ak_err *err) AK_MUST;
/* AK_NOPERM when a key in place is another than the one of the data. */
int revive_check_keys(const struct revival *revival, struct ak_err *err)
    AK_MUST;

/* An empty volume of the kit; what was in it is kept aside. *files: its fd. */
int revive_volume_make(struct revival *revival, const char *volume, int *files,
    struct ak_err *err) AK_MUST;
int revive_volume(struct revival *revival, const struct snap_source *source,
    struct ak_err *err) AK_MUST;
/* Removes what was kept aside. */
void revive_forget_aside(struct revival *revival);

/* Databases of a service: its volume made anew, the server started alone. */
int revive_databases(struct revival *revival, const struct snap_source *source,
    struct ak_err *err) AK_MUST;
/* Its dumps into a server that runs, from a directory. */
int revive_dumps(const char *container, int dir, struct ak_err *err) AK_MUST;

/* aikit-stack WORDS on the kit; its stderr is ours. words end in NULL. */
int revive_stack(struct revival *revival, const char *const words[],
    struct ak_err *err) AK_MUST;

#endif
