/*
 * survey - the project's containers and images, asked in as few rounds as can
 * be.
 *
 * The list has neither exit codes nor what a health check said, so that each
 * container is inspected. Their names can be guessed from the model: then all
 * is asked at once, and only what the list has beyond that once more.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/http.h"
#include "tools/stack/stack.h"

#define LABEL "com.docker.compose."

/* A kit of more services is mostly not running. */
#define GUESSES 100

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
asks_begin(struct ak_docker *engine, struct asks *asks, struct ak_err *err)
{
	for (size_t i = 0; i < asks->count; i++) {
		struct ask *ask = &asks->items[i];

		ask->request.path = ask->path;
		if (ak_http_start(ak_docker_http(engine), &ask->request,
			&ask->reply, err) == -1)
			return -1;
	}
	return 0;
}

/* All begun before any is waited for. */
static int
asks_do(struct ak_docker *engine, struct asks *asks, struct ak_err *err)
{
	return asks_begin(engine, asks, err) == -1
	    ? -1
	    : ak_http_finish(ak_docker_http(engine), err);
}

static int
list(struct ak_docker *engine, const char *project, struct ak_json **json,
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
	return ak_docker_get(engine, path.data, json, err);
}

/* A container that went between the list and the look is no failure. */
static int
take_one(const struct ak_docker *engine, struct ask *ask,
    struct containers *containers, struct ak_err *err)
{
	struct container *container = &containers->items[containers->count];
	struct ak_json *inspect = NULL;

	if (ask->reply.status == 404)
		return 0;
	if (ak_docker_take(engine, &ask->reply, &inspect, err) == -1)
		return -1;
	container_take(container, inspect);
	ak_buf_free(&ask->reply.body);
	containers->count++;
	return 0;
}

static int
take_all(const struct ak_docker *engine, struct asks *asks,
    struct containers *containers, struct ak_err *err)
{
	containers->items = ak_resize(containers->items,
	    containers->count + asks->count + 1, sizeof(*containers->items));
	for (size_t i = 0; i < asks->count; i++)
		if (take_one(engine, &asks->items[i], containers, err) == -1)
			return -1;
	return 0;
}

static bool
listed(const struct ak_json *list, const char *id)
{
	ak_json_each(item, list)
		if (ak_streq(ak_json_str(ak_json_get(item, "Id")), id))
			return true;
	return false;
}

static bool
taken(const struct containers *containers, const char *id)
{
	for (size_t i = 0; i < containers->count; i++)
		if (ak_streq(containers->items[i].id, id))
			return true;
	return false;
}

/* Another project's container of that name, and those of compose run. */
static void
drop_strangers(struct containers *containers, const struct ak_json *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < containers->count; i++) {
		struct container *container = &containers->items[i];

		if (!container->one_off && listed(list, container->id))
			containers->items[kept++] = *container;
		else
			container_free(container);
	}
	containers->count = kept;
}

/* What the list has, but for what was guessed and is there already. */
static int
take_rest(struct ak_docker *engine, const struct ak_json *list,
    struct containers *containers, struct ak_err *err)
{
	ASKS struct asks asks = { 0 };

	ak_json_each(item, list) {
		const char *id = ak_json_str(ak_json_get(item, "Id"));

		if (id != NULL && !taken(containers, id))
			asks_add(&asks, ak_printf("/containers/%s/json", id));
	}
	if (asks_do(engine, &asks, err) == -1 ||
	    take_all(engine, &asks, containers, err) == -1)
		return -1;
	drop_strangers(containers, list);
	containers_sort(containers);
	return 0;
}

/* guesses are under way. */
static int
gather(struct ak_docker *engine, const char *project, struct asks *guesses,
    struct containers *containers, struct ak_err *err)
{
	AK_JSON struct ak_json *json = NULL;

	*containers = (struct containers){ 0 };
	if (list(engine, project, &json, err) == 0 &&
	    ak_http_finish(ak_docker_http(engine), err) == 0 &&
	    take_all(engine, guesses, containers, err) == 0 &&
	    take_rest(engine, json, containers, err) == 0)
		return 0;
	containers_free(containers);
	return -1;
}

int
engine_containers(struct ak_docker *engine, const char *project,
    struct containers *containers, struct ak_err *err)
{
	struct asks none = { 0 };

	return gather(engine, project, &none, containers, err);
}

/* As Compose names the first container of a service. */
static void
guess(const struct kit *kit, struct asks *asks)
{
	for (size_t i = 0; i < kit->service_count && i < GUESSES; i++) {
		const struct service *service = &kit->services[i];
		const char *name = ak_json_str(ak_json_get(service->json,
		    "container_name"));

		asks_add(asks,
		    name != NULL ? ak_printf("/containers/%s/json", name)
				 : ak_printf("/containers/%s-%s-1/json",
				       kit->project, service->name));
	}
}

static char *
copy_of(const char *text)
{
	return ak_strdup(text != NULL ? text : "");
}

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
take_image(const struct ak_docker *engine, struct ak_http_reply *reply,
    struct image *image, struct ak_err *err)
{
	struct ak_json *json = NULL;

	if (reply->status == 404)
		return 0;
	if (ak_docker_take(engine, reply, &json, err) == -1)
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
take_images(const struct ak_docker *engine, struct asks *asks,
    const size_t asked[], size_t count, struct image images[],
    struct ak_err *err)
{
	for (size_t i = 0; i < count && asks->items != NULL; i++) {
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
engine_images(struct ak_docker *engine, const char *const names[], size_t count,
    struct image images[], struct ak_err *err)
{
	AK_FREE size_t *asked = ak_calloc(count + 1, sizeof(*asked));
	ASKS struct asks asks = { 0 };

	ask_images(names, count, &asks, asked, images);
	if (asks_do(engine, &asks, err) == -1)
		return -1;
	return take_images(engine, &asks, asked, count, images, err);
}

int
engine_look(struct ak_docker *engine, const struct kit *kit,
    struct containers *containers, const struct images *images,
    struct ak_err *err)
{
	AK_FREE size_t *asked = ak_calloc(images->count + 1, sizeof(*asked));
	ASKS struct asks asks = { 0 };
	ASKS struct asks guesses = { 0 };
	struct ak_err ignored = { 0 };

	ask_images(images->names, images->count, &asks, asked, images->items);
	guess(kit, &guesses);
	if (asks_begin(engine, &asks, err) == -1 ||
	    asks_begin(engine, &guesses, err) == -1 ||
	    gather(engine, kit->project, &guesses, containers, err) == -1) {
		/* Nothing that is under way may lose its reply. */
		(void)!ak_http_finish(ak_docker_http(engine), &ignored);
		return -1;
	}
	if (take_images(engine, &asks, asked, images->count, images->items,
		err) == 0)
		return 0;
	containers_free(containers);
	return -1;
}
