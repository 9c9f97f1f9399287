/*
 * resolve - what resolve.c and closure.c share.
 */
#ifndef STACK_RESOLVE_H
#define STACK_RESOLVE_H

#include "tools/stack/stack.h"

enum {
	NAME_PRESET = 1,
	NAME_PROFILE = 2,
	NAME_ONE_OF = 4,
	NAME_SERVICE = 8,
};

/* Presets within presets, profiles that require profiles. */
enum { RESOLVE_DEPTH = 32 };

struct resolving {
	const struct kit *kit;
	bool named_only;    /* without what is required or depended on */
	struct pick *picks; /* as many as services; no service: not picked */
	const char **profiles;
	size_t profile_count;
	const char **one_ofs; /* to be decided */
	size_t one_of_count;
	int depth;
	char *accelerator;
};

/* What a name is, without its prefix; 0: nothing in this kit. */
unsigned name_kind(const struct kit *kit, const char **name);
bool profile_known(const struct kit *kit, const char *name);
/* Adds a profile and what it requires; via: what led here, NULL: a person. */
bool profile_add(struct resolving *r, const char *name, const char *via,
    struct ak_err *err);

/* closure.c: decides one-ofs, follows depends_on, puts in order. */
int closure(struct resolving *r, struct selection *selection,
    struct ak_err *err);
int resolving_run(const struct kit *kit, char *const names[], size_t count,
    bool named_only, struct selection *selection, struct ak_err *err);

#endif
