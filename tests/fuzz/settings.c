/*
 * settings - fuzz: whatever the two files, each value that is taken is one that
 * its setting allows, and .env gives it back byte for byte; whatever is refused
 * is refused by file and line.
 *
 * The input is settings.ini, a NUL, and local.ini.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tools/stack/settings.h"

/* What Compose reads from a line behind NAME=, by the rules of its parser. */
static char *
read_back(const char **text)
{
	AK_BUF struct ak_buf value = { 0 };
	const char *p = *text;
	char quote = *p++;

	law(quote == '\'' || quote == '"');
	for (; *p != quote; p++) {
		law(*p != '\0' && *p != '\n');
		if (*p == '\\' && (quote == '"' || p[1] == quote))
			p++;
		else
			law(quote == '\'' || *p != '$');
		ak_buf_char(&value, *p);
	}
	*text = p + 1;
	return ak_buf_take(&value);
}

static void
check_env(const struct settings *settings)
{
	AK_BUF struct ak_buf env = { 0 };
	const char *p;

	settings_render(settings, &env);
	p = strchr(strchr(env.data, '\n') + 1, '\n') + 1;
	for (size_t i = 0; i < settings->count; i++) {
		const struct setting *setting = &settings->items[i];
		size_t len = strlen(setting->name);
		AK_FREE char *value = NULL;

		if (setting->type == SET_SECRET)
			continue;
		law(strncmp(p, setting->name, len) == 0 && p[len] == '=');
		p += len + 1;
		value = read_back(&p);
		law(strcmp(value, setting->stored) == 0);
		law(*p++ == '\n');
	}
	law(*p == '\0');
}

static void
check_values(const struct settings *settings)
{
	for (size_t i = 0; i < settings->count; i++) {
		const struct setting *setting = &settings->items[i];
		struct ak_err err = { 0 };

		law(settings_find(settings, setting->name) == setting);
		law((setting->value == NULL) == (setting->type == SET_SECRET));
		if (setting->value != NULL)
			law(setting_check(setting, setting->value, &err) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AK_FREE char *catalogue = ak_strndup((const char *)data, size);
	size_t len = strlen(catalogue);
	AK_FREE char *local = len < size
	    ? ak_strndup((const char *)data + len + 1, size - len - 1)
	    : NULL;
	struct settings settings = { 0 };
	struct ak_err err = { 0 };

	/* The C library's own expressions take time and stack without end. */
	if (strstr(catalogue, "pattern") != NULL && size > 2048)
		return 0;
	clearenv();
	if (settings_take(&settings, catalogue, local, &err) == 0) {
		check_values(&settings);
		check_env(&settings);
	} else {
		law(err.code == AK_CONFIG);
		law(ak_starts(err.text, "settings.ini:") ||
		    ak_starts(err.text, "local.ini:"));
	}
	settings_clear(&settings);
	return 0;
}
