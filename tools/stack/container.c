/*
 * container - the project's containers and images, as the daemon has them.
 *
 * Listed once, then all inspected together: the list has neither exit codes
 * nor what a health check said.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/http.h"
#include "lib/str.h"
#include "tools/stack/stack.h"

#define LABEL "com.docker.compose."

/* One question of many. */
struct ask {
	char *path;
	struct ak_http_request request;
	struct ak_http_reply reply;
};

struct asks {
	struct ask *items;
	size_t count;
};
#define ASKS __attribute__((cleanup(asks_free)))

static void
asks_free(struct asks *asks)
{
	for (size_t i = 0; i < asks->count; i++) {
		free(asks->items[i].path);
		ak_http_reply_free(&asks->items[i].reply);
	}
	free(asks->items);
}

static void
asks_add(struct asks *asks, char *path)
{
	asks->items = ak_resize(asks->items, asks->count + 1,
	    sizeof(*asks->items));
	asks->items[asks->count++] = (struct ask){ .path = path };
}

/* From here on nothing may move until ak_http_finish(). */
static int
asks_begin(struct engine *engine, struct asks *asks, struct ak_err *err)
{
	for (size_t i = 0; i < asks->count; i++) {
		struct ask *ask = &asks->items[i];

		ask->request.path = ask->path;
		if (ak_http_start(engine_http(engine), &ask->request,
			&ask->reply, err) == -1)
			return -1;
	}
	return 0;
}

/* All begun before any is waited for. */
static int
asks_do(struct engine *engine, struct asks *asks, struct ak_err *err)
{
	return asks_begin(engine, asks, err) == -1
	    ? -1
	    : ak_http_finish(engine_http(engine), err);
}

static const char *
label_of(const struct ak_json *inspect, const char *label)
{
	return ak_json_str(ak_json_get(ak_json_at(inspect, "Config.Labels"),
	    label));
}

/* 0 for none and for the year 1, which the daemon gives for never. */
static int64_t
time_of(const struct ak_json *json)
{
	const char *text = ak_json_str(json);
	struct ak_err ignored = { 0 };
	int64_t ns;

	if (text == NULL || ak_starts(text, "0001-") ||
	    ak_str_time(text, &ns, &ignored) == -1)
		return 0;
	return ns;
}

static int64_t
since_of(const struct ak_json *inspect)
{
	const struct ak_json *state = ak_json_get(inspect, "State");
	bool running = ak_json_bool(ak_json_get(state, "Running"), false);
	int64_t ns = time_of(ak_json_get(state,
	    running ? "StartedAt" : "FinishedAt"));

	return ns != 0 ? ns : time_of(ak_json_get(inspect, "Created"));
}

static void
take_health(struct container *container, const struct ak_json *health)
{
	const char *status = ak_json_str(ak_json_get(health, "Status"));

	if (status == NULL || *status == '\0' || ak_streq(status, "none"))
		return;
	container->health = status;
	ak_json_each(entry, ak_json_get(health, "Log"))
		container->health_text = ak_json_str(ak_json_get(entry,
		    "Output"));
}

static int64_t
number_of(const struct ak_json *inspect)
{
	const char *text = label_of(inspect, LABEL "container-number");
	struct ak_err ignored = { 0 };
	int64_t number;

	if (text == NULL ||
	    ak_str_int(text, 0, INT32_MAX, &number, &ignored) == -1)
		return 1;
	return number;
}

static char *
name_of(const struct ak_json *inspect)
{
	const char *name = ak_json_str(ak_json_get(inspect, "Name"));

	if (name == NULL)
		return ak_strdup("");
	return ak_strdup(name + (*name == '/'));
}

static char *
copy_of(const char *text)
{
	return ak_strdup(text != NULL ? text : "");
}

void
container_take(struct container *container, struct ak_json *inspect)
{
	const struct ak_json *state = ak_json_get(inspect, "State");
	const char *status = ak_json_str(ak_json_get(state, "Status"));

	*container = (struct container){
		.id = copy_of(ak_json_str(ak_json_get(inspect, "Id"))),
		.name = name_of(inspect),
		.service = copy_of(label_of(inspect, LABEL "service")),
		.number = number_of(inspect),
		.one_off = ak_streq(label_of(inspect, LABEL "oneoff"), "True"),
		.inspect = inspect,
		.state = status != NULL ? status : "unknown",
		.exit_code = ak_json_int(ak_json_get(state, "ExitCode"), 0),
		.restarts = ak_json_int(ak_json_get(inspect, "RestartCount"),
		    0),
		.since_ns = since_of(inspect),
		.pid = ak_json_int(ak_json_get(state, "Pid"), 0),
		.hash = label_of(inspect, LABEL "config-hash"),
	};
	take_health(container, ak_json_get(state, "Health"));
}

static void
container_free(struct container *container)
{
	free(container->id);
	free(container->name);
	free(container->service);
	ak_json_free(container->inspect);
}

static int
by_service(const void *a, const void *b)
{
	const struct container *left = a, *right = b;
	int order = strcmp(left->service, right->service);

	if (order != 0)
		return order;
	return (left->number > right->number) - (left->number < right->number);
}

static int
list(struct engine *engine, const char *project, struct ak_json **json,
    struct ak_err *err)
{
	AK_BUF struct ak_buf path = { 0 };
	AK_BUF struct ak_buf filter = { 0 };
	AK_FREE char *label = ak_printf(LABEL "project=%s", project);

	ak_buf_str(&filter, "{\"label\":[");
	ak_json_quote(&filter, label, strlen(label));
	ak_buf_str(&filter, "]}");
	ak_buf_str(&path, "/containers/json?all=1&filters=");
	ak_http_escape(&path, filter.data);
	return engine_get(engine, path.data, json, err);
}

