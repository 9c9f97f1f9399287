/*
 * docker - the daemon that docker itself would talk to, over its Engine API.
 *
 * It is found as docker(1) finds it: DOCKER_HOST, the current context,
 * /var/run/docker.sock. unix:// and tcp:// are spoken, without TLS. The API:
 * https://docs.docker.com/reference/api/engine/
 *
 *	AK_DOCKER struct ak_docker *docker = NULL;
 *	AK_JSON struct ak_json *info = NULL;
 *
 *	if (ak_docker_open(&docker, getenv, err) == -1 ||
 *	    ak_docker_get(docker, "/info", &info, err) == -1)
 *		return -1;
 *
 * AK_UNAVAILABLE when nothing answers, AK_NOPERM when the socket is not ours to
 * use, both with the command that helps; AK_NOINPUT when the API answers 404,
 * AK_TEMPFAIL when it is busy, AK_CONFIG for an address that is not spoken.
 */
#ifndef AK_DOCKER_H
#define AK_DOCKER_H

#include "lib/http.h"
#include "lib/json.h"

struct ak_docker;

/* getenv(3), or what a test puts in its place: a library reads no environment.
 */
typedef char *ak_docker_variable(const char *name);

int ak_docker_open(struct ak_docker **docker, ak_docker_variable *variable,
    struct ak_err *err) AK_MUST;
/* Takes the address of the pointer, which is NULL after. */
void ak_docker_close(struct ak_docker **docker);
#define AK_DOCKER __attribute__((cleanup(ak_docker_close)))

/* For requests of the caller's own, lib/http.h. */
struct ak_http *ak_docker_http(struct ak_docker *docker);
/* "/var/run/docker.sock", or "host:port"; lives as long as docker. */
const char *ak_docker_where(const struct ak_docker *docker);

/* GET of a path of the API: 200 and JSON, which the caller frees, or -1. */
int ak_docker_get(struct ak_docker *docker, const char *path,
    struct ak_json **json, struct ak_err *err) AK_MUST;
/* Anything else that is asked or ordered: 0 for an answer below 400. */
int ak_docker_do(struct ak_docker *docker,
    const struct ak_http_request *request, struct ak_err *err) AK_MUST;
/*
 * What ak_docker_get() makes of a reply that is done, and what is told of one
 * that is none.
 */
int ak_docker_take(const struct ak_docker *docker, struct ak_http_reply *reply,
    struct ak_json **json, struct ak_err *err) AK_MUST;
int ak_docker_failed(const struct ak_docker *docker,
    const struct ak_http_reply *reply, struct ak_err *err) AK_MUST;

#endif
