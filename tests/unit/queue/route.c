/*
 * route - unit test: which lane each request takes.
 */
#include "tools/queue/route.h"

#include <string.h>

#include "tests/unit/tap.h"

/* Lanes of the table, and what is not in it. */
#define NOWHERE 99

static const struct {
	enum http1_method method;
	int lane;
	const char *path;
	enum dialect dialect;
	bool guarded;
} rows[] = {
	{ HTTP1_POST, ROUTE_QUEUE, "/api/generate", DIALECT_OLLAMA, false },
	{ HTTP1_POST, ROUTE_QUEUE, "/api/chat", DIALECT_OLLAMA, false },
	{ HTTP1_POST, ROUTE_QUEUE, "/api/embed", DIALECT_OLLAMA, false },
	{ HTTP1_POST, ROUTE_QUEUE, "/api/embeddings", DIALECT_OLLAMA, false },
	{ HTTP1_POST, ROUTE_QUEUE, "/v1/chat/completions", DIALECT_OPENAI,
	    false },
	{ HTTP1_POST, ROUTE_QUEUE, "/v1/completions", DIALECT_OPENAI, false },
	{ HTTP1_POST, ROUTE_QUEUE, "/v1/embeddings", DIALECT_OPENAI, false },
	{ HTTP1_POST, ROUTE_QUEUE, "/v1/responses", DIALECT_OPENAI, false },
	{ HTTP1_POST, ROUTE_QUEUE, "/v1/audio/transcriptions", DIALECT_OPENAI,
	    false },
	{ HTTP1_POST, ROUTE_QUEUE, "/v1/messages", DIALECT_ANTHROPIC, false },
	{ HTTP1_POST, ROUTE_MANAGE, "/api/create", DIALECT_OLLAMA, true },
	{ HTTP1_POST, ROUTE_MANAGE, "/api/pull", DIALECT_OLLAMA, true },
	{ HTTP1_POST, ROUTE_MANAGE, "/api/push", DIALECT_OLLAMA, true },
	{ HTTP1_POST, ROUTE_PASS, "/api/blobs/sha256:ab", DIALECT_OLLAMA,
	    true },
	{ HTTP1_HEAD, ROUTE_PASS, "/api/blobs/sha256:ab", DIALECT_OLLAMA,
	    true },
	{ HTTP1_DELETE, ROUTE_PASS, "/api/delete", DIALECT_OLLAMA, true },
	{ HTTP1_POST, ROUTE_PASS, "/api/copy", DIALECT_OLLAMA, true },
	{ HTTP1_POST, ROUTE_PASS, "/api/show", DIALECT_OLLAMA, false },
	{ HTTP1_GET, ROUTE_PASS, "/api/tags", DIALECT_OLLAMA, false },
	{ HTTP1_HEAD, ROUTE_PASS, "/api/tags", DIALECT_OLLAMA, false },
	{ HTTP1_GET, ROUTE_PASS, "/api/ps", DIALECT_OLLAMA, false },
	{ HTTP1_GET, ROUTE_PASS, "/api/version", DIALECT_OLLAMA, false },
	{ HTTP1_HEAD, ROUTE_PASS, "/api/version", DIALECT_OLLAMA, false },
	{ HTTP1_GET, ROUTE_PASS, "/", DIALECT_OLLAMA, false },
	{ HTTP1_HEAD, ROUTE_PASS, "/", DIALECT_OLLAMA, false },
	{ HTTP1_GET, ROUTE_PASS, "", DIALECT_OLLAMA, false },
	{ HTTP1_GET, ROUTE_PASS, "/api/status", DIALECT_OLLAMA, false },
	{ HTTP1_GET, ROUTE_PASS, "/v1/models", DIALECT_OPENAI, false },
	{ HTTP1_GET, ROUTE_PASS, "/v1/models/a:1b", DIALECT_OPENAI, false },
	{ HTTP1_POST, ROUTE_PASS, "/api/me", DIALECT_OLLAMA, true },
	{ HTTP1_POST, ROUTE_PASS, "/api/signout", DIALECT_OLLAMA, true },
	{ HTTP1_DELETE, ROUTE_PASS, "/api/user/keys/x", DIALECT_OLLAMA, true },
	{ HTTP1_POST, ROUTE_PASS, "/api/experimental/web_search",
	    DIALECT_OLLAMA, true },
	{ HTTP1_POST, ROUTE_PASS, "/api/experimental/web_fetch", DIALECT_OLLAMA,
	    true },
	{ HTTP1_GET, ROUTE_PASS, "/api/experimental/model-recommendations",
	    DIALECT_OLLAMA, true },
	{ HTTP1_OPTIONS, ROUTE_PASS, "/api/chat", DIALECT_OLLAMA, false },
	{ HTTP1_OPTIONS, ROUTE_PASS, "/v1/messages", DIALECT_ANTHROPIC, false },
	{ HTTP1_OPTIONS, NOWHERE, "/api/unknown", DIALECT_OLLAMA, false },
	{ HTTP1_GET, NOWHERE, "/api/chat", DIALECT_OLLAMA, false },
	{ HTTP1_HEAD, NOWHERE, "/api/ps", DIALECT_OLLAMA, false },
	{ HTTP1_POST, NOWHERE, "/api/chat/", DIALECT_OLLAMA, false },
	{ HTTP1_POST, NOWHERE, "//api/chat", DIALECT_OLLAMA, false },
	{ HTTP1_POST, NOWHERE, "/API/chat", DIALECT_OLLAMA, false },
	{ HTTP1_POST, NOWHERE, "/api/%63hat", DIALECT_OLLAMA, false },
	{ HTTP1_POST, NOWHERE, "/api/cha", DIALECT_OLLAMA, false },
	{ HTTP1_POST, NOWHERE, "/api/blobs/", DIALECT_OLLAMA, false },
	{ HTTP1_POST, NOWHERE, "/api/blobs/a/b", DIALECT_OLLAMA, false },
	{ HTTP1_GET, NOWHERE, "/v1/models/", DIALECT_OPENAI, false },
	{ HTTP1_POST, NOWHERE, "/v1/messages/count_tokens", DIALECT_ANTHROPIC,
	    false },
	{ HTTP1_GET, NOWHERE, "/v1x", DIALECT_OLLAMA, false },
	{ HTTP1_OTHER, NOWHERE, "/api/chat", DIALECT_OLLAMA, false },
};

