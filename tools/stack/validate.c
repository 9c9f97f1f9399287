/*
 * validate - would up succeed? Settings, secrets, files and the machine.
 *
 * Each part is checked as far as it can be: without Docker the files are, and
 * what is left out is said.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/stack/findings.h"
#include "tools/stack/secrets.h"

static bool deep;

const struct ak_opt validate_options[] = {
	{ 'd', "deep", NULL, "run each service's own checker in its image",
	    AK_FLAG(&deep) },
	{ 0 },
};

static size_t
count_local(const struct settings *settings)
{
	size_t n = 0;

	for (size_t i = 0; i < settings_count(settings); i++)
		n += settings_at(settings, i)->line != 0;
	return n;
}

static void
tell_settings(struct findings *findings, const struct kit *kit)
{
	if (kit->settings != NULL)
		findings_add(findings, "settings", SEV_OK, "settings", NULL,
		    "%zu settings, %zu from local.ini",
		    settings_count(kit->settings), count_local(kit->settings));
}

static void
check_secrets(struct findings *findings, const struct kit *kit)
{
	size_t bad = findings_bad(findings), count;

	if (kit->settings == NULL)
		return;
	count = secrets_check(kit, findings_take, findings);
	if (count > 0 && findings_bad(findings) == bad)
		findings_add(findings, "secrets", SEV_OK, "secrets", NULL,
		    "%zu secrets, each to one user", count);
}

static void
check_compose(struct findings *findings, const struct kit *kit)
{
	size_t bad = findings_bad(findings);

	lint_kit(kit, findings_take, findings);
	if (findings_bad(findings) == bad)
		findings_add(findings, "compose-file", SEV_OK, "compose", NULL,
		    "%zu services, no rule broken", kit->service_count);
}

static void
check_machine(struct machine *m)
{
	machine_docker(m);
	machine_disk(m);
	machine_memory(m);
	machine_accelerator(m);
	database_check(m);
	if (deep)
		deep_check(m);
}

static void
check_rest(struct findings *findings, const struct kit *kit,
    const struct selection *selection)
{
	struct machine m = {
		.findings = findings, .kit = kit, .selection = selection
	};
	struct ak_err err = { 0 };

	if (machine_ask(&m, &err) == 0)
		check_machine(&m);
	else
		findings_add(findings, "docker-unreachable", SEV_WARNING,
		    "docker", err.help,
		    "%s; versions, disk, memory and images are not checked",
		    err.text);
	machine_ports(&m);
	machine_free(&m);
}

/* 0, or -1 when nothing at all could be checked. */
static int
check_all(struct findings *findings, struct kit *kit, int count, char **names,
    struct ak_err *err)
{
	SELECTION struct selection selection = { 0 };
	struct ak_err told = { 0 };

	if (findings_settings(findings, kit, &told) == -1)
		return 0;
	tell_settings(findings, kit);
	check_secrets(findings, kit);
	if (findings_model(findings, kit, &told) == -1) {
		if (kit->settings != NULL || told.code != AK_UNAVAILABLE)
			return 0;
		*err = told;
		return -1;
	}
	if (resolve(kit, names, (size_t)count, &selection, err) == -1)
		return -1;
	if (kit->settings == NULL)
		secrets_check_model(kit, findings_take, findings);
	check_compose(findings, kit);
	check_rest(findings, kit, &selection);
	return 0;
}

int
validate_run(struct ak_ctx *ctx, int count, char *operands[])
{
	KIT struct kit kit = { .fd = -1 };
	struct findings findings = { .ctx = ctx };

	if (names_read(&count, &operands, &ctx->err) == -1 ||
	    kit_find(&kit, stack_options.kit, &ctx->err) == -1 ||
	    check_all(&findings, &kit, count, operands, &ctx->err) == -1)
		return -1;
	findings_sum(&findings);
	return findings.counts[SEV_ERROR] > 0;
}
