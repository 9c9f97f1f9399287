/*
 * cmd_backup - one snapshot of all sources.
 *
 * A source that fails does not stop the others; a snapshot is written when one
 * was taken in. Each source is walked beside the newest tree there is of it, of
 * this host.
 */
#include <string.h>
#include <unistd.h>

#include "lib/str.h"
#include "tools/backup/care.h"
#include "tools/backup/checkpoint.h"
#include "tools/backup/cmd_backup.h"
#include "tools/backup/commands.h"
#include "tools/backup/records.h"

#define WARNINGS_KEPT 200
#define TREE_FRAMES 4

static struct {
	bool full, independent, plan, exclude_caches, one_file_system, models;
	int64_t limit_rate;
	struct ak_opt_list tags, excludes;
} o;

const struct ak_opt backup_opts[] = {
	{ 0, "full", NULL, "read every byte", AK_FLAG(&o.full) },
	{ 0, "independent", NULL, "with --full: a second copy of all",
	    AK_FLAG(&o.independent) },
	{ 0, "tag", "tag", "a word to find it by", AK_LIST(&o.tags) },
	{ 0, "plan", NULL, "what would be backed up", AK_FLAG(&o.plan) },
	{ 0, "exclude", "pattern", "leave out what matches",
	    AK_LIST(&o.excludes) },
	{ 0, "exclude-caches", NULL, "leave out what has a CACHEDIR.TAG",
	    AK_FLAG(&o.exclude_caches) },
	{ 0, "one-file-system", NULL, "do not enter other file systems",
	    AK_FLAG(&o.one_file_system) },
	{ 0, "models", NULL, "of a kit: the models, not their names alone",
	    AK_FLAG(&o.models) },
	{ 0, "limit-rate", "size", "bytes read a second at most",
	    AK_SIZE(&o.limit_rate) },
	{ 0 },
};

void
backup_warn(void *arg, const char *text)
{
	struct backup_run *run = arg;
	struct snap *snap = run->snap;

	run->incomplete = true;
	ak_cmd_warn(run->ctx, "%s", text);
	if (snap->warning_count == WARNINGS_KEPT)
		return;
	snap->warnings = ak_resize(snap->warnings, snap->warning_count + 1,
	    sizeof(*snap->warnings));
	snap->warnings[snap->warning_count++] = ak_strdup(text);
}

static void
on_message(void *arg, const char *text)
{
	struct backup_run *run = arg;

	ak_cmd_warn(run->ctx, "%s", text);
}

/* The newest snapshot of this host that has the source whole. */
static const struct snap *
newest_with(const struct backup_run *run, const char *source, size_t *which)
{
	for (size_t i = run->snaps.count; i-- > 0;) {
		const struct snap *snap = run->snaps.items[i];

		if (!ak_streq(snap->host, run->snap->host))
			continue;
		for (size_t j = 0; j < snap->source_count; j++) {
			*which = j;
			if (!snap->sources[j].failed &&
			    ak_streq(snap->sources[j].name, source))
				return snap;
		}
	}
	return NULL;
}

static struct before
walk_beside(struct backup_run *run, const struct snap *snap, size_t which)
{
	return (struct before){ .tree = tree_reader_new(run->session.loader,
				    &snap->sources[which].tree),
		.begin = snap->begin };
}

/* What a run that was cut short had, if it is newer than what there is. */
static void
set_resumed(struct backup_run *run, const struct source *source, int64_t newest,
    struct intake *in)
{
	const struct snap *snap = run->resumed;

	if (!snap || snap->begin <= newest ||
	    !ak_streq(snap->host, run->snap->host))
		return;
	for (size_t i = 0; i < snap->source_count; i++)
		if (!snap->sources[i].failed &&
		    ak_streq(snap->sources[i].name, source->name)) {
			in->before[BEFORE_CHECKPOINT] = walk_beside(run, snap,
			    i);
			in->before[BEFORE_CHECKPOINT].cut_short = true;
			return;
		}
}

static void
set_before(struct backup_run *run, const struct source *source,
    struct intake *in)
{
	struct snap *snap = run->snap;
	size_t which;
	const struct snap *before = newest_with(run, source->name, &which);

	if (before && run->parent_begin < before->begin) {
		memcpy(snap->parent, before->name, sizeof(snap->parent));
		run->parent_begin = before->begin;
	}
	if (o.full)
		return;
	if (before)
		in->before[BEFORE_SNAPSHOT] = walk_beside(run, before, which);
	set_resumed(run, source, before ? before->begin : 0, in);
}

static struct snap_source *
add_source(struct snap *snap, const struct source *source)
{
	struct snap_source *about;

	snap->sources = ak_resize(snap->sources, snap->source_count + 1,
	    sizeof(*snap->sources));
	about = &snap->sources[snap->source_count++];
	*about = (struct snap_source){ .type = ak_strdup(source->type),
		.name = ak_strdup(source->name),
		.prefix = ak_strdup(source->prefix ? source->prefix : "") };
	return about;
}

/* Its tree is not ended, so that nothing refers to it. */
static void
source_failed(struct backup_run *run, struct snap_source *about)
{
	AK_FREE char *text = ak_printf("%s: %s", about->name,
	    run->ctx->err.text);

	about->failed = true;
	about->problem = ak_strdup(run->ctx->err.text);
	backup_warn(run, text);
}

