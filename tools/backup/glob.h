/*
 * glob - patterns for paths: * ? [a-z] within a name, ** for any directories.
 *
 * Bytes are compared, whatever the locale: names need not be UTF-8.
 */
#ifndef BACKUP_GLOB_H
#define BACKUP_GLOB_H

#include <stdbool.h>

/* "a / ** / *.tmp" (without blanks) matches a/x.tmp and a/b/c/x.tmp. */
bool glob_match(const char *pattern, const char *path);
/*
 * As --exclude and find have it: a pattern without / is matched with the last
 * name, one that begins with / with the whole "/prefix/path", any other with
 * path. One that ends in / matches directories only.
 */
bool glob_match_entry(const char *pattern, const char *prefix, const char *path,
    bool directory);

#endif
