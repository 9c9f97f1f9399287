/*
 * parity_impl - what parity.c and mend.c share.
 */
#ifndef BACKUP_PARITY_IMPL_H
#define BACKUP_PARITY_IMPL_H

#include "tools/backup/parity.h"

/* Packs and segments are smaller. */
#define PARITY_MAX ((uint64_t)1 << 30)

void parity_shape(struct parity *parity, uint64_t size);
uint8_t parity_factor(size_t row, size_t shard);
/* Bytes before the rows. */
size_t parity_head(const struct parity *parity);

#endif
