/*
 * status - the services as they are, one record each.
 */
#include "tools/stack/status.h"

#include <string.h>

static bool watch, usage;

const struct ak_opt status_options[] = {
	{ 'w', "watch", NULL, "go on, telling what changes", AK_FLAG(&watch) },
	{ 'u', "usage", NULL, "with CPU, memory, network and block I/O",
	    AK_FLAG(&usage) },
	{ 0 },
};

static const struct ak_view service_view = {
	.type = "service",
	.columns = AK_COLUMNS({ "service", "SERVICE", AK_SHOW_TEXT, 0, NULL },
	    { "well", "IS", AK_SHOW_TEXT, 0,
		"ok=green done=green starting=yellow ill=red absent=dim" },
	    { "state", "CONTAINER", AK_SHOW_TEXT, 0, NULL },
	    { "health", "CHECK", AK_SHOW_TEXT, 0,
		"unhealthy=red starting=yellow" },
	    { "probe", "PROBE", AK_SHOW_TEXT, 0, "failed=red" },
	    { "queued", "QUEUED", AK_SHOW_NUMBER, 0, NULL },
	    { "running", "RUNNING", AK_SHOW_NUMBER, 0, NULL },
	    { "since", "SINCE", AK_SHOW_AGE, 0, NULL },
	    { "restarts", "RESTARTS", AK_SHOW_NUMBER, 0, NULL },
	    { "cpu_percent", "CPU %", AK_SHOW_PERCENT, 0, NULL },
	    { "memory_bytes", "MEMORY", AK_SHOW_SIZE, 0, NULL },
	    { "memory_limit_bytes", "LIMIT", AK_SHOW_SIZE, 0, NULL },
	    { "received_bytes", "RECEIVED", AK_SHOW_SIZE, 0, NULL },
	    { "sent_bytes", "SENT", AK_SHOW_SIZE, 0, NULL },
	    { "drift", "DRIFT", AK_SHOW_TEXT, 0, NULL },
	    { "ports", "PORTS", AK_SHOW_TEXT, 0, NULL },
	    { "url", "URL", AK_SHOW_TEXT, 0, NULL },
	    /* last, where a terminal cuts it */
	    { "reason", "REASON", AK_SHOW_TEXT, 0, NULL }),
};

static const char *const probe_names[] = {
	[PROBE_NONE] = NULL,
	[PROBE_OK] = "ok",
	[PROBE_FAILED] = "failed",
};

static void
print_drift(struct ak_out *out, const struct drift *drift)
{
	if (drift->count == 0 && !drift->hash_differs)
		return;
	ak_out_list(out, "drift");
	for (size_t i = 0; i < drift->count; i++)
		ak_out_item(out, drift->items[i]);
	if (drift->count == 0)
		ak_out_item(out, "configuration");
	ak_out_list_end(out);
}

static void
print_port(struct ak_out *out, const struct ak_json *port)
{
	ak_json_each(bound, port) {
		const char *ip = ak_json_str(ak_json_get(bound, "HostIp"));
		const char *there = ak_json_str(ak_json_get(bound, "HostPort"));
		AK_FREE char *text = ak_printf("%s:%s->%s",
		    ip != NULL ? ip : "", there != NULL ? there : "",
		    ak_json_name(port));

		/* Published on all: told once, without the IPv6 half. */
		if (!ak_streq(ip, "::"))
			ak_out_item(out, text);
	}
}

static void
print_ports(struct ak_out *out, const struct container *container)
{
	const struct ak_json *ports = ak_json_at(container->inspect,
	    "NetworkSettings.Ports");
	size_t bound = 0;

	ak_json_each(port, ports)
		bound += ak_json_count(port);
	if (bound == 0)
		return;
	ak_out_list(out, "ports");
	ak_json_each(port, ports)
		print_port(out, port);
	ak_out_list_end(out);
}

void
usage_print(struct ak_out *out, const struct usage *used)
{
	if (!used->known)
		return;
	ak_out_number(out, "cpu_percent", used->cpu_percent);
	ak_out_int(out, "memory_bytes", used->memory);
	if (used->memory_limit > 0)
		ak_out_int(out, "memory_limit_bytes", used->memory_limit);
	ak_out_int(out, "received_bytes", used->received);
	ak_out_int(out, "sent_bytes", used->sent);
	ak_out_int(out, "read_bytes", used->read);
	ak_out_int(out, "written_bytes", used->written);
	ak_out_int(out, "processes", used->pids);
}

