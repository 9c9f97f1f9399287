/*
 * route - the table of what Ollama serves, and what of it is work for the GPU.
 */
#include "tools/queue/route.h"

#include <string.h>
#include <strings.h>

#define BIT(method) (uint16_t)(1U << HTTP1_##method)
#define READ (uint16_t)(BIT(GET) | BIT(HEAD))

#define QUEUED(dialect_, stream_)                           \
	.methods = BIT(POST), .lane = ROUTE_QUEUE,          \
	.dialect = DIALECT_##dialect_, .named = ROUTE_BODY, \
	.stream = ROUTE_##stream_
#define MANAGED                                                          \
	.methods = BIT(POST), .lane = ROUTE_MANAGE, .named = ROUTE_BODY, \
	.stream = ROUTE_NDJSON, .guarded = true
#define PASSED(methods_) .methods = (methods_), .lane = ROUTE_PASS

/* The paths asked for most stand first. */
static const struct route routes[] = {
	{ "/api/chat", QUEUED(OLLAMA, NDJSON) },
	{ "/api/generate", QUEUED(OLLAMA, NDJSON) },
	{ "/v1/chat/completions", QUEUED(OPENAI, EVENTS) },
	{ "/v1/messages", QUEUED(ANTHROPIC, EVENTS) },
	{ "/v1/responses", QUEUED(OPENAI, EVENTS) },
	{ "/v1/completions", QUEUED(OPENAI, EVENTS) },
	{ "/api/embed", QUEUED(OLLAMA, WHOLE), .embeds = true },
	{ "/api/embeddings", QUEUED(OLLAMA, WHOLE), .embeds = true },
	{ "/v1/embeddings", QUEUED(OPENAI, WHOLE), .embeds = true },
	{ "/v1/audio/transcriptions", .methods = BIT(POST), .lane = ROUTE_QUEUE,
	    .dialect = DIALECT_OPENAI, .named = ROUTE_FORM },

	{ "/", PASSED(READ) },
	{ "/api/version", PASSED(READ) },
	{ "/api/tags", PASSED(READ), .list = true },
	{ "/api/ps", PASSED(BIT(GET)), .list = true },
	{ "/api/status", PASSED(BIT(GET)) },
	{ "/api/show", PASSED(BIT(POST)), .named = ROUTE_BODY },
	{ "/v1/models", PASSED(BIT(GET)), .dialect = DIALECT_OPENAI,
	    .list = true },
	{ "/v1/models/*", PASSED(BIT(GET)), .dialect = DIALECT_OPENAI,
	    .named = ROUTE_PATH },

	{ "/api/create", MANAGED },
	{ "/api/pull", MANAGED },
	{ "/api/push", MANAGED },
	{ "/api/blobs/*", PASSED(BIT(POST) | BIT(HEAD)), .guarded = true,
	    .blob = true },
	{ "/api/copy", PASSED(BIT(POST)), .guarded = true },
	{ "/api/delete", PASSED(BIT(DELETE)), .named = ROUTE_BODY,
	    .guarded = true },
	{ "/api/me", PASSED(BIT(POST)), .guarded = true },
	{ "/api/signout", PASSED(BIT(POST)), .guarded = true },
	{ "/api/user/keys/*", PASSED(BIT(DELETE)), .guarded = true },
	{ "/api/experimental/web_search", PASSED(BIT(POST)), .guarded = true },
	{ "/api/experimental/web_fetch", PASSED(BIT(POST)), .guarded = true },
	{ "/api/experimental/model-recommendations", PASSED(BIT(GET)),
	    .guarded = true },
};

/* What a browser asks before: Ollama's CORS answers it on any path. */
static const struct route preflights[DIALECTS] = {
	[DIALECT_OLLAMA] = { "*", PASSED(BIT(OPTIONS)) },
	[DIALECT_OPENAI] = { "*", PASSED(BIT(OPTIONS)),
	    .dialect = DIALECT_OPENAI },
	[DIALECT_ANTHROPIC] = { "*", PASSED(BIT(OPTIONS)),
	    .dialect = DIALECT_ANTHROPIC },
};

