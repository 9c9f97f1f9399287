/*
 * cmd_restore - bring back a snapshot, or paths of it.
 */
#include <sys/resource.h>

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/backup/commands.h"
#include "tools/backup/records.h"
#include "tools/backup/restore.h"

#define TREE_FRAMES 2

static struct restore_options o;

const struct ak_opt restore_options[] = {
	{ 0, "to", "dir", "restore below this directory", AK_STRING(&o.to) },
	{ 0, "in-place", NULL, "change what is there into what was",
	    AK_FLAG(&o.in_place) },
	{ 0, "delete", NULL, "with --in-place: remove what it does not have",
	    AK_FLAG(&o.delete) },
	{ 0, "plan", NULL, "what would be done", AK_FLAG(&o.plan) },
	{ 0, "stack", NULL, "bring back a whole kit", AK_FLAG(&o.stack) },
	{ 'y', "yes", NULL, "do not ask", AK_FLAG(&o.yes) },
	{ 0 },
};

static const struct ak_view restored_view = {
	"restored",
	AK_COLUMNS({ "snapshot", "SNAPSHOT", AK_SHOW_TEXT, 0, NULL },
	    { "files", "FILES", AK_SHOW_NUMBER, 0, NULL },
	    { "same", "SAME", AK_SHOW_NUMBER, 0, NULL },
	    { "dirs", "DIRS", AK_SHOW_NUMBER, 0, NULL },
	    { "total_bytes", "SIZE", AK_SHOW_SIZE, 0, NULL },
	    { "removed", "REMOVED", AK_SHOW_NUMBER, 0, NULL },
	    { "damaged", "DAMAGED", AK_SHOW_NUMBER, 0, "red" },
	    { "failed", "FAILED", AK_SHOW_NUMBER, 0, "red" },
	    { "seconds", "TOOK", AK_SHOW_SECONDS, 0, NULL }),
	false,
};

static void
tell(struct restore *restore, const char *action, const char *path,
    const struct ak_err *why)
{
	if (restore->first.code == AK_DONE ||
	    (why->code == AK_DATA && restore->first.code != AK_DATA))
		restore->first = *why;
	if (strstr(why->text, path) != NULL)
		ak_cmd_warn(restore->ctx, "%s", why->text);
	else
		ak_cmd_warn(restore->ctx, "%s: %s", path, why->text);
	record_action(restore->ctx->out, action, path, -1);
}

void
restore_lost(struct restore *restore, const char *path,
    const struct ak_err *why)
{
	pthread_mutex_lock(&restore->lock);
	restore->damaged++;
	tell(restore, "damaged", path, why);
	pthread_mutex_unlock(&restore->lock);
}

void
restore_failed(struct restore *restore, const char *path,
    const struct ak_err *why)
{
	pthread_mutex_lock(&restore->lock);
	restore->failed++;
	tell(restore, "failed", path, why);
	pthread_mutex_unlock(&restore->lock);
}

void
restore_missed(struct restore *restore, unsigned missed)
{
	if (missed == 0)
		return;
	pthread_mutex_lock(&restore->lock);
	restore->missed |= missed;
	pthread_mutex_unlock(&restore->lock);
}

void
restore_path(const struct restore *restore, const struct entry *entry,
    struct ak_buf *buf)
{
	path_join(buf, restore->target.base, (const char *)entry->path);
}

/* What is lost of a tree: names that nobody knows. */
static void
on_lost(void *arg, const struct snap_source *source, const struct ak_err *why)
{
	struct restore *restore = arg;
	AK_FREE char *what = ak_printf("%s: entries of its tree", source->name);

	restore_lost(restore, what, why);
}

static int
restore_source(struct restore *restore, struct ak_err *err)
{
	struct visit visit = { &restore->session, restore->snap,
		&restore->wanted, restore_make, on_lost, restore };
	int got;

	if (o.plan)
		visit.entry = restore_plan;
	got = visit_source(&visit, restore->source, err);
	if (o.plan)
		return got;
	restore_pool_wait(restore->pool);
	if (atomic_load(&restore->stop)) {
		*err = restore->first;
		return -1;
	}
	if (got == 0 && o.delete)
		got = restore_delete(restore, false, err);
	return got == -1 ? -1 : restore_end_source(restore, err);
}

static int
one_source(struct restore *restore, const struct snap_source *source,
    int (*what)(struct restore *restore, struct ak_err *err))
{
	struct ak_err *err = &restore->ctx->err;
	int got;

	if (!wanted_below(&restore->wanted, source->prefix))
		return 0;
	if (source->failed) {
		ak_cmd_warn(restore->ctx,
		    "%s: failed when it was backed up, nothing of it is there",
		    source->name);
		return 0;
	}
	/* Names are below one root: what another has is out of reach. */
	if (!o.to) {
		links_free(restore->links);
		restore->links = links_new();
	}
	got = restore_open_target(restore, source, err);
	if (got == 0)
		got = what(restore, err);
	restore_close_target(restore);
	return got;
}

/*
 * Each source, by what; one that lies in another goes first, so that times of
 * directories are set when nothing is made in them any more.
 */
static int
each_source(struct restore *restore,
    int (*what)(struct restore *restore, struct ak_err *err))
{
	AK_FREE const struct snap_source **order = restore_order(restore->snap);

	for (size_t i = 0; order[i]; i++)
		if (one_source(restore, order[i], what) == -1)
			return -1;
	return 0;
}

static int
list_removals(struct restore *restore, struct ak_err *err)
{
	return restore->target.root == -1 ? 0
					  : restore_delete(restore, true, err);
}

