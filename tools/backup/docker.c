/*
 * docker - the Docker engine, asked and told over its socket.
 */
#include "tools/backup/docker.h"

#include <stdlib.h>
#include <string.h>

#include "lib/http.h"
#include "tools/backup/exec.h"

#define UNIX "unix://"

struct engine {
	struct ak_http *http;
	char *socket;
};

/* As docker(1) finds it: the variable, else its current context. */
static int
find_host(struct ak_buf *host, struct ak_err *err)
{
	const char *argv[] = { "docker", "context", "inspect", "--format",
		"{{.Endpoints.docker.Host}}", NULL };
	const char *variable = getenv("DOCKER_HOST");

	if (variable != NULL && *variable != '\0') {
		ak_buf_str(host, variable);
		return 0;
	}
	if (exec_run(argv, 0, 10000, host, err) == -1)
		return ak_fail_in(err, "docker");
	while (host->len > 0 && host->data[host->len - 1] == '\n')
		host->data[--host->len] = '\0';
	return 0;
}

int
engine_open(struct engine **engine, struct ak_err *err)
{
	AK_BUF struct ak_buf host = { 0 };
	struct engine *made;

	if (find_host(&host, err) == -1)
		return -1;
	if (!ak_starts(ak_buf_text(&host), UNIX))
		return ak_fail(err, AK_CONFIG,
		    "docker: %s: volumes are read on the machine of the "
		    "engine, by its unix socket",
		    ak_buf_text(&host));
	made = ak_calloc(1, sizeof(*made));
	made->socket = ak_strdup(host.data + strlen(UNIX));
	if (ak_http_open(&made->http, "http://docker", made->socket, err) ==
	    -1) {
		engine_close(made);
		return -1;
	}
	*engine = made;
	return 0;
}

void
engine_close(struct engine *engine)
{
	if (engine == NULL)
		return;
	if (engine->http != NULL)
		ak_http_close(engine->http);
	free(engine->socket);
	free(engine);
}

const char *
engine_socket(const struct engine *engine)
{
	return engine->socket;
}

static enum ak_code
code_of(int status)
{
	switch (status) {
	case 401:
	case 403:
		return AK_NOPERM;
	case 404:
		return AK_NOINPUT;
	case 409:
	case 429:
		return AK_TEMPFAIL;
	default:
		return status < 500 ? AK_PROTOCOL : AK_UNAVAILABLE;
	}
}

static int
refused(const struct ak_http_reply *reply, struct ak_err *err)
{
	AK_JSON struct ak_json *json = NULL;
	struct ak_err ignored = { 0 };
	const char *text = NULL;

	if (reply->body.len > 0 &&
	    ak_json_parse(&json, reply->body.data, reply->body.len, &ignored) ==
		0)
		text = ak_json_str(ak_json_get(json, "message"));
	if (text != NULL)
		return ak_fail(err, code_of(reply->status), "docker: %s", text);
	return ak_fail(err, code_of(reply->status), "docker: HTTP %d",
	    reply->status);
}

static int
ask(struct engine *engine, const struct ak_http_request *request,
    struct ak_http_reply *reply, struct ak_err *err)
{
	if (ak_http_do(engine->http, request, reply, err) == -1) {
		if (err->code == AK_UNAVAILABLE)
			ak_err_help(err,
			    "start Docker: systemctl start docker");
		return ak_fail_in(err, "docker");
	}
	if (reply->status < 400)
		return 0;
	return refused(reply, err);
}

/* A health check may print NUL, which no C string holds: U+FFFD instead. */
static void
replace_nul(struct ak_buf *body)
{
	for (size_t i = 0; i + 6 <= body->len; i++) {
		if (body->data[i] != '\\')
			continue;
		if (memcmp(body->data + i + 1, "u0000", 5) == 0)
			memcpy(body->data + i + 2, "fffd", 4);
		i++;
	}
}

int
engine_get(struct engine *engine, const char *path, struct ak_json **json,
    struct ak_err *err)
{
	struct ak_http_request request = { .path = path };
	AK_HTTP_REPLY struct ak_http_reply reply = { 0 };

	if (ask(engine, &request, &reply, err) == -1)
		return -1;
	replace_nul(&reply.body);
	if (ak_json_parse(json, ak_buf_text(&reply.body), reply.body.len,
		err) == -1)
		return ak_fail_in(err, "docker: %s", path);
	return 0;
}

int
engine_order(struct engine *engine, const char *method, const char *path,
    const char *body, struct ak_err *err)
{
	struct ak_http_request request = {
		.method = method,
		.path = path,
		.body = body,
		.stall_ms = 180000, /* a stop takes its grace period */
	};
	AK_HTTP_REPLY struct ak_http_reply reply = { 0 };

	return ask(engine, &request, &reply, err);
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
engine_box(struct engine *engine, const char *name, struct boxes *boxes,
    struct ak_err *err)
{
	AK_BUF struct ak_buf path = { 0 };
	AK_JSON struct ak_json *inspect = NULL;

	ak_buf_str(&path, "/containers/");
	ak_http_escape(&path, name);
	ak_buf_str(&path, "/json");
	if (engine_get(engine, path.data, &inspect, err) == -1)
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
list(struct engine *engine, const char *kind, const char *value,
    struct boxes *boxes, struct ak_err *err)
{
	AK_BUF struct ak_buf path = { 0 }, filter = { 0 };
	AK_JSON struct ak_json *json = NULL;

	ak_buf_printf(&filter, "{\"%s\":[", kind);
	ak_json_quote(&filter, value, strlen(value));
	ak_buf_str(&filter, "]}");
	ak_buf_str(&path, "/containers/json?all=1&filters=");
	ak_http_escape(&path, filter.data);
	if (engine_get(engine, path.data, &json, err) == -1)
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
engine_boxes(struct engine *engine, const char *label, const char *value,
    struct boxes *boxes, struct ak_err *err)
{
	AK_FREE char *text = ak_printf("%s=%s", label, value);

	return list(engine, "label", text, boxes, err);
}

int
engine_boxes_of_volume(struct engine *engine, const char *volume,
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
box_order(struct engine *engine, const struct box *box, const char *order,
    struct ak_err *err)
{
	AK_FREE char *path = ak_printf("/containers/%s/%s", box->id, order);

	if (engine_order(engine, "POST", path, NULL, err) == -1)
		return ak_fail_in(err, "%s", box->name);
	return 0;
}
