/*
 * list - what the kit has: one record each, from the model alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/near.h"
#include "tools/stack/resolve.h"

static const struct ak_view preset_view = {
	.type = "preset",
	.columns = AK_COLUMNS({ "preset", "PRESET", AK_SHOW_TEXT, 0, NULL },
	    { "services", "SERVICES", AK_SHOW_NUMBER, 0, NULL },
	    { "members", "MEMBERS", AK_SHOW_TEXT, 0, NULL }),
};

static const struct ak_view profile_view = {
	.type = "profile",
	.columns = AK_COLUMNS({ "profile", "PROFILE", AK_SHOW_TEXT, 0, NULL },
	    { "title", "TITLE", AK_SHOW_TEXT, 0, NULL },
	    { "requires", "REQUIRES", AK_SHOW_TEXT, 0, NULL },
	    { "services", "SERVICES", AK_SHOW_TEXT, 0, NULL }),
};

static const struct ak_view service_view = {
	.type = "service",
	.columns = AK_COLUMNS({ "service", "SERVICE", AK_SHOW_TEXT, 0, NULL },
	    { "title", "TITLE", AK_SHOW_TEXT, 0, NULL },
	    { "profiles", "PROFILES", AK_SHOW_TEXT, 0, NULL },
	    { "image", "IMAGE", AK_SHOW_TEXT, 0, NULL },
	    { "url", "URL", AK_SHOW_TEXT, 0, NULL }),
};

static const struct ak_view image_view = {
	.type = "image",
	.columns = AK_COLUMNS({ "image", "IMAGE", AK_SHOW_TEXT, 0, NULL },
	    { "builds", "BUILDS", AK_SHOW_TEXT, 0, NULL },
	    { "services", "SERVICES", AK_SHOW_TEXT, 0, NULL }),
};

static const struct ak_view volume_view = {
	.type = "volume",
	.columns = AK_COLUMNS({ "volume", "VOLUME", AK_SHOW_TEXT, 0, NULL },
	    { "name", "NAME", AK_SHOW_TEXT, 0, NULL },
	    { "services", "SERVICES", AK_SHOW_TEXT, 0, NULL }),
};

static const struct ak_view network_view = {
	.type = "network",
	.columns = AK_COLUMNS({ "network", "NETWORK", AK_SHOW_TEXT, 0, NULL },
	    { "internal", "INTERNAL", AK_SHOW_TEXT, 0, NULL },
	    { "services", "SERVICES", AK_SHOW_TEXT, 0, NULL }),
};

static void
print_strings(struct ak_out *out, const char *key, const struct ak_json *list)
{
	if (ak_json_count(list) == 0)
		return;
	ak_out_list(out, key);
	ak_json_each(item, list)
		ak_out_item(out, ak_json_str(item));
	ak_out_list_end(out);
}

static int
list_presets(struct ak_ctx *ctx, struct kit *kit)
{
	ak_json_each(item, ak_json_get(kit->x, "presets")) {
		AK_FREE char *word = ak_printf("preset:%s", ak_json_name(item));
		SELECTION struct selection selection = { 0 };

		if (resolve(kit, &word, 1, &selection, &ctx->err) == -1)
			return -1;
		ak_out_begin(ctx->out, &preset_view);
		ak_out_str(ctx->out, "preset", ak_json_name(item));
		ak_out_int(ctx->out, "services", (int64_t)selection.count);
		print_strings(ctx->out, "members", item);
		ak_out_end(ctx->out);
	}
	return 0;
}

static void
print_profile(struct ak_out *out, const struct kit *kit, const char *name)
{
	const struct ak_json *x = ak_json_get(ak_json_get(kit->x, "profiles"),
	    name);

	ak_out_begin(out, &profile_view);
	ak_out_str(out, "profile", name);
	ak_out_str(out, "title", ak_json_str(ak_json_get(x, "title")));
	print_strings(out, "requires", ak_json_get(x, "requires"));
	ak_out_list(out, "services");
	for (size_t i = 0; i < kit->service_count; i++)
		if (service_in_profile(&kit->services[i], name))
			ak_out_item(out, kit->services[i].name);
	ak_out_list_end(out);
	ak_out_end(out);
}

/* True when a service before this one has the profile already. */
static bool
profile_seen(const struct kit *kit, size_t service, const char *name)
{
	for (size_t i = 0; i < service; i++)
		if (service_in_profile(&kit->services[i], name))
			return true;
	return false;
}

static int
list_profiles(struct ak_ctx *ctx, struct kit *kit)
{
	const struct ak_json *known = ak_json_get(kit->x, "profiles");

	ak_json_each(item, known)
		print_profile(ctx->out, kit, ak_json_name(item));
	for (size_t i = 0; i < kit->service_count; i++)
		for (size_t p = 0; p < kit->services[i].profile_count; p++) {
			const char *name = kit->services[i].profiles[p];

			if (ak_json_get(known, name) == NULL &&
			    !profile_seen(kit, i, name))
				print_profile(ctx->out, kit, name);
		}
	return 0;
}

static int
list_services(struct ak_ctx *ctx, struct kit *kit)
{
	for (size_t i = 0; i < kit->service_count; i++) {
		const struct service *service = &kit->services[i];

		ak_out_begin(ctx->out, &service_view);
		ak_out_str(ctx->out, "service", service->name);
		ak_out_str(ctx->out, "title",
		    service_label(service, "aikit.title"));
		print_strings(ctx->out, "profiles",
		    ak_json_get(service->json, "profiles"));
		ak_out_str(ctx->out, "image", service->image);
		ak_out_bool(ctx->out, "one_shot", service->one_shot);
		ak_out_str(ctx->out, "url",
		    service_label(service, "aikit.url"));
		ak_out_str(ctx->out, "docs",
		    service_label(service, "aikit.docs"));
		ak_out_end(ctx->out);
	}
	return 0;
}

