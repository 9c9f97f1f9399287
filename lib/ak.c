/*
 * ak - attributes, ownership, memory, checked arithmetic.
 */
#include "lib/ak.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * Without exit(3): its handlers may ask for memory again, and what stdio holds
 * back is half a record.
 */
static AK_NORETURN void
no_memory(void)
{
	dprintf(STDERR_FILENO, "%s: no memory\n",
	    program_invocation_short_name);
	_exit(71);
}

void
ak_free_scope(void *address)
{
	int saved = errno;

	free(ak_take_pointer(address));
	errno = saved;
}

/*
 * Closed once, whatever close(2) says: on Linux the descriptor is gone even
 * after EINTR, and a second try could close another's.
 */
void
ak_close_scope(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(ak_take_fd(fd));
	errno = saved;
}

/* By memcpy, since what lies at address may be a pointer of any type. */
void *
ak_take_pointer(void *address)
{
	void *pointer;

	memcpy(&pointer, address, sizeof(pointer));
	memset(address, 0, sizeof(pointer));
	return pointer;
}

int
ak_take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

void *
ak_malloc(size_t size)
{
	void *new = malloc(size > 0 ? size : 1);

	if (!new)
		no_memory();
	return new;
}

void *
ak_calloc(size_t count, size_t size)
{
	void *new = calloc(count > 0 ? count : 1, size > 0 ? size : 1);

	if (!new)
		no_memory();
	return new;
}

void *
ak_resize(void *old, size_t count, size_t size)
{
	size_t total;
	void *new;

	if (!ak_mul(count, size, &total))
		no_memory();
	new = realloc(old, total > 0 ? total : 1);
	if (!new)
		no_memory();
	return new;
}

char *
ak_strdup(const char *s)
{
	return ak_strndup(s, SIZE_MAX);
}

char *
ak_strndup(const char *s, size_t max)
{
	char *new = max == SIZE_MAX ? strdup(s) : strndup(s, max);

	if (!new)
		no_memory();
	return new;
}

char *
ak_printf(const char *format, ...)
{
	char *text;
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len == -1)
		no_memory();
	return text;
}

bool
ak_add(size_t a, size_t b, size_t *sum)
{
	size_t result;

	if (__builtin_add_overflow(a, b, &result))
		return false;
	*sum = result;
	return true;
}

bool
ak_mul(size_t a, size_t b, size_t *product)
{
	size_t result;

	if (__builtin_mul_overflow(a, b, &result))
		return false;
	*product = result;
	return true;
}

bool
ak_streq(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return strcmp(a, b) == 0;
}

bool
ak_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool
ak_ends(const char *s, const char *suffix)
{
	size_t len = strlen(s), end = strlen(suffix);

	return len >= end && memcmp(s + len - end, suffix, end) == 0;
}