/* A container that went between the list and the look is no failure. */
static int
take_one(const struct engine *engine, struct ask *ask,
    struct containers *containers, struct ak_err *err)
{
	struct container *container = &containers->items[containers->count];
	struct ak_json *inspect = NULL;

	if (ask->reply.status == 404)
		return 0;
	if (engine_take(engine, &ask->reply, &inspect, err) == -1)
		return -1;
	container_take(container, inspect);
	ak_buf_free(&ask->reply.body);
	if (container->one_off)
		container_free(container);
	else
		containers->count++;
	return 0;
}

static int
take_all(const struct engine *engine, struct asks *asks,
    struct containers *containers, struct ak_err *err)
{
	for (size_t i = 0; i < asks->count; i++)
		if (take_one(engine, &asks->items[i], containers, err) == -1)
			return -1;
	if (containers->count > 1)
		qsort(containers->items, containers->count,
		    sizeof(*containers->items), by_service);
	return 0;
}

int
engine_containers(struct engine *engine, const char *project,
    struct containers *containers, struct ak_err *err)
{
	AK_JSON struct ak_json *json = NULL;
	ASKS struct asks asks = { 0 };

	*containers = (struct containers){ 0 };
	if (list(engine, project, &json, err) == -1)
		return -1;
	ak_json_each(item, json) {
		const char *id = ak_json_str(ak_json_get(item, "Id"));

		if (id != NULL)
			asks_add(&asks, ak_printf("/containers/%s/json", id));
	}
	containers->items = ak_calloc(asks.count + 1,
	    sizeof(*containers->items));
	if (asks_do(engine, &asks, err) == 0 &&
	    take_all(engine, &asks, containers, err) == 0)
		return 0;
	containers_free(containers);
	return -1;
}

void
containers_free(struct containers *containers)
{
	for (size_t i = 0; i < containers->count; i++)
		container_free(&containers->items[i]);
	free(containers->items);
	*containers = (struct containers){ 0 };
}

const struct container *
containers_find(const struct containers *containers, const char *service)
{
	for (size_t i = 0; i < containers->count; i++)
		if (ak_streq(containers->items[i].service, service))
			return &containers->items[i];
	return NULL;
}

/* What follows is of images. */

static void
image_take(struct image *image, struct ak_json *json)
{
	const char *id = ak_json_str(ak_json_get(json, "Id"));
	const char *digest = ak_json_str(ak_json_first(ak_json_get(json,
	    "RepoDigests")));

	*image = (struct image){
		.present = true,
		.id = copy_of(id),
		.digest = digest != NULL ? ak_strdup(digest) : NULL,
		.size = ak_json_int(ak_json_get(json, "Size"), 0),
		.inspect = json,
	};
}

void
image_free(struct image *image)
{
	free(image->id);
	free(image->digest);
	ak_json_free(image->inspect);
	*image = (struct image){ 0 };
}

/* The first of the names that is the same: asked once, told to all. */
static size_t
first_same(const char *const names[], size_t i)
{
	size_t first = 0;

	while (!ak_streq(names[first], names[i]))
		first++;
	return first;
}

static int
take_image(const struct engine *engine, struct ak_http_reply *reply,
    struct image *image, struct ak_err *err)
{
	struct ak_json *json = NULL;

	if (reply->status == 404)
		return 0;
	if (engine_take(engine, reply, &json, err) == -1)
		return -1;
	image_take(image, json);
	return 0;
}

/* A question a name, asked once; asked[i] is the one for names[i]. */
static void
ask_images(const char *const names[], size_t count, struct asks *asks,
    size_t asked[], struct image images[])
{
	for (size_t i = 0; i < count; i++) {
		size_t first = first_same(names, i);

		asked[i] = first == i ? asks->count : asked[first];
		if (first == i)
			asks_add(asks, ak_printf("/images/%s/json", names[i]));
		images[i] = (struct image){ 0 };
	}
}

static int
take_images(const struct engine *engine, struct asks *asks,
    const size_t asked[], size_t count, struct image images[],
    struct ak_err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (take_image(engine, &asks->items[asked[i]].reply, &images[i],
			err) == 0)
			continue;
		while (i-- > 0)
			image_free(&images[i]);
		return -1;
	}
	return 0;
}

int
engine_images(struct engine *engine, const char *const names[], size_t count,
    struct image images[], struct ak_err *err)
{
	AK_FREE size_t *asked = ak_calloc(count + 1, sizeof(*asked));
	ASKS struct asks asks = { 0 };

	ask_images(names, count, &asks, asked, images);
	if (asks_do(engine, &asks, err) == -1)
		return -1;
	return take_images(engine, &asks, asked, count, images, err);
}

/* The images are asked for first: their names are known before the list is. */
int
engine_look(struct engine *engine, const char *project,
    struct containers *containers, const char *const names[], size_t count,
    struct image images[], struct ak_err *err)
{
	AK_FREE size_t *asked = ak_calloc(count + 1, sizeof(*asked));
	ASKS struct asks asks = { 0 };
	struct ak_err ignored = { 0 };

	ask_images(names, count, &asks, asked, images);
	if (asks_begin(engine, &asks, err) == -1 ||
	    engine_containers(engine, project, containers, err) == -1) {
		/* Nothing that is under way may lose its reply. */
		(void)!ak_http_finish(engine_http(engine), &ignored);
		return -1;
	}
	if (take_images(engine, &asks, asked, count, images, err) == 0)
		return 0;
	containers_free(containers);
	return -1;
}
