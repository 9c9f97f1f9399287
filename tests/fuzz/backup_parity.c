/*
 * backup_parity - fuzz: whatever the bytes, parity that is read has the shape
 * that its size asks for, its rows lie in the bytes, and what was read is what
 * is written for the same object.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tools/backup/parity.h"

static void
shape(const struct parity *parity)
{
	law(parity->shards >= 1 && parity->shards <= PARITY_SHARDS);
	law(parity->rows >= 1 && parity->rows <= PARITY_ROWS);
	law((uint64_t)parity->shards * parity->shard >= parity->size);
	law(parity->size == 0 ||
	    (uint64_t)(parity->shards - 1) * parity->shard < parity->size);
}

/* The bytes are an object: its parity is read, and no bit of it may turn. */
static void
own(const uint8_t *data, size_t size)
{
	AK_BUF struct ak_buf made = { 0 };
	struct parity parity;
	struct ak_err err = { 0 };
	const uint8_t *rows;
	size_t head;

	parity_of(data, size, &made);
	law(parity_parse(&parity, (uint8_t *)made.data, made.len, &rows,
		&err) == 0);
	law(parity.size == size);
	shape(&parity);
	head = (size_t)(rows - (uint8_t *)made.data);
	made.data[size % head] = (char)(made.data[size % head] ^
	    (1 << size % 8));
	law(parity_parse(&parity, (uint8_t *)made.data, made.len, &rows,
		&err) == -1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct parity parity;
	struct ak_err err = { 0 };
	const uint8_t *rows = NULL;

	own(data, size);
	if (parity_parse(&parity, data, size, &rows, &err) == -1) {
		law(err.code == AK_DATA || err.code == AK_CONFIG);
		return 0;
	}
	shape(&parity);
	law(rows > data &&
	    rows + (size_t)parity.rows * parity.shard == data + size);
	return 0;
}
