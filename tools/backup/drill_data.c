/*
 * drill_data - what was brought back, opened: SQLite, JSON, PostgreSQL.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"
#include "tools/backup/docker.h"
#include "tools/backup/drill.h"
#include "tools/backup/exec.h"
#include "tools/backup/revive.h"
#include "tools/backup/sqlite.h"

enum { JSON_MAX = 16 << 20, START_MS = 120000 };

#define DRILL_LABEL "aikit.drill" /* our process id */

static void
look_sqlite(struct drill *drill, int dir, const char *name, const char *path)
{
	struct ak_err err = { 0 };
	bool deep = false;

	if (sqlite_check(dir, name, &deep, &err) == -1) {
		drill_problem(drill, path, &err);
		return;
	}
	drill->sqlite++;
	drill->shallow += !deep;
}

/* One that was no JSON when it was backed up is none now: it is only counted.
 */
static void
look_json(struct drill *drill, int dir, const char *name)
{
	AK_BUF struct ak_buf text = { 0 };
	AK_JSON struct ak_json *json = NULL;
	struct ak_err err = { 0 };

	if (ak_file_read(dir, name, JSON_MAX, &text, &err) == -1)
		return;
	if (ak_json_parse(&json, ak_buf_text(&text), text.len, &err) == -1)
		drill->json_bad++;
	else
		drill->json++;
}

static void
look_file(struct drill *drill, int dir, const char *name, const char *path)
{
	AK_CLOSE int fd = openat(dir, name,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;

	if (fd == -1 || fstat(fd, &status) == -1 || !S_ISREG(status.st_mode))
		return;
	if (sqlite_is(fd))
		look_sqlite(drill, dir, name, path);
	else if (ak_ends(name, ".json"))
		look_json(drill, dir, name);
}

void
drill_files(struct drill *drill, int dir, const char *path)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = copy == -1 ? NULL : fdopendir(copy);

	if (list == NULL) {
		ak_close_scope(&copy);
		return;
	}
	for (struct dirent *e; (e = readdir(list)) != NULL;) {
		AK_FREE char *full = ak_printf("%s/%s", path, e->d_name);
		AK_CLOSE int below = -1;

		if (ak_streq(e->d_name, ".") || ak_streq(e->d_name, ".."))
			continue;
		below = openat(dir, e->d_name,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (below != -1)
			drill_files(drill, below, full);
		else
			look_file(drill, dir, e->d_name, full);
	}
	closedir(list);
}

/* The image that the databases ran in: as the kit has it, or as it runs. */
static char *
image_of(struct drill *drill, const char *service, struct ak_docker *engine)
{
	const struct ak_json *volumes = ak_json_at(drill->snap->more,
	    "kit.volumes");
	BOXES struct boxes boxes = { 0 };
	struct ak_err ignored = { 0 };

	ak_json_each(item, volumes) {
		const char *image = ak_json_str(ak_json_get(item, "image"));

		if (image != NULL &&
		    ak_streq(ak_json_str(ak_json_get(item, "service")),
			service))
			return ak_strdup(image);
	}
	if (engine_box(engine, service, &boxes, &ignored) == 0 &&
	    boxes.items[0].image != NULL)
		return ak_strdup(boxes.items[0].image);
	return NULL;
}

static void
remove_box(struct ak_docker *engine, const char *id)
{
	AK_FREE char *path = ak_printf("/containers/%s?force=1&v=1", id);
	struct ak_err ignored = { 0 };

	if (engine_order(engine, "DELETE", path, NULL, &ignored) == -1)
		ignored.code = AK_DONE; /* a drill that ended removed it */
}

/* Servers of drills that were killed. */
static void
remove_left(struct ak_docker *engine)
{
	static const char path[] = "/containers/json?all=1&filters="
				   "%7B%22label%22%3A%5B%22" DRILL_LABEL
				   "%22%5D%7D";
	AK_JSON struct ak_json *list = NULL;
	struct ak_err ignored = { 0 };
	int64_t pid;

	if (ak_docker_get(engine, path, &list, &ignored) == -1)
		return;
	ak_json_each(item, list) {
		const char *label = ak_json_str(ak_json_get(ak_json_get(item,
								"Labels"),
		    DRILL_LABEL));
		const char *id = ak_json_str(ak_json_get(item, "Id"));

		if (label != NULL && id != NULL &&
		    ak_str_int(label, 1, INT32_MAX, &pid, &ignored) == 0 &&
		    kill((pid_t)pid, 0) == -1 && errno == ESRCH)
			remove_box(engine, id);
	}
}

/* No network, no volume that outlives it, nobody else can come in. */
static int
start_server(const char *image, struct ak_buf *id, struct ak_err *err)
{
	AK_FREE char *label = ak_printf(DRILL_LABEL "=%ld", (long)getpid());
	const char *argv[] = { "docker", "run", "-d", "--rm", "--pull", "never",
		"--network", "none", "--label", label, "--shm-size", "256m",
		"-e", "POSTGRES_HOST_AUTH_METHOD=trust", image, "postgres",
		"-c", "fsync=off", NULL };

	if (exec_run(argv, 0, START_MS, id, err) == -1)
		return -1;
	while (id->len > 0 && id->data[id->len - 1] == '\n')
		id->data[--id->len] = '\0';
	return 0;
}

static size_t
count_dumps(int dir)
{
	AK_CLOSE int copy = openat(dir, ".", O_RDONLY | O_CLOEXEC);
	DIR *list = copy == -1 ? NULL : fdopendir(copy);
	size_t count = 0;

	if (list == NULL)
		return 0;
	ak_take_fd(&copy);
	for (struct dirent *e; (e = readdir(list)) != NULL;)
		count += ak_ends(e->d_name, ".sql");
	closedir(list);
	return count;
}

static int
try_dumps(struct drill *drill, const char *service, int dir,
    struct ak_docker *engine, struct ak_err *err)
{
	AK_FREE char *image = image_of(drill, service, engine);
	AK_BUF struct ak_buf id = { 0 };
	int failed;

	if (image == NULL)
		return ak_fail(err, AK_UNAVAILABLE,
		    "no image is known that its databases could be tried in");
	remove_left(engine);
	if (start_server(image, &id, err) == -1)
		return -1;
	failed = revive_dumps(id.data, dir, err);
	remove_box(engine, id.data);
	return failed;
}

void
drill_dumps(struct drill *drill, const struct snap_source *source, int dir)
{
	struct ak_docker *engine = NULL;
	struct ak_err err = { 0 };
	int failed = engine_open(&engine, &err);

	if (failed == 0)
		failed = try_dumps(drill, strchr(source->name, ':') + 1, dir,
		    engine, &err);
	ak_docker_close(&engine);
	if (failed == -1)
		drill_problem(drill, source->name, &err);
	else
		drill->databases += count_dumps(dir);
}
