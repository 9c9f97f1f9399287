/*
 * chunk - where a file is cut, by what it is.
 *
 * FastCDC (Xia and others, USENIX ATC 2016) with a gear table made from a key,
 * normalised at level 2; databases are cut at fixed sizes. The same bytes of
 * the same class are cut alike in every run of a repository.
 */
#ifndef BACKUP_CHUNK_H
#define BACKUP_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum chunk_class {
	CHUNK_DEFAULT, /* 16 KiB / 64 KiB / 256 KiB */
	CHUNK_SMALL,   /* at most 32 KiB: one chunk */
	CHUNK_DB,      /* fixed: the page, at least 16 KiB */
	CHUNK_BLOB,    /* 256 KiB / 1 MiB / 4 MiB, stored raw */
	CHUNK_TREE,    /* cut by tree.c */
	CHUNK_CLASSES,
};

struct chunker {
	uint64_t gear[256];
};

void chunker_init(struct chunker *chunker, const uint8_t key[32]);

/*
 * By the first bytes (up to 64 KiB), the name without its directory, the size,
 * and whether the directory holds PG_VERSION. page: of CHUNK_DB, else 0.
 */
struct chunk_hint {
	const char *name;
	const uint8_t *head;
	size_t head_len;
	uint64_t size;
	bool pg_directory;
};
enum chunk_class chunk_classify(const struct chunk_hint *hint, uint32_t *page);

/* Largest chunk of a class, in bytes. */
uint32_t chunk_max(enum chunk_class class, uint32_t page);
/*
 * A file being cut: what it is, and how far its next chunk was looked through,
 * so that bytes that come piece by piece are looked at once.
 */
struct chunk_scan {
	enum chunk_class class;
	uint32_t page;
	size_t seen; /* of the chunk; 0 at its begin */
	uint64_t hash;
};
/*
 * How many of the len bytes are the next chunk. last: no more follow, and it is
 * > 0 when len is. Else 0 is: no chunk ends here, and the next call has these
 * bytes again, and more.
 */
size_t chunk_cut(const struct chunker *chunker, struct chunk_scan *scan,
    const uint8_t *data, size_t len, bool last);

#endif
