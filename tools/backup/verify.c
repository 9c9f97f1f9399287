/*
 * verify - the command: levels in turn, records, and what is written down.
 */
#include "tools/backup/verify.h"

#include <stdio.h>
#include <string.h>

#include "lib/str.h"
#include "lib/term.h"
#include "tools/backup/commands.h"
#include "tools/backup/parity.h"

static struct {
	const char *level, *against, *part;
	int64_t due_ms;
	bool repair;
} o = { .due_ms = -1 };

const struct ak_opt verify_options[] = {
	{ 'l', "level", "level", "fast (the default), scrub, data, drill",
	    AK_STRING(&o.level) },
	{ 0, "against", "path", "beside the files below this directory",
	    AK_STRING(&o.against) },
	{ 0, "due", "time", "only what was not read whole for so long",
	    AK_DURATION(&o.due_ms, 0, INT64_MAX) },
	{ 0, "part", "i/n", "only the ith of n parts", AK_STRING(&o.part) },
	{ 0, "repair", NULL, "put right what can be", AK_FLAG(&o.repair) },
	{ 0 },
};

static const struct ak_view verify_view = {
	"verify",
	AK_COLUMNS({ "level", "LEVEL", AK_SHOW_TEXT, 0, NULL },
	    { "objects", "OBJECTS", AK_SHOW_NUMBER, 0, NULL },
	    { "read_bytes", "READ", AK_SHOW_SIZE, 0, NULL },
	    { "chunks", "CHUNKS", AK_SHOW_NUMBER, 0, NULL },
	    { "damaged", "DAMAGED", AK_SHOW_NUMBER, 0, NULL },
	    { "repaired", "REPAIRED", AK_SHOW_NUMBER, 0, NULL },
	    { "lost_paths", "LOST PATHS", AK_SHOW_NUMBER, 0, NULL },
	    { "seconds", "TOOK", AK_SHOW_SECONDS, 0, NULL }),
	false,
};

static const char *const levels[] = { "fast", "scrub", "data", "against",
	"drill" };

bool
verify_wanted(struct verify *verify, const uint8_t pack[ID_SIZE])
{
	int64_t number = pack[0] << 8 | pack[1];

	if (verify->parts > 0 && number % verify->parts != verify->part - 1)
		return false;
	return verify->due == 0 ||
	    verified_time(&verify->verified, pack) < verify->due;
}

void
verify_tell(struct verify *verify, uint64_t bytes, uint64_t chunks)
{
	pthread_mutex_lock(&verify->damage.mutex);
	verify->objects += bytes > 0;
	verify->bytes += bytes;
	verify->chunks += chunks;
	meter_show(&verify->meter, verify->ctx, "verify", verify->bytes,
	    verify->total_bytes);
	pthread_mutex_unlock(&verify->damage.mutex);
}

static int
level_asked(enum care_what *what, struct ak_err *err)
{
	const char *asked = o.level ? o.level : o.against ? "against" : "fast";

	for (size_t i = 0; i < AK_COUNT(levels); i++)
		if (ak_streq(levels[i], asked)) {
			*what = (enum care_what)(CARE_FAST + i);
			if ((*what == CARE_AGAINST) == (o.against != NULL))
				return 0;
			return ak_fail(err, AK_USAGE,
			    "against needs --against and a snapshot");
		}
	return ak_fail(err, AK_USAGE,
	    "%s: not one of fast, scrub, data, "
	    "against, drill",
	    asked);
}

static int
part_asked(struct verify *verify, struct ak_err *err)
{
	AK_FREE char *i = o.part ? ak_strdup(o.part) : NULL;
	char *slash = i ? strchr(i, '/') : NULL;

	if (o.due_ms >= 0)
		verify->due = verify->begin - o.due_ms * INT64_C(1000000);
	if (!o.part)
		return 0;
	if (!slash)
		return ak_fail(err, AK_USAGE, "%s: not a part as 1/7", o.part);
	*slash = '\0';
	if (ak_str_int(slash + 1, 1, 65536, &verify->parts, err) == -1 ||
	    ak_str_int(i, 1, verify->parts, &verify->part, err) == -1)
		return ak_fail_in(err, "--part");
	return 0;
}

/* Scrub alone opens without a key, unless one was given as well. */
static int
open_it(struct verify *verify, enum care_what level)
{
	struct ak_err *err = &verify->ctx->err;
	AK_FREE char *who = ak_printf("aikit-backup %s",
	    verify->ctx->cmd->name);
	struct session *session = &verify->session;
	struct store *store;

	if (level != CARE_SCRUB || backup_options.key_file ||
	    backup_options.passphrase_file)
		return session_open_as_indexed(session, verify->ctx, 16);
	if (!backup_options.repo)
		return ak_fail(err, AK_USAGE, "no repository is named");
	if (repo_open_blind(backup_options.repo, &session->repo, err) == -1)
		return -1;
	store = session->repo->store;
	return store->ops->lock(store, STORE_SHARED, who, err);
}

static int
look(struct verify *verify, enum care_what level, const struct snap *snap,
    size_t *differ)
{
	struct ak_err *err = &verify->ctx->err;
	bool keyed = verify->session.index != NULL;

	if (keyed && snap && level == CARE_DATA)
		verify->needed =
		    ak_calloc(index_pack_count(verify->session.index) + 1, 1);
	if (keyed && verify_fast(verify, snap, err) == -1)
		return -1;
	/* Those that are read now are counted, not those that are needed. */
	if (level == CARE_DATA || level == CARE_AGAINST)
		verify->chunks = 0;
	if (level == CARE_SCRUB && verify_scrub(verify, true, err) == -1)
		return -1;
	if (level == CARE_DATA &&
	    (verify_scrub(verify, verify->session.repo->cipher == SEAL_NONE,
		 err) == -1 ||
		verify_data(verify, err) == -1))
		return -1;
	if (level == CARE_AGAINST)
		return verify_against(verify, snap, o.against, differ, err);
	return 0;
}

