/*
 * repo_config - the file config, and what it says.
 */
#ifndef BACKUP_REPO_CONFIG_H
#define BACKUP_REPO_CONFIG_H

#include "tools/backup/repo.h"

/*
 * Into repo, from bytes that anybody may have written: AK_CONFIG a version that
 * is not known, AK_DATA. Nothing is believed before config_check().
 */
int config_parse(struct repo *repo, const char *text, size_t len,
    struct ak_err *err) AK_MUST;
/* Was it written by who has the keys? */
bool config_check(const struct repo *repo, const char *text, size_t len)
    AK_MUST;
void config_print(const struct repo *repo, struct ak_buf *buf);

/* README.txt of each repository. */
extern const char repo_readme[];

/* 32 bytes from 64 digits; false when they are not. */
bool hex_read(const char *digits, uint8_t *out, size_t len) AK_MUST;

#endif