static void
tables(void)
{
	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		const char *path = rows[i].path;
		const char *name = http1_method_name(rows[i].method);
		const struct route *route = route_find(rows[i].method, path,
		    strlen(path), NULL);

		is_int(route ? route->lane : NOWHERE, rows[i].lane,
		    "%s %s is in lane %d", name ? name : "?", path,
		    rows[i].lane);
		is_int(route ? route->dialect
			     : route_dialect(path, strlen(path)),
		    rows[i].dialect, "%s speaks dialect %d", path,
		    (int)rows[i].dialect);
		is_int(route && route->guarded, rows[i].guarded,
		    "%s is %sguarded", path, rows[i].guarded ? "" : "not ");
	}
}

static const struct {
	const char *path;
	bool plain;
} paths[] = {
	{ "/metrics", true },
	{ "/api/new/thing", true },
	{ "/", true },
	{ "/api/%64elete", false },
	{ "/api//delete", false },
	{ "/x/../api/delete", false },
	{ "/./api/delete", false },
	{ "/api/delete/", false },
	{ "*", false },
	{ "", false },
};

static const struct {
	const char *path;
	const char *body;
	enum route_work work;
	enum route_lane lane;
} works[] = {
	{ "/api/generate", "{\"model\":\"m\",\"prompt\":\"x\"}", ROUTE_GENERATE,
	    ROUTE_QUEUE },
	{ "/api/generate", "{\"model\":\"m\"}", ROUTE_LOAD, ROUTE_QUEUE },
	{ "/api/generate", "{\"model\":\"m\",\"prompt\":\"\"}", ROUTE_LOAD,
	    ROUTE_QUEUE },
	{ "/api/generate", "{\"model\":\"m\",\"keep_alive\":0}", ROUTE_UNLOAD,
	    ROUTE_CONTROL },
	{ "/api/generate", "{\"model\":\"m\",\"keep_alive\":\"0s\"}",
	    ROUTE_UNLOAD, ROUTE_CONTROL },
	{ "/api/generate", "{\"model\":\"m\",\"keep_alive\":null}", ROUTE_LOAD,
	    ROUTE_QUEUE },
	{ "/api/generate", "{\"prompt\":\"x\",\"keep_alive\":0}",
	    ROUTE_GENERATE, ROUTE_QUEUE },
	{ "/api/chat", "{\"model\":\"m\",\"messages\":[],\"keep_alive\":0}",
	    ROUTE_UNLOAD, ROUTE_CONTROL },
	{ "/api/chat", "{\"model\":\"m\",\"keep_alive\":-1}", ROUTE_LOAD,
	    ROUTE_QUEUE },
	{ "/api/chat", "{\"model\":\"m\",\"messages\":[{}]}", ROUTE_GENERATE,
	    ROUTE_QUEUE },
	{ "/api/embed", "{\"model\":\"m\",\"input\":\"x\"}", ROUTE_EMBED,
	    ROUTE_QUEUE },
	{ "/v1/chat/completions", "{\"model\":\"m\"}", ROUTE_GENERATE,
	    ROUTE_QUEUE },
	{ "/v1/chat/completions", "{\"model\":\"gpt-oss:120b-cloud\"}",
	    ROUTE_REMOTE, ROUTE_PASS },
	{ "/api/chat", "{\"model\":\"glm-5:Cloud\"}", ROUTE_REMOTE,
	    ROUTE_PASS },
};

