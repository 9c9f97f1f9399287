/*
 * backup_segment - fuzz: whatever the bytes, what an index segment names can be
 * put into an index, and each chunk is then found where it was said to be.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tools/backup/index_segment.h"
#include "tools/backup/index_table.h"

static int
take(void *arg, const struct pack_list *list, AK_UNUSED struct ak_err *err)
{
	struct index *index = arg;
	size_t before = index_pack_count(index);
	struct place place;

	law(list->kind <= PACK_META);
	index_take(index, list, false, true);
	if (index_pack_count(index) == before)
		return 0;
	for (size_t i = 0; i < list->chunk_count; i++) {
		bool found = false;
		size_t n = 0;

		while (!found &&
		    index_find(index, list->chunks[i].id, n++, &place))
			found = place.pack == before &&
			    place.frame == list->chunks[i].frame;
		law(found);
		law(index_claim(index, list->chunks[i].id) == CLAIM_KNOWN);
	}
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct index *index = ak_calloc(1, sizeof(*index));
	struct ak_err err = { 0 };

	pthread_mutex_init(&index->mutex, NULL);
	if (segment_parse(data, size, take, index, &err) == -1)
		law(err.code == AK_DATA);
	law(index_pending(index) <= size);
	index_free(index);
	return 0;
}