static bool
matches(const struct route *route, const char *path, size_t len)
{
	size_t own = strlen(route->path);

	if (route->path[own - 1] != '*')
		return own == len && memcmp(route->path, path, len) == 0;
	return len >= own && memcmp(route->path, path, own - 1) == 0 &&
	    !memchr(path + own - 1, '/', len - own + 1);
}

const struct route *
route_find(enum http1_method method, const char *path, size_t len,
    uint16_t *allowed)
{
	if (allowed)
		*allowed = 0;
	/* An absolute target may leave the path away. */
	if (len == 0)
		path = "/", len = 1;
	for (size_t i = 0; i < AK_COUNT(routes); i++) {
		if (!matches(&routes[i], path, len))
			continue;
		if (allowed)
			*allowed = routes[i].methods | BIT(OPTIONS);
		if (routes[i].methods & 1U << method)
			return &routes[i];
		return method == HTTP1_OPTIONS ? &preflights[routes[i].dialect]
					       : NULL;
	}
	return NULL;
}

bool
route_plain(const char *path, size_t len)
{
	if (len == 0 || path[0] != '/')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (path[i] == '%')
			return false;
		if (path[i] != '/')
			continue;
		/* "//", "/." and what begins so. */
		if (i + 1 < len && (path[i + 1] == '/' || path[i + 1] == '.'))
			return false;
	}
	/* A known path with a slash behind is redirected to that path. */
	return len == 1 || path[len - 1] != '/';
}

static bool
below(const char *path, size_t len, const char *room)
{
	size_t n = strlen(room);

	return len >= n && memcmp(path, room, n) == 0 &&
	    (len == n || path[n] == '/');
}

enum dialect
route_dialect(const char *path, size_t len)
{
	if (below(path, len, "/v1/messages"))
		return DIALECT_ANTHROPIC;
	return below(path, len, "/v1") ? DIALECT_OPENAI : DIALECT_OLLAMA;
}

struct http1_span
route_model(const struct route *route, const char *path, size_t len)
{
	size_t own = strlen(route->path) - 1;

	if (route->named != ROUTE_PATH || len <= own)
		return (struct http1_span){ 0 };
	return (struct http1_span){ path + own, len - own };
}

/* internal/modelref: the last colon, ":cloud" or a tag that ends in "-cloud".
 */
bool
route_remote(const char *model, size_t len)
{
	static const char cloud[] = "cloud";
	size_t n = strlen(cloud), at = len;

	while (len > 0 && (model[len - 1] == ' ' || model[len - 1] == '\t'))
		len--;
	for (at = len; at > 0 && model[at - 1] != ':';)
		at--;
	if (at == 0 || len - at < n || memchr(model + at, '/', len - at) ||
	    strncasecmp(model + len - n, cloud, n) != 0)
		return false;
	return len - at == n || model[len - n - 1] == '-' ||
	    model[len - n - 1] == ' ';
}

/* Ollama's own condition: nothing to do, and a keep_alive of 0 ns. */
static enum route_work
idle(const struct scan *scan)
{
	double seconds;

	return scan_keep_alive(scan, &seconds) == 0 && seconds < 1e-9
	    ? ROUTE_UNLOAD
	    : ROUTE_LOAD;
}

enum route_work
route_work(const struct route *route, const struct scan *scan)
{
	bool chat = strcmp(route->path, "/api/chat") == 0;

	if (route_remote(scan->model, scan->model_len))
		return ROUTE_REMOTE;
	if (route->embeds)
		return ROUTE_EMBED;
	if (chat && !scan->messages)
		return idle(scan);
	if (strcmp(route->path, "/api/generate") == 0 && !scan->prompt)
		return idle(scan);
	return ROUTE_GENERATE;
}

enum route_lane
route_lane(const struct route *route, enum route_work work)
{
	if (route->lane != ROUTE_QUEUE)
		return route->lane;
	if (work == ROUTE_REMOTE)
		return ROUTE_PASS;
	return work == ROUTE_UNLOAD ? ROUTE_CONTROL : ROUTE_QUEUE;
}