static bool
image_seen(const struct kit *kit, size_t service)
{
	for (size_t i = 0; i < service; i++)
		if (ak_streq(kit->services[i].image,
			kit->services[service].image))
			return true;
	return false;
}

static int
list_images(struct ak_ctx *ctx, struct kit *kit)
{
	for (size_t i = 0; i < kit->service_count; i++) {
		const struct service *service = &kit->services[i];

		if (service->image == NULL || image_seen(kit, i))
			continue;
		ak_out_begin(ctx->out, &image_view);
		ak_out_str(ctx->out, "image", service->image);
		ak_out_bool(ctx->out, "builds", service->builds);
		ak_out_list(ctx->out, "services");
		for (size_t k = i; k < kit->service_count; k++)
			if (ak_streq(kit->services[k].image, service->image))
				ak_out_item(ctx->out, kit->services[k].name);
		ak_out_list_end(ctx->out);
		ak_out_end(ctx->out);
	}
	return 0;
}

static bool
mounts(const struct service *service, const char *volume)
{
	ak_json_each(item, ak_json_get(service->json, "volumes"))
		if (ak_streq(ak_json_str(ak_json_get(item, "type")),
			"volume") &&
		    ak_streq(ak_json_str(ak_json_get(item, "source")), volume))
			return true;
	return false;
}

static int
list_volumes(struct ak_ctx *ctx, struct kit *kit)
{
	ak_json_each(item, ak_json_get(kit->model, "volumes")) {
		ak_out_begin(ctx->out, &volume_view);
		ak_out_str(ctx->out, "volume", ak_json_name(item));
		ak_out_str(ctx->out, "name",
		    ak_json_str(ak_json_get(item, "name")));
		ak_out_list(ctx->out, "services");
		for (size_t i = 0; i < kit->service_count; i++)
			if (mounts(&kit->services[i], ak_json_name(item)))
				ak_out_item(ctx->out, kit->services[i].name);
		ak_out_list_end(ctx->out);
		ak_out_end(ctx->out);
	}
	return 0;
}

static int
list_networks(struct ak_ctx *ctx, struct kit *kit)
{
	ak_json_each(item, ak_json_get(kit->model, "networks")) {
		const char *name = ak_json_name(item);

		ak_out_begin(ctx->out, &network_view);
		ak_out_str(ctx->out, "network", name);
		ak_out_str(ctx->out, "name",
		    ak_json_str(ak_json_get(item, "name")));
		ak_out_bool(ctx->out, "internal",
		    ak_json_bool(ak_json_get(item, "internal"), false));
		ak_out_list(ctx->out, "services");
		for (size_t i = 0; i < kit->service_count; i++)
			if (ak_json_get(ak_json_get(kit->services[i].json,
					    "networks"),
				name) != NULL)
				ak_out_item(ctx->out, kit->services[i].name);
		ak_out_list_end(ctx->out);
		ak_out_end(ctx->out);
	}
	return 0;
}

static int
list_settings(struct ak_ctx *ctx, struct kit *kit)
{
	settings_print(ctx->out, kit->settings);
	return 0;
}

static const struct {
	const char *what;
	int (*list)(struct ak_ctx *ctx, struct kit *kit);
} lists[] = {
	{ "presets", list_presets },
	{ "profiles", list_profiles },
	{ "services", list_services },
	{ "images", list_images },
	{ "volumes", list_volumes },
	{ "networks", list_networks },
	{ "settings", list_settings },
};

int
list_run(struct ak_ctx *ctx, int count AK_UNUSED, char *operands[])
{
	const char *words[AK_COUNT(lists) + 1] = { 0 };
	KIT struct kit kit = { .fd = -1 };
	const char *near;

	for (size_t i = 0; i < AK_COUNT(lists); i++) {
		words[i] = lists[i].what;
		if (!ak_streq(lists[i].what, operands[0]))
			continue;
		if (kit_open(&kit, stack_options.kit, &ctx->err) == -1)
			return -1;
		return lists[i].list(ctx, &kit);
	}
	near = ak_near(operands[0], words);
	ak_err_set(&ctx->err, AK_USAGE, "%s: nothing of that kind",
	    operands[0]);
	if (near != NULL)
		ak_err_help(&ctx->err, "did you mean %s?", near);
	else
		ak_err_help(&ctx->err,
		    "presets, profiles, services, images, volumes, networks "
		    "or settings");
	return -1;
}

static const struct ak_view url_view = {
	.type = "url",
	.columns = AK_COLUMNS({ "url", "URL", AK_SHOW_TEXT, 0, NULL }),
};

int
url_run(struct ak_ctx *ctx, int count AK_UNUSED, char *operands[])
{
	KIT struct kit kit = { .fd = -1 };
	const struct service *service;
	const char *url;

	if (kit_open(&kit, stack_options.kit, &ctx->err) == -1 ||
	    kit_need_service(&kit, operands[0], &service, &ctx->err) == -1)
		return -1;
	url = service_label(service, "aikit.url");
	if (url == NULL)
		return ak_fail(&ctx->err, AK_NO, "%s: nothing to open",
		    operands[0]);
	ak_out_begin(ctx->out, &url_view);
	ak_out_str(ctx->out, "service", service->name);
	ak_out_str(ctx->out, "url", url);
	ak_out_end(ctx->out);
	return 0;
}
