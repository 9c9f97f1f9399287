/*
 * repo - a repository opened: its store, its configuration, its keys.
 */
#ifndef BACKUP_REPO_H
#define BACKUP_REPO_H

#include "tools/backup/backup.h"
#include "tools/backup/chunk.h"
#include "tools/backup/seal.h"
#include "tools/backup/store.h"

#define REPO_VERSION 1

struct repo {
	struct store *store;
	char *path;
	char id[33]; /* 16 bytes as hexadecimal digits */
	struct seal_keys keys;
	char slot[17]; /* id of the one that opened it; "": none did */
	struct chunker chunker;
	int64_t created; /* ns since 1970 */
	enum seal_cipher cipher;
	bool parity;
	int level; /* zstd */
	size_t frame_size, pack_size;
	/*
	 * Set by parity.c; NULL: none. save: size bytes of a pack can be read
	 * from fd and get their rows before the pack is committed; kind as in
	 * pack.h. mend: len bytes at offset of a damaged pack, put right.
	 */
	int (*parity_save)(struct repo *repo, const uint8_t pack[ID_SIZE],
	    int fd, uint64_t size, struct ak_err *err);
	int (*parity_mend)(struct repo *repo, const char *name, uint64_t offset,
	    void *data, size_t len, struct ak_err *err);
};

struct repo_secret {
	struct ak_buf bytes; /* wiped by repo_secret_free() */
	bool key_file;	     /* raw key; else a passphrase or recovery code */
};

struct repo_init {
	enum seal_cipher cipher;
	bool parity;
	int level;	    /* 0: 3 */
	const char *reader; /* text of restore.py; NULL: none is put there */
};

/*
 * What backup_options name; else asked at the terminal, twice to confirm. A key
 * file that is not there is made when confirm is asked for.
 */
int repo_secret_read(struct repo_secret *secret, bool confirm,
    struct ak_err *err) AK_MUST;
void repo_secret_free(struct repo_secret *secret);

/* secret: NULL when the cipher is SEAL_NONE. */
int repo_init(const char *path, const struct repo_init *how,
    const struct repo_secret *secret, struct repo **repo, struct ak_err *err)
    AK_MUST;
/*
 * AK_NOINPUT no repository there; AK_CONFIG a version this program does not
 * know; AK_NOPERM no slot opens with this secret; AK_DATA config damaged.
 */
int repo_open(const char *path, const struct repo_secret *secret,
    struct repo **repo, struct ak_err *err) AK_MUST;
/* Without keys: for scrub, and parity. */
int repo_open_blind(const char *path, struct repo **repo, struct ak_err *err)
    AK_MUST;
/* What every command does first: secret, open. */
int repo_open_asked(struct repo **repo, struct ak_err *err) AK_MUST;
void repo_close(struct repo *repo);
void repo_close_scope(struct repo **repo);
#define REPO __attribute__((cleanup(repo_close_scope)))

/*
 * Small objects that are named by their bytes, or say their sum: config, keys/,
 * snaps/, index/. They are read checked (AK_DATA); in a repository with parity
 * they have theirs beside them, and are read by it when damaged or lost.
 */
int object_put(struct repo *repo, const char *name, const void *data,
    size_t len, struct ak_err *err) AK_MUST;
int object_read(struct repo *repo, const char *name, size_t max,
    struct ak_buf *buf, struct ak_err *err) AK_MUST;
/*
 * All of a room ("snaps/"), also those that are lost and have their parity: it
 * is removed before they are, so that nobody wanted them gone.
 */
int object_list(struct repo *repo, const char *room, store_each *each,
    void *arg, struct ak_err *err) AK_MUST;
int object_remove(struct repo *repo, const char *name, struct ak_err *err)
    AK_MUST;
/* Reads an index segment or a snapshot and opens it: AK_DATA, AK_CONFIG. */
int object_open(struct repo *repo, const char *name, const char *info,
    struct ak_buf *out, struct ak_err *err) AK_MUST;
/* Are these the bytes that belong under the name? */
bool object_check(const char *name, const void *data, size_t len) AK_MUST;
#define OBJECT_MAX ((size_t)256 << 20) /* plain bytes */

/* Puts config anew from what is in repo (parity, level, sizes). */
int repo_config_write(struct repo *repo, struct ak_err *err) AK_MUST;

/* Key slots (slot.c): keys/ID. */
enum slot_type { SLOT_PASSPHRASE, SLOT_KEY_FILE, SLOT_RECOVERY, SLOT_TYPES };
/* slot->type and label; AK_DATA for a secret that is too short. */
struct slot;
int slot_add(struct repo *repo, const struct slot *slot,
    const struct ak_buf *secret, char id[17], struct ak_err *err) AK_MUST;
/* A new recovery code, "ABCD-1234-..." of 160 random bits; wipe it. */
#define SLOT_RECOVERY_CODE 40
void slot_recovery_code(char code[SLOT_RECOVERY_CODE]);
/* The master key into repo->keys, by any slot that the secret opens. */
int slot_open(struct repo *repo, const struct repo_secret *secret,
    struct ak_err *err) AK_MUST;
int slot_remove(struct repo *repo, const char *id, struct ak_err *err) AK_MUST;
struct slot {
	char id[17];
	enum slot_type type;
	char *label;
	int64_t created;
};
int slot_each(struct repo *repo,
    int (*each)(void *arg, const struct slot *slot, struct ak_err *err),
    void *arg, struct ak_err *err) AK_MUST;

#endif
