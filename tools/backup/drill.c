/*
 * drill - a snapshot restored into a scratch place, and opened.
 *
 * What a drill proves no hash can: that what was kept is what is needed. How
 * long it took is how long the worst day takes.
 */
#include "tools/backup/drill.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/proc.h"
#include "lib/str.h"
#include "tools/backup/beneath.h"
#include "tools/backup/care.h"
#include "tools/backup/commands.h"

#define SCRATCH "aikit-drill-" /* our process id, a dash, anything */
#define LEFT_S 86400

static const struct ak_view view = {
	"drill",
	AK_COLUMNS({ "snapshot", "SNAPSHOT", AK_SHOW_TEXT, 0, NULL },
	    { "files", "FILES", AK_SHOW_NUMBER, 0, NULL },
	    { "total_bytes", "SIZE", AK_SHOW_SIZE, 0, NULL },
	    { "sqlite", "SQLITE", AK_SHOW_NUMBER, 0, NULL },
	    { "databases", "DATABASES", AK_SHOW_NUMBER, 0, NULL },
	    { "json", "JSON", AK_SHOW_NUMBER, 0, NULL },
	    { "json_bad", "NOT JSON", AK_SHOW_NUMBER, 0, NULL },
	    { "problems", "PROBLEMS", AK_SHOW_NUMBER, 0, "red" },
	    { "restore_seconds", "RESTORED IN", AK_SHOW_SECONDS, 0, NULL },
	    { "seconds", "TOOK", AK_SHOW_SECONDS, 0, NULL }),
	false,
};
static const struct ak_view problem_view = {
	"drill_problem",
	AK_COLUMNS({ "path", "PATH", AK_SHOW_TEXT, 0, NULL },
	    { "text", "PROBLEM", AK_SHOW_TEXT, 0, NULL }),
	false,
};

void
drill_problem(struct drill *drill, const char *what, const struct ak_err *why)
{
	struct ak_out *out = drill->ctx->out;

	if (drill->problems++ == 0)
		drill->first = *why;
	ak_out_begin(out, &problem_view);
	ak_out_str(out, "path", what);
	ak_out_str(out, "text", why->text);
	ak_out_end(out);
}

/*
 * Is it the scratch place of a drill of ours whose process is gone? A day must
 * be over as well: in another container there are other processes.
 */
static bool
is_left(int dir, const char *name)
{
	struct ak_err ignored = { 0 };
	struct stat status;
	AK_FREE char *digits = NULL;
	const char *at;
	int64_t pid;

	if (!ak_starts(name, SCRATCH))
		return false;
	at = name + strlen(SCRATCH);
	digits = ak_strndup(at, strcspn(at, "-"));
	return ak_str_int(digits, 1, INT32_MAX, &pid, &ignored) == 0 &&
	    kill((pid_t)pid, 0) == -1 && errno == ESRCH &&
	    fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
	    time(NULL) - status.st_mtime > LEFT_S;
}

/* What a drill that was killed has left is data of somebody. */
static void
remove_left(const char *path)
{
	DIR *list = opendir(path);

	if (list == NULL)
		return;
	for (struct dirent *e; (e = readdir(list)) != NULL;)
		if (is_left(dirfd(list), e->d_name))
			(void)!beneath_remove(dirfd(list), e->d_name);
	closedir(list);
}

