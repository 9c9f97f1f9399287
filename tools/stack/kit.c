/*
 * kit - where the kit is, and its services as structs.
 *
 * A kit is any directory with a compose file. What Compose makes of it is the
 * model (model.c); here the parts that every command asks for are taken out of
 * it once.
 */
#include "tools/stack/stack.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/near.h"

static const char *const compose_files[] = {
	"compose.yaml",
	"compose.yml",
	"docker-compose.yaml",
	"docker-compose.yml",
};

/* Looked for in this order when none is named. */
static const char *const places[] = {
	".",
	"deploy",
	"/usr/local/share/aikit/deploy",
	"/usr/share/aikit/deploy",
};

static const struct {
	const char *word;
	enum condition condition;
} conditions[] = {
	{ "service_started", NEED_STARTED },
	{ "service_healthy", NEED_HEALTHY },
	{ "service_completed_successfully", NEED_COMPLETED },
};

static bool
has_compose_file(const char *dir)
{
	for (size_t i = 0; i < AK_COUNT(compose_files); i++) {
		AK_FREE char *path = ak_printf("%s/%s", dir, compose_files[i]);

		if (access(path, F_OK) == 0)
			return true;
	}
	return getenv("COMPOSE_FILE") != NULL;
}

static const char *
find_place(void)
{
	for (size_t i = 0; i < AK_COUNT(places); i++)
		if (has_compose_file(places[i]))
			return places[i];
	return NULL;
}

int
kit_find(struct kit *kit, const char *dir, struct ak_err *err)
{
	*kit = (struct kit){ .fd = -1 };
	if (dir == NULL && (dir = find_place()) == NULL) {
		ak_err_set(err, AK_NOINPUT, "no kit here: no compose file");
		ak_err_help(err, "name its directory with --kit");
		return -1;
	}
	if (ak_dir_open(AT_FDCWD, dir, &kit->fd, err) == -1)
		return ak_fail_in(err, "kit");
	if (!has_compose_file(dir))
		return ak_fail(err, AK_NOINPUT, "kit: %s: no compose file",
		    dir);
	kit->dir = realpath(dir, NULL);
	if (kit->dir == NULL)
		return ak_fail_sys(err, AK_NOINPUT, "kit: %s", dir);
	return 0;
}

static const char **
take_profiles(const struct ak_json *list, size_t *count)
{
	const char **profiles = ak_calloc(ak_json_count(list) + 1,
	    sizeof(*profiles));

	*count = 0;
	ak_json_each(item, list)
		if (ak_json_str(item) != NULL)
			profiles[(*count)++] = ak_json_str(item);
	return profiles;
}

static enum condition
take_condition(const struct ak_json *need)
{
	const char *word = ak_json_str(ak_json_get(need, "condition"));

	for (size_t i = 0; i < AK_COUNT(conditions); i++)
		if (ak_streq(word, conditions[i].word))
			return conditions[i].condition;
	return NEED_STARTED;
}

static struct need *
take_needs(const struct ak_json *depends, size_t *count)
{
	struct need *needs = ak_calloc(ak_json_count(depends) + 1,
	    sizeof(*needs));

	*count = 0;
	ak_json_each(item, depends)
		needs[(*count)++] = (struct need){
			.service = ak_json_name(item),
			.condition = take_condition(item),
			.required = ak_json_bool(ak_json_get(item, "required"),
			    true),
		};
	return needs;
}

static bool
takes_check(const struct ak_json *check)
{
	const char *first = ak_json_str(ak_json_first(ak_json_get(check,
	    "test")));

	return check != NULL && !ak_streq(first, "NONE") &&
	    !ak_json_bool(ak_json_get(check, "disable"), false);
}

static void
take_service(struct service *service, const struct ak_json *json)
{
	*service = (struct service){
		.name = ak_json_name(json),
		.json = json,
		.image = ak_json_str(ak_json_get(json, "image")),
		.builds = ak_json_get(json, "build") != NULL,
		.has_check = takes_check(ak_json_get(json, "healthcheck")),
	};
	service->profiles = take_profiles(ak_json_get(json, "profiles"),
	    &service->profile_count);
	service->needs = take_needs(ak_json_get(json, "depends_on"),
	    &service->need_count);
	service->one_shot = service_flag(service, "aikit.oneshot");
}

