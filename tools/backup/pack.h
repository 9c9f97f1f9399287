/*
 * pack - chunks in frames, frames in packs, packs named by their SHA-256.
 *
 * docs/repository-format.md has the bytes. A pack is readable without its
 * footer: a frame says how many chunks it holds and how long each is.
 */
#ifndef BACKUP_PACK_H
#define BACKUP_PACK_H

#include "tools/backup/repo.h"
#include "tools/backup/squeeze.h"

enum pack_kind { PACK_DATA, PACK_META };
enum pack_codec { PACK_RAW, PACK_ZSTD };

/* Limits of the format. */
#define PACK_HEAD 40
#define PACK_FRAME_HEAD 12
#define PACK_TAIL 16
#define PACK_FRAMES 65535
#define PACK_FRAME_CHUNKS 4096
#define PACK_FRAME_MAX ((uint32_t)16 << 20) /* plain bytes of a frame */
#define PACK_LIST_MAX ((size_t)64 << 20)    /* plain bytes of a footer */

struct pack_frame {
	uint64_t offset; /* of its head */
	uint32_t clen;	 /* sealed bytes behind the head, with their tag */
	uint32_t rlen;	 /* plain bytes */
	uint8_t codec;
};

struct pack_chunk {
	uint8_t id[ID_SIZE];
	uint32_t frame; /* ordinal */
	uint32_t len;
};

/* What a footer says; chunks are in the order of frames, and in a frame. */
struct pack_list {
	uint8_t pack[ID_SIZE];
	enum pack_kind kind;
	uint64_t size; /* of the object; 0 when not known */
	struct pack_frame *frames;
	size_t frame_count;
	struct pack_chunk *chunks;
	size_t chunk_count;
};
void pack_list_free(struct pack_list *list);
/* The plain bytes of a footer; pack, kind and size are not in them. */
void pack_list_encode(const struct pack_list *list, struct ak_buf *buf);
int pack_list_decode(struct pack_list *list, const void *data, size_t len,
    struct ak_err *err) AK_MUST;

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

/* Reading: one thread's; keeps contexts, and the key of the last pack. */
struct pack_reader;
struct pack_reader *pack_reader_new(struct repo *repo);
void pack_reader_free(struct pack_reader *reader);
int pack_read_footer(struct pack_reader *reader, const char *name,
    struct pack_list *list, struct ak_err *err) AK_MUST;
/* Without footer: frame by frame from the front; what is whole is listed. */
int pack_scan(struct pack_reader *reader, const char *name,
    struct pack_list *list, struct ak_err *err) AK_MUST;

struct pack_at {
	const uint8_t *pack;
	enum pack_kind kind;
	uint32_t number;
	const struct pack_frame *frame;
};
/*
 * One frame opened: count chunks, the nth of lens[n] bytes, the first at
 * data + begin. AK_DATA names pack and frame; the parity of the pack is tried
 * first when mend is asked for.
 */
struct pack_plain {
	uint8_t *data;
	size_t cap, len;
	uint32_t *lens; /* room for PACK_FRAME_CHUNKS, once it was used */
	size_t count;
	size_t begin;
};
int pack_read_frame(struct pack_reader *reader, const struct pack_at *at,
    bool mend, struct pack_plain *plain, struct ak_err *err) AK_MUST;
void pack_plain_free(struct pack_plain *plain);

/* "packs/ab/abcd..." or "meta/..."; and back, false when it is none. */
#define PACK_NAME 80
void pack_name(const uint8_t pack[ID_SIZE], enum pack_kind kind,
    char name[PACK_NAME]);
bool pack_by_name(const char *name, uint8_t pack[ID_SIZE], enum pack_kind *kind)
    AK_MUST;

#endif
