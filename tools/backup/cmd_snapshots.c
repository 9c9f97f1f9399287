/*
 * cmd_snapshots - all snapshots; and one, with its sources and warnings.
 */
#include "lib/json.h"

#include "tools/backup/commands.h"
#include "tools/backup/records.h"

static struct {
	const char *tag;
} o;

const struct ak_opt snapshots_options[] = {
	{ 0, "tag", "tag", "those that have it", AK_STRING(&o.tag) },
	{ 0 },
};

static bool
has_tag(const struct snap *snap, const char *tag)
{
	for (size_t i = 0; i < snap->tag_count; i++)
		if (ak_streq(snap->tags[i], tag))
			return true;
	return false;
}

/* Those that cannot be read are told, and are damage. */
static int
list(struct ak_ctx *ctx, const struct snaps *snaps)
{
	size_t shown = 0;

	for (size_t i = 0; i < snaps->count; i++) {
		if (o.tag && !has_tag(snaps->items[i], o.tag))
			continue;
		record_snapshot(ctx->out, snaps->items[i]);
		shown++;
	}
	ak_out_note(ctx->out, "%zu snapshots", shown);
	for (size_t i = 0; i < snaps->bad_count; i++)
		ak_cmd_warn(ctx, "%s: cannot be read", snaps->bad[i]);
	if (snaps->bad_count > 0)
		return ak_fail(&ctx->err, AK_DATA,
		    "%zu snapshots cannot be read", snaps->bad_count);
	return 0;
}

int
snapshots_run(struct ak_ctx *ctx, int count AK_UNUSED,
    char *operands[] AK_UNUSED)
{
	REPO struct repo *repo = NULL;
	struct snaps snaps = { 0 };
	int got;

	if (repo_open_asked(&repo, &ctx->err) == -1 ||
	    snap_list(repo, &snaps, &ctx->err) == -1)
		return -1;
	got = list(ctx, &snaps);
	snaps_free(&snaps);
	return got;
}

static const struct ak_view warning_view = {
	"warning",
	AK_COLUMNS({ "text", "WARNING", AK_SHOW_TEXT, 0, "yellow" }),
	false,
};

static void
show_warning(struct ak_out *out, const char *text)
{
	ak_out_begin(out, &warning_view);
	ak_out_str(out, "text", text);
	ak_out_end(out);
}

static const struct ak_view kit_view = {
	"kit",
	AK_COLUMNS({ "json", "KIT", AK_SHOW_TEXT, 0, NULL }),
	false,
};

/* What a kit was when it was backed up, as the snapshot keeps it. */
static void
show_more(struct ak_out *out, const struct ak_json *more)
{
	AK_BUF struct ak_buf text = { 0 };

	if (!more)
		return;
	ak_json_print(more, &text);
	ak_out_begin(out, &kit_view);
	ak_out_str(out, "json", ak_buf_text(&text));
	ak_out_end(out);
}

int
show_run(struct ak_ctx *ctx, int count AK_UNUSED, char *operands[])
{
	REPO struct repo *repo = NULL;
	struct snap *snap = NULL;

	if (repo_open_asked(&repo, &ctx->err) == -1 ||
	    snap_find(repo, operands[0], &snap, &ctx->err) == -1)
		return -1;
	record_snapshot(ctx->out, snap);
	for (size_t i = 0; i < snap->source_count; i++)
		record_source(ctx->out, &snap->sources[i]);
	for (size_t i = 0; i < snap->warning_count; i++)
		show_warning(ctx->out, snap->warnings[i]);
	show_more(ctx->out, snap->more);
	snap_free(snap);
	return 0;
}
