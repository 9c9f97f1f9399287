/*
 * backup_snapshot - fuzz: whatever the text, a snapshot that is taken and
 * written again is read as the same snapshot.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tools/backup/snap_text.h"

static void
print(const struct snap *snap, struct ak_buf *buf)
{
	AK_BUF struct ak_buf more = { 0 };

	if (snap->more)
		ak_json_print(snap->more, &more);
	snap_print(snap, more.data, buf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AK_BUF struct ak_buf once = { 0 }, twice = { 0 };
	struct snap *snap, *again = NULL;
	struct ak_err err = { 0 };

	if (snap_parse((const char *)data, size, &snap, &err) == -1) {
		law(err.code == AK_DATA || err.code == AK_CONFIG);
		return 0;
	}
	law(snap->begin >= 0 && snap->source_count <= SNAP_SOURCES);
	print(snap, &once);
	law(snap_parse(once.data, once.len, &again, &err) == 0);
	print(again, &twice);
	law(strcmp(once.data, twice.data) == 0);
	snap_free(snap);
	snap_free(again);
	return 0;
}