static void
take_source(struct backup_run *run, struct source *source)
{
	struct snap_source *about = add_source(run->snap, source);
	struct intake in = { .repo = run->session.repo,
		.saver = run->saver,
		.index = run->session.index,
		.tree = tree_writer_new(run->saver),
		.full = o.full,
		.excludes = o.excludes.count > 0 ? o.excludes.items : NULL,
		.exclude_caches = o.exclude_caches,
		.one_file_system = o.one_file_system,
		.about = about,
		.warn = backup_warn,
		.tell = on_message,
		.progress = backup_progress,
		.checkpoint = checkpoint_due,
		.arg = run };
	int got;

	run->about = about;
	run->tree = in.tree;
	set_before(run, source, &in);
	got = source->take(source, &in, &run->ctx->err);
	if (got == 0)
		got = tree_writer_end(in.tree, &about->tree, &run->ctx->err);
	else
		tree_writer_free(in.tree);
	if (got == -1 && !saver_failed(run->saver))
		source_failed(run, about);
	run->taken += got == 0;
	for (size_t i = 0; i < BEFORES; i++)
		tree_reader_free(in.before[i].tree);
}

static void
begin_snap(struct snap *snap, const struct sources *sources)
{
	snap_begin(snap, &o.tags);
	snap->full = o.full;
	snap->independent = o.independent;
	if (sources->stack)
		snap->stack = ak_strdup(sources->stack);
}

/* Each word of the command line; without any, of the configuration. */
static int
add_words(struct backup_run *run, struct sources *sources, int count,
    char *operands[])
{
	AK_FREE char *text = ak_strdup(count == 0 && backup_options.sources
		? backup_options.sources
		: "");
	char *save = NULL;

	sources->models = o.models;
	sources->warn = on_message;
	sources->arg = run;
	for (int i = 0; i < count; i++)
		if (sources_add(sources, operands[i], &run->ctx->err) == -1)
			return -1;
	for (char *word = strtok_r(text, " \t\n", &save); word;
	     word = strtok_r(NULL, " \t\n", &save))
		if (sources_add(sources, word, &run->ctx->err) == -1)
			return -1;
	if (sources->count > 0)
		return 0;
	ak_err_set(&run->ctx->err, AK_USAGE, "nothing to back up");
	ak_err_help(&run->ctx->err,
	    "name a directory, or set sources in "
	    "[backup] of aikit.conf(5)");
	return -1;
}

/* Chunks, then the index, then the snapshot: until it is there, nothing is. */
static int
store_snap(struct backup_run *run, const struct sources *sources)
{
	struct ak_err *err = &run->ctx->err;
	struct saver_stats stats;

	if (saver_finish(run->saver, err) == -1)
		return -1;
	stats = saver_stats(run->saver);
	run->snap->read_bytes = stats.read_bytes;
	run->snap->new_bytes = stats.new_bytes;
	run->snap->stored_bytes = stats.stored_bytes;
	run->snap->end = ak_str_now();
	if (run->taken == 0)
		return err->code ? -1 : ak_fail(err, AK_NOINPUT, "no source");
	return snap_write(run->session.repo, run->snap, sources->more, err);
}

static int
take_all(struct backup_run *run, struct sources *sources)
{
	struct saver_options how = { .independent = o.independent,
		.rate_limit = o.limit_rate };
	struct ak_err *err = &run->ctx->err, last = { 0 };
	int got;

	if (saver_open(run->session.repo, run->session.index, &how, &run->saver,
		err) == -1)
		return -1;
	backup_progress_begin(run, sources);
	for (size_t i = 0; i < sources->count && !saver_failed(run->saver); i++)
		take_source(run, &sources->items[i]);
	if (sources_end(sources, &last) == -1)
		backup_warn(run, last.text);
	got = store_snap(run, sources);
	backup_progress_end(run);
	return got;
}

static int
back_up(struct backup_run *run, struct sources *sources)
{
	struct ak_err *err = &run->ctx->err;
	int got;

	if (session_open_as_indexed(&run->session, run->ctx, TREE_FRAMES) ==
		-1 ||
	    index_adopt(run->session.repo, run->session.index, true, err) ==
		-1 ||
	    snap_list(run->session.repo, &run->snaps, err) == -1)
		return -1;
	for (size_t i = 0; i < run->snaps.bad_count; i++)
		ak_cmd_warn(run->ctx, "snapshot %s cannot be read",
		    run->snaps.bad[i]);
	begin_snap(run->snap, sources);
	checkpoint_begin(run, sources);
	got = take_all(run, sources);
	if (run->saver)
		saver_close(run->saver);
	care_done(run->ctx, run->session.repo, CARE_BACKUP, run->snap->begin,
	    got == -1		  ? err->text
		: run->incomplete ? "stored, but not all of it"
				  : NULL);
	if (got == -1)
		return -1;
	checkpoint_end(run);
	record_snapshot(run->ctx->out, run->snap);
	return run->incomplete ? 1 : 0;
}

int
backup_run(struct ak_ctx *ctx, int count, char *operands[])
{
	struct backup_run run = { .ctx = ctx };
	struct sources sources = { 0 };
	int got;

	if (o.independent && !o.full)
		return ak_fail(&ctx->err, AK_USAGE,
		    "--independent goes with --full");
	if (o.plan)
		return sources_plan(ctx, (size_t)count, operands, o.models);
	run.snap = ak_calloc(1, sizeof(*run.snap));
	got = add_words(&run, &sources, count, operands);
	if (got == 0)
		got = back_up(&run, &sources);
	sources_free(&sources);
	snaps_free(&run.snaps);
	snap_free(run.resumed);
	snap_free(run.snap);
	session_close(&run.session);
	return got;
}
