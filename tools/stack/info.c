/*
 * info - what a person needs to begin: addresses, where credentials are,
 * versions.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/stack/stack.h"

static const struct ak_view address_view = {
	.type = "address",
	.columns = AK_COLUMNS({ "service", "SERVICE", AK_SHOW_TEXT, 0, NULL },
	    { "state", "STATE", AK_SHOW_TEXT, 0,
		"running=green absent=yellow exited=red" },
	    { "url", "URL", AK_SHOW_TEXT, 0, NULL },
	    { "credentials", "CREDENTIALS", AK_SHOW_TEXT, 0, NULL }),
};

static const struct ak_view about_view = {
	.type = "about",
	.columns = AK_COLUMNS({ "kit", "KIT", AK_SHOW_TEXT, 0, NULL },
	    { "project", "PROJECT", AK_SHOW_TEXT, 0, NULL },
	    { "docker", "DOCKER", AK_SHOW_TEXT, 0, NULL },
	    { "compose", "COMPOSE", AK_SHOW_TEXT, 0, NULL },
	    { "accelerator", "ACCELERATOR", AK_SHOW_TEXT, 0, NULL }),
};

static void
print_addresses(struct ak_out *out, const struct kit *kit,
    const struct containers *containers)
{
	for (size_t i = 0; i < kit->service_count; i++) {
		const struct service *service = &kit->services[i];
		const struct container *container = containers_find(containers,
		    service->name);
		const char *url = service_label(service, "aikit.url");

		if (url == NULL || (containers->count > 0 && container == NULL))
			continue;
		ak_out_begin(out, &address_view);
		ak_out_str(out, "service", service->name);
		ak_out_str(out, "title", service_label(service, "aikit.title"));
		ak_out_str(out, "state",
		    container == NULL ? "absent" : container->state);
		ak_out_str(out, "url", url);
		ak_out_str(out, "credentials",
		    service_label(service, "aikit.credentials"));
		ak_out_str(out, "image", service->image);
		ak_out_str(out, "docs", service_label(service, "aikit.docs"));
		ak_out_end(out);
	}
}

static void
print_about(struct ak_out *out, const struct kit *kit,
    const struct ak_json *version)
{
	struct ak_err ignored = { 0 };
	AK_FREE char *compose = compose_version(&ignored);

	ak_out_begin(out, &about_view);
	ak_out_str(out, "kit", kit->dir);
	ak_out_str(out, "project", kit->project);
	ak_out_str(out, "docker", ak_json_str(ak_json_get(version, "Version")));
	ak_out_str(out, "compose", compose);
	ak_out_str(out, "accelerator", host_accelerator());
	ak_out_end(out);
}

/* Without a daemon the addresses are still told. */
int
info_run(struct ak_ctx *ctx, int count AK_UNUSED, char *operands[] AK_UNUSED)
{
	KIT struct kit kit = { .fd = -1 };
	AK_DOCKER struct ak_docker *engine = NULL;
	CONTAINERS struct containers containers = { 0 };
	AK_JSON struct ak_json *version = NULL;

	if (kit_open(&kit, stack_options.kit, &ctx->err) == -1)
		return -1;
	if (engine_open(&engine, &ctx->err) == -1 ||
	    engine_containers(engine, kit.project, &containers, &ctx->err) ==
		-1 ||
	    ak_docker_get(engine, "/version", &version, &ctx->err) == -1)
		ak_cmd_warn(ctx, "%s", ctx->err.text);
	print_addresses(ctx->out, &kit, &containers);
	print_about(ctx->out, &kit, version);
	return 0;
}