/* At a terminal a person says so; else --yes must have. */
static int
agree(struct restore *restore)
{
	unsigned long long count = restore->removed;
	char answer[8] = "";

	restore->removed = 0;
	if (count == 0 || o.yes)
		return 0;
	if (!isatty(STDIN_FILENO)) {
		ak_err_set(&restore->ctx->err, AK_USAGE,
		    "%llu path%s would be removed", count,
		    count == 1 ? "" : "s");
		ak_err_help(&restore->ctx->err, "--yes agrees to that");
		return -1;
	}
	ak_out_flush(restore->ctx->out);
	fprintf(stderr, "Remove the %llu above? [y/N] ", count);
	if (!fgets(answer, sizeof(answer), stdin) ||
	    (answer[0] != 'y' && answer[0] != 'Y'))
		return ak_fail(&restore->ctx->err, AK_NO, "not agreed to");
	return 0;
}

static void
report(struct restore *restore, int64_t ms)
{
	AK_BUF struct ak_buf words = { 0 };
	struct ak_out *out = restore->ctx->out;

	missed_words(restore->missed, &words);
	if (words.len > 0)
		ak_cmd_warn(restore->ctx,
		    "not restored, since this user may "
		    "not or the file system does not: %s",
		    words.data);
	ak_out_begin(out, &restored_view);
	ak_out_str(out, "snapshot", restore->snap->name);
	ak_out_int(out, "files", (int64_t)restore->files);
	ak_out_int(out, "dirs", (int64_t)restore->dirs);
	ak_out_int(out, "total_bytes", (int64_t)restore->bytes);
	if (o.in_place)
		ak_out_int(out, "same", (int64_t)restore->same);
	if (o.delete)
		ak_out_int(out, "removed", (int64_t)restore->removed);
	if (restore->damaged > 0)
		ak_out_int(out, "damaged", (int64_t)restore->damaged);
	if (restore->failed > 0)
		ak_out_int(out, "failed", (int64_t)restore->failed);
	ak_out_number(out, "seconds", (double)ms / 1000);
	ak_out_end(out);
}

static int
outcome(const struct restore *restore)
{
	struct ak_err *err = &restore->ctx->err;
	const char *missing = wanted_missing(&restore->wanted);
	unsigned long long damaged = restore->damaged;
	unsigned long long failed = restore->failed;

	if (damaged > 0)
		return ak_fail(err, AK_DATA,
		    "%llu damaged, all else is restored", damaged);
	if (failed > 0)
		return ak_fail(err, restore->first.code,
		    "%llu could not be restored", failed);
	if (missing)
		return ak_fail(err, AK_NOINPUT, "%s: not in the snapshot",
		    missing);
	return o.plan && restore->would ? 1 : 0;
}

/* Of what is asked for in part, all: it is done before it seems. */
static void
expect(struct restore *restore)
{
	for (size_t i = 0; i < restore->snap->source_count; i++) {
		const struct snap_source *source = &restore->snap->sources[i];

		if (!source->failed &&
		    wanted_below(&restore->wanted, source->prefix))
			restore->expected_bytes += source->bytes;
	}
}

/* A file that could not be read is not in it, and would be removed. */
static void
tell_gaps(const struct restore *restore)
{
	if (o.delete &&restore->snap->warning_count > 0)
		ak_cmd_warn(restore->ctx,
		    "the snapshot may lack what was told when it was made "
		    "(aikit-backup show %s)",
		    restore->snap->name);
}

static int
restore_all(struct restore *restore)
{
	struct timespec begin, end;
	int got;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	expect(restore);
	tell_gaps(restore);
	if (restore_others_collect(restore, &restore->ctx->err) == -1)
		return -1;
	if (o.delete &&each_source(restore, list_removals) == -1)
		return -1;
	restore->would = restore->removed > 0;
	if (o.plan)
		return each_source(restore, restore_source) == -1
		    ? -1
		    : outcome(restore);
	if (agree(restore) == -1)
		return -1;
	restore->pool = restore_pool_new(restore, &restore->ctx->err);
	if (!restore->pool)
		return -1;
	got = each_source(restore, restore_source);
	restore_pool_free(restore->pool);
	if (got == -1)
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &end);
	report(restore,
	    (end.tv_sec - begin.tv_sec) * 1000 +
		(end.tv_nsec - begin.tv_nsec) / 1000000);
	return outcome(restore);
}

static int
prepare(struct restore *restore, int count, char *operands[])
{
	struct ak_err *err = &restore->ctx->err;
	struct rlimit files;

	if (o.delete &&!o.in_place)
		return ak_fail(err, AK_USAGE, "--delete goes with --in-place");
	if (wanted_set(&restore->wanted, count > 1 ? (size_t)count - 1 : 0,
		operands + 1, err) == -1 ||
	    session_open(&restore->session, restore->ctx, TREE_FRAMES) == -1)
		return -1;
	/* Directories are open as deep as the walk is. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	return snap_find(restore->session.repo,
	    count > 0 ? operands[0] : "latest", &restore->snap, err);
}

int
restore_run(struct ak_ctx *ctx, int count, char *operands[])
{
	struct restore restore = { .ctx = ctx,
		.options = o,
		.held_dir = -1,
		.target = { .root = -1 },
		.links = links_new() };
	int got;

	if (o.stack) {
		links_free(restore.links);
		return restore_stack(ctx, count > 0 ? operands[0] : "latest",
		    &o);
	}
	pthread_mutex_init(&restore.lock, NULL);
	got = prepare(&restore, count, operands);
	if (got == 0)
		got = restore_all(&restore);
	pthread_mutex_destroy(&restore.lock);
	restore_others_free(&restore);
	wanted_free(&restore.wanted);
	links_free(restore.links);
	if (restore.snap)
		snap_free(restore.snap);
	session_close(&restore.session);
	return got;
}
