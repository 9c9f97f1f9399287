/*
 * doctor - what is wrong, and the command that helps.
 *
 * The rules for compose files, the secrets, what runs, and the machine. Only
 * what is not well is told. Any Compose project will do.
 */
#include "tools/stack/doctor.h"

#include <fcntl.h>
#include <string.h>

#include "lib/file.h"
#include "lib/near.h"
#include "tools/stack/secrets.h"

static struct ak_opt_list ignored;

const struct ak_opt doctor_options[] = {
	{ 'i', "ignore", "id", "leave out this finding; may be given again",
	    AK_LIST(&ignored) },
	{ 0 },
};

/* Besides those of lint_ids(). */
static const char *const ids[] = {
	"backup-unknown",
	"compose-file",
	"compose-missing",
	"database-version",
	"disk",
	"docker-unreachable",
	"docker-version",
	"drift",
	"env-stale",
	"exited",
	"one-shot-failed",
	"orphan",
	"out-of-memory",
	"overcommit-memory",
	"paused",
	"restarting",
	"secret-missing",
	"secret-owner",
	"secret-readable",
	"secret-twice",
	"secret-unread",
	"secret-weak",
	"settings",
	"unhealthy",
	"volume-orphan",
};

static size_t
count_words(const char *const words[])
{
	size_t n = 0;

	while (words[n] != NULL)
		n++;
	return n;
}

static bool
has_word(const char *const words[], const char *word)
{
	for (size_t i = 0; words[i] != NULL; i++)
		if (ak_streq(words[i], word))
			return true;
	return false;
}

static int
check_ignored(struct ak_err *err)
{
	const char *const *rules = lint_ids();
	size_t count = count_words(rules);
	AK_FREE const char **all = ak_calloc(count + AK_COUNT(ids) + 1,
	    sizeof(*all));

	memcpy(all, rules, count * sizeof(*all));
	memcpy(all + count, ids, sizeof(ids));
	for (size_t i = 0; i < ignored.count; i++) {
		const char *near;

		if (has_word(all, ignored.items[i]))
			continue;
		near = ak_near(ignored.items[i], all);
		ak_err_set(err, AK_USAGE, "--ignore %s: no such finding",
		    ignored.items[i]);
		if (near != NULL)
			ak_err_help(err, "did you mean %s?", near);
		return -1;
	}
	return 0;
}

/* What Compose alone would read is not what the settings say. */
static void
check_env(struct findings *findings, const struct kit *kit)
{
	if (kit->settings != NULL && kit->env_file != NULL)
		findings_add(findings, "env-stale", SEV_WARNING, ".env",
		    "aikit-stack up, or aikit-stack init",
		    "it does not hold what settings.ini and local.ini say");
}

/* A volume of the project that the kit does not know. */
static bool
is_known(const struct kit *kit, const char *name)
{
	ak_json_each(item, ak_json_get(kit->model, "volumes"))
		if (ak_streq(ak_json_str(ak_json_get(item, "name")), name))
			return true;
	return false;
}

static void
check_volumes(const struct machine *m)
{
	ak_json_each(item, ak_json_get(m->volumes, "Volumes")) {
		const char *name = ak_json_str(ak_json_get(item, "Name"));
		const char *project = ak_json_str(ak_json_get(ak_json_get(item,
								  "Labels"),
		    "com.docker.compose.project"));
		AK_FREE char *next = NULL;

		if (name == NULL || !ak_streq(project, m->kit->project) ||
		    is_known(m->kit, name))
			continue;
		next = ak_printf("docker volume rm %s, once it is saved", name);
		findings_add(m->findings, "volume-orphan", SEV_WARNING, name,
		    next, "no service of the kit mounts it");
	}
}

static bool
is_redis(const struct container *c)
{
	const char *image = ak_json_str(ak_json_at(c->inspect, "Config.Image"));

	return image != NULL && strstr(image, "exporter") == NULL &&
	    (strstr(image, "redis") != NULL || strstr(image, "valkey") != NULL);
}

/* Without it a fork to save fails when half the memory is in use. */
static void
check_overcommit(const struct machine *m)
{
	AK_BUF struct ak_buf text = { 0 };
	struct ak_err ignored_err = { 0 };

	if (ak_file_read(AT_FDCWD, "/proc/sys/vm/overcommit_memory", 16, &text,
		&ignored_err) == -1 ||
	    *ak_buf_text(&text) == '1')
		return;
	for (size_t i = 0; i < m->containers.count; i++)
		if (is_redis(&m->containers.items[i])) {
			findings_add(m->findings, "overcommit-memory",
			    SEV_WARNING, m->containers.items[i].service,
			    "sysctl vm.overcommit_memory=1, and a line in "
			    "/etc/sysctl.d/",
			    "vm.overcommit_memory is %c: saving may fail for "
			    "want of memory",
			    *ak_buf_text(&text));
			return;
		}
}

static void
check_backup(struct findings *findings, const struct kit *kit)
{
	size_t count = ak_json_count(ak_json_get(kit->model, "volumes"));

	if (count > 0)
		findings_add(findings, "backup-unknown", SEV_NOTE, "volumes",
		    "save them, and try to restore them",
		    "%zu volumes, and no record of a backup", count);
}

static void
check_machine(struct machine *m)
{
	struct image *images = m->images;

	machine_docker(m);
	database_check(m);
	ailment_check(m);
	check_volumes(m);
	check_overcommit(m);
	/* What is full now, not what more images would need. */
	m->images = NULL;
	machine_disk(m);
	m->images = images;
}

static int
check_running(struct findings *findings, struct kit *kit, struct ak_err *err)
{
	SELECTION struct selection all = { 0 };
	struct machine m = {
		.findings = findings,
		.kit = kit,
		.selection = &all,
	};
	struct ak_err told = { 0 };

	int failed = 0;

	if (resolve_all(kit, &all, err) == -1)
		return -1;
	if (machine_ask(&m, &told) == -1)
		findings_error(findings, "docker-unreachable", SEV_ERROR,
		    "docker", &told);
	else if ((failed = model_hashes(kit, &m.containers, err)) == 0)
		check_machine(&m);
	machine_free(&m);
	return failed;
}

static int
check_all(struct findings *findings, struct kit *kit, struct ak_err *err)
{
	struct ak_err told = { 0 };

	if (findings_settings(findings, kit, &told) == -1)
		return 0;
	if (kit->settings != NULL)
		secrets_check(kit, findings_take, findings);
	if (findings_model(findings, kit, &told) == -1)
		return 0;
	if (kit->settings == NULL)
		secrets_check_model(kit, findings_take, findings);
	check_env(findings, kit);
	lint_kit(kit, findings_take, findings);
	check_backup(findings, kit);
	return check_running(findings, kit, err);
}

int
doctor_run(struct ak_ctx *ctx, int count AK_UNUSED, char *operands[] AK_UNUSED)
{
	KIT struct kit kit = { .fd = -1 };
	struct findings findings = {
		.ctx = ctx,
		.ignored = &ignored,
		.only_bad = true,
	};

	if (check_ignored(&ctx->err) == -1 ||
	    kit_find(&kit, stack_options.kit, &ctx->err) == -1 ||
	    check_all(&findings, &kit, &ctx->err) == -1)
		return -1;
	findings_sum(&findings);
	return findings_bad(&findings) > 0;
}
