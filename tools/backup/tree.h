/*
 * tree - the entries of a source, sorted by the bytes of their paths.
 *
 * A stream is cut into chunks of 64 KiB on average, on the bounds of entries
 * and by what they are, so that an unchanged part is the same chunk again. In
 * a chunk, entry behind entry, varints as LEB128, times as little-endian 64-bit
 * integers in two's complement:
 *
 *	varint shared     bytes of the path before that this one begins with;
 *	                  0 at the begin of a chunk
 *	varint n, n bytes the rest of the path
 *	u8 type           of enum entry_type
 *	u8 has            1 xattrs, 2 holes, 4 changed while read, 8 flags,
 *	                  16 the chunks are listed elsewhere
 *	varint mode, uid, gid
 *	i64 mtime, ctime
 *	varint size, ino, dev, link_group
 *	links:            varint n, n bytes
 *	devices:          varint rdev
 *	has & 1:          varint count, each: varint n, name, varint n, value
 *	has & 2:          varint count, each: varint offset, varint length
 *	has & 8:          varint flags, as FS_IOC_GETFLAGS(2) numbers them
 *	varint count, each: 32 bytes id, varint length
 *
 * With has & 16 those are metadata chunks that hold the list itself, each a
 * run of (32 bytes id, varint length): lists over TREE_LIST_MAX are kept so.
 * Whoever looks for chunks in use counts entry.chunks and entry.lists.
 *
 * Paths are relative, without empty parts, "." and "..", and rise strictly.
 */
#ifndef BACKUP_TREE_H
#define BACKUP_TREE_H

#include "tools/backup/load.h"
#include "tools/backup/meta.h"
#include "tools/backup/save.h"

#define TREE_CHUNK_MAX                                        \
	((size_t)512 * 1024) /* bytes, but for one entry more \
			      */
#define TREE_LIST_MAX 512    /* chunks listed in the entry */

/* The byte has. */
enum tree_has {
	TREE_HAS_XATTRS = 1,
	TREE_HAS_HOLES = 2,
	TREE_HAS_CHANGED = 4,
	TREE_HAS_FLAGS = 8,
	TREE_HAS_LISTS = 16,
	TREE_HAS_ALL = 31,
};

/*
 * Order of paths: '/' sorts before every other byte, so a directory is
 * followed by all that is in it.
 */
int tree_compare(const uint8_t *a, size_t a_len, const uint8_t *b,
    size_t b_len);

/*
 * Appends one entry, after the path given (NULL at the begin of a chunk). With
 * entry->lists those are written in place of its chunks.
 */
void tree_encode(struct ak_buf *buf, const struct entry *entry,
    const uint8_t *before, size_t before_len);
/* From bytes that anybody may have written: AK_DATA, never more. */
int tree_decode(const uint8_t **at, const uint8_t *end, struct entry *entry,
    const uint8_t *before, size_t before_len, struct ak_err *err) AK_MUST;
/* The same of the pieces of a long list. */
void tree_encode_chunks(struct ak_buf *buf, const struct chunk *items,
    size_t count);
int tree_decode_chunks(const uint8_t *data, size_t len, struct chunks *chunks,
    struct ak_err *err) AK_MUST;

struct tree_writer;
struct tree_writer *tree_writer_new(struct saver *saver);
int tree_writer_add(struct tree_writer *writer, const struct entry *entry,
    struct ak_err *err) AK_MUST;
/* The chunks of the stream; the writer is freed. */
int tree_writer_end(struct tree_writer *writer, struct chunks *chunks,
    struct ak_err *err) AK_MUST;
void tree_writer_free(struct tree_writer *writer);
/* A tree of what was added until now; the writer goes on. */
int tree_writer_so_far(const struct tree_writer *writer, struct chunks *chunks,
    struct ak_err *err) AK_MUST;

struct tree_reader;
struct tree_reader *tree_reader_new(struct loader *loader,
    const struct chunks *chunks);
/*
 * 1 an entry (lives until the next call), 0 at the end, -1. After AK_DATA the
 * next call goes on behind what is lost.
 */
int tree_reader_next(struct tree_reader *reader, struct entry **entry,
    struct ak_err *err) AK_MUST;
void tree_reader_free(struct tree_reader *reader);

#endif
