/*
 * kit - a Compose project as what there is to keep: volumes, databases, keys.
 *
 * What Compose makes of its files is the model; labels of its services say how
 * what they hold is kept (aikit-backup(1)):
 *
 *	aikit.backup: HOW		each volume and writable folder of it
 *	aikit.backup.VOLUME: HOW	that volume
 *	aikit.backup.keys: NAME ...	secrets that its data cannot be read
 *					without
 * HOW is one of
 *	live		as it is while it is used, SQLite under its locks
 *	pause TIME	its users are paused meanwhile, so long at most
 *	stop TIME	they are stopped
 *	postgres	by a dump of each database
 *	models		by the names of the models; with --models as live
 *	none: REASON	not at all
 */
#ifndef BACKUP_KIT_H
#define BACKUP_KIT_H

#include "lib/json.h"

enum keep_how {
	KEEP_UNSAID, /* nobody says: uncovered */
	KEEP_LIVE,
	KEEP_PAUSE,
	KEEP_STOP,
	KEEP_POSTGRES,
	KEEP_MODELS,
	KEEP_NONE,
	KEEP_HOWS,
};
extern const char *const keep_names[KEEP_HOWS];

struct keep {
	enum keep_how how;
	int64_t max_ms;	    /* of pause and stop */
	const char *reason; /* of none; points into the label */
};
/* AK_CONFIG when the label says nothing that is known. */
int keep_parse(const char *label, struct keep *keep, struct ak_err *err)
    AK_MUST;

struct kit {
	char *dir; /* absolute */
	int fd;
	char *project;
	struct ak_json *model;
};
/* dir NULL: what aikit-stack finds. */
int kit_open(const char *dir, struct kit **kit, struct ak_err *err) AK_MUST;
void kit_close(struct kit *kit);

/* A thing that holds data. Strings are the caller's to free by holdings_free().
 */
struct holding {
	/* as the files name it; "": it has no name; NULL: a folder */
	const char *volume;
	char *name;	     /* project_volume, or the folder's path */
	const char *service; /* the one whose label says how, else the first */
	struct keep keep;
};
struct holdings {
	struct holding *items;
	size_t count;
};
#define HOLDINGS __attribute__((cleanup(holdings_free)))
/*
 * Each volume that a service mounts, in the order of names, then each folder of
 * the machine that one may write to. Two labels that differ are AK_CONFIG.
 */
int kit_holdings(const struct kit *kit, struct holdings *holdings,
    struct ak_err *err) AK_MUST;
void holdings_free(struct holdings *holdings);

const struct ak_json *kit_service(const struct kit *kit, const char *service);
const char *kit_label(const struct ak_json *service, const char *label);

#endif
