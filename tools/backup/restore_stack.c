/*
 * restore_stack - a whole kit brought back on an empty machine.
 *
 * What is refused comes first, then nothing is asked any more: the folder, the
 * volumes, the databases, exactly the services that ran, and their health. Only
 * when that is well goes what was replaced.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/proc.h"
#include "tools/backup/revive.h"

static const struct ak_view view = {
	"revived",
	AK_COLUMNS({ "action", "ACTION", AK_SHOW_TEXT, 0, NULL },
	    { "name", "NAME", AK_SHOW_TEXT, 0, NULL }),
	false,
};
static const struct ak_view sum_view = {
	"restored_stack",
	AK_COLUMNS({ "snapshot", "SNAPSHOT", AK_SHOW_TEXT, 0, NULL },
	    { "stack", "STACK", AK_SHOW_TEXT, 0, NULL },
	    { "services", "SERVICES", AK_SHOW_NUMBER, 0, NULL },
	    { "files", "FILES", AK_SHOW_NUMBER, 0, NULL },
	    { "total_bytes", "SIZE", AK_SHOW_SIZE, 0, NULL },
	    { "seconds", "TOOK", AK_SHOW_SECONDS, 0, NULL }),
	false,
};

void
revive_record(struct revival *revival, const char *action, const char *what)
{
	struct ak_out *out = revival->ctx->out;

	ak_out_begin(out, &view);
	ak_out_str(out, "action", action);
	ak_out_str(out, "name", what);
	ak_out_end(out);
	ak_out_flush(out);
}

static int
open_snapshot(struct revival *revival, const char *snapshot,
    const struct restore_options *options, struct ak_err *err)
{
	const char *variable = getenv("AIKIT_STACK_KIT"), *dir = options->to;
	const char *project;

	if (session_open(&revival->session, revival->ctx, 2) == -1 ||
	    snap_find(revival->session.repo, snapshot, &revival->snap, err) ==
		-1)
		return -1;
	revival->manifest = ak_json_get(revival->snap->more, "kit");
	project = ak_json_str(ak_json_get(revival->manifest, "project"));
	if (project == NULL) {
		ak_err_set(err, AK_USAGE, "%s: no kit is in it",
		    revival->snap->name);
		ak_err_help(err, "restore %s --to DIR", revival->snap->name);
		return -1;
	}
	if (dir == NULL && variable != NULL && *variable != '\0')
		dir = variable;
	if (dir == NULL)
		dir = ak_json_str(ak_json_get(revival->manifest, "dir"));
	if (dir == NULL)
		return ak_fail(err, AK_DATA, "%s: no folder of the kit",
		    revival->snap->name);
	revival->dir = ak_strdup(dir);
	revival->project = ak_strdup(project);
	return engine_open(&revival->engine, err);
}

/* What of this kit lives on this machine, as words. */
static int
list_living(struct revival *revival, const struct boxes *boxes, bool show,
    size_t *count, struct ak_err *err)
{
	char **volumes = NULL;

	*count = 0;
	if (engine_volumes(revival->engine, revival->project, &volumes, err) ==
	    -1)
		return -1;
	for (size_t i = 0; i < boxes->count; i++, ++*count)
		if (show)
			revive_record(revival, "replace container",
			    boxes->items[i].name);
	for (size_t i = 0; volumes[i] != NULL; i++, ++*count) {
		if (show)
			revive_record(revival, "replace volume", volumes[i]);
		free(volumes[i]);
	}
	free(volumes);
	return 0;
}

static int
agree(struct revival *revival, size_t living, bool yes, struct ak_err *err)
{
	char answer[8] = "";

	if (living == 0 || yes)
		return 0;
	if (!isatty(STDIN_FILENO)) {
		ak_err_set(err, AK_USAGE,
		    "%s lives here: %zu containers and volumes would be "
		    "replaced",
		    revival->project, living);
		ak_err_help(err, "--plan lists them, --yes agrees to that");
		return -1;
	}
	ak_out_flush(revival->ctx->out);
	fprintf(stderr, "Replace these %zu containers and volumes? [y/N] ",
	    living);
	if (fgets(answer, sizeof(answer), stdin) == NULL ||
	    (answer[0] != 'y' && answer[0] != 'Y'))
		return ak_fail(err, AK_NO, "not agreed to");
	return 0;
}

