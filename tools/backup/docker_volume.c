/*
 * docker_volume - volumes of the engine, and their files on this machine.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/http.h"
#include "tools/backup/docker.h"

static char *
copy_of(const struct ak_json *json)
{
	const char *text = ak_json_str(json);

	return text != NULL ? ak_strdup(text) : NULL;
}

int
engine_volume(struct ak_docker *engine, const char *name, struct volume *volume,
    struct ak_err *err)
{
	AK_BUF struct ak_buf path = { 0 };
	AK_JSON struct ak_json *json = NULL;
	const struct ak_json *labels;

	ak_buf_str(&path, "/volumes/");
	ak_http_escape(&path, name);
	if (ak_docker_get(engine, path.data, &json, err) == -1)
		return -1;
	labels = ak_json_get(json, "Labels");
	*volume = (struct volume){
		.mountpoint = copy_of(ak_json_get(json, "Mountpoint")),
		.project = copy_of(ak_json_get(labels, DOCKER_PROJECT)),
		.volume = copy_of(ak_json_get(labels,
		    "com.docker.compose.volume")),
		.driver = copy_of(ak_json_get(json, "Driver")),
	};
	return 0;
}

void
volume_free(struct volume *volume)
{
	free(volume->mountpoint);
	free(volume->project);
	free(volume->volume);
	free(volume->driver);
	*volume = (struct volume){ 0 };
}

int
engine_volumes(struct ak_docker *engine, const char *project, char ***names,
    struct ak_err *err)
{
	AK_BUF struct ak_buf path = { 0 }, filter = { 0 };
	AK_FREE char *label = ak_printf(DOCKER_PROJECT "=%s", project);
	AK_JSON struct ak_json *json = NULL;
	const struct ak_json *volumes;
	size_t count = 0;

	ak_buf_str(&filter, "{\"label\":[");
	ak_json_quote(&filter, label, strlen(label));
	ak_buf_str(&filter, "]}");
	ak_buf_str(&path, "/volumes?filters=");
	ak_http_escape(&path, filter.data);
	if (ak_docker_get(engine, path.data, &json, err) == -1)
		return -1;
	volumes = ak_json_get(json, "Volumes");
	*names = ak_calloc(ak_json_count(volumes) + 1, sizeof(**names));
	ak_json_each(item, volumes) {
		const char *name = ak_json_str(ak_json_get(item, "Name"));

		if (name != NULL)
			(*names)[count++] = ak_strdup(name);
	}
	return 0;
}

int
engine_volume_make(struct ak_docker *engine, const char *name,
    const char *project, const char *volume, struct ak_err *err)
{
	AK_BUF struct ak_buf body = { 0 };

	ak_buf_str(&body, "{\"Name\":");
	ak_json_quote(&body, name, strlen(name));
	ak_buf_str(&body, ",\"Labels\":{\"" DOCKER_PROJECT "\":");
	ak_json_quote(&body, project, strlen(project));
	ak_buf_str(&body, ",\"com.docker.compose.volume\":");
	ak_json_quote(&body, volume, strlen(volume));
	ak_buf_str(&body, "}}");
	return engine_order(engine, "POST", "/volumes/create", body.data, err);
}

int
engine_volume_remove(struct ak_docker *engine, const char *name,
    struct ak_err *err)
{
	AK_BUF struct ak_buf path = { 0 };

	ak_buf_str(&path, "/volumes/");
	ak_http_escape(&path, name);
	return engine_order(engine, "DELETE", path.data, NULL, err);
}

int
volume_files(const char *name, const struct volume *volume, int *fd,
    struct ak_err *err)
{
	if (volume->mountpoint == NULL)
		return ak_fail(err, AK_UNAVAILABLE,
		    "volume %s: driver %s has no files on this machine", name,
		    volume->driver != NULL ? volume->driver : "?");
	*fd = open(volume->mountpoint, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd != -1)
		return 0;
	if (errno != EACCES)
		return ak_fail_sys(err, AK_UNAVAILABLE, "volume %s: %s", name,
		    volume->mountpoint);
	ak_err_set_sys(err, AK_NOPERM, "volume %s: %s", name,
	    volume->mountpoint);
	ak_err_help(err, "run it as root: only root reads what containers own");
	return -1;
}