static const struct {
	const char *model;
	bool remote;
} models[] = {
	{ "a:cloud", true },
	{ "a:20b:cloud", true },
	{ "a:20b-CLOUD", true },
	{ "h:5000/a:x-cloud", true },
	{ "a:cloud ", true },
	{ "a-cloud", false },
	{ "cloud", false },
	{ "a:xcloud", false },
	{ "a:cloudy", false },
	{ "a:cloud/x-cloud", false },
	{ "a:cloud:local", false },
	{ "", false },
};

static void
decisions(void)
{
	for (size_t i = 0; i < AK_COUNT(paths); i++)
		is_int(route_plain(paths[i].path, strlen(paths[i].path)),
		    paths[i].plain, "\"%s\" is %s", paths[i].path,
		    paths[i].plain ? "plain" : "not plain");
	for (size_t i = 0; i < AK_COUNT(works); i++) {
		const char *path = works[i].path;
		const struct route *route = route_find(HTTP1_POST, path,
		    strlen(path), NULL);
		enum route_work work;
		struct scan scan;

		scan_begin(&scan);
		ok(scan_feed(&scan, works[i].body, strlen(works[i].body)) ==
			    0 &&
			scan_end(&scan) == 0,
		    "%s is read", works[i].body);
		work = route_work(route, &scan);
		is_int(work, works[i].work, "%s %s is work %d", path,
		    works[i].body, (int)works[i].work);
		is_int(route_lane(route, work), works[i].lane,
		    "and goes to lane %d", (int)works[i].lane);
	}
	for (size_t i = 0; i < AK_COUNT(models); i++)
		is_int(route_remote(models[i].model, strlen(models[i].model)),
		    models[i].remote, "\"%s\" runs %s", models[i].model,
		    models[i].remote ? "elsewhere" : "here");
}

int
main(void)
{
	const char *path = "/v1/models/a:1b";
	const struct route *route;
	struct http1_span model;
	uint16_t allowed;

	tables();
	decisions();
	ok(!route_find(HTTP1_PUT, "/api/tags", 9, &allowed) &&
		allowed ==
		    (1U << HTTP1_GET | 1U << HTTP1_HEAD | 1U << HTTP1_OPTIONS),
	    "another method is told which ones there are");
	ok(!route_find(HTTP1_GET, "/x", 2, &allowed) && allowed == 0,
	    "there are none for an unknown path");
	route = route_find(HTTP1_GET, path, strlen(path), NULL);
	model = route_model(route, path, strlen(path));
	ok(model.len == 4 && memcmp(model.data, "a:1b", 4) == 0,
	    "the model in a path is found");
	return done_testing();
}
