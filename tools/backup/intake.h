/*
 * intake - between the two halves of taking files in: one file read into the
 * saver, and a directory of them kept in order.
 */
#ifndef BACKUP_INTAKE_H
#define BACKUP_INTAKE_H

#include "tools/backup/source.h"
#include "tools/backup/walk.h"

#define INTAKE_HEAD ((size_t)64 * 1024)

/* An entry that waits for its chunks. */
struct pending {
	struct entry entry;
	struct item item;
	bool reading; /* the item is in the saver's hands */
	bool hashed;  /* its name is the hash of its bytes */
};

/* A regular file to be read. */
struct reading {
	int dir;
	const char *name; /* "": dir itself */
	int fd;		  /* >= 0: read all of it in its place, closed here */
};

/*
 * Reads it into pending->item, twice when it changes meanwhile. Its entry has
 * its path and what meta_stat() said. 0 done; 1 it cannot be read, and err says
 * why; -1 the saver failed.
 */
int intake_read(struct intake *in, const struct reading *reading,
    struct pending *pending, struct ak_err *err) AK_MUST;

/* intake_before.c: to the first entries of the trees before. */
void intake_before_begin(struct intake *in);
/*
 * The entry of that path in a tree before, NULL: there is none. unchanged: it
 * is the same, and its chunks are there.
 */
const struct entry *intake_before(struct intake *in,
    const struct walk_place *place, bool *unchanged);
/* A blob named by its hash is the same blob, whatever its times are. */
bool intake_same_blob(const struct intake *in, const struct walk_place *place,
    const struct entry *before);

/* Where a file is read, and how far; first bytes decide how it is cut. */
struct feed {
	struct intake *in;
	int fd;
	uint8_t head[INTAKE_HEAD];
	size_t head_len;
	uint64_t head_at; /* offset of it in the file */
};
/*
 * Bytes from offset at on, of the head when they are there, else from fd; as
 * read(2).
 */
ssize_t intake_take(struct feed *feed, uint8_t *data, size_t len, uint64_t at);
/* dir: where it lies, -1 for a stream. */
struct item_how intake_how(const struct feed *feed, int dir, const char *path,
    uint64_t size);

/* Is it "sha256-" and 64 hexadecimal digits, as Ollama names its blobs? */
bool intake_is_hash(const char *name);
/* Is that what it hashes to? */
bool intake_hash_holds(const char *path, const uint8_t whole[ID_SIZE]);

#endif
