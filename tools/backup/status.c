/*
 * status - ages, how it went, what is due next, and whether any is late.
 *
 * What was never done is counted from when the repository was made.
 */
#include <string.h>

#include "lib/str.h"
#include "tools/backup/care.h"
#include "tools/backup/commands.h"
#include "tools/backup/snap.h"

#define HOUR (INT64_C(3600) * 1000000000)
#define DAY (24 * HOUR)

/* After due it should be done, after late somebody should look. */
struct limit {
	enum care_what what;
	int64_t due, late;
	const char *command;
};

static const struct limit limits[] = {
	{ CARE_BACKUP, 24 * HOUR, 36 * HOUR, "aikit-backup backup" },
	{ CARE_DATA, 30 * DAY, 35 * DAY,
	    "aikit-backup verify --level data --due 30d" },
	{ CARE_PRUNE, 7 * DAY, 30 * DAY, "aikit-backup prune" },
	{ CARE_DRILL, 30 * DAY, 45 * DAY, "aikit-backup verify --level drill" },
	/* Never due: only what they found is told. */
	{ CARE_FAST, 0, 0, "aikit-backup repair" },
	{ CARE_SCRUB, 0, 0, "aikit-backup repair" },
};

static const struct ak_view status_view = {
	"status",
	AK_COLUMNS({ "what", "WHAT", AK_SHOW_TEXT, 0, NULL },
	    { "state", "STATE", AK_SHOW_TEXT, 0, NULL },
	    { "success", "LAST", AK_SHOW_AGE, 0, NULL },
	    { "seconds", "TOOK", AK_SHOW_SECONDS, 0, NULL },
	    { "due", "DUE", AK_SHOW_TIME, 0, NULL },
	    { "command", "COMMAND", AK_SHOW_TEXT, 0, NULL }),
	false,
};

struct looking {
	struct ak_ctx *ctx;
	struct repo *repo;
	struct care care;
	int64_t now;
	size_t late;
};

static bool
has_failed(const struct looking *looking, const struct limit *limit)
{
	const struct care_run *run = &looking->care.runs[limit->what];

	return run->time > run->success && !run->ok;
}

static const char *
state_of(const struct looking *looking, const struct limit *limit,
    int64_t success)
{
	int64_t from = success > 0 ? success : looking->repo->created;

	if (has_failed(looking, limit))
		return "failed";
	if (looking->now - from > limit->late)
		return "late";
	if (success == 0)
		return "never";
	return looking->now - from > limit->due ? "due" : "well";
}

static void
line(struct looking *looking, const struct limit *limit)
{
	struct ak_out *out = looking->ctx->out;
	const struct care_run *run = &looking->care.runs[limit->what];
	const char *state = state_of(looking, limit, run->success);
	bool bad = ak_streq(state, "late") || ak_streq(state, "failed");

	ak_out_begin(out, &status_view);
	ak_out_str(out, "what", care_name(limit->what));
	ak_out_str(out, "state", state);
	if (run->success > 0)
		ak_out_time(out, "success", run->success);
	if (run->time > 0)
		ak_out_number(out, "seconds", run->seconds);
	if (limit->due > 0)
		ak_out_time(out, "due",
		    (run->success > 0 ? run->success : looking->repo->created) +
			limit->due);
	ak_out_bool(out, "late", bad);
	if (!ak_streq(state, "well"))
		ak_out_str(out, "command", limit->command);
	ak_out_end(out);
	looking->late += bad;
}

/* A backup of another machine is one, too. */
static int
newest_snapshot(struct looking *looking, size_t *count, struct ak_err *err)
{
	struct care_run *run = &looking->care.runs[CARE_BACKUP];
	struct snaps snaps = { 0 };

	if (snap_list(looking->repo, &snaps, err) == -1)
		return -1;
	*count = snaps.count;
	for (size_t i = 0; i < snaps.count; i++)
		if (snaps.items[i]->end > run->success &&
		    snaps.items[i]->end <= looking->now + HOUR)
			run->success = snaps.items[i]->end;
	if (snaps.bad_count > 0)
		ak_cmd_warn(looking->ctx, "%zu snapshots cannot be read",
		    snaps.bad_count);
	snaps_free(&snaps);
	return 0;
}

int
status_run(struct ak_ctx *ctx, AK_UNUSED int words, AK_UNUSED char *operands[])
{
	REPO struct repo *repo = NULL;
	struct looking looking = { .ctx = ctx, .now = ak_str_now() };
	AK_BUF struct ak_buf size = { 0 };
	size_t count;

	if (repo_open_asked(&repo, &ctx->err) == -1)
		return -1;
	looking.repo = repo;
	if (care_read(repo, &looking.care, &ctx->err) == -1 ||
	    newest_snapshot(&looking, &count, &ctx->err) == -1)
		return -1;
	for (size_t i = 0; i < AK_COUNT(limits); i++)
		if (limits[i].due > 0 || has_failed(&looking, &limits[i]))
			line(&looking, &limits[i]);
	ak_str_from_size(&size, looking.care.bytes);
	ak_out_note(ctx->out, "%zu snapshots, %s", count, size.data);
	return looking.late > 0 ? 1 : 0;
}
