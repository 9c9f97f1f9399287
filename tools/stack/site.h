/*
 * site - the settings and secrets of a kit; part of stack.h.
 */
#ifndef STACK_SITE_H
#define STACK_SITE_H

#include "tools/stack/stack.h"

/* settings.c */

enum setting_type {
	SET_BOOL,
	SET_INT,
	SET_SIZE,
	SET_DURATION,
	SET_PORT,
	SET_HOST,
	SET_URL,
	SET_ENUM,
	SET_STRING,
	SET_PATH,
	SET_SECRET,
	SET_TYPES
};

struct setting {
	char *name; /* POSTGRES_MAX_CONNECTIONS */
	char *group;
	enum setting_type type;
	char *unit;
	char *fallback;	    /* the catalogue's default; NULL for secrets */
	char *stored;	    /* what the files say, and .env gets */
	char *value;	    /* what holds now; NULL for secrets */
	const char *source; /* "default", "local.ini", "environment" */
	int line;	    /* in local.ini; 0 when not from there */
	int defined;	    /* its line in settings.ini */
	int64_t min, max; /* as value_number() has it; INT64_MIN, _MAX: none */
	char *pattern;	  /* POSIX extended, whole value; NULL: any */
	const struct pattern *compiled; /* of pattern */
	char *values;			/* of an enum, blank-separated */
	char *services;
	char *help;
	/* of a secret: how to make one, and the uid that must read it */
	int64_t bytes;
	bool base64; /* else hexadecimal */
	int64_t owner;
	bool required; /* else it may be empty */
};

/* NULL in *settings when the kit has no settings.ini. */
int settings_load(struct settings **settings, int kit_fd, struct ak_err *err)
    AK_MUST;
void settings_free(struct settings *settings);
size_t settings_count(const struct settings *settings);
const struct setting *settings_at(const struct settings *settings, size_t i);
const struct setting *settings_find(const struct settings *settings,
    const char *name);
/* What helps who wrote a name that is none: the nearest, as ak_err_help(). */
void settings_suggest(const struct settings *settings, const char *name,
    struct ak_err *err);
/* 0, or -1 with what is wrong with a value: type, bounds, pattern. */
int setting_check(const struct setting *setting, const char *value,
    struct ak_err *err) AK_MUST;
/* The text of .env. */
void settings_render(const struct settings *settings, struct ak_buf *env);
/*
 * Makes .env hold what the settings say: 1 when it was written, 0 when it did
 * already. dry: nothing is written, *path gets a rendered file in the cache
 * when .env differs (of the caller's to free), else NULL.
 */
int settings_env(const struct settings *settings, int kit_fd, bool dry,
    char **path, struct ak_err *err) AK_MUST;

/* A record each, as config list shows them; none when settings is NULL. */
void settings_print(struct ak_out *out, const struct settings *settings);

/* secrets.c */

/* Lower-case file name below secrets/ of a secret setting. */
char *secret_name(const struct setting *setting) AK_MUST;

#endif