static int
scratch_open(struct drill *drill, struct ak_err *err)
{
	const char *dir = getenv("TMPDIR");
	AK_FREE char *path = NULL;
	struct statvfs room;
	uint64_t need = 0, have;

	dir = dir != NULL && *dir != '\0' ? dir : "/var/tmp";
	remove_left(dir);
	path = ak_printf("%s/" SCRATCH "%ld-XXXXXX", dir, (long)getpid());
	if (mkdtemp(path) == NULL)
		return ak_fail_sys(err, AK_CANTCREATE, "%s", path);
	drill->scratch = ak_take(&path);
	drill->fd = open(drill->scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (drill->fd == -1 || fstatvfs(drill->fd, &room) == -1)
		return ak_fail_sys(err, AK_IO, "%s", drill->scratch);
	for (size_t i = 0; i < drill->snap->source_count; i++)
		need += drill->snap->sources[i].bytes;
	have = (uint64_t)room.f_bavail * room.f_frsize;
	if (need <= have)
		return 0;
	AK_BUF struct ak_buf size = { 0 };

	ak_str_from_size(&size, (int64_t)need);
	ak_err_set(err, AK_IO, "%s: no room for %s", drill->scratch, size.data);
	ak_err_help(err, "TMPDIR names another place");
	return -1;
}

static void
scratch_close(struct drill *drill)
{
	AK_FREE char *path = ak_strdup(drill->scratch ? drill->scratch : "");
	char *slash = strrchr(path, '/');
	AK_CLOSE int parent = -1;

	if (slash != NULL) {
		*slash = '\0';
		parent = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (beneath_remove(parent, slash + 1) == -1)
			ak_cmd_warn(drill->ctx, "%s: %s", drill->scratch,
			    strerror(errno));
	}
	ak_close_scope(&drill->fd);
	free(drill->scratch);
}

/* Each source has a directory of its own, named by its number. */
static int
place_of(struct drill *drill, size_t number, struct ak_err *err)
{
	AK_FREE char *name = ak_printf("%zu", number);
	int fd = -1;

	if (mkdirat(drill->fd, name, 0700) == 0)
		fd = openat(drill->fd, name,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		ak_err_set_sys(err, AK_CANTCREATE, "%s/%s", drill->scratch,
		    name);
	return fd;
}

static void
restore_source(struct drill *drill, size_t number)
{
	const struct snap_source *source = &drill->snap->sources[number];
	struct restored what = { drill->snap, source };
	struct ak_err err = { 0 };
	AK_CLOSE int dir = -1;

	if (source->failed) {
		ak_err_set(&err, AK_NOINPUT, "failed when it was backed up: %s",
		    source->problem != NULL ? source->problem : "");
		drill_problem(drill, source->name, &err);
		return;
	}
	dir = place_of(drill, number, &err);
	if (dir == -1 ||
	    restore_into(drill->ctx, &drill->session, &what, dir, &drill->sums,
		&err) == -1)
		drill_problem(drill, source->name, &err);
}

static void
look_source(struct drill *drill, size_t number)
{
	const struct snap_source *source = &drill->snap->sources[number];
	AK_FREE char *name = ak_printf("%zu", number);
	AK_FREE char *path = ak_printf("/%s", source->prefix);
	AK_CLOSE int dir = openat(drill->fd, name,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir == -1 || source->failed)
		return;
	if (ak_streq(source->type, "postgres"))
		drill_dumps(drill, source, dir);
	else
		drill_files(drill, dir, path);
}

static void
report(struct drill *drill, int64_t begin, int64_t restored)
{
	struct ak_out *out = drill->ctx->out;
	int64_t now = ak_proc_now_ms();

	ak_out_begin(out, &view);
	ak_out_str(out, "snapshot", drill->snap->name);
	ak_out_int(out, "files", (int64_t)drill->sums.files);
	ak_out_int(out, "total_bytes", (int64_t)drill->sums.bytes);
	ak_out_int(out, "sqlite", (int64_t)drill->sqlite);
	ak_out_int(out, "databases", (int64_t)drill->databases);
	ak_out_int(out, "json", (int64_t)drill->json);
	if (drill->json_bad > 0)
		ak_out_int(out, "json_bad", (int64_t)drill->json_bad);
	ak_out_int(out, "problems", (int64_t)drill->problems);
	ak_out_number(out, "restore_seconds",
	    (double)(restored - begin) / 1000);
	ak_out_number(out, "seconds", (double)(now - begin) / 1000);
	ak_out_end(out);
	if (drill->shallow > 0)
		ak_cmd_warn(drill->ctx,
		    "%llu SQLite databases: only their headers were looked at "
		    "(install sqlite3)",
		    (unsigned long long)drill->shallow);
}

static int
run(struct drill *drill, const char *snapshot, struct ak_err *err)
{
	int64_t begin, restored;

	if (snap_find(drill->session.repo, snapshot, &drill->snap, err) == -1 ||
	    scratch_open(drill, err) == -1)
		return -1;
	begin = ak_proc_now_ms();
	for (size_t i = 0; i < drill->snap->source_count; i++)
		restore_source(drill, i);
	restored = ak_proc_now_ms();
	for (size_t i = 0; i < drill->snap->source_count; i++)
		look_source(drill, i);
	report(drill, begin, restored);
	if (drill->problems == 0)
		return 0;
	return ak_fail(err, AK_DATA, "%s: %llu problems; the first: %s",
	    drill->snap->name, (unsigned long long)drill->problems,
	    drill->first.text);
}

int
drill_run(struct ak_ctx *ctx, const char *snapshot)
{
	struct drill drill = { .ctx = ctx, .fd = -1 };
	int64_t begin = ak_str_now();
	int got;

	if (session_open(&drill.session, ctx, 2) == -1)
		return -1;
	got = run(&drill, snapshot != NULL ? snapshot : "latest", &ctx->err);
	care_done(ctx, drill.session.repo, CARE_DRILL, begin,
	    got == -1 ? ctx->err.text : NULL);
	scratch_close(&drill);
	if (drill.snap != NULL)
		snap_free(drill.snap);
	session_close(&drill.session);
	return got;
}
