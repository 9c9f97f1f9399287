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

struct ak_wire; /* connections, and the transfers that use them */

struct ak_wire *ak_wire_open(void) AK_MUST;
/* All transfers must be forgotten. */
void ak_wire_close(struct ak_wire *wire);

/* A socket that cannot be reached is told at the next ak_wire_perform(). */
void ak_wire_start(struct ak_wire *wire, struct ak_curl_transfer *transfer);
void ak_wire_stop(struct ak_wire *wire, struct ak_curl_transfer *transfer);
void ak_wire_forget(struct ak_wire *wire, struct ak_curl_transfer *transfer);

/* Moves what can be moved, and takes in at most 256 KiB of each. */
void ak_wire_perform(struct ak_wire *wire);
void ak_wire_poll(struct ak_wire *wire, struct pollfd *extra, unsigned count,
    int wait_ms);

#endif
