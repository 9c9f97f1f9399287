/*
 * backup_footer - fuzz: whatever the bytes, a list that is taken is within the
 * limits of the format, and written again it is read as the same list.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tools/backup/pack.h"

static void
check(const struct pack_list *list, size_t size)
{
	uint32_t last = 0;

	law(list->frame_count <= size && list->chunk_count <= size);
	for (size_t i = 0; i < list->frame_count; i++) {
		law(list->frames[i].rlen <= PACK_FRAME_MAX);
		law(list->frames[i].clen <= PACK_FRAME_MAX + SEAL_TAG);
		law(list->frames[i].codec <= PACK_ZSTD);
	}
	for (size_t i = 0; i < list->chunk_count; i++) {
		law(list->chunks[i].frame < list->frame_count);
		law(list->chunks[i].frame >= last);
		law(list->chunks[i].len <= PACK_FRAME_MAX);
		last = list->chunks[i].frame;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AK_BUF struct ak_buf once = { 0 }, twice = { 0 };
	struct pack_list list, again;
	struct ak_err err = { 0 };

	if (pack_list_decode(&list, data, size, &err) == -1) {
		law(err.code == AK_DATA);
		return 0;
	}
	check(&list, size);
	pack_list_encode(&list, &once);
	law(once.len <= size);
	law(pack_list_decode(&again, once.data, once.len, &err) == 0);
	pack_list_encode(&again, &twice);
	law(once.len == twice.len);
	law(memcmp(once.data, twice.data, once.len) == 0);
	pack_list_free(&list);
	pack_list_free(&again);
	return 0;
}
