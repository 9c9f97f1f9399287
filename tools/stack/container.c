/*
 * container - a container of the project, as the daemon inspects it.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "tools/stack/stack.h"

#define LABEL "com.docker.compose."

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

void
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

void
containers_sort(struct containers *containers)
{
	if (containers->count > 1)
		qsort(containers->items, containers->count,
		    sizeof(*containers->items), by_service);
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
