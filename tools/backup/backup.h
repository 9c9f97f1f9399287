/*
 * backup - the nouns of aikit-backup, and where each concern stands.
 *
 * From the disk upwards:
 *	store.h     named objects: put, get a range, list, delete, lock.
 *	            store_local.c a directory; store_fault.c the same, failing
 *	seal.h      keys and ciphers, all that is OpenSSL's
 *	squeeze.h   zstd
 *	pack.h      frames of chunks in packs
 *	index.h     which chunk lies where
 *	repo.h      a repository: its configuration and its key slots
 *	chunk.h     where a file is cut
 *	save.h      bytes in: the pool of workers that stores chunks
 *	load.h      bytes out: chunks read back, with a cache of frames
 *	tree.h      the sorted stream of entries
 *	snap.h      snapshots, the commit points
 * Around them:
 *	meta.h      owner, mode, times, attributes of a file: read and set
 *	walk.h      a directory, in the order of a tree
 *	source.h    what is backed up: directories, databases, kits
 *	checkpoint.h  how far a backup is, should it be killed
 *	parity.h    Reed-Solomon rows beside a pack
 *	retain.h    which snapshots stay, and why
 *	meter.h     how far a command is
 * And one file a command. The format is docs/repository-format.md.
 */
#ifndef BACKUP_H
#define BACKUP_H

#include <stdint.h>

#include "lib/cmd.h"

#define ID_SIZE 32 /* SHA-256 */

/* What a chunk of plaintext is named: the SHA-256 of its bytes. */
struct chunk {
	uint8_t id[ID_SIZE];
	uint32_t len;
};

struct chunks {
	struct chunk *items;
	size_t count, cap;
};

/* Options of every command: repository and key. */
struct backup_options {
	const char *repo;
	const char *key_file;
	const char *passphrase_file;
	const char *sources; /* of the configuration; words */
	const char *metrics; /* directory of the metrics file; NULL: state */
	const char *notify;  /* program that is told of each run; NULL: none */
	int64_t checkpoint_ms; /* how often a run notes how far it is */
};
extern struct backup_options backup_options;

#endif