static int
remove_boxes(struct revival *revival, const struct boxes *boxes,
    struct ak_err *err)
{
	for (size_t i = 0; i < boxes->count; i++) {
		const struct box *box = &boxes->items[i];
		AK_FREE char *path = ak_printf("/containers/%s?force=1&v=0",
		    box->id);

		if (box->paused &&
		    box_order(revival->engine, box, "unpause", err) == -1)
			return -1;
		if ((box->running &&
			box_order(revival->engine, box, "stop", err) == -1) ||
		    engine_order(revival->engine, "DELETE", path, NULL, err) ==
			-1)
			return -1;
	}
	return 0;
}

/* What failed when it was backed up. */
static void
tell_lacking(struct revival *revival)
{
	for (size_t i = 0; i < revival->snap->source_count; i++) {
		const struct snap_source *source = &revival->snap->sources[i];

		if (!source->failed)
			continue;
		revival->lacking++;
		ak_cmd_warn(revival->ctx, "%s: it is not in the snapshot: %s",
		    source->name, source->problem);
	}
}

static int
plan(struct revival *revival, const struct boxes *boxes, struct ak_err *err)
{
	size_t living;

	if (list_living(revival, boxes, true, &living, err) == -1)
		return -1;
	for (size_t i = 0; i < revival->snap->source_count; i++)
		if (!revival->snap->sources[i].failed)
			revive_record(revival, "restore",
			    revival->snap->sources[i].name);
	return 1;
}

typedef int revive_fn(struct revival *revival, const struct snap_source *source,
    struct ak_err *err);

/* What is damaged loses its own files, not those of the others. */
static int
each_source(struct revival *revival, const char *type, const char *below,
    revive_fn *revive, struct ak_err *err)
{
	for (size_t i = 0; i < revival->snap->source_count; i++) {
		const struct snap_source *source = &revival->snap->sources[i];

		if (!ak_streq(source->type, type) || source->failed ||
		    !ak_starts(source->prefix, below) ||
		    revive(revival, source, err) == 0)
			continue;
		if (!ak_starts(err->text, source->name))
			(void)!ak_fail_in(err, "%s", source->name);
		if (err->code != AK_DATA)
			return -1;
		ak_cmd_warn(revival->ctx, "%s", err->text);
		*err = (struct ak_err){ 0 };
		revival->damaged++;
	}
	return 0;
}

/* Folders of the machine that were not the kit's are a person's to decide. */
static void
tell_folders(struct revival *revival)
{
	for (size_t i = 0; i < revival->snap->source_count; i++) {
		const struct snap_source *source = &revival->snap->sources[i];

		if (ak_streq(source->type, "dir") && !source->failed)
			ak_cmd_warn(revival->ctx,
			    "/%s: not restored (aikit-backup restore %s /%s)",
			    source->prefix, revival->snap->name,
			    source->prefix);
	}
}

/* The services that ran, and no other. */
static int
start(struct revival *revival, size_t *count, struct ak_err *err)
{
	const struct ak_json *services = ak_json_get(revival->manifest,
	    "services");
	AK_FREE const char **words = ak_calloc(ak_json_count(services) + 2,
	    sizeof(*words));
	static const char *const health[] = { "health", NULL };

	words[0] = "up";
	*count = 0;
	ak_json_each(service, services)
		if (ak_json_str(service) != NULL)
			words[++*count] = ak_json_str(service);
	if (*count == 0)
		return 0;
	if (revive_stack(revival, words, err) == -1)
		return -1;
	revival->ill = revive_stack(revival, health, err) == -1;
	if (revival->ill)
		ak_cmd_warn(revival->ctx, "%s", err->text);
	return 0;
}

