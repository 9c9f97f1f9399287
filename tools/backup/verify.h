/*
 * verify - looking for damage, at levels of which each holds the one before.
 *
 *	fast     every object is there and as long as it should be; every
 *	         chunk that a snapshot needs is in a pack; all trees are read
 *	scrub    every object has the hash that is its name: needs no key, and
 *	         is then without what fast asks
 *	data     every frame is opened, every chunk has its hash
 *	against  a snapshot beside the files it was made of
 *	drill    a snapshot restored into a scratch place (drill.c)
 */
#ifndef BACKUP_VERIFY_H
#define BACKUP_VERIFY_H

#include "tools/backup/care.h"
#include "tools/backup/closure.h"
#include "tools/backup/damage.h"
#include "tools/backup/meter.h"

struct verify {
	struct ak_ctx *ctx;
	struct session session; /* index NULL: opened without a key */
	struct damage damage;
	struct verified verified;
	int64_t due;	     /* only packs last read before; 0: all */
	int64_t part, parts; /* 1..parts; parts 0: all */
	bool *needed;	     /* by number in the index; NULL: all are */
	/* what was looked at; under damage.mutex */
	uint64_t objects, bytes, chunks, total_bytes;
	int64_t begin;
	struct meter meter;
};

int verify_fast(struct verify *verify, const struct snap *snap,
    struct ak_err *err) AK_MUST;
/* packs: hash them, too. */
int verify_scrub(struct verify *verify, bool packs, struct ak_err *err) AK_MUST;
int verify_data(struct verify *verify, struct ak_err *err) AK_MUST;
/* Records "differs"; *count of them. */
int verify_against(struct verify *verify, const struct snap *snap,
    const char *path, size_t *count, struct ak_err *err) AK_MUST;

/* Is it this part's turn, and due? pack: its name. */
bool verify_wanted(struct verify *verify, const uint8_t pack[ID_SIZE]);
/* An object was read; draws progress. From any thread. */
void verify_tell(struct verify *verify, uint64_t bytes, uint64_t chunks);

/*
 * Puts right what is damaged, and writes down what became of each (repair.c).
 * The exclusive lock is taken. Without a key, parity and copies alone are
 * tried.
 */
int repair_all(struct verify *verify, struct ak_err *err) AK_MUST;
/* Index segments made anew from all packs; the old ones are removed. */
int reindex(struct repo *repo, size_t *packs, struct ak_err *err) AK_MUST;

/* restore.py, as it was built in (reader.c). */
extern const char restore_py[] __attribute__((visibility("hidden")));

#endif
