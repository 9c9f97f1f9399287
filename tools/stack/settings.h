/*
 * settings.h - what settings.c, catalogue.c and value.c share.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "tools/stack/stack.h"

enum { SETTINGS_FILE_MAX = 1 << 20 }; /* bytes of settings.ini, local.ini */

struct settings {
	struct setting *items;
	size_t count, cap;
	struct pattern *patterns; /* compiled, each once */
	int kit_fd;		  /* the kit's; not ours to close */
};

extern const char *const setting_types[];

/* catalogue.c: settings.ini of text into items. */
int catalogue_parse(struct settings *settings, const char *text,
    struct ak_err *err) AK_MUST;

/*
 * settings.c: what settings_load() reads, from texts. local may be NULL. Zero
 * settings first, and settings_clear() them after, on failure too.
 */
void settings_clear(struct settings *settings);
int settings_take(struct settings *settings, const char *catalogue,
    const char *local, struct ak_err *err) AK_MUST;

/*
 * value.c: a POSIX extended expression that must match the whole value. The
 * same text is compiled once; *pattern belongs to the list.
 */
int pattern_compile(struct pattern **list, const char *text,
    const struct pattern **pattern, struct ak_err *err) AK_MUST;
void patterns_free(struct pattern *list);

/* value.c: a bound as its type writes it; milliseconds, bytes or a number. */
int value_number(enum setting_type type, const char *text, int64_t *number,
    struct ak_err *err) AK_MUST;

#endif
