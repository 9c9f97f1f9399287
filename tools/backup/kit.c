/*
 * kit - where the kit is, and what Compose makes of it.
 */
#include "tools/backup/kit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/proc.h"
#include "tools/backup/exec.h"

enum { RENDER_MS = 60000, MODEL_MAX = 16 << 20 };

/* As aikit-stack looks for one, when it is not there to be asked. */
static const char *const places[] = { ".", "deploy",
	"/usr/local/share/aikit/deploy", "/usr/share/aikit/deploy" };

static const char *const compose_files[] = { "compose.yaml", "compose.yml",
	"docker-compose.yaml", "docker-compose.yml" };

static bool
is_kit(const char *dir)
{
	for (size_t i = 0; i < AK_COUNT(compose_files); i++) {
		AK_FREE char *path = ak_printf("%s/%s", dir, compose_files[i]);

		if (access(path, F_OK) == 0)
			return true;
	}
	return false;
}

/* The record info of aikit-stack; false when it cannot be asked. */
static bool
ask_stack(char **dir)
{
	const char *argv[] = { "aikit-stack", "info", "--json", NULL };
	AK_BUF struct ak_buf out = { 0 };
	struct ak_err ignored = { 0 };

	if (exec_run(argv, 0, RENDER_MS, &out, &ignored) == -1)
		return false;
	for (const char *line = ak_buf_text(&out); *line != '\0';) {
		size_t len = strcspn(line, "\n");
		AK_JSON struct ak_json *json = NULL;
		const char *kit = NULL;

		if (ak_json_parse(&json, line, len, &ignored) == 0)
			kit = ak_json_str(ak_json_get(json, "kit"));
		if (kit != NULL) {
			*dir = ak_strdup(kit);
			return true;
		}
		line += len + (line[len] == '\n');
	}
	return false;
}

static int
find_dir(const char *dir, char **found, struct ak_err *err)
{
	const char *variable = getenv("AIKIT_STACK_KIT");

	if (dir == NULL && variable != NULL && *variable != '\0')
		dir = variable;
	if (dir == NULL && ask_stack(found))
		return 0;
	for (size_t i = 0; dir == NULL && i < AK_COUNT(places); i++)
		if (is_kit(places[i]))
			dir = places[i];
	if (dir == NULL) {
		ak_err_set(err, AK_NOINPUT, "no kit here: no compose file");
		ak_err_help(err, "name its directory: stack:DIR");
		return -1;
	}
	*found = realpath(dir, NULL);
	if (*found == NULL)
		return ak_fail_sys(err, AK_NOINPUT, "kit: %s", dir);
	if (is_kit(*found))
		return 0;
	free(ak_take(found));
	return ak_fail(err, AK_NOINPUT, "kit: %s: no compose file", dir);
}

static int
render(struct kit *kit, struct ak_err *err)
{
	const char *argv[] = { "docker", "compose", "--profile", "*", "config",
		"--format", "json", NULL };
	struct ak_proc proc = { .argv = argv,
		.directory = kit->dir,
		.timeout_ms = RENDER_MS,
		.max_output = MODEL_MAX };
	AK_PROC_RESULT struct ak_proc_result result = { 0 };

	if (ak_proc_run(&proc, &result, err) == -1)
		return ak_fail_in(err, "docker compose config");
	if (result.status != 0) {
		AK_BUF struct ak_buf line = { 0 };

		exec_last_line(&result.err, &line);
		ak_err_set(err, AK_CONFIG, "docker compose config: %s",
		    ak_buf_text(&line));
		ak_err_help(err, "aikit-stack init renders .env");
		return -1;
	}
	return ak_json_parse(&kit->model, ak_buf_text(&result.out),
	    result.out.len, err);
}

static int
open_at(const char *dir, struct kit *kit, struct ak_err *err)
{
	const char *name;

	if (find_dir(dir, &kit->dir, err) == -1 ||
	    ak_dir_open(AT_FDCWD, kit->dir, &kit->fd, err) == -1 ||
	    render(kit, err) == -1)
		return -1;
	name = ak_json_str(ak_json_get(kit->model, "name"));
	if (name == NULL)
		return ak_fail(err, AK_CONFIG, "kit: %s: no name", kit->dir);
	kit->project = ak_strdup(name);
	return 0;
}

int
kit_open(const char *dir, struct kit **kit, struct ak_err *err)
{
	struct kit *made = ak_calloc(1, sizeof(*made));

	made->fd = -1;
	if (open_at(dir, made, err) == -1) {
		kit_close(made);
		return -1;
	}
	*kit = made;
	return 0;
}

void
kit_close(struct kit *kit)
{
	if (kit == NULL)
		return;
	ak_close_scope(&kit->fd);
	ak_json_free(kit->model);
	free(kit->dir);
	free(kit->project);
	free(kit);
}

const struct ak_json *
kit_service(const struct kit *kit, const char *service)
{
	return ak_json_get(ak_json_get(kit->model, "services"), service);
}

const char *
kit_label(const struct ak_json *service, const char *label)
{
	return ak_json_str(ak_json_get(ak_json_get(service, "labels"), label));
}
