/*
 * err - what went wrong, and the exit code it leads to.
 *
 * A function that can fail takes a struct ak_err last, returns 0 or -1, and
 * sets its other out-parameters only on success. The leaf names the thing and
 * why; a caller may add where (ak_fail_in) and the command that helps
 * (ak_help); main prints once.
 *
 *	if (fd == -1)
 *		return ak_fail_sys(err, AK_NOINPUT, "%s", name);
 *	...
 *	return ak_fail(err, AK_DATA, "%s: no such realm", name);
 *
 * Texts are lower case without a full stop. They never hold a secret.
 */
#ifndef AK_ERR_H
#define AK_ERR_H

#include "lib/ak.h"

/* Exit codes, numbered as in sysexits(3); the meanings are in aikit(7). */
enum ak_code {
	AK_DONE = 0,
	AK_NO = 1,	     /* asked, and the answer is no */
	AK_USAGE = 64,	     /* the command line is wrong */
	AK_DATA = 65,	     /* bad data, damage found */
	AK_NOINPUT = 66,     /* an input is missing */
	AK_UNAVAILABLE = 69, /* the other side is down */
	AK_BUG = 70,	     /* our fault */
	AK_SYSTEM = 71,	     /* memory, processes */
	AK_CANTCREATE = 73,  /* an output cannot be made */
	AK_IO = 74,	     /* reading or writing failed */
	AK_TEMPFAIL = 75,    /* try again: locked, limited, timed out */
	AK_PROTOCOL = 76,    /* the other side speaks otherwise */
	AK_NOPERM = 77,	     /* not allowed */
	AK_CONFIG = 78,	     /* the configuration is wrong */
};

/* Zero-initialise. Holds no memory of its own; a longer text ends in "...". */
struct ak_err {
	enum ak_code code;
	char text[2048];
	char help[512];
};

/* Macros that end in -1, so that analysers see the value returned. */
#define ak_fail(err, code, ...) (ak_err_set((err), (code), __VA_ARGS__), -1)
#define ak_fail_sys(err, code, ...) \
	(ak_err_set_sys((err), (code), __VA_ARGS__), -1)
#define ak_fail_in(err, ...) (ak_err_in((err), __VA_ARGS__), -1)

void ak_err_set(struct ak_err *err, enum ak_code code, const char *format, ...)
    AK_PRINTF(3, 4);
/* As above, with ": " and the text of errno after it. */
void ak_err_set_sys(struct ak_err *err, enum ak_code code, const char *format,
    ...) AK_PRINTF(3, 4);
/* Puts the text and ": " before what is already there. */
void ak_err_in(struct ak_err *err, const char *format, ...) AK_PRINTF(2, 3);
/* The command or step that helps; printed after the text, in brackets. */
void ak_err_help(struct ak_err *err, const char *format, ...) AK_PRINTF(2, 3);

#endif