/* A service that another waits to complete is a one-shot, label or not. */
static void
mark_one_shots(struct kit *kit)
{
	for (size_t i = 0; i < kit->service_count; i++)
		for (size_t k = 0; k < kit->services[i].need_count; k++) {
			const struct need *need = &kit->services[i].needs[k];

			for (size_t s = 0; s < kit->service_count; s++)
				if (need->condition == NEED_COMPLETED &&
				    ak_streq(kit->services[s].name,
					need->service))
					kit->services[s].one_shot = true;
		}
}

int
kit_take_model(struct kit *kit, struct ak_err *err)
{
	const struct ak_json *services = ak_json_get(kit->model, "services");
	const char *name = ak_json_str(ak_json_get(kit->model, "name"));

	if (name == NULL)
		return ak_fail(err, AK_PROTOCOL,
		    "docker compose config: no project name");
	kit->project = ak_strdup(name);
	kit->x = ak_json_get(kit->model, "x-aikit");
	kit->services = ak_calloc(ak_json_count(services) + 1,
	    sizeof(*kit->services));
	ak_json_each(item, services)
		take_service(&kit->services[kit->service_count++], item);
	mark_one_shots(kit);
	return 0;
}

int
kit_open(struct kit *kit, const char *dir, struct ak_err *err)
{
	AK_FREE char *env = NULL;

	if (kit_find(kit, dir, err) == -1 ||
	    settings_load(&kit->settings, kit->fd, err) == -1)
		return -1;
	if (kit->settings != NULL &&
	    settings_env(kit->settings, kit->fd, true, &env, err) == -1)
		return -1;
	if (model_load(kit, env, err) == -1)
		return -1;
	return kit_take_model(kit, err);
}

void
kit_close(struct kit *kit)
{
	for (size_t i = 0; i < kit->service_count; i++) {
		free(kit->services[i].profiles);
		free(kit->services[i].needs);
	}
	free(kit->services);
	ak_json_free(kit->model);
	ak_json_free(kit->hashes);
	settings_free(kit->settings);
	free(kit->project);
	free(kit->model_key);
	free(kit->env_file);
	free(kit->dir);
	ak_close_scope(&kit->fd);
	*kit = (struct kit){ .fd = -1 };
}

const struct service *
kit_service(const struct kit *kit, const char *name)
{
	for (size_t i = 0; i < kit->service_count; i++)
		if (ak_streq(kit->services[i].name, name))
			return &kit->services[i];
	return NULL;
}

int
kit_need_service(const struct kit *kit, const char *name,
    const struct service **service, struct ak_err *err)
{
	AK_FREE const char **names = ak_calloc(kit->service_count + 1,
	    sizeof(*names));
	const char *near;

	*service = kit_service(kit, name);
	if (*service != NULL)
		return 0;
	for (size_t i = 0; i < kit->service_count; i++)
		names[i] = kit->services[i].name;
	near = ak_near(name, names);
	ak_err_set(err, AK_USAGE, "%s: no such service in %s", name, kit->dir);
	if (near != NULL)
		ak_err_help(err, "did you mean %s?", near);
	else
		ak_err_help(err, "aikit-stack list services");
	return -1;
}

const char *
service_label(const struct service *service, const char *label)
{
	return ak_json_str(ak_json_get(ak_json_get(service->json, "labels"),
	    label));
}

bool
service_flag(const struct service *service, const char *label)
{
	const char *value = service_label(service, label);

	return value != NULL && !ak_streq(value, "false");
}

bool
service_in_profile(const struct service *service, const char *profile)
{
	for (size_t i = 0; i < service->profile_count; i++)
		if (ak_streq(service->profiles[i], profile))
			return true;
	return false;
}
