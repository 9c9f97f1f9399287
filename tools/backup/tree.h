/*
 * tree - the entries of a source, sorted by the bytes of their paths.
 *
 * Cut on entry boundaries into chunks of 64 KiB on average, decided by the
 * bytes of the entry, so that an unchanged part is the same chunk again. Prefix
 * compression begins anew at each cut.
 */
#ifndef BACKUP_TREE_H
#define BACKUP_TREE_H

#include "tools/backup/load.h"
#include "tools/backup/meta.h"
#include "tools/backup/save.h"

/* Order of paths: '/' sorts before every other byte, so a directory is
 * followed by all that is in it. */
int tree_compare(const uint8_t *a, size_t a_len, const uint8_t *b,
    size_t b_len);

/* Appends one entry, after the path given (NULL at the begin of a chunk). */
void tree_encode(struct ak_buf *buf, const struct entry *entry,
    const uint8_t *before, size_t before_len);
/* From bytes that anybody may have written: AK_DATA, never more. */
int tree_decode(const uint8_t **at, const uint8_t *end, struct entry *entry,
    const uint8_t *before, size_t before_len, struct ak_err *err) AK_MUST;

struct tree_writer;
struct tree_writer *tree_writer_new(struct saver *saver);
int tree_writer_add(struct tree_writer *writer, const struct entry *entry,
    struct ak_err *err) AK_MUST;
/* The chunks of the stream; the writer is freed. */
int tree_writer_end(struct tree_writer *writer, struct chunks *chunks,
    struct ak_err *err) AK_MUST;
void tree_writer_free(struct tree_writer *writer);

struct tree_reader;
struct tree_reader *tree_reader_new(struct loader *loader,
    const struct chunks *chunks);
/* 1 an entry (lives until the next call), 0 at the end, -1. */
int tree_reader_next(struct tree_reader *reader, struct entry **entry,
    struct ak_err *err) AK_MUST;
void tree_reader_free(struct tree_reader *reader);

#endif
