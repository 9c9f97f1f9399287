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
	struct chunker chunker;
	int64_t created; /* ns since 1970 */
	bool parity;
	int level; /* zstd */
	size_t frame_size, pack_size;
};

struct repo_secret {
	struct ak_buf bytes; /* wiped by repo_secret_free() */
	bool key_file;	     /* raw key; else a passphrase or recovery code */
};

struct repo_init {
	enum seal_cipher cipher;
	bool parity;
	int level;
};

/* From --key-file, --passphrase-file, configuration, environment, terminal. */
int repo_secret_read(struct repo_secret *secret, bool confirm,
    struct ak_err *err) AK_MUST;
void repo_secret_free(struct repo_secret *secret);

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

/* Key slots (slot.c): keys/ID. */
enum slot_type { SLOT_PASSPHRASE, SLOT_KEY_FILE, SLOT_RECOVERY };
int slot_add(struct repo *repo, enum slot_type type, const char *label,
    const void *secret, size_t len, char id[17], struct ak_err *err) AK_MUST;
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
