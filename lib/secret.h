/*
 * secret - read a secret from a file that nobody else can read.
 *
 * A buffer that held one is wiped: AK_SECRET does it at the end of the scope.
 */
#ifndef AK_SECRET_H
#define AK_SECRET_H

#include "lib/buf.h"
#include "lib/err.h"

#define AK_SECRET __attribute__((cleanup(ak_secret_wipe)))

#define AK_SECRET_MAX 65536 /* bytes */

void ak_secret_wipe(struct ak_buf *buf);

/*
 * Appends the bytes of name below dir, without one line feed at the end.
 * AK_NOPERM when group or others can read or write it (the text says the
 * chmod that helps), AK_NOINPUT, AK_DATA when over AK_SECRET_MAX.
 */
int ak_secret_read(int dir, const char *name, struct ak_buf *buf,
    struct ak_err *err) AK_MUST;

#endif
