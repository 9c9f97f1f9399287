/*
 * plan - what a backup would take, and what it would not: one record each.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/backup/exec.h"
#include "tools/backup/postgres.h"
#include "tools/backup/stack.h"

static const struct ak_view view = {
	"backup_plan",
	AK_COLUMNS({ "state", "STATE", AK_SHOW_TEXT, 0,
		       "covered=green uncovered=red excluded=yellow" },
	    { "kind", "KIND", AK_SHOW_TEXT, 0, NULL },
	    { "name", "NAME", AK_SHOW_TEXT, 0, NULL },
	    { "service", "SERVICE", AK_SHOW_TEXT, 0, NULL },
	    { "how", "HOW", AK_SHOW_TEXT, 0, NULL },
	    { "max_seconds", "HELD AT MOST", AK_SHOW_SECONDS, 0, NULL },
	    { "reason", "REASON", AK_SHOW_TEXT, 0, NULL }),
	false,
};

static const char *const states[] = {
	[PART_FILES] = "covered",
	[PART_DATABASES] = "covered",
	[PART_ABSENT] = "covered",
	[PART_EXCLUDED] = "excluded",
	[PART_UNCOVERED] = "uncovered",
};

static const char *
reason_of(const struct part *part)
{
	if (part->fate == PART_ABSENT)
		return "nothing is there yet";
	if (part->fate == PART_FILES &&
	    part->holding->keep.how == KEEP_POSTGRES)
		return "its server does not run: its files";
	return part->reason;
}

static void
print_part(struct ak_out *out, const struct part *part)
{
	const struct holding *holding = part->holding;

	ak_out_begin(out, &view);
	ak_out_str(out, "state", states[part->fate]);
	ak_out_str(out, "kind", holding->volume != NULL ? "volume" : "folder");
	ak_out_str(out, "name", holding->name);
	ak_out_str(out, "service", holding->service);
	if (holding->keep.how != KEEP_UNSAID)
		ak_out_str(out, "how", keep_names[holding->keep.how]);
	if (holding->keep.max_ms > 0)
		ak_out_number(out, "max_seconds",
		    (double)holding->keep.max_ms / 1000);
	ak_out_str(out, "reason", reason_of(part));
	ak_out_end(out);
}

static void
print_plain(struct ak_out *out, const char *kind, const char *name,
    const char *service)
{
	ak_out_begin(out, &view);
	ak_out_str(out, "state", "covered");
	ak_out_str(out, "kind", kind);
	ak_out_str(out, "name", name);
	ak_out_str(out, "service", service);
	ak_out_end(out);
}

static int
print_databases(struct ak_out *out, const struct part *part, struct ak_err *err)
{
	char **names = NULL;

	if (postgres_databases(part->box->name, &names, err) == -1)
		return -1;
	for (size_t i = 0; names[i] != NULL; i++)
		print_plain(out, "database", names[i], part->holding->service);
	exec_words_free(names);
	return 0;
}

static int
plan_stack(struct ak_ctx *ctx, struct sources *sources, const char *dir)
{
	HOLDINGS struct holdings holdings = { 0 };
	struct part part;
	int uncovered = 0;

	if (stack_open(sources, dir, &ctx->err) == -1 ||
	    kit_holdings(sources->kit, &holdings, &ctx->err) == -1)
		return -1;
	print_plain(ctx->out, "kit", sources->kit->dir, NULL);
	for (size_t i = 0; i < holdings.count; i++) {
		if (part_judge(sources, &holdings.items[i], &part, &ctx->err) ==
		    -1)
			return -1;
		print_part(ctx->out, &part);
		if (part.fate == PART_UNCOVERED)
			uncovered = 1;
		if (part.fate == PART_DATABASES &&
		    print_databases(ctx->out, &part, &ctx->err) == -1)
			return -1;
	}
	return uncovered;
}

static int
plan_word(struct ak_ctx *ctx, struct sources *sources, const char *word)
{
	const struct source *source;

	if (ak_starts(word, "stack:"))
		return plan_stack(ctx, sources, word + strlen("stack:"));
	if (sources_add(sources, word, &ctx->err) == -1)
		return -1;
	source = &sources->items[sources->count - 1];
	print_plain(ctx->out, source->type, source->name, NULL);
	return 0;
}

int
sources_plan(struct ak_ctx *ctx, size_t count, char *const words[], bool models)
{
	struct sources sources = { .models = models };
	int answer = 0, got;

	if (count == 0)
		return ak_fail(&ctx->err, AK_USAGE, "name a source");
	for (size_t i = 0; answer != -1 && i < count; i++) {
		got = plan_word(ctx, &sources, words[i]);
		answer = got != 0 ? got : answer;
	}
	sources_free(&sources);
	return answer;
}
