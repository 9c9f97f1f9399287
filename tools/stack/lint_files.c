/*
 * lint_files - what only the text of the compose files tells.
 *
 * The model has every ${NAME} replaced, and Compose leaves out of it each
 * volume that no service mounts. So these rules read the files.
 */
#include <ctype.h>
#include <string.h>

#include "lib/str.h"
#include "tools/stack/lint.h"
#include "tools/stack/secrets.h"

struct reading {
	const struct kit *kit;
	finding_fn *each;
	void *arg;
	bool *used; /* one a setting */
	const char *file;
	enum severity severity;
};

static void
tell(const struct reading *r, const char *id, const char *subject,
    const char *evidence, const char *next)
{
	struct finding finding = { id, r->severity, subject, evidence, next };

	r->each(r->arg, &finding);
}

/* Below the kit, or whole when it is elsewhere. */
static const char *
short_path(const struct kit *kit, const char *path)
{
	size_t len = strlen(kit->dir);

	return ak_starts(path, kit->dir) && path[len] == '/' ? path + len + 1
							     : path;
}

static void
unknown_name(const struct reading *r, const char *name, int line)
{
	struct ak_err err = { 0 };
	AK_FREE char *subject = ak_printf("%s:%d", r->file, line);
	AK_FREE char *evidence = ak_printf("${%s} is no setting", name);

	settings_suggest(r->kit->settings, name, &err);
	tell(r, "setting-unknown", subject, evidence, err.help);
}

static void
second_default(const struct reading *r, const char *name, int line)
{
	AK_FREE char *subject = ak_printf("%s:%d", r->file, line);
	AK_FREE char *evidence =
	    ak_printf("${%s:-...}: a second default, which never holds", name);

	tell(r, "setting-default", subject, evidence,
	    "write ${NAME:?}; the default is settings.ini's");
}

/* What follows a $ that is not doubled. */
static void
take_name(const struct reading *r, const char *p, int line)
{
	bool braces = *p == '{';
	const char *name = p + braces;
	size_t len = strspn(name,
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789_");
	const char *rest = name + len;
	AK_FREE char *copy = ak_strndup(name, len);
	const struct setting *setting;

	if (len == 0 || isdigit((unsigned char)*name))
		return;
	setting = settings_find(r->kit->settings, copy);
	if (setting == NULL || setting->type == SET_SECRET) {
		unknown_name(r, copy, line);
		return;
	}
	r->used[setting - settings_at(r->kit->settings, 0)] = true;
	if (braces && (ak_starts(rest, ":-") || *rest == '-'))
		second_default(r, copy, line);
}

static void
take_names(const struct reading *r, const char *text, size_t len, int line)
{
	const char *end = text + len;

	if (text[strspn(text, " \t")] == '#')
		return;
	for (const char *p = text; p < end; p++)
		if (*p == '$' && p[1] == '$')
			p++;
		else if (*p == '$')
			take_name(r, p + 1, line);
}

/* One that no service mounts, since Compose has left it out. */
static void
take_volume(const struct reading *r, const char *name, size_t len, int line)
{
	AK_FREE char *copy = ak_strndup(name, len);
	AK_FREE char *subject = NULL;
	AK_FREE char *evidence = NULL;

	if (len == 0 ||
	    ak_json_get(ak_json_get(r->kit->model, "volumes"), copy) != NULL)
		return;
	subject = ak_printf("%s:%d", r->file, line);
	evidence = ak_printf("volume %s: no service mounts it", copy);
	tell(r, "volume-unused", subject, evidence, "remove it");
}

static size_t
key_length(const char *s)
{
	size_t len = strspn(s,
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789_.-");

	return s[len] == ':' ? len : 0;
}

/* {a: {}, b: {name: x}}: the keys of the outer braces. */
static void
take_flow(const struct reading *r, const char *p, size_t len, int line)
{
	int depth = 0;

	for (const char *end = p + len; p < end; p++) {
		bool begins = *p == '{' || *p == ',';

		depth += (*p == '{') - (*p == '}');
		if (begins && depth == 1) {
			const char *key = p + 1 + strspn(p + 1, " ");

			take_volume(r, key, key_length(key), line);
		}
	}
}

/* indent: of the names below volumes:, -1 elsewhere, 0 until one is seen. */
static void
take_volumes(const struct reading *r, const char *text, size_t len, int line,
    int *indent)
{
	size_t blanks = strspn(text, " ");

	if (blanks >= len || text[blanks] == '#')
		return;
	if (blanks == 0) {
		*indent = ak_starts(text, "volumes:") ? 0 : -1;
		if (*indent == 0)
			take_flow(r, text, len, line);
	} else if (*indent == 0 || *indent == (int)blanks) {
		*indent = (int)blanks;
		take_volume(r, text + blanks, key_length(text + blanks), line);
	}
}

static void
read_file(void *arg, const char *path, const char *text)
{
	struct reading *r = arg;
	int line = 1, indent = -1;

	r->file = short_path(r->kit, path);
	for (; *text != '\0'; line++) {
		size_t len = strcspn(text, "\n");

		if (r->kit->settings != NULL)
			take_names(r, text, len, line);
		take_volumes(r, text, len, line, &indent);
		text += len + (text[len] == '\n');
	}
}

static bool
has_secret(const struct kit *kit, const struct setting *setting)
{
	AK_FREE char *path = secret_path(setting);

	ak_json_each(item, ak_json_get(kit->model, "secrets")) {
		const char *file = ak_json_str(ak_json_get(item, "file"));

		if (file != NULL && ak_ends(file, path))
			return true;
	}
	return false;
}

/* Services that a setting says it touches, and that are none. */
static void
check_services(const struct reading *r, const struct setting *setting,
    const char *subject)
{
	const char *words = setting->services;

	while (words != NULL && *words != '\0') {
		size_t len = strcspn(words, " ");
		AK_FREE char *word = ak_strndup(words, len);
		AK_FREE char *evidence = ak_printf("%s: service %s is none",
		    setting->name, word);

		if (len > 0 && kit_service(r->kit, word) == NULL)
			tell(r, "setting-service", subject, evidence,
			    "aikit-stack list services");
		words += len;
		words += strspn(words, " ");
	}
}

static void
check_settings(const struct reading *r)
{
	const struct settings *settings = r->kit->settings;

	for (size_t i = 0; i < settings_count(settings); i++) {
		const struct setting *setting = settings_at(settings, i);
		AK_FREE char *subject = ak_printf("settings.ini:%d",
		    setting->defined);
		AK_FREE char *evidence = ak_printf("%s: nothing reads it",
		    setting->name);

		check_services(r, setting, subject);
		if (setting->type == SET_SECRET ? !has_secret(r->kit, setting)
						: !r->used[i])
			tell(r, "setting-unused", subject, evidence,
			    "remove it, or use it in a compose file");
	}
}

void
lint_files(const struct kit *kit, finding_fn *each, void *arg)
{
	size_t count = kit->settings ? settings_count(kit->settings) : 0;
	AK_FREE bool *used = ak_calloc(count + 1, sizeof(*used));
	struct reading r = {
		.kit = kit,
		.each = each,
		.arg = arg,
		.used = used,
		.severity = lint_is_kit(kit) ? SEV_ERROR : SEV_WARNING,
	};

	inputs_each(kit, read_file, &r);
	if (kit->settings != NULL)
		check_settings(&r);
}
