/*
 * look - all that is known of some services at one moment.
 */
#include "tools/stack/look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PROBE_MS = 1000,
	SAMPLE_MS = 75,
};

static bool
has_row(const struct look *look, const char *name)
{
	for (size_t i = 0; i < look->count; i++)
		if (ak_streq(look->rows[i].name, name))
			return true;
	return false;
}

static void
add_row(struct look *look, const struct service *service, const char *name)
{
	if (has_row(look, name))
		return;
	look->rows = ak_resize(look->rows, look->count + 1,
	    sizeof(*look->rows));
	look->rows[look->count++] = (struct row){ .service = service,
		.name = name };
}

/* Marks a service and, through what it cannot do without, all it needs. */
static void
mark(const struct kit *kit, const struct service *service, bool *wanted)
{
	bool *mine;

	if (service == NULL)
		return;
	mine = &wanted[service - kit->services];
	if (*mine)
		return;
	*mine = true;
	for (size_t i = 0; i < service->need_count; i++)
		if (service->needs[i].required)
			mark(kit, kit_service(kit, service->needs[i].service),
			    wanted);
}

static void
add_existing(const struct kit *kit, struct look *look)
{
	AK_FREE bool *wanted = ak_calloc(kit->service_count + 1,
	    sizeof(*wanted));
	const struct containers *containers = &look->containers;

	for (size_t i = 0; i < containers->count; i++)
		mark(kit, kit_service(kit, containers->items[i].service),
		    wanted);
	for (size_t i = 0; i < kit->service_count; i++)
		if (wanted[i])
			add_row(look, &kit->services[i], kit->services[i].name);
	for (size_t i = 0; i < containers->count; i++)
		if (kit_service(kit, containers->items[i].service) == NULL)
			add_row(look, NULL, containers->items[i].service);
}

static int
add_selected(const struct kit *kit, char *const names[], size_t count,
    struct look *look, struct ak_err *err)
{
	SELECTION struct selection selection = { 0 };

	if (count > 0) {
		if (resolve_named(kit, names, count, &selection, err) == -1)
			return -1;
	} else if (resolve(kit, NULL, 0, &selection, err) == -1) {
		return -1;
	}
	for (size_t i = 0; i < selection.count; i++)
		add_row(look, selection.picks[i].service,
		    selection.picks[i].service->name);
	return 0;
}

static void
judge_orphan(struct row *row)
{
	if (row->service != NULL)
		return;
	row->state.well = WELL_ILL;
	snprintf(row->state.text, sizeof(row->state.text), "not in the kit");
}

/* Of several containers of a service the worst is shown. */
static void
judge(const struct look *look, struct row *row)
{
	state_judge(row->service, NULL, &row->state);
	for (size_t i = 0; i < look->containers.count; i++) {
		const struct container *container = &look->containers.items[i];
		struct state state;

		if (!ak_streq(container->service, row->name))
			continue;
		state_judge(row->service, container, &state);
		if (row->containers++ == 0 || state.well > row->state.well)
			row->state = state;
	}
	judge_orphan(row);
}

static char *
image_name(const struct kit *kit, const struct service *service)
{
	return service->image != NULL
	    ? ak_strdup(service->image)
	    : ak_printf("%s-%s", kit->project, service->name);
}

/* The containers, and for drift the images, one a service of the kit. */
static int
look_ask(const struct kit *kit, struct ak_docker *engine, int what,
    struct look *look, struct ak_err *err)
{
	size_t count = what & LOOK_DRIFT ? kit->service_count : 0;
	AK_FREE char **names = ak_calloc(count + 1, sizeof(*names));
	struct images ask = { (const char *const *)names, count, NULL };
	int failed;

	for (size_t i = 0; i < count; i++)
		names[i] = image_name(kit, &kit->services[i]);
	look->images = ak_calloc(count + 1, sizeof(*look->images));
	ask.items = look->images;
	failed = engine_look(engine, kit, &look->containers, &ask, err);
	look->image_count = failed == 0 ? count : 0;
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	return failed;
}

static int
look_drift(struct kit *kit, struct look *look, struct ak_err *err)
{
	if (look->containers.count > 0 &&
	    model_hashes(kit, &look->containers, err) == -1)
		return -1;
	for (size_t i = 0; i < look->count; i++) {
		struct row *row = &look->rows[i];

		if (row->service != NULL && row->state.container != NULL)
			drift_find(kit, row->service, row->state.container,
			    &look->images[row->service - kit->services],
			    &row->drift);
	}
	return 0;
}

