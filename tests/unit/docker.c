/*
 * docker - where the daemon is found, and what is told when it is not.
 */
#include "lib/docker.h"

#include "lib/crypt.h"
#include "lib/file.h"
#include "tests/unit/server.h"
#include "tests/unit/tap.h"

/* The environment of a test. */
static struct {
	char host[128], context[32], config[64], tls[8];
} set;

static char *
variable(const char *name)
{
	if (ak_streq(name, "DOCKER_HOST"))
		return set.host;
	if (ak_streq(name, "DOCKER_CONTEXT"))
		return set.context;
	if (ak_streq(name, "DOCKER_CONFIG"))
		return set.config;
	if (ak_streq(name, "DOCKER_TLS_VERIFY"))
		return set.tls;
	return NULL;
}

static void
test_refused(void)
{
	static const struct {
		const char *host, *tls, *text;
		enum ak_code code;
	} rows[] = {
		{ "unix:///nowhere/docker.sock", "",
		    "docker: /nowhere/docker.sock: no such file or directory",
		    AK_UNAVAILABLE },
		{ "ssh://there", "",
		    "docker: ssh://there: only unix:// and tcp:// are spoken",
		    AK_CONFIG },
		{ "tcp://there:2376", "1",
		    "docker: there:2376: TLS to the daemon is not spoken",
		    AK_CONFIG },
	};

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		AK_DOCKER struct ak_docker *docker = NULL;
		struct ak_err err = { 0 };

		snprintf(set.host, sizeof(set.host), "%s", rows[i].host);
		snprintf(set.tls, sizeof(set.tls), "%s", rows[i].tls);
		ok(ak_docker_open(&docker, variable, &err) == -1,
		    "%s is not opened", rows[i].host);
		is_int(err.code, rows[i].code, "%s: the code", rows[i].host);
		is_str(err.text, rows[i].text, "%s: the reason", rows[i].host);
		ok(*err.help != '\0' || i == 1, "%s: what helps", rows[i].host);
	}
	set.tls[0] = '\0';
}

/* Where a context lies: below contexts/meta, by the hash of its name. */
static char *
context_path(const char *name)
{
	AK_BUF struct ak_buf path = { 0 };
	struct ak_sha256 *hash = ak_sha256_new();
	uint8_t digest[AK_SHA256_SIZE];

	ak_sha256_add(hash, name, strlen(name));
	ak_sha256_end(hash, digest);
	ak_buf_printf(&path, "%s/contexts/meta/", server.dir);
	ak_crypt_hex(&path, digest, sizeof(digest));
	return ak_buf_take(&path);
}

/* One whose daemon is the test's server. */
static bool
make_context(const char *name)
{
	AK_FREE char *path = context_path(name);
	AK_FREE char *text =
	    ak_printf("{\"Endpoints\":{\"docker\":{\"Host\":\"unix://%s\"}}}",
		server.path);
	AK_CLOSE int fd = -1;
	struct ak_err err = { 0 };

	return ak_dir_make(path, 0700, &fd, &err) == 0 &&
	    ak_file_replace(fd, "meta.json", text, strlen(text), 0600, &err) ==
	    0;
}

static void
remove_context(const char *name)
{
	AK_FREE char *path = context_path(name);
	AK_FREE char *file = ak_printf("%s/meta.json", path);

	unlink(file);
	for (int i = 0; i < 3; i++) {
		rmdir(path);
		*strrchr(path, '/') = '\0';
	}
}

static void
test_context(void)
{
	AK_DOCKER struct ak_docker *docker = NULL;
	struct ak_err err = { 0 };

	set.host[0] = '\0';
	snprintf(set.config, sizeof(set.config), "%s", server.dir);
	snprintf(set.context, sizeof(set.context), "other");
	ok(ak_docker_open(&docker, variable, &err) == -1 &&
		err.code == AK_CONFIG,
	    "a context that is not there: %s", err.text);
	is_str(err.help, "docker context ls", "and what helps");
	ok(make_context("other"), "it is made");
	ok(ak_docker_open(&docker, variable, &err) == 0,
	    "then it names the daemon (%s)", err.text);
	is_str(ak_docker_where(docker), server.path, "by its socket");
	remove_context("other");
}

static void
test_asked(void)
{
	AK_DOCKER struct ak_docker *docker = NULL;
	AK_JSON struct ak_json *json = NULL;
	struct ak_http_request request = { .method = "POST" };
	struct ak_err err = { 0 };

	snprintf(set.host, sizeof(set.host), "unix://%s", server.path);
	ok(ak_docker_open(&docker, variable, &err) == 0, "by DOCKER_HOST (%s)",
	    err.text);
	ok(ak_docker_get(docker, "/health", &json, &err) == 0,
	    "a NUL in an answer is none of ours (%s)", err.text);
	is_str(ak_json_str(ak_json_get(json, "said")),
	    "a\xef\xbf\xbd"
	    "b\\u0000",
	    "it becomes U+FFFD, an escaped backslash stays");
	request.path = "/empty";
	is_int(ak_docker_do(docker, &request, &err), 0, "an order is taken");
	request.path = "/refused";
	is_int(ak_docker_do(docker, &request, &err), -1, "another is not");
	is_int(err.code, AK_TEMPFAIL, "a conflict may be tried again");
	is_str(err.text, "docker: in use", "with the daemon's own words");
	request.path = "/stopping";
	is_int(ak_docker_do(docker, &request, &err), -1, "nor by who stops");
	is_int(err.code, AK_UNAVAILABLE, "it is down: %s", err.text);
	request.path = "/closed";
	is_int(ak_docker_do(docker, &request, &err), -1, "nor without a word");
	ok(ak_starts(err.text, "docker: "), "says who: %s", err.text);
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	if (!ok(start(), "a server"))
		return done_testing();
	test_refused();
	test_context();
	test_asked();
	stop();
	return done_testing();
}
