/*
 * wire - HTTP/1.1 over a unix socket, without libcurl.
 *
 * For lib/http.c, in the place of lib/curl.h and with its struct: a daemon of
 * this machine answers in less time than it takes to load libcurl. A transfer's
 * first half is the caller's as there; a connection is kept when its answer
 * allows, and a kept one that turns out to be dead is replaced once.
 */
#ifndef AK_WIRE_H
#define AK_WIRE_H

#include "lib/curl.h"

/*
 * A socket that cannot be reached is told by perform, which takes in at most
 * 256 KiB of each.
 */
extern const struct ak_carrier ak_by_wire;

#endif