static void
summary(struct verify *verify, enum care_what level, size_t paths)
{
	struct ak_out *out = verify->ctx->out;
	size_t left = damage_left(&verify->damage);

	ak_out_begin(out, &verify_view);
	ak_out_str(out, "level", levels[level - CARE_FAST]);
	ak_out_int(out, "objects", (int64_t)verify->objects);
	ak_out_int(out, "read_bytes", (int64_t)verify->bytes);
	ak_out_int(out, "chunks", (int64_t)verify->chunks);
	ak_out_int(out, "damaged", (int64_t)verify->damage.count);
	ak_out_int(out, "repaired", (int64_t)(verify->damage.count - left));
	ak_out_int(out, "lost_paths", (int64_t)paths);
	ak_out_number(out, "seconds",
	    (double)(ak_str_now() - verify->begin) / 1e9);
	ak_out_end(out);
}

static int
tell_damage(struct verify *verify, size_t *paths)
{
	struct ak_err *err = &verify->ctx->err;

	ak_term_progress_end();
	if (o.repair && repair_all(verify, err) == -1)
		return -1;
	if (verify->damage.count == 0)
		return 0;
	if (verify->session.index && damage_left(&verify->damage) > 0) {
		if (damage_paths(&verify->damage, &verify->session,
			verify->ctx->out, paths, err) == -1)
			return -1;
		if (*paths == 0)
			damage_nothing_lost(&verify->damage);
	}
	damage_records(&verify->damage, verify->ctx->out);
	return 0;
}

/* Since when every pack was read whole; 0: one never was. */
static int64_t
whole_since(struct verify *verify)
{
	const struct index *index = verify->session.index;
	size_t count = index ? index_pack_count(index) : 0;
	int64_t oldest = verify->begin;

	for (size_t i = 0; i < count; i++) {
		int64_t time = verified_time(&verify->verified,
		    index_pack(index, (uint32_t)i)->pack);

		if (!index_trashed(index, (uint32_t)i) && time < oldest)
			oldest = time;
	}
	return oldest;
}

static int
verdict(struct verify *verify, enum care_what level, size_t differ)
{
	size_t left = damage_left(&verify->damage);
	AK_FREE char *problem = left == 0
	    ? NULL
	    : ak_printf("%zu of what was looked at %s damaged", left,
		  left == 1 ? "is" : "are");
	struct ak_err ignored = { 0 };

	if (verified_write(verify->session.repo, &verify->verified, &ignored) ==
	    -1)
		ak_cmd_warn(verify->ctx, "%s", ignored.text);
	care_done_partly(verify->ctx, verify->session.repo, level,
	    verify->begin, problem,
	    level == CARE_DATA ? whole_since(verify) : INT64_MAX);
	if (!problem)
		return differ > 0 ? 1 : 0;
	ak_err_set(&verify->ctx->err, AK_DATA, "%s", problem);
	if (!o.repair)
		ak_err_help(&verify->ctx->err,
		    "aikit-backup verify --repair, see "
		    "docs/backup-recovery.md");
	return -1;
}

static int
verify_it(struct verify *verify, enum care_what level, const char *which)
{
	struct ak_err *err = &verify->ctx->err;
	struct snap *snap = NULL;
	size_t differ = 0, paths = 0;
	int got;

	if (part_asked(verify, err) == -1 || open_it(verify, level) == -1 ||
	    verified_read(verify->session.repo, &verify->verified, err) == -1)
		return -1;
	parity_attach(verify->session.repo);
	if (which && verify->session.index == NULL)
		return ak_fail(err, AK_USAGE,
		    "a snapshot is read with a key; none was given");
	if (which && snap_find(verify->session.repo, which, &snap, err) == -1)
		return -1;
	got = look(verify, level, snap, &differ);
	if (got == 0)
		got = tell_damage(verify, &paths);
	if (snap)
		snap_free(snap);
	if (got == -1)
		return -1;
	summary(verify, level, paths);
	return verdict(verify, level, differ);
}

static int
run(struct ak_ctx *ctx, enum care_what level, const char *which)
{
	struct verify verify = { .ctx = ctx,
		.begin = ak_str_now(),
		.damage = { .mutex = PTHREAD_MUTEX_INITIALIZER } };
	int got = verify_it(&verify, level, which);

	ak_term_progress_end();
	verified_free(&verify.verified);
	damage_free(&verify.damage);
	free(verify.needed);
	session_close(&verify.session);
	return got;
}

int
verify_run(struct ak_ctx *ctx, int count, char *operands[])
{
	const char *which = count > 0 ? operands[0] : NULL;
	enum care_what level;

	if (level_asked(&level, &ctx->err) == -1)
		return -1;
	if (level == CARE_DRILL)
		return drill_run(ctx, which);
	if (level == CARE_AGAINST && !which)
		which = "latest";
	return run(ctx, level, which);
}

static bool plan;
const struct ak_opt repair_options[] = {
	{ 0, "plan", NULL, "what is damaged", AK_FLAG(&plan) },
	{ 0 },
};

int
repair_run(struct ak_ctx *ctx, AK_UNUSED int count, AK_UNUSED char *operands[])
{
	o.repair = !plan;
	return run(ctx, CARE_DATA, NULL);
}
