/*
 * docker - the daemon that docker itself would talk to.
 *
 * Paths carry no version: each daemon then speaks its own, and what is read
 * here has been the same from 1.41 to 1.52. A unix socket is tried once before
 * libcurl sees it, because only connect(2) tells a missing socket from one
 * that is not ours.
 */
#include "lib/docker.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/crypt.h"
#include "lib/file.h"

#define DEFAULT_HOST "unix:///var/run/docker.sock"
#define CONFIG_MAX ((size_t)1 << 20)

struct ak_docker {
	struct ak_http *http;
	char *where;
	const char *because; /* "DOCKER_HOST", what led there; NULL: default */
};

/* Of the environment; what is empty is not set. */
static const char *
value_of(ak_docker_variable *variable, const char *name)
{
	const char *value = variable(name);

	return value != NULL && *value != '\0' ? value : NULL;
}

/* A file of docker's own settings; they are often symbolic links. */
static int
docker_file(ak_docker_variable *variable, const char *name,
    struct ak_json **json, struct ak_err *err)
{
	const char *dir = value_of(variable, "DOCKER_CONFIG");
	const char *home = value_of(variable, "HOME");
	AK_FREE char *path = dir != NULL
	    ? ak_printf("%s/%s", dir, name)
	    : ak_printf("%s/.docker/%s", home != NULL ? home : "", name);
	AK_FREE char *real = realpath(path, NULL);
	AK_BUF struct ak_buf text = { 0 };

	if (real == NULL)
		return ak_fail_sys(err, AK_NOINPUT, "%s", path);
	if (ak_file_read(AT_FDCWD, real, CONFIG_MAX, &text, err) == -1)
		return -1;
	if (ak_json_parse(json, ak_buf_text(&text), text.len, err) == -1)
		return ak_fail_in(err, "%s", path);
	return 0;
}

/* The name of docker's current context; NULL for the default one. */
static char *
context_name(ak_docker_variable *variable)
{
	AK_JSON struct ak_json *config = NULL;
	struct ak_err ignored = { 0 };
	const char *name = value_of(variable, "DOCKER_CONTEXT");

	if (name == NULL &&
	    docker_file(variable, "config.json", &config, &ignored) == 0)
		name = ak_json_str(ak_json_get(config, "currentContext"));
	if (name == NULL || *name == '\0' || ak_streq(name, "default"))
		return NULL;
	return ak_strdup(name);
}

/* A context lies in a directory named by the hash of its name. */
static int
context_host(ak_docker_variable *variable, const char *name, char **host,
    struct ak_err *err)
{
	AK_BUF struct ak_buf path = { 0 };
	AK_JSON struct ak_json *meta = NULL;
	struct ak_sha256 *hash = ak_sha256_new();
	uint8_t digest[AK_SHA256_SIZE];
	const char *text;

	ak_sha256_add(hash, name, strlen(name));
	ak_sha256_end(hash, digest);
	ak_buf_str(&path, "contexts/meta/");
	ak_crypt_hex(&path, digest, sizeof(digest));
	ak_buf_str(&path, "/meta.json");
	if (docker_file(variable, path.data, &meta, err) == -1) {
		err->code = AK_CONFIG;
		ak_err_help(err, "docker context ls");
		return ak_fail_in(err, "docker context %s", name);
	}
	text = ak_json_str(ak_json_at(meta, "Endpoints.docker.Host"));
	*host = ak_strdup(text != NULL && *text != '\0' ? text : DEFAULT_HOST);
	return 0;
}

static int
find_host(ak_docker_variable *variable, char **host, const char **because,
    struct ak_err *err)
{
	const char *named = value_of(variable, "DOCKER_HOST");
	AK_FREE char *context = NULL;

	*because = NULL;
	if (named != NULL) {
		*because = "DOCKER_HOST";
		*host = ak_strdup(named);
		return 0;
	}
	context = context_name(variable);
	if (context != NULL) {
		*because = "docker context";
		return context_host(variable, context, host, err);
	}
	*host = ak_strdup(DEFAULT_HOST);
	return 0;
}

/* The command that helps when nothing answers. */
static void
help_start(const struct ak_docker *docker, struct ak_err *err)
{
	if (docker->because != NULL)
		ak_err_help(err,
		    "start Docker: systemctl start docker; "
		    "%s names this address",
		    docker->because);
	else
		ak_err_help(err, "start Docker: systemctl start docker");
}

static int
try_socket(const struct ak_docker *docker, struct ak_err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	AK_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t len = strlen(docker->where);

	if (fd == -1)
		return ak_fail_sys(err, AK_SYSTEM, "socket");
	if (len >= sizeof(address.sun_path))
		return ak_fail(err, AK_CONFIG, "docker: %s: name too long",
		    docker->where);
	memcpy(address.sun_path, docker->where, len);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return 0;
	if (errno == EACCES || errno == EPERM) {
		ak_err_set_sys(err, AK_NOPERM, "docker: %s", docker->where);
		ak_err_help(err, "usermod -aG docker USER, then log in again");
		return -1;
	}
	ak_err_set_sys(err, AK_UNAVAILABLE, "docker: %s", docker->where);
	help_start(docker, err);
	return -1;
}

static int
open_unix(struct ak_docker *docker, const char *path, struct ak_err *err)
{
	docker->where = ak_strdup(path);
	if (try_socket(docker, err) == -1)
		return -1;
	return ak_http_open_unix(&docker->http, "http://docker", path, err);
}

