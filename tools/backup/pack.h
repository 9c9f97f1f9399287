/*
 * pack - chunks in frames, frames in packs, packs named by their SHA-256.
 *
 * docs/repository-format.md has the bytes. A pack is readable without its
 * footer: a frame says how many chunks it holds and how long each is.
 */
#ifndef BACKUP_PACK_H
#define BACKUP_PACK_H

#include "tools/backup/repo.h"

enum pack_kind { PACK_DATA, PACK_META };

struct pack_frame {
	uint64_t offset;
	uint32_t clen, rlen; /* sealed and plain bytes */
	uint8_t codec;
};

struct pack_chunk {
	uint8_t id[ID_SIZE];
	uint32_t frame; /* ordinal */
	uint32_t len;
};

/* What a footer says. */
struct pack_list {
	uint8_t pack[ID_SIZE];
	enum pack_kind kind;
	struct pack_frame *frames;
	size_t frame_count;
	struct pack_chunk *chunks;
	size_t chunk_count;
};
void pack_list_free(struct pack_list *list);

/* Writing: one thread's. A frame is whatever was added since the last one. */
struct pack_writer;
struct pack_writer *pack_writer_new(struct repo *repo, enum pack_kind kind);
/* compressible false: stored raw. Begins a pack when there is none. */
int pack_writer_add(struct pack_writer *writer, const struct chunk *chunk,
    const void *data, bool compressible, struct ak_err *err) AK_MUST;
/*
 * Ends frames and pack, commits; each finished pack is handed to done (under
 * no lock), with parity already beside it. Called by itself when a pack is
 * full.
 */
int pack_writer_end(struct pack_writer *writer, struct ak_err *err) AK_MUST;
void pack_writer_on_done(struct pack_writer *writer,
    int (*done)(void *arg, const struct pack_list *list, struct ak_err *err),
    void *arg);
void pack_writer_free(struct pack_writer *writer); /* abandons what is open */

/* Reading. */
int pack_read_footer(struct repo *repo, const char *name,
    struct pack_list *list, struct ak_err *err) AK_MUST;
/* Without footer: frame by frame from the front; what is whole is listed. */
int pack_scan(struct repo *repo, const char *name, struct pack_list *list,
    struct ak_err *err) AK_MUST;
/*
 * One frame opened into out (rlen bytes: lengths, then chunks); lens[count] and
 * where the first chunk begins. AK_DATA names pack and frame.
 */
struct pack_plain {
	uint8_t *data;
	size_t cap, len;
	uint32_t *lens;
	size_t count;
	size_t begin;
};
int pack_read_frame(struct repo *repo, const uint8_t pack[ID_SIZE],
    enum pack_kind kind, uint32_t number, const struct pack_frame *frame,
    struct pack_plain *plain, struct ak_err *err) AK_MUST;
void pack_plain_free(struct pack_plain *plain);

/* "packs/ab/abcd..." or "meta/...". */
void pack_name(const uint8_t pack[ID_SIZE], enum pack_kind kind, char name[80]);

#endif
