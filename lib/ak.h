/*
 * ak - what every file of the house may use: attributes, ownership, memory,
 * checked arithmetic.
 *
 * A pointer declared AK_FREE is freed at the end of its scope, a descriptor
 * declared AK_CLOSE is closed there; ak_take() hands either over. Initialise
 * both where they are declared. The cleanup does not run on exit(3).
 *
 *	AK_FREE char *name = ak_printf("%s.draft", base);
 *	AK_CLOSE int fd = open(name, O_RDONLY | O_CLOEXEC);
 *	...
 *	return ak_take(&name);
 *
 * No memory ends the program here and nowhere else: one line on stderr and
 * exit status 71. Callers never see NULL.
 */
#ifndef AK_H
#define AK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#define AK_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define AK_MUST __attribute__((warn_unused_result))
#define AK_NORETURN __attribute__((noreturn))
#define AK_UNUSED __attribute__((unused))
#define AK_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define AK_FREE __attribute__((cleanup(ak_free_scope)))
#define AK_CLOSE __attribute__((cleanup(ak_close_scope)))

/* Takes the address of an AK_FREE pointer; the scope then owns nothing. */
#define ak_take(address) ((__typeof__(*(address)))ak_take_pointer(address))

/* Cleanup handlers; errno is kept. */
void ak_free_scope(void *address);
void ak_close_scope(int *fd);

void *ak_take_pointer(void *address);
/* The descriptor at *fd, which becomes -1. */
int ak_take_fd(int *fd);

/* Memory of the caller's to free(3); zeroed where calloc is. */
void *ak_malloc(size_t size) AK_MUST;
void *ak_calloc(size_t count, size_t size) AK_MUST;
/* Room for count items of size bytes; what was there is kept. */
void *ak_resize(void *old, size_t count, size_t size) AK_MUST;
char *ak_strdup(const char *s) AK_MUST;
char *ak_strndup(const char *s, size_t max) AK_MUST;
char *ak_printf(const char *format, ...) AK_PRINTF(1, 2) AK_MUST;

/* *sum = a + b and *product = a * b; false, and nothing set, on overflow. */
bool ak_add(size_t a, size_t b, size_t *sum) AK_MUST;
bool ak_mul(size_t a, size_t b, size_t *product) AK_MUST;

/* Equal strings; NULL equals only NULL. */
bool ak_streq(const char *a, const char *b);
bool ak_starts(const char *s, const char *prefix);
bool ak_ends(const char *s, const char *suffix);

#endif