/* What the health check of the queue says of its work, seconds ago at most. */
static void
print_work(struct ak_out *out, const struct row *row)
{
	const struct ak_json *last = NULL;
	AK_JSON struct ak_json *work = NULL;
	struct ak_err err = { 0 };
	const char *text;

	if (row->service == NULL || !service_flag(row->service, "aikit.queue"))
		return;
	ak_json_each(item,
	    ak_json_at(row->state.container->inspect, "State.Health.Log"))
		last = item;
	text = ak_json_str(ak_json_get(last, "Output"));
	if (text == NULL ||
	    ak_json_parse(&work, text, strlen(text), &err) == -1 ||
	    ak_json_get(work, "queued") == NULL)
		return;
	ak_out_int(out, "queued", ak_json_int(ak_json_get(work, "queued"), 0));
	ak_out_int(out, "running",
	    ak_json_int(ak_json_get(work, "running"), 0));
}

static void
print_container(struct ak_out *out, const struct row *row)
{
	const struct container *container = row->state.container;
	bool running = ak_streq(container->state, "running") ||
	    ak_streq(container->state, "paused");

	ak_out_time(out, "since", container->since_ns);
	ak_out_int(out, "restarts", container->restarts);
	if (!running && !ak_streq(container->state, "created"))
		ak_out_int(out, "exit_code", container->exit_code);
	if (row->containers > 1)
		ak_out_int(out, "containers", (int64_t)row->containers);
	print_work(out, row);
	print_drift(out, &row->drift);
	print_ports(out, container);
}

static const char *
image_of(const struct row *row)
{
	const struct container *container = row->state.container;

	if (container != NULL)
		return ak_json_str(ak_json_at(container->inspect,
		    "Config.Image"));
	return row->service->image;
}

static const char *
url_of(const struct row *row)
{
	return row->service != NULL ? service_label(row->service, "aikit.url")
				    : NULL;
}

void
status_print(struct ak_out *out, const struct row *row)
{
	const struct container *container = row->state.container;

	ak_out_begin(out, &service_view);
	ak_out_str(out, "service", row->name);
	ak_out_str(out, "image", image_of(row));
	if (container != NULL)
		ak_out_str(out, "image_id",
		    ak_json_str(ak_json_get(container->inspect, "Image")));
	ak_out_str(out, "state",
	    container != NULL ? container->state : "absent");
	if (container != NULL)
		ak_out_str(out, "health", container->health);
	ak_out_str(out, "probe", probe_names[row->probe.result]);
	if (row->probe.result != PROBE_NONE)
		ak_out_int(out, "probe_ms", row->probe.ms);
	if (row->probe.result == PROBE_FAILED)
		ak_out_str(out, "probe_error", row->probe.text);
	ak_out_str(out, "well", wellness_names[row->state.well]);
	if (row->state.text[0] != '\0')
		ak_out_str(out, "reason", row->state.text);
	if (container != NULL)
		print_container(out, row);
	ak_out_str(out, "url", url_of(row));
	usage_print(out, &row->usage);
	ak_out_end(out);
}

static int
status_once(struct ak_ctx *ctx, struct kit *kit, struct ak_docker *engine,
    const struct look_want *want)
{
	LOOK struct look look = { 0 };
	size_t ill;

	if (look_take(kit, engine, want, &look, &ctx->err) == -1)
		return -1;
	for (size_t i = 0; i < look.count; i++)
		status_print(ctx->out, &look.rows[i]);
	ill = look_ill(&look);
	if (ill > 0)
		ak_out_note(ctx->out, "%zu of %zu not well", ill, look.count);
	return ill > 0 ? 1 : 0;
}

int
status_run(struct ak_ctx *ctx, int count, char *operands[])
{
	KIT struct kit kit = { .fd = -1 };
	AK_DOCKER struct ak_docker *engine = NULL;
	struct look_want want;

	if (names_read(&count, &operands, &ctx->err) == -1 ||
	    kit_open(&kit, stack_options.kit, &ctx->err) == -1 ||
	    engine_open(&engine, &ctx->err) == -1)
		return -1;
	want = (struct look_want){ operands, (size_t)count,
		LOOK_DRIFT | LOOK_PROBE | (usage ? LOOK_USAGE : 0) };
	return watch ? status_watch(ctx, &kit, engine, &want)
		     : status_once(ctx, &kit, engine, &want);
}
