/*
 * pack_reader - what reading of packs keeps from one frame to the next.
 */
#ifndef BACKUP_PACK_READER_H
#define BACKUP_PACK_READER_H

#include "tools/backup/pack_frame.h"

struct pack_reader {
	struct repo *repo;
	struct squeeze *squeeze;
	struct ak_buf sealed;
	char name[PACK_NAME]; /* of the pack that head and seal are of */
	struct pack_head head;
	struct seal *seal; /* NULL: none */
};

struct pack_range {
	const char *name;
	uint64_t offset;
	size_t len;
};

/* Head and key of a pack. */
int pack_reader_begin(struct pack_reader *reader, const char *name,
    enum pack_kind kind, bool mend, struct ak_err *err) AK_MUST;
/* reader->sealed holds clen bytes: opened into plain. */
int pack_frame_open(struct pack_reader *reader, const struct pack_frame *frame,
    uint32_t number, struct pack_plain *plain, struct ak_err *err) AK_MUST;

#endif
