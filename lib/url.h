/*
 * url - what http needs to know of an address before it asks there.
 */
#ifndef AK_URL_H
#define AK_URL_H

#include "lib/buf.h"

/*
 * Is the host of url this machine (localhost, 127.0.0.0/8, ::1), or on a
 * network that no proxy leads to (RFC 1918, RFC 3927, RFC 4193, fe80::/10)?
 */
bool ak_url_private(const char *url);

/* Appends s percent-encoded; only RFC 3986's unreserved bytes stay. */
void ak_url_escape(struct ak_buf *buf, const char *s);

#endif
