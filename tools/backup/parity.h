/*
 * parity - Reed-Solomon rows beside an object, so that damage is repaired.
 *
 * An object is cut into at most 128 shards; up to 4 rows of parity over
 * GF(256) rebuild as many shards as there are rows, wherever they are. A CRC a
 * shard tells which are damaged; whether the repair is right is told by the
 * SHA-256 of the whole. No key is needed: what is protected are sealed bytes.
 *
 * Beside packs/ab/X and meta/ab/X it is parity/ab/X; beside any other object it
 * is parity/NAME. docs/repository-format.md has the bytes. A shard is at least
 * a block of a disk, and objects smaller than that have a second copy.
 *
 * The matrix is Cauchy's: Bloemer and others, "An XOR-Based Erasure-Resilient
 * Coding Scheme", ICSI TR-95-048; multiplication by halves of bytes: Plank and
 * others, "Screaming Fast Galois Field Arithmetic", FAST 2013.
 */
#ifndef BACKUP_PARITY_H
#define BACKUP_PARITY_H

#include <stdint.h>

#include "tools/backup/repo.h"

#define PARITY_SHARDS 128
#define PARITY_ROWS 4
#define PARITY_NAME 128

/* What a parity object says of the object beside it. */
struct parity {
	uint64_t size; /* bytes of the object */
	uint8_t sha256[32];
	uint8_t shards, rows;
	uint32_t shard; /* bytes of one; the last is filled up with zeroes */
	uint32_t sums[PARITY_SHARDS + PARITY_ROWS]; /* CRC-32C */
};

/* Where the parity of an object is. */
void parity_name(const char *object, char name[PARITY_NAME]);
/*
 * The parity object of the size bytes that fd holds from its start, whose
 * SHA-256 is known. The descriptor's offset is left alone.
 */
int parity_of_fd(int fd, uint64_t size, const uint8_t sha256[32],
    struct ak_buf *out, struct ak_err *err) AK_MUST;
/* Of bytes in memory. */
void parity_of(const void *data, size_t len, struct ak_buf *out);

/*
 * From bytes that anybody may have written. *rows (NULL: not asked) points
 * into data. AK_DATA when the head is damaged; damage of a row is no error, the
 * sums tell.
 */
int parity_parse(struct parity *parity, const uint8_t *data, size_t len,
    const uint8_t **rows, struct ak_err *err) AK_MUST;

/* store_put(), and the parity beside it. */
int parity_put(struct store *store, const char *name, const void *data,
    size_t len, struct ak_err *err) AK_MUST;
/* Parity made for an object that is whole and has none. */
int parity_add(struct store *store, const char *name, struct ak_err *err)
    AK_MUST;
/* Removes the parity of an object, then the object. */
int parity_remove(struct store *store, const char *name, struct ak_err *err)
    AK_MUST;

/*
 * What a damaged object was: the shards that had to be rebuilt, to be laid over
 * what is there. Memory: what is damaged, and 5 MiB.
 */
struct parity_patch {
	struct store *store;
	char name[PARITY_NAME];
	struct parity parity;
	size_t count; /* of shards */
	uint8_t which[PARITY_ROWS];
	uint8_t *data; /* count shards */
};
/*
 * AK_NOINPUT there is no parity; AK_DATA it is damaged itself, or there are
 * more bad shards than rows. The whole is not checked by its SHA-256 here:
 * parity_mend() does.
 */
int parity_solve(struct store *store, const char *name,
    struct parity_patch *patch, struct ak_err *err) AK_MUST;
void parity_patch_free(struct parity_patch *patch);
/* A range of the object as it was. */
int parity_get(const struct parity_patch *patch, uint64_t offset, void *data,
    size_t len, struct ak_err *err) AK_MUST;
/*
 * The object is put whole again, if its SHA-256 is then what the parity says:
 * number of shards that were rebuilt in *mended.
 */
int parity_mend(struct store *store, const char *name, size_t *mended,
    struct ak_err *err) AK_MUST;

/* Sets the hooks of a repository that has parity; NULL hooks else. */
void parity_attach(struct repo *repo);

/* gf.c: row += factor * data, and the sum; by what this processor has. */
void gf_add(uint8_t *row, const uint8_t *data, uint8_t factor, size_t len);
uint8_t gf_mul(uint8_t a, uint8_t b);
uint8_t gf_inverse(uint8_t a);
uint32_t crc32c(uint32_t crc, const void *data, size_t len);
/* Of the tests: the scalar code even where there is better. */
void gf_plain(bool plain);

#endif
