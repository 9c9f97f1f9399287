/*
 * links - the first name of each file that has several.
 */
#ifndef BACKUP_LINKS_H
#define BACKUP_LINKS_H

#include <stdint.h>

#include "lib/ak.h"

struct links;
struct links *links_new(void);
void links_free(struct links *links);
/* The name that was put first for dev and group; NULL: none yet. */
const char *links_get(const struct links *links, uint64_t dev, uint64_t group);
void links_put(struct links *links, uint64_t dev, uint64_t group,
    const char *path);

#endif