/* Only what the kit says of itself makes a running service ill. */
static void
judge_probe(struct row *row, const struct probe *probe)
{
	row->probe = *probe;
	if (row->state.well != WELL_OK || probe->result != PROBE_FAILED ||
	    service_label(row->service, "aikit.probe") == NULL)
		return;
	row->state.well = WELL_ILL;
	snprintf(row->state.text, sizeof(row->state.text), "probe: %s",
	    probe->text);
}

static int
look_probe(struct look *look, struct ak_err *err)
{
	AK_FREE struct probe_target *targets = ak_calloc(look->count + 1,
	    sizeof(*targets));

	for (size_t i = 0; i < look->count; i++)
		targets[i] = (struct probe_target){
			.service = look->rows[i].service,
			.container = look->rows[i].state.container,
		};
	if (probe_all(targets, look->count, PROBE_MS, err) == -1)
		return -1;
	for (size_t i = 0; i < look->count; i++)
		if (look->rows[i].service != NULL)
			judge_probe(&look->rows[i], &targets[i].probe);
	return 0;
}

static void
add_usage(struct usage *sum, const struct usage *usage)
{
	if (!usage->known)
		return;
	sum->known = true;
	sum->cpu_percent += usage->cpu_percent;
	sum->memory += usage->memory;
	sum->memory_limit += usage->memory_limit;
	sum->received += usage->received;
	sum->sent += usage->sent;
	sum->read += usage->read;
	sum->written += usage->written;
	sum->pids += usage->pids;
}

void
look_add_usage(struct look *look, const struct usage_target targets[],
    size_t count)
{
	for (size_t i = 0; i < look->count; i++)
		for (size_t k = 0; k < count; k++)
			if (ak_streq(look->rows[i].name,
				targets[k].container->service))
				add_usage(&look->rows[i].usage,
				    &targets[k].usage);
}

/* The first reading is made before all else that takes time. */
static struct usage_target *
begin_usage(const struct look *look)
{
	size_t count = look->containers.count;
	struct usage_target *targets = ak_calloc(count + 1, sizeof(*targets));

	for (size_t i = 0; i < count; i++)
		targets[i].container = &look->containers.items[i];
	return targets;
}

static int
look_more(struct kit *kit, bool local, int what, struct look *look,
    struct ak_err *err)
{
	if (what & LOOK_DRIFT && look_drift(kit, look, err) == -1)
		return -1;
	return what & LOOK_PROBE && local ? look_probe(look, err) : 0;
}

static int
look_all(struct kit *kit, bool local, int what, struct look *look,
    struct ak_err *err)
{
	AK_FREE struct usage_target *targets = begin_usage(look);
	size_t count = look->containers.count;

	if (!(what & LOOK_USAGE) || !local)
		return look_more(kit, local, what, look, err);
	if (usage_sample(targets, count, err) == -1 ||
	    look_more(kit, local, what, look, err) == -1 ||
	    usage_finish(targets, count, SAMPLE_MS, err) == -1)
		return -1;
	look_add_usage(look, targets, count);
	return 0;
}

bool
look_is_local(const struct ak_docker *engine)
{
	return *ak_docker_where(engine) == '/';
}

static int
look_rows(const struct kit *kit, const struct look_want *want,
    struct look *look, struct ak_err *err)
{
	if (want->count > 0 || look->containers.count == 0) {
		if (add_selected(kit, want->names, want->count, look, err) ==
		    -1)
			return -1;
	} else {
		add_existing(kit, look);
	}
	for (size_t i = 0; i < look->count; i++)
		judge(look, &look->rows[i]);
	return 0;
}

int
look_take(struct kit *kit, struct ak_docker *engine,
    const struct look_want *want, struct look *look, struct ak_err *err)
{
	*look = (struct look){ 0 };
	if (look_ask(kit, engine, want->what, look, err) == 0 &&
	    look_rows(kit, want, look, err) == 0 &&
	    look_all(kit, look_is_local(engine), want->what, look, err) == 0)
		return 0;
	look_free(look);
	return -1;
}

void
look_free(struct look *look)
{
	for (size_t i = 0; i < look->count; i++)
		drift_free(&look->rows[i].drift);
	for (size_t i = 0; i < look->image_count; i++)
		image_free(&look->images[i]);
	free(look->images);
	free(look->rows);
	containers_free(&look->containers);
	*look = (struct look){ 0 };
}

size_t
look_ill(const struct look *look)
{
	size_t ill = 0;

	for (size_t i = 0; i < look->count; i++)
		ill += look->rows[i].state.well > WELL_OK;
	return ill;
}
