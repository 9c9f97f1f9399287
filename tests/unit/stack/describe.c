/*
 * describe - a service of the model as the Engine API makes containers of it.
 */
#include <string.h>

#include "tests/unit/tap.h"
#include "tools/stack/deep.h"

struct stack_options stack_options;

static const char model[] =
    "{\"name\":\"kit\",\"services\":{\"web\":{"
    "\"image\":\"example/web:1\",\"user\":\"99:99\","
    "\"working_dir\":\"/srv\","
    "\"environment\":{\"PRICE\":\"$$5\",\"UNSET\":null,\"QUOTE\":\"a\\\"b\"},"
    "\"cap_drop\":[\"ALL\"],\"cap_add\":[\"CHOWN\"],"
    "\"sysctls\":{\"net.core.somaxconn\":\"5\"},"
    "\"tmpfs\":[\"/run:size=1m\",\"/tmp\"],"
    "\"deploy\":{\"resources\":{\"limits\":{\"memory\":\"1024\"}}},"
    "\"ports\":[{\"published\":\"80\",\"target\":80}],"
    "\"privileged\":true,\"network_mode\":\"host\","
    "\"volumes\":["
    "{\"type\":\"bind\",\"source\":\"/proc\",\"target\":\"/p\"},"
    "{\"type\":\"bind\",\"source\":\"/no/such\",\"target\":\"/n\"},"
    "{\"type\":\"volume\",\"source\":\"data\",\"target\":\"/d\"},"
    "{\"type\":\"volume\",\"source\":\"new\",\"target\":\"/w\"},"
    "{\"type\":\"volume\",\"target\":\"/a\"}],"
    "\"secrets\":[{\"source\":\"key\",\"target\":\"/run/secrets/key\"},"
    "{\"source\":\"key\",\"target\":\"other\"}],"
    "\"configs\":[{\"source\":\"conf\"}]}},"
    "\"secrets\":{\"key\":{\"file\":\"/kit/key\"}},"
    "\"configs\":{\"conf\":{\"file\":\"/kit/conf\"}},"
    "\"volumes\":{\"data\":{\"name\":\"kit_data\"},"
    "\"new\":{\"name\":\"kit_new\"}}}";

static const char volumes[] =
    "{\"Volumes\":[{\"Name\":\"other\"},{\"Name\":\"kit_data\"}]}";

/* A path into the request, and the value there as JSON. */
static const struct {
	const char *path, *json, *claim;
} rows[] = {
	{ "Image", "\"example/web:1\"", "the image" },
	{ "User", "\"99:99\"", "the user" },
	{ "WorkingDir", "\"/srv\"", "the directory" },
	{ "Entrypoint", "[\"check\"]", "the first word is the program" },
	{ "Cmd", "[\"-c\",\"a$b\"]", "the others are its arguments" },
	{ "Env", "[\"PRICE=$5\",\"QUOTE=a\\\"b\"]",
	    "variables as they are meant, without those that are not set" },
	{ "HostConfig.NetworkMode", "\"none\"", "no network" },
	{ "HostConfig.Memory", "1024", "its memory limit" },
	{ "HostConfig.CapDrop", "[\"ALL\"]", "capabilities it drops" },
	{ "HostConfig.CapAdd", "[\"CHOWN\"]", "and needs" },
	{ "HostConfig.Sysctls", "{\"net.core.somaxconn\":\"5\"}", "sysctls" },
	{ "HostConfig.Tmpfs", "{\"/run\":\"size=1m\",\"/tmp\":\"\"}",
	    "folders in memory" },
	{ "HostConfig.Mounts",
	    "[{\"Type\":\"bind\",\"Source\":\"/proc\",\"Target\":\"/p\","
	    "\"ReadOnly\":true},"
	    "{\"Type\":\"tmpfs\",\"Target\":\"/n\"},"
	    "{\"Type\":\"volume\",\"Source\":\"kit_data\",\"Target\":\"/d\","
	    "\"ReadOnly\":true},"
	    "{\"Type\":\"tmpfs\",\"Target\":\"/w\"},"
	    "{\"Type\":\"tmpfs\",\"Target\":\"/a\"},"
	    "{\"Type\":\"bind\",\"Source\":\"/kit/key\","
	    "\"Target\":\"/run/secrets/key\",\"ReadOnly\":true},"
	    "{\"Type\":\"bind\",\"Source\":\"/kit/key\","
	    "\"Target\":\"/run/secrets/other\",\"ReadOnly\":true},"
	    "{\"Type\":\"bind\",\"Source\":\"/kit/conf\",\"Target\":\"/conf\","
	    "\"ReadOnly\":true}]",
	    "files read-only, and an empty folder for what is not there" },
	{ "HostConfig.Privileged", "", "no privileges" },
	{ "HostConfig.PortBindings", "", "no ports" },
	{ "Labels", "{\"aikit.check-of\":\"web\"}",
	    "none of the project's labels" },
};

static void
test_rows(const struct ak_json *request)
{
	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		const struct ak_json *value = ak_json_at(request, rows[i].path);
		AK_BUF struct ak_buf text = { 0 };

		if (value != NULL)
			ak_json_print(value, &text);
		is_str(ak_buf_text(&text), rows[i].json, "%s", rows[i].claim);
	}
}

int
main(void)
{
	KIT struct kit kit = { .fd = -1 };
	AK_JSON struct ak_json *have = NULL;
	AK_JSON struct ak_json *request = NULL;
	AK_BUF struct ak_buf body = { 0 };
	struct ak_err err = { 0 };

	if (!ok(ak_json_parse(&kit.model, model, strlen(model), &err) == 0 &&
		    kit_take_model(&kit, &err) == 0 &&
		    ak_json_parse(&have, volumes, strlen(volumes), &err) == 0,
		"a model and the daemon's volumes"))
		return done_testing();
	deep_describe(&kit, &kit.services[0], " check  -c a$b ", have, &body);
	if (ok(ak_json_parse(&request, body.data, body.len, &err) == 0,
		"the request is JSON"))
		test_rows(request);
	return done_testing();
}
