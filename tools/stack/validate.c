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

/* False when the files cannot be read: nothing else can be then. */
static bool
check_settings(struct findings *findings, struct kit *kit)
{
	struct ak_err err = { 0 };

	if (settings_load(&kit->settings, kit->fd, &err) == -1) {
		findings_error(findings, "settings", SEV_ERROR, "settings",
		    &err);
		return false;
	}
	if (kit->settings != NULL)
		findings_add(findings, "settings", SEV_OK, "settings", NULL,
		    "%zu settings, %zu from local.ini",
		    settings_count(kit->settings), count_local(kit->settings));
	return true;
}

static void
check_secrets(struct findings *findings, const struct kit *kit)
{
	size_t bad = findings_bad(findings), count;

	if (kit->settings == NULL)
		return;
	count = secrets_check(kit->settings, kit->fd, findings_take, findings);
	if (count > 0 && findings_bad(findings) == bad)
		findings_add(findings, "secrets", SEV_OK, "secrets", NULL,
		    "%zu secrets, each to one user", count);
}

/* The model: 0, or -1 when there is none, with the finding told. */
static int
load_model(struct findings *findings, struct kit *kit, struct ak_err *err)
{
	AK_FREE char *env = NULL;
	bool known;

	if ((kit->settings == NULL ||
		settings_env(kit->settings, kit->fd, true, &env, err) != -1) &&
	    model_load(kit, env, err) == 0 && kit_take_model(kit, err) == 0)
		return 0;
	known = err->code == AK_CONFIG;
	findings_error(findings, known ? "compose-file" : "compose-missing",
	    known ? SEV_ERROR : SEV_WARNING, "compose", err);
	return -1;
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

static int
find_images(struct machine *m, struct ak_err *err)
{
	size_t count = m->selection->count;
	AK_FREE const char **names = ak_calloc(count + 1, sizeof(*names));

	m->images = ak_calloc(count + 1, sizeof(*m->images));
	for (size_t i = 0; i < count; i++) {
		const char *image = m->selection->picks[i].service->image;

		names[i] = image != NULL ? image : "none";
	}
	return engine_images(m->engine, names, count, m->images, err);
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

/* What the daemon is asked for; false when it does not answer. */
static int
ask_daemon(struct machine *m, struct ak_json **info, struct ak_json **volumes,
    struct containers *containers, struct ak_err *err)
{
	if (engine_open(&m->engine, err) == -1 ||
	    engine_get(m->engine, "/info", info, err) == -1 ||
	    engine_get(m->engine, "/volumes", volumes, err) == -1 ||
	    engine_containers(m->engine, m->kit->project, containers, err) ==
		-1)
		return -1;
	m->info = *info;
	m->volumes = *volumes;
	m->containers = containers;
	return find_images(m, err);
}

static void
check_rest(struct findings *findings, const struct kit *kit,
    const struct selection *selection)
{
	struct machine m = {
		.findings = findings, .kit = kit, .selection = selection
	};
	AK_JSON struct ak_json *info = NULL;
	AK_JSON struct ak_json *volumes = NULL;
	CONTAINERS struct containers containers = { 0 };
	struct ak_err err = { 0 };

	if (ask_daemon(&m, &info, &volumes, &containers, &err) == 0) {
		machine_ports(&m);
		check_machine(&m);
	} else {
		findings_add(findings, "docker-unreachable", SEV_WARNING,
		    "docker", err.help,
		    "%s; versions, disk, memory and images are not checked",
		    err.text);
		machine_ports(&m);
	}
	for (size_t i = 0; m.images != NULL && i < selection->count; i++)
		image_free(&m.images[i]);
	free(m.images);
	engine_close(&m.engine);
}

int
validate_run(struct ak_ctx *ctx, int count, char *operands[])
{
	KIT struct kit kit = { .fd = -1 };
	SELECTION struct selection selection = { 0 };
	struct findings findings = { .ctx = ctx };
	struct ak_err err = { 0 };

	if (names_read(&count, &operands, &ctx->err) == -1 ||
	    kit_find(&kit, stack_options.kit, &ctx->err) == -1)
		return -1;
	if (check_settings(&findings, &kit)) {
		check_secrets(&findings, &kit);
		if (load_model(&findings, &kit, &err) == 0) {
			if (resolve(&kit, operands, (size_t)count, &selection,
				&ctx->err) == -1)
				return -1;
			check_compose(&findings, &kit);
			check_rest(&findings, &kit, &selection);
		} else if (kit.settings == NULL && err.code != AK_CONFIG) {
			ctx->err = err;
			return -1;
		}
	}
	findings_sum(&findings);
	return findings.counts[SEV_ERROR] > 0;
}
