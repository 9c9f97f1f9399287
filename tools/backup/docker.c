/*
 * docker - the Docker engine, asked and told over its socket.
 */
#include "tools/backup/docker.h"

#include <stdlib.h>
#include <string.h>

#include "lib/http.h"

int
engine_open(struct ak_docker **engine, struct ak_err *err)
{
	AK_DOCKER struct ak_docker *made = NULL;

	if (ak_docker_open(&made, getenv, err) == -1)
		return -1;
	if (*ak_docker_where(made) != '/')
		return ak_fail(err, AK_CONFIG,
		    "docker: %s: volumes are read on the machine of the "
		    "engine, by its unix socket",
		    ak_docker_where(made));
	*engine = ak_take(&made);
	return 0;
}

int
engine_order(struct ak_docker *engine, const char *method, const char *path,
    const char *body, struct ak_err *err)
{
	struct ak_http_request request = {
		.method = method,
		.path = path,
		.body = body,
		.stall_ms = 180000, /* a stop takes its grace period */
	};

	return ak_docker_do(engine, &request, err);
}

static void
box_take(struct box *box, struct ak_json *inspect)
{
	const struct ak_json *state = ak_json_get(inspect, "State");
	const char *name = ak_json_str(ak_json_get(inspect, "Name"));

	*box = (struct box){
		.inspect = inspect,
		.id = ak_json_str(ak_json_get(inspect, "Id")),
		.name = name != NULL && *name == '/' ? name + 1 : name,
		.image = ak_json_str(ak_json_at(inspect, "Config.Image")),
		.labels = ak_json_at(inspect, "Config.Labels"),
		.mounts = ak_json_get(inspect, "Mounts"),
		.running = ak_json_bool(ak_json_get(state, "Running"), false),
		.paused = ak_json_bool(ak_json_get(state, "Paused"), false),
		.exit_code = ak_json_int(ak_json_get(state, "ExitCode"), 0),
		.health = ak_json_str(ak_json_at(state, "Health.Status")),
	};
	box->service = box_label(box, DOCKER_SERVICE);
	box->one_off = ak_streq(box_label(box, "com.docker.compose.oneoff"),
	    "True");
}

static int
compare(const void *a, const void *b)
{
	const struct box *one = a, *two = b;
	int order = strcmp(one->service != NULL ? one->service : "",
	    two->service != NULL ? two->service : "");

	return order != 0 ? order : strcmp(one->name, two->name);
}

int
engine_box(struct ak_docker *engine, const char *name, struct boxes *boxes,
    struct ak_err *err)
{
	AK_BUF struct ak_buf path = { 0 };
	AK_JSON struct ak_json *inspect = NULL;

	ak_buf_str(&path, "/containers/");
	ak_http_escape(&path, name);
	ak_buf_str(&path, "/json");
	if (ak_docker_get(engine, path.data, &inspect, err) == -1)
		return -1;
	boxes->items = ak_resize(boxes->items, boxes->count + 1,
	    sizeof(*boxes->items));
	box_take(&boxes->items[boxes->count], ak_take(&inspect));
	if (boxes->items[boxes->count].id == NULL ||
	    boxes->items[boxes->count].name == NULL) {
		ak_json_free(boxes->items[boxes->count].inspect);
		return ak_fail(err, AK_PROTOCOL, "docker: %s: no id", name);
	}
	boxes->count++;
	return 0;
}

static int
list(struct ak_docker *engine, const char *kind, const char *value,
    struct boxes *boxes, struct ak_err *err)
{
	AK_BUF struct ak_buf path = { 0 }, filter = { 0 };
	AK_JSON struct ak_json *json = NULL;

	ak_buf_printf(&filter, "{\"%s\":[", kind);
	ak_json_quote(&filter, value, strlen(value));
	ak_buf_str(&filter, "]}");
	ak_buf_str(&path, "/containers/json?all=1&filters=");
	ak_http_escape(&path, filter.data);
	if (ak_docker_get(engine, path.data, &json, err) == -1)
		return -1;
	*boxes = (struct boxes){ 0 };
	ak_json_each(item, json) {
		const char *id = ak_json_str(ak_json_get(item, "Id"));

		if (id == NULL || engine_box(engine, id, boxes, err) == 0)
			continue;
		/* Removed between list and look: it is not there. */
		if (err->code != AK_NOINPUT) {
			boxes_free(boxes);
			return -1;
		}
		*err = (struct ak_err){ 0 };
	}
	if (boxes->count > 1)
		qsort(boxes->items, boxes->count, sizeof(*boxes->items),
		    compare);
	return 0;
}

int
engine_boxes(struct ak_docker *engine, const char *label, const char *value,
    struct boxes *boxes, struct ak_err *err)
{
	AK_FREE char *text = ak_printf("%s=%s", label, value);

	return list(engine, "label", text, boxes, err);
}

int
engine_boxes_of_volume(struct ak_docker *engine, const char *volume,
    struct boxes *boxes, struct ak_err *err)
{
	return list(engine, "volume", volume, boxes, err);
}

void
boxes_free(struct boxes *boxes)
{
	for (size_t i = 0; i < boxes->count; i++)
		ak_json_free(boxes->items[i].inspect);
	free(boxes->items);
	*boxes = (struct boxes){ 0 };
}

const struct box *
boxes_find(const struct boxes *boxes, const char *service)
{
	for (size_t i = 0; i < boxes->count; i++)
		if (!boxes->items[i].one_off &&
		    ak_streq(boxes->items[i].service, service))
			return &boxes->items[i];
	return NULL;
}

const char *
box_label(const struct box *box, const char *label)
{
	return ak_json_str(ak_json_get(box->labels, label));
}

bool
box_mounts(const struct box *box, const char *volume)
{
	ak_json_each(mount, box->mounts)
		if (ak_streq(ak_json_str(ak_json_get(mount, "Name")), volume))
			return ak_json_bool(ak_json_get(mount, "RW"), true);
	return false;
}

int
box_order(struct ak_docker *engine, const struct box *box, const char *order,
    struct ak_err *err)
{
	AK_FREE char *path = ak_printf("/containers/%s/%s", box->id, order);

	if (engine_order(engine, "POST", path, NULL, err) == -1)
		return ak_fail_in(err, "%s", box->name);
	return 0;
}
