/*
 * care_impl - what the files of care share.
 */
#ifndef BACKUP_CARE_IMPL_H
#define BACKUP_CARE_IMPL_H

#include "tools/backup/care.h"

/* Of this repository, below the state directory; of the caller's to free. */
char *care_directory(const struct repo *repo) AK_MUST;

#endif
