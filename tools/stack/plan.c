/*
 * plan - what up would do, and why, without doing any of it.
 *
 * Every question to the daemon is a GET. A registry is asked, through the
 * daemon, only for images that are not here.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/http.h"
#include "lib/str.h"
#include "tools/stack/stack.h"

const struct ak_view plan_view = {
	.type = "step",
	.columns = AK_COLUMNS({ "action", "ACTION", AK_SHOW_TEXT, 0,
				  "create=green recreate=yellow start=green" },
	    { "service", "SERVICE", AK_SHOW_TEXT, 0, NULL },
	    { "reason", "REASON", AK_SHOW_TEXT, 0, NULL },
	    { "why", "CHOSEN BY", AK_SHOW_TEXT, 0, NULL },
	    { "image_state", "IMAGE IS", AK_SHOW_TEXT, 0,
		"pull=yellow build=yellow" },
	    { "image", "IMAGE", AK_SHOW_TEXT, 0, NULL },
	    { "ports", "PORTS", AK_SHOW_TEXT, 0, NULL }),
};

static const char *const action_names[] = {
	[PLAN_KEEP] = "keep",
	[PLAN_START] = "start",
	[PLAN_CREATE] = "create",
	[PLAN_RECREATE] = "recreate",
};

/* The name under which the daemon knows a service's image. */
static char *
image_name(const struct kit *kit, const struct service *service)
{
	if (service->image != NULL)
		return ak_strdup(service->image);
	return ak_printf("%s-%s", kit->project, service->name);
}

/* "image, environment TZ", or that Compose sees something we do not. */
static char *
drift_text(const struct drift *drift)
{
	AK_BUF struct ak_buf text = { 0 };

	for (size_t i = 0; i < drift->count; i++)
		ak_buf_printf(&text, "%s%s", i > 0 ? ", " : "",
		    drift->items[i]);
	if (drift->count == 0)
		ak_buf_str(&text, "configuration");
	ak_buf_str(&text, " changed");
	return ak_buf_take(&text);
}

static void
step_decide(struct kit *kit, const struct container *container,
    struct step *step)
{
	const struct service *service = step->pick->service;
	struct drift drift = { 0 };

	if (container == NULL) {
		step->action = PLAN_CREATE;
		step->reason = ak_strdup("no container yet");
		return;
	}
	step->since_ns = container->since_ns;
	drift_find(kit, service, container, &step->have, &drift);
	if (drift.count > 0 || drift.hash_differs) {
		step->action = PLAN_RECREATE;
		step->reason = drift_text(&drift);
	} else if (service->one_shot && container->exit_code == 0 &&
	    ak_streq(container->state, "exited")) {
		step->reason = ak_strdup("done");
	} else if (!ak_streq(container->state, "running") &&
	    !ak_streq(container->state, "restarting")) {
		step->action = PLAN_START;
		step->reason = ak_printf("is %s", container->state);
	}
	drift_free(&drift);
}

/*
 * Asks the registry, through the daemon, for the digest of an image that is
 * not here. 1 with a digest, 0 when there is none to be had.
 */
static int
digest_ask(struct ak_docker *engine, const char *image, char **digest)
{
	AK_BUF struct ak_buf path = { 0 };
	AK_JSON struct ak_json *reply = NULL;
	struct ak_err ignored = { 0 };
	const char *text;

	ak_buf_printf(&path, "/distribution/%s/json", image);
	if (ak_docker_get(engine, path.data, &reply, &ignored) == -1)
		return 0;
	text = ak_json_str(ak_json_at(reply, "Descriptor.digest"));
	if (text == NULL)
		return 0;
	*digest = ak_strdup(text);
	return 1;
}

/* After one registry that does not answer the others are not asked. */
static void
step_image(struct ak_docker *engine, struct step *step, bool *reachable)
{
	const struct service *service = step->pick->service;

	if (step->have.present) {
		step->image = "present";
		if (step->have.digest != NULL)
			step->digest = ak_strdup(step->have.digest);
		return;
	}
	if (service->image != NULL && *reachable &&
	    digest_ask(engine, service->image, &step->digest) == 0)
		*reachable = false;
	step->image = service->builds && step->digest == NULL ? "build"
							      : "pull";
}

static int64_t
disk_of(const struct step *step)
{
	const char *label = service_label(step->pick->service, "aikit.disk");
	struct ak_err ignored = { 0 };
	int64_t bytes;

	if (step->have.present || label == NULL ||
	    ak_str_size(label, &bytes, &ignored) == -1)
		return 0;
	return bytes;
}

static int
look(const struct kit *kit, struct ak_docker *engine, struct plan *plan,
    struct containers *containers, struct ak_err *err)
{
	AK_FREE char **names = ak_calloc(plan->count + 1, sizeof(*names));
	AK_FREE struct image *images = ak_calloc(plan->count + 1,
	    sizeof(*images));
	struct images ask = { (const char *const *)names, plan->count, images };
	int failed;

	for (size_t i = 0; i < plan->count; i++)
		names[i] = image_name(kit, plan->steps[i].pick->service);
	failed = engine_look(engine, kit, containers, &ask, err);
	for (size_t i = 0; i < plan->count; i++) {
		free(names[i]);
		if (failed == 0)
			plan->steps[i].have = images[i];
	}
	return failed;
}

static int
plan_fill(struct kit *kit, struct ak_docker *engine, struct plan *plan,
    struct ak_err *err)
{
	CONTAINERS struct containers containers = { 0 };
	bool reachable = true;

