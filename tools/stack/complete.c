/*
 * complete - what may stand for an operand, for the shell.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tools/stack/stack.h"

static void
say(const char *candidate, const char *word)
{
	if (candidate != NULL && ak_starts(candidate, word))
		puts(candidate);
}

static void
say_members(const struct ak_json *table, const char *word)
{
	ak_json_each(item, table)
		say(ak_json_name(item), word);
}

static void
say_settings(const struct settings *settings, const char *word)
{
	for (size_t i = 0; settings != NULL && i < settings_count(settings);
	     i++)
		say(settings_at(settings, i)->name, word);
}

static const char *const kinds[] = { "presets", "profiles", "services",
	"images", "volumes", "networks", "settings" };

/* Whatever fails here, the shell just offers nothing. */
void
stack_complete(const struct ak_cmd *cmd, const char *word)
{
	KIT struct kit kit = { .fd = -1 };
	struct ak_err ignored = { 0 };

	for (size_t i = 0; cmd->run == list_run && i < AK_COUNT(kinds); i++)
		say(kinds[i], word);
	if (cmd->max == 0 || cmd->run == list_run ||
	    kit_open(&kit, stack_options.kit, &ignored) == -1)
		return;
	if (cmd->run == config_run) {
		say("list", word);
		say("get", word);
		say_settings(kit.settings, word);
		return;
	}
	for (size_t i = 0; i < kit.service_count; i++)
		say(kit.services[i].name, word);
	if (cmd->run == why_run || cmd->run == url_run)
		return;
	say_members(ak_json_get(kit.x, "presets"), word);
	say_members(ak_json_get(kit.x, "profiles"), word);
}