/* What was replaced goes only when the kit is whole and well. */
static int
settle(struct revival *revival, struct ak_err *err)
{
	if (!revival->ill && !revival->lacking && !revival->damaged) {
		/* Not before what replaces it is on the disk. */
		sync();
		revive_forget_aside(revival);
		return 0;
	}
	if (revival->aside_count > 0 || revival->folder_aside != NULL)
		ak_cmd_warn(revival->ctx,
		    "what was replaced is kept as *.replaced-%s",
		    revival->stamp);
	if (revival->damaged > 0)
		return ak_fail(err, AK_DATA, "%zu of its sources are damaged",
		    revival->damaged);
	return 1;
}

static void
report(struct revival *revival, size_t services, int64_t begin)
{
	struct ak_out *out = revival->ctx->out;

	ak_out_begin(out, &sum_view);
	ak_out_str(out, "snapshot", revival->snap->name);
	ak_out_str(out, "stack", revival->project);
	ak_out_int(out, "services", (int64_t)services);
	ak_out_int(out, "files", (int64_t)revival->sums.files);
	ak_out_int(out, "total_bytes", (int64_t)revival->sums.bytes);
	ak_out_number(out, "seconds",
	    (double)(ak_proc_now_ms() - begin) / 1000);
	ak_out_end(out);
}

static int
revive_all(struct revival *revival, size_t *services, struct ak_err *err)
{
	if (revive_kit(revival, err) == -1 ||
	    each_source(revival, "volume", "volumes/", revive_volume, err) ==
		-1 ||
	    each_source(revival, "postgres", "databases/", revive_databases,
		err) == -1)
		return -1;
	return start(revival, services, err);
}

static int
revive(struct revival *revival, const struct restore_options *options,
    struct ak_err *err)
{
	int64_t begin = ak_proc_now_ms();
	BOXES struct boxes boxes = { 0 };
	size_t living, services = 0;

	if (engine_boxes(revival->engine, DOCKER_PROJECT, revival->project,
		&boxes, err) == -1 ||
	    revive_check_keys(revival, err) == -1)
		return -1;
	tell_lacking(revival);
	if (options->plan)
		return plan(revival, &boxes, err);
	if (list_living(revival, &boxes, !options->yes, &living, err) == -1 ||
	    agree(revival, living, options->yes, err) == -1 ||
	    remove_boxes(revival, &boxes, err) == -1)
		return -1;
	if (revive_all(revival, &services, err) == -1) {
		if (revival->aside_count > 0 || revival->folder_aside != NULL)
			ak_err_help(err,
			    "what was replaced is kept as *.replaced-%s",
			    revival->stamp);
		return -1;
	}
	tell_folders(revival);
	report(revival, services, begin);
	return settle(revival, err);
}

static void
revival_free(struct revival *revival)
{
	for (size_t i = 0; i < revival->aside_count; i++)
		free(revival->aside[i]);
	free(revival->aside);
	free(revival->folder_aside);
	free(revival->dir);
	free(revival->project);
	kit_close(revival->kit);
	ak_docker_close(&revival->engine);
	if (revival->snap != NULL)
		snap_free(revival->snap);
	session_close(&revival->session);
}

int
restore_stack(struct ak_ctx *ctx, const char *snapshot,
    const struct restore_options *options)
{
	struct revival revival = { .ctx = ctx };
	time_t now = time(NULL);
	struct tm utc;
	int got;

	strftime(revival.stamp, sizeof(revival.stamp), "%Y%m%dT%H%M%SZ",
	    gmtime_r(&now, &utc));
	got = open_snapshot(&revival, snapshot, options, &ctx->err);
	if (got == 0)
		got = revive(&revival, options, &ctx->err);
	revival_free(&revival);
	return got;
}
