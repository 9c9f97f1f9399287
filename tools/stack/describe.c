/*
 * describe - a service of the model as the Engine API makes containers of it.
 *
 * Only for a checker: what it reads is there, read-only, and what it could
 * change or reach is not.
 */
#include <string.h>
#include <unistd.h>

#include "lib/str.h"
#include "tools/stack/deep.h"

enum { CHECK_PIDS = 256 };

static void
quote(struct ak_buf *body, const char *text)
{
	AK_FREE char *plain = model_text(text);

	ak_json_quote(body, plain, strlen(plain));
}

static void
comma(struct ak_buf *body)
{
	if (body->len > 0 && strchr("[{", body->data[body->len - 1]) == NULL)
		ak_buf_char(body, ',');
}

static void
add_string(struct ak_buf *body, const char *key, const char *value)
{
	if (value == NULL)
		return;
	comma(body);
	ak_buf_printf(body, "\"%s\":", key);
	quote(body, value);
}

static void
add_strings(struct ak_buf *body, const char *key, const struct ak_json *list)
{
	if (ak_json_count(list) == 0)
		return;
	comma(body);
	ak_buf_printf(body, "\"%s\":[", key);
	ak_json_each(item, list)
		if (ak_json_str(item) != NULL) {
			comma(body);
			quote(body, ak_json_str(item));
		}
	ak_buf_char(body, ']');
}

static void
add_words(struct ak_buf *body, const char *command)
{
	size_t count = 0;

	ak_buf_str(body, "\"Entrypoint\":[");
	for (command += strspn(command, " "); *command != '\0'; count++) {
		size_t len = strcspn(command, " ");

		if (count == 1)
			ak_buf_str(body, "],\"Cmd\":[");
		comma(body);
		ak_json_quote(body, command, len);
		command += len;
		command += strspn(command, " ");
	}
	ak_buf_str(body, count < 2 ? "],\"Cmd\":[]" : "]");
}

static void
add_environment(struct ak_buf *body, const struct ak_json *environment)
{
	comma(body);
	ak_buf_str(body, "\"Env\":[");
	ak_json_each(item, environment) {
		AK_FREE char *text = NULL;

		if (ak_json_str(item) == NULL)
			continue;
		text = ak_printf("%s=%s", ak_json_name(item),
		    ak_json_str(item));
		comma(body);
		quote(body, text);
	}
	ak_buf_char(body, ']');
}

static void
add_mount(struct ak_buf *body, const char *type, const char *source,
    const char *target)
{
	comma(body);
	ak_buf_char(body, '{');
	add_string(body, "Type", type);
	add_string(body, "Source", source);
	add_string(body, "Target", target);
	if (!ak_streq(type, "tmpfs"))
		ak_buf_str(body, ",\"ReadOnly\":true");
	ak_buf_char(body, '}');
}

const char *
deep_volume(const struct kit *kit, const struct ak_json *volumes,
    const char *source)
{
	const char
	    *name = ak_json_str(ak_json_get(ak_json_get(ak_json_get(kit->model,
							    "volumes"),
						source),
		"name"));

	ak_json_each(item, ak_json_get(volumes, "Volumes"))
		if (name != NULL &&
		    ak_streq(ak_json_str(ak_json_get(item, "Name")), name))
			return name;
	return NULL;
}

/* What is not there would be made: an empty folder takes its place. */
static void
add_volume(struct ak_buf *body, const struct kit *kit,
    const struct ak_json *volumes, const struct ak_json *item)
{
	const char *type = ak_json_str(ak_json_get(item, "type"));
	const char *source = ak_json_str(ak_json_get(item, "source"));
	const char *target = ak_json_str(ak_json_get(item, "target"));
	const char *name;

	if (type == NULL || target == NULL)
		return;
	if (ak_streq(type, "bind") && source != NULL &&
	    access(source, F_OK) == 0) {
		add_mount(body, type, source, target);
		return;
	}
	name = source == NULL ? NULL : deep_volume(kit, volumes, source);
	if (ak_streq(type, "volume") && name != NULL)
		add_mount(body, type, name, target);
	else
		add_mount(body, "tmpfs", NULL, target);
}