static int
open_tcp(struct ak_docker *docker, const char *address, bool tls,
    struct ak_err *err)
{
	AK_FREE char *base = ak_printf("http://%s", address);

	docker->where = ak_strdup(address);
	if (tls) {
		ak_err_set(err, AK_CONFIG,
		    "docker: %s: TLS to the daemon is not spoken", address);
		ak_err_help(err,
		    "forward its socket: "
		    "ssh -L /run/user/UID/docker.sock:/var/run/docker.sock");
		return -1;
	}
	return ak_http_open(&docker->http, base, err);
}

int
ak_docker_open(struct ak_docker **docker, ak_docker_variable *variable,
    struct ak_err *err)
{
	AK_DOCKER struct ak_docker *made = ak_calloc(1, sizeof(*made));
	AK_FREE char *host = NULL;
	int failed;

	if (find_host(variable, &host, &made->because, err) == -1)
		return -1;
	if (ak_starts(host, "unix://"))
		failed = open_unix(made, host + strlen("unix://"), err);
	else if (ak_starts(host, "tcp://"))
		failed = open_tcp(made, host + strlen("tcp://"),
		    value_of(variable, "DOCKER_TLS_VERIFY") != NULL, err);
	else
		failed = ak_fail(err, AK_CONFIG,
		    "docker: %s: only unix:// and tcp:// are spoken", host);
	if (failed == -1)
		return -1;
	*docker = ak_take(&made);
	return 0;
}

void
ak_docker_close(struct ak_docker **docker)
{
	struct ak_docker *closed = ak_take(docker);

	if (closed == NULL)
		return;
	if (closed->http != NULL)
		ak_http_close(closed->http);
	free(closed->where);
	free(closed);
}

struct ak_http *
ak_docker_http(struct ak_docker *docker)
{
	return docker->http;
}

const char *
ak_docker_where(const struct ak_docker *docker)
{
	return docker->where;
}

static enum ak_code
code_of(int status)
{
	switch (status) {
	case 401:
	case 403:
		return AK_NOPERM;
	case 404:
		return AK_NOINPUT;
	case 409:
	case 429:
		return AK_TEMPFAIL;
	default:
		return status < 500 ? AK_PROTOCOL : AK_UNAVAILABLE;
	}
}

/* A health check may print NUL, which no C string holds: U+FFFD instead. */
static void
replace_nul(struct ak_buf *body)
{
	if (body->len == 0 || memmem(body->data, body->len, "u0000", 5) == NULL)
		return;
	for (size_t i = 0; i + 6 <= body->len; i++) {
		if (body->data[i] != '\\')
			continue;
		if (memcmp(body->data + i + 1, "u0000", 5) == 0)
			memcpy(body->data + i + 2, "fffd", 4);
		i++;
	}
}

int
ak_docker_failed(const struct ak_docker *docker,
    const struct ak_http_reply *reply, struct ak_err *err)
{
	AK_JSON struct ak_json *json = NULL;
	struct ak_err ignored = { 0 };
	const char *text = NULL;

	if (reply->status == 0) {
		*err = reply->err;
		if (err->code == AK_UNAVAILABLE)
			help_start(docker, err);
		return ak_fail_in(err, "docker");
	}
	/* A stream without an end that ended: the daemon is stopping. */
	if (reply->status == 200) {
		ak_err_set(err, AK_UNAVAILABLE, "docker: %s: hung up",
		    docker->where);
		help_start(docker, err);
		return -1;
	}
	if (reply->body.len > 0 &&
	    ak_json_parse(&json, reply->body.data, reply->body.len, &ignored) ==
		0)
		text = ak_json_str(ak_json_get(json, "message"));
	if (text != NULL)
		return ak_fail(err, code_of(reply->status), "docker: %s", text);
	return ak_fail(err, code_of(reply->status), "docker: %s: HTTP %d",
	    docker->where, reply->status);
}

int
ak_docker_take(const struct ak_docker *docker, struct ak_http_reply *reply,
    struct ak_json **json, struct ak_err *err)
{
	if (reply->status != 200 || reply->err.code != AK_DONE)
		return ak_docker_failed(docker, reply, err);
	replace_nul(&reply->body);
	if (ak_json_parse(json, ak_buf_text(&reply->body), reply->body.len,
		err) == -1)
		return ak_fail_in(err, "docker: %s", docker->where);
	return 0;
}

/* Without an answer reply->err says why. */
static void
ask(struct ak_docker *docker, const struct ak_http_request *request,
    struct ak_http_reply *reply)
{
	struct ak_err told = { 0 };

	if (ak_http_do(docker->http, request, reply, &told) == 0)
		return;
	reply->status = 0;
	reply->err = told;
}

int
ak_docker_get(struct ak_docker *docker, const char *path, struct ak_json **json,
    struct ak_err *err)
{
	struct ak_http_request request = { .path = path };
	AK_HTTP_REPLY struct ak_http_reply reply = { 0 };

	ask(docker, &request, &reply);
	return ak_docker_take(docker, &reply, json, err);
}

int
ak_docker_do(struct ak_docker *docker, const struct ak_http_request *request,
    struct ak_err *err)
{
	AK_HTTP_REPLY struct ak_http_reply reply = { 0 };

	ask(docker, request, &reply);
	if (reply.status > 0 && reply.status < 400)
		return 0;
	return ak_docker_failed(docker, &reply, err);
}
