/*
 * config - what each setting is, and where its value comes from.
 *
 * Neither Compose nor the daemon is asked: the two files say it all.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/near.h"
#include "tools/stack/secrets.h"
#include "tools/stack/settings.h"

static const struct ak_view setting_view = {
	.type = "setting",
	.columns = AK_COLUMNS({ "name", "NAME", AK_SHOW_TEXT, 0, NULL },
	    { "value", "VALUE", AK_SHOW_TEXT, 0, NULL },
	    { "set", "SET", AK_SHOW_TEXT, 0, "false=yellow" },
	    { "source", "FROM", AK_SHOW_TEXT, 0, NULL },
	    { "unit", "UNIT", AK_SHOW_TEXT, 0, NULL },
	    { "help", "HELP", AK_SHOW_TEXT, 0, NULL }),
};

static void
print_words(struct ak_out *out, const char *key, const char *words)
{
	if (words == NULL)
		return;
	ak_out_list(out, key);
	for (words += strspn(words, " "); *words != '\0';) {
		size_t len = strcspn(words, " ");
		AK_FREE char *word = ak_strndup(words, len);

		ak_out_item(out, word);
		words += len;
		words += strspn(words, " ");
	}
	ak_out_list_end(out);
}

static void
print_secret(struct ak_out *out, const struct settings *settings,
    const struct setting *setting)
{
	AK_FREE char *path = secret_path(setting);

	ak_out_bool(out, "set", secret_is_set(settings->kit_fd, setting));
	ak_out_str(out, "file", path);
}

static void
print_setting(struct ak_out *out, const struct settings *settings,
    const struct setting *setting)
{
	ak_out_begin(out, &setting_view);
	ak_out_str(out, "name", setting->name);
	ak_out_str(out, "group", setting->group);
	ak_out_str(out, "kind", setting_types[setting->type]);
	if (setting->type == SET_SECRET)
		print_secret(out, settings, setting);
	ak_out_str(out, "value", setting->value);
	ak_out_str(out, "default", setting->fallback);
	ak_out_str(out, "source", setting->source);
	if (setting->line != 0)
		ak_out_int(out, "line", setting->line);
	ak_out_str(out, "unit", setting->unit);
	print_words(out, "values", setting->values);
	ak_out_str(out, "help", setting->help);
	print_words(out, "services", setting->services);
	ak_out_end(out);
}

void
settings_print(struct ak_out *out, const struct settings *settings)
{
	for (size_t i = 0; settings != NULL && i < settings->count; i++)
		print_setting(out, settings, &settings->items[i]);
}

static int
config_list(struct ak_ctx *ctx, const struct settings *settings,
    const char *name)
{
	if (name != NULL)
		return ak_fail(&ctx->err, AK_USAGE,
		    "list takes no name: %s (config get %s)", name, name);
	settings_print(ctx->out, settings);
	return 0;
}

static int
config_get(struct ak_ctx *ctx, const struct settings *settings,
    const char *name)
{
	const struct setting *setting;

	if (name == NULL)
		return ak_fail(&ctx->err, AK_USAGE, "get: name a setting");
	setting = settings_find(settings, name);
	if (setting == NULL) {
		ak_err_set(&ctx->err, AK_USAGE, "%s: no such setting", name);
		settings_suggest(settings, name, &ctx->err);
		return -1;
	}
	print_setting(ctx->out, settings, setting);
	return 0;
}

static const struct {
	const char *word;
	int (*run)(struct ak_ctx *ctx, const struct settings *settings,
	    const char *name);
} verbs[] = {
	{ "list", config_list },
	{ "get", config_get },
};

static int
config_do(struct ak_ctx *ctx, const char *verb, const char *name)
{
	const char *words[AK_COUNT(verbs) + 1] = { 0 };
	KIT struct kit kit = { .fd = -1 };
	size_t i = 0;

	for (size_t k = 0; k < AK_COUNT(verbs); k++)
		words[k] = verbs[k].word;
	while (i < AK_COUNT(verbs) && !ak_streq(verbs[i].word, verb))
		i++;
	if (i == AK_COUNT(verbs)) {
		const char *near = ak_near(verb, words);

		ak_err_set(&ctx->err, AK_USAGE, "%s: neither list nor get",
		    verb);
		if (near != NULL)
			ak_err_help(&ctx->err, "did you mean %s?", near);
		return -1;
	}
	if (kit_find(&kit, stack_options.kit, &ctx->err) == -1 ||
	    settings_load(&kit.settings, kit.fd, &ctx->err) == -1)
		return -1;
	if (kit.settings == NULL)
		return ak_fail(&ctx->err, AK_NOINPUT, "%s: no settings.ini",
		    kit.dir);
	return verbs[i].run(ctx, kit.settings, name);
}

int
config_run(struct ak_ctx *ctx, int count, char *operands[])
{
	return config_do(ctx, operands[0], count > 1 ? operands[1] : NULL);
}