/* Secrets and configs of Compose are files, mounted. */
static void
add_files(struct ak_buf *body, const struct ak_json *list,
    const struct ak_json *all, const char *folder)
{
	ak_json_each(item, list) {
		const char *source = ak_json_str(ak_json_get(item, "source"));
		const char *target = ak_json_str(ak_json_get(item, "target"));
		const char *file = source == NULL
		    ? NULL
		    : ak_json_str(ak_json_get(ak_json_get(all, source),
			  "file"));
		AK_FREE char *path = NULL;

		if (file == NULL)
			continue;
		if (target == NULL)
			target = source;
		path = *target == '/' ? ak_strdup(target)
				      : ak_printf("%s%s", folder, target);
		add_mount(body, "bind", file, path);
	}
}

static void
add_mounts(struct ak_buf *body, const struct kit *kit,
    const struct service *service, const struct ak_json *volumes)
{
	comma(body);
	ak_buf_str(body, "\"Mounts\":[");
	ak_json_each(item, ak_json_get(service->json, "volumes"))
		add_volume(body, kit, volumes, item);
	add_files(body, ak_json_get(service->json, "secrets"),
	    ak_json_get(kit->model, "secrets"), "/run/secrets/");
	add_files(body, ak_json_get(service->json, "configs"),
	    ak_json_get(kit->model, "configs"), "/");
	ak_buf_char(body, ']');
}

/* "/run:size=1m" is {"/run":"size=1m"}. */
static void
add_tmpfs(struct ak_buf *body, const struct ak_json *list)
{
	comma(body);
	ak_buf_str(body, "\"Tmpfs\":{");
	ak_json_each(item, list) {
		const char *text = ak_json_str(item);
		size_t len = text == NULL ? 0 : strcspn(text, ":");

		if (len == 0)
			continue;
		comma(body);
		ak_json_quote(body, text, len);
		ak_buf_char(body, ':');
		quote(body, text + len + (text[len] == ':'));
	}
	ak_buf_char(body, '}');
}

static void
add_sysctls(struct ak_buf *body, const struct ak_json *sysctls)
{
	comma(body);
	ak_buf_str(body, "\"Sysctls\":{");
	ak_json_each(item, sysctls)
		if (ak_json_str(item) != NULL)
			add_string(body, ak_json_name(item), ak_json_str(item));
	ak_buf_char(body, '}');
}

static void
add_host(struct ak_buf *body, const struct kit *kit,
    const struct service *service, const struct ak_json *volumes)
{
	const struct ak_json *json = service->json;
	const char *memory = ak_json_str(ak_json_at(json,
	    "deploy.resources.limits.memory"));

	comma(body);
	ak_buf_printf(body,
	    "\"HostConfig\":{\"NetworkMode\":\"none\",\"PidsLimit\":%d",
	    CHECK_PIDS);
	if (memory != NULL && memory[strspn(memory, "0123456789")] == '\0')
		ak_buf_printf(body, ",\"Memory\":%s", memory);
	add_strings(body, "CapAdd", ak_json_get(json, "cap_add"));
	add_strings(body, "CapDrop", ak_json_get(json, "cap_drop"));
	add_strings(body, "SecurityOpt", ak_json_get(json, "security_opt"));
	add_strings(body, "GroupAdd", ak_json_get(json, "group_add"));
	add_sysctls(body, ak_json_get(json, "sysctls"));
	add_tmpfs(body, ak_json_get(json, "tmpfs"));
	add_mounts(body, kit, service, volumes);
	ak_buf_char(body, '}');
}

void
deep_describe(const struct kit *kit, const struct service *service,
    const char *command, const struct ak_json *volumes, struct ak_buf *body)
{
	ak_buf_char(body, '{');
	add_string(body, "Image", service->image);
	comma(body);
	add_words(body, command);
	add_string(body, "User",
	    ak_json_str(ak_json_get(service->json, "user")));
	add_string(body, "WorkingDir",
	    ak_json_str(ak_json_get(service->json, "working_dir")));
	add_environment(body, ak_json_get(service->json, "environment"));
	ak_buf_str(body, ",\"Labels\":{\"aikit.check-of\":");
	quote(body, service->name);
	ak_buf_char(body, '}');
	add_host(body, kit, service, volumes);
	ak_buf_char(body, '}');
}