	if (look(kit, engine, plan, &containers, err) == -1)
		return -1;
	if (containers.count > 0 && model_hashes(kit, &containers, err) == -1)
		return -1;
	for (size_t i = 0; i < plan->count; i++) {
		struct step *step = &plan->steps[i];

		step_decide(kit,
		    containers_find(&containers, step->pick->service->name),
		    step);
		step_image(engine, step, &reachable);
		plan->disk_bytes += disk_of(step);
		plan->changes += step->action != PLAN_KEEP;
	}
	return 0;
}

int
plan_make(struct kit *kit, struct ak_docker *engine,
    const struct selection *selection, struct plan *plan, struct ak_err *err)
{
	*plan = (struct plan){ .count = selection->count };
	plan->steps = ak_calloc(plan->count + 1, sizeof(*plan->steps));
	for (size_t i = 0; i < plan->count; i++)
		plan->steps[i].pick = &selection->picks[i];
	if (plan_fill(kit, engine, plan, err) == 0)
		return 0;
	plan_free(plan);
	return -1;
}

void
plan_free(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		free(plan->steps[i].reason);
		free(plan->steps[i].digest);
		image_free(&plan->steps[i].have);
	}
	free(plan->steps);
	*plan = (struct plan){ 0 };
}

static void
print_ports(struct ak_out *out, const struct service *service)
{
	const struct ak_json *ports = ak_json_get(service->json, "ports");

	if (ak_json_count(ports) == 0)
		return;
	ak_out_list(out, "ports");
	ak_json_each(port, ports) {
		AK_FREE char *text = port_text(port);

		ak_out_item(out, text);
	}
	ak_out_list_end(out);
}

static void
print_step(struct ak_out *out, const struct step *step)
{
	AK_BUF struct ak_buf why = { 0 };

	ak_out_begin(out, &plan_view);
	ak_out_str(out, "service", step->pick->service->name);
	ak_out_str(out, "action", action_names[step->action]);
	ak_out_str(out, "reason", step->reason);
	ak_out_str(out, "why", pick_text(step->pick, &why));
	ak_out_str(out, "image", step->pick->service->image);
	ak_out_str(out, "image_state", step->image);
	ak_out_str(out, "image_id", step->have.id);
	ak_out_str(out, "digest", step->digest);
	print_ports(out, step->pick->service);
	ak_out_end(out);
}

void
plan_print(struct ak_out *out, const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		print_step(out, &plan->steps[i]);
}

/* "127.0.0.1:9090->9090/tcp" of a port in the model; the caller frees. */
char *
port_text(const struct ak_json *port)
{
	AK_BUF struct ak_buf text = { 0 };
	const char *address = ak_json_str(ak_json_get(port, "host_ip"));
	const char *published = ak_json_str(ak_json_get(port, "published"));
	const char *protocol = ak_json_str(ak_json_get(port, "protocol"));

	if (published != NULL)
		ak_buf_printf(&text, "%s:%s->",
		    address != NULL ? address : "0.0.0.0", published);
	ak_buf_printf(&text, "%lld/%s",
	    (long long)ak_json_int(ak_json_get(port, "target"), 0),
	    protocol != NULL ? protocol : "tcp");
	return ak_buf_take(&text);
}

static const struct ak_view sum_view = {
	.type = "plan",
	.columns = AK_COLUMNS({ "services", "SERVICES", AK_SHOW_NUMBER, 0,
				  NULL },
	    { "changes", "CHANGES", AK_SHOW_NUMBER, 0, NULL },
	    { "accelerator", "ACCELERATOR", AK_SHOW_TEXT, 0, NULL },
	    { "disk_needed_bytes", "DISK NEEDED", AK_SHOW_SIZE, 0, NULL },
	    { "disk_free_bytes", "FREE", AK_SHOW_SIZE, 0, NULL }),
};

/* What the daemon's own directory has free; 0 when it is not of this host. */
static int64_t
disk_free(struct ak_docker *engine)
{
	AK_JSON struct ak_json *info = NULL;
	struct ak_err ignored = { 0 };
	int64_t have = 0, size;
	const char *root;

	if (ak_docker_get(engine, "/info", &info, &ignored) == -1)
		return 0;
	root = ak_json_str(ak_json_get(info, "DockerRootDir"));
	if (root == NULL || host_disk(root, &have, &size, &ignored) == -1)
		return 0;
	return have;
}

void
plan_print_sum(struct ak_out *out, struct ak_docker *engine,
    const struct selection *selection, const struct plan *plan)
{
	int64_t have = plan->disk_bytes > 0 ? disk_free(engine) : 0;

	ak_out_begin(out, &sum_view);
	ak_out_int(out, "services", (int64_t)plan->count);
	ak_out_int(out, "changes", (int64_t)plan->changes);
	ak_out_str(out, "accelerator", selection->accelerator);
	if (plan->disk_bytes > 0)
		ak_out_int(out, "disk_needed_bytes", plan->disk_bytes);
	if (have > 0)
		ak_out_int(out, "disk_free_bytes", have);
	ak_out_end(out);
}

int
plan_run(struct ak_ctx *ctx, int count, char *operands[])
{
	KIT struct kit kit = { .fd = -1 };
	AK_DOCKER struct ak_docker *engine = NULL;
	SELECTION struct selection selection = { 0 };
	PLAN struct plan plan = { 0 };

	if (names_read(&count, &operands, &ctx->err) == -1 ||
	    kit_open(&kit, stack_options.kit, &ctx->err) == -1 ||
	    resolve(&kit, operands, (size_t)count, &selection, &ctx->err) ==
		-1 ||
	    engine_open(&engine, &ctx->err) == -1 ||
	    plan_make(&kit, engine, &selection, &plan, &ctx->err) == -1)
		return -1;
	plan_print(ctx->out, &plan);
	plan_print_sum(ctx->out, engine, &selection, &plan);
	return plan.changes > 0 ? 1 : 0;
}
