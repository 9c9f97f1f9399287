/*
 * compose - the Docker Compose program: found, and version-checked once.
 *
 * The plugin is run by its own path. `docker compose` is the same program
 * behind one that first asks every plugin for its name, which costs more than
 * the work. Its version is asked when its file changes, and then remembered.
 */
#include "tools/stack/stack.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "lib/proc.h"

/* The first release with everything the kit uses: include, required: false. */
enum { COMPOSE_MAJOR = 2, COMPOSE_MINOR = 24 };

enum { VERSION_MAX = 4096 };

/* Where the docker program itself looks, after $DOCKER_CONFIG and $HOME. */
static const char *const plugin_dirs[] = {
	"/usr/local/lib/docker/cli-plugins",
	"/usr/local/libexec/docker/cli-plugins",
	"/usr/lib/docker/cli-plugins",
	"/usr/libexec/docker/cli-plugins",
};

static char *
plugin_in(const char *dir, const char *below, struct stat *status)
{
	AK_FREE char *path = ak_printf("%s%s/docker-compose", dir, below);

	if (stat(path, status) == 0 && S_ISREG(status->st_mode) &&
	    (status->st_mode & 0111) != 0)
		return ak_take(&path);
	return NULL;
}

static char *
plugin_find(struct stat *status)
{
	const char *config = getenv("DOCKER_CONFIG");
	const char *home = getenv("HOME");
	char *path = NULL;

	if (config != NULL)
		path = plugin_in(config, "/cli-plugins", status);
	else if (home != NULL)
		path = plugin_in(home, "/.docker/cli-plugins", status);
	for (size_t i = 0; path == NULL && i < AK_COUNT(plugin_dirs); i++)
		path = plugin_in(plugin_dirs[i], "", status);
	return path;
}

static int
version_check(const char *path, const char *version, struct ak_err *err)
{
	char *dot, *end;
	long major = strtol(version, &dot, 10), minor;

	if (dot == version || *dot != '.')
		return ak_fail(err, AK_PROTOCOL, "%s: version %s: not a number",
		    path, version);
	minor = strtol(dot + 1, &end, 10);
	if (major > COMPOSE_MAJOR ||
	    (major == COMPOSE_MAJOR && minor >= COMPOSE_MINOR))
		return 0;
	ak_err_set(err, AK_UNAVAILABLE,
	    "%s is version %ld.%ld: too old, %d.%d is needed", path, major,
	    minor, COMPOSE_MAJOR, COMPOSE_MINOR);
	ak_err_help(err,
	    "install docker-compose-plugin, or Debian 13's "
	    "docker-compose");
	return -1;
}

static int
version_ask(const char *path, struct ak_buf *version, struct ak_err *err)
{
	const char *argv[] = { path, "version", "--short", NULL };
	struct ak_proc proc = {
		.argv = argv, .timeout_ms = 20000, .max_output = VERSION_MAX
	};
	AK_PROC_RESULT struct ak_proc_result result = { 0 };

	if (ak_proc_run(&proc, &result, err) == -1)
		return -1;
	if (result.status != 0)
		return ak_fail(err, AK_UNAVAILABLE, "%s version: exit %d: %s",
		    path, result.status, ak_buf_text(&result.err));
	const char *text = ak_buf_text(&result.out);

	ak_buf_add(version, text + (*text == 'v'), strcspn(text, "\n"));
	return 0;
}

/* A line of the cache: path, size, time of change, version. */
static int
version_get(const char *path, const struct stat *status, struct ak_buf *version,
    struct ak_err *err)
{
	AK_FREE char *dir = ak_cmd_dir("cache", "stack");
	AK_FREE char *key = ak_printf("%s %lld %lld.%09ld ", path,
	    (long long)status->st_size, (long long)status->st_mtim.tv_sec,
	    status->st_mtim.tv_nsec);
	AK_CLOSE int fd = -1;
	AK_BUF struct ak_buf line = { 0 };
	struct ak_err ignored = { 0 };

	if (ak_dir_make(dir, 0700, &fd, &ignored) == 0 &&
	    ak_file_read(fd, "compose", VERSION_MAX, &line, &ignored) == 0 &&
	    ak_starts(ak_buf_text(&line), key)) {
		ak_buf_str(version, line.data + strlen(key));
		return 0;
	}
	if (version_ask(path, version, err) == -1)
		return -1;
	ak_buf_reset(&line);
	ak_buf_printf(&line, "%s%s", key, ak_buf_text(version));
	if (fd != -1 &&
	    ak_file_replace(fd, "compose", line.data, line.len, 0600,
		&ignored) == -1)
		ignored.code = AK_DONE; /* a cache: asked again next time */
	return 0;
}

/* NULL when there is none. */
const char *
compose_program(void)
{
	static char *program;
	struct stat status;

	if (program == NULL)
		program = plugin_find(&status);
	return program;
}

char *
compose_version(struct ak_err *err)
{
	const char *path = compose_program();
	AK_BUF struct ak_buf version = { 0 };
	struct stat status;

	if (path == NULL || stat(path, &status) == -1) {
		ak_err_set(err, AK_UNAVAILABLE, "Docker Compose is missing");
		ak_err_help(err,
		    "install docker-compose-plugin, or Debian "
		    "13's docker-compose");
		return NULL;
	}
	if (version_get(path, &status, &version, err) == -1)
		return NULL;
	return ak_buf_take(&version);
}

static int
program_check(struct ak_err *err)
{
	static bool checked;
	AK_FREE char *version = NULL;

	if (checked)
		return 0;
	version = compose_version(err);
	if (version == NULL ||
	    version_check(compose_program(), version, err) == -1)
		return -1;
	checked = true;
	return 0;
}

int
compose_argv(const struct kit *kit, const char *argv[COMPOSE_ARGS],
    struct ak_err *err)
{
	int n = 0;

	if (program_check(err) == -1)
		return -1;
	argv[n++] = compose_program();
	argv[n++] = "--ansi=never";
	argv[n++] = "--profile=*";
	if (kit->env_file != NULL) {
		argv[n++] = "--env-file";
		argv[n++] = kit->env_file;
	}
	argv[n] = NULL;
	return n;
}

/*
 * The last line that says something: Compose tells progress first and the
 * reason last. A file it cannot read is named in that line, with its position.
 */
int
compose_failed(const struct kit *kit, const char *text, struct ak_err *err)
{
	const char *line = "it said nothing", *end = line + strlen(line);

	for (const char *p = text; *p != '\0';) {
		size_t len = strcspn(p, "\n");

		if (strspn(p, " \t\r") < len && strstr(p, "warning") != p) {
			line = p + strspn(p, " \t");
			end = p + len;
		}
		p += len + (p[len] == '\n');
	}
	return ak_fail(err, AK_CONFIG, "%s: %.*s", kit->dir, (int)(end - line),
	    line);
}
