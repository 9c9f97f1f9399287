/*
 * admin_route - which question is which, and what is done for it.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/json.h"
#include "tools/queue/operate.h"

int
admin_refuse(struct admin_call *call, int status, const char *format, ...)
{
	AK_BUF struct ak_buf text = { 0 };
	va_list args;

	va_start(args, format);
	ak_buf_vprintf(&text, format, args);
	va_end(args);
	call->status = status;
	call->type = "application/json";
	ak_buf_reset(&call->out);
	put_begin(&call->out, "error");
	put_str(&call->out, "error", ak_buf_text(&text));
	put_end(&call->out);
	return -1;
}

/* The value of a name in the query; the caller's. NULL when it is not there. */
static char *
query_value(const struct admin_call *call, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = call->query; at != NULL && *at != '\0';) {
		size_t end = strcspn(at, "&");

		if (end > len && strncmp(at, name, len) == 0 && at[len] == '=')
			return ak_strndup(at + len + 1, end - len - 1);
		at += end + (at[end] == '&');
	}
	return NULL;
}

/* An id is hexadecimal and ends at a slash or the end. */
static int
id_of(struct admin_call *call, const char *rest, uint64_t *id)
{
	size_t digits = strspn(rest, "0123456789abcdef");
	char *end;

	errno = 0;
	*id = strtoull(rest, &end, 16);
	if (digits > 0 && digits <= 16 && end == rest + digits)
		return 0;
	return admin_refuse(call, 404, "%s: no such request", rest);
}

/* ---- Looking. ---- */

static void
get_healthz(struct admin_call *call, const char *rest AK_UNUSED)
{
	call->type = "text/plain; charset=utf-8";
	ak_buf_str(&call->out, "ok\n");
}

static void
get_readyz(struct admin_call *call, const char *rest AK_UNUSED)
{
	bool ready = false;

	call->type = "text/plain; charset=utf-8";
	for (int i = 0; i < SCHED_BACKENDS; i++)
		ready |= call->q->backends[i].used &&
		    call->q->backends[i].ready;
	if (call->q->draining) {
		call->status = 503;
		ak_buf_str(&call->out, "draining\n");
	} else if (!ready) {
		call->status = 503;
		ak_buf_str(&call->out, "no backend is ready\n");
	} else {
		ak_buf_str(&call->out, "ok\n");
	}
}

static void
get_metrics(struct admin_call *call, const char *rest AK_UNUSED)
{
	const struct app *app = call->app;

	call->type = "text/plain; version=0.0.4; charset=utf-8";
	metrics_text(app->metrics, call->q, config_of(call->q)->client_labels,
	    app->log.dropped, &call->out);
}

static void
get_status(struct admin_call *call, const char *rest AK_UNUSED)
{
	AK_FREE char *all = query_value(call, "all");

	tell_status(call->app, call->q, &call->out);
	tell_backends(call->q, &call->out);
	tell_classes(call->q, &call->out);
	tell_models(call->q, &call->out);
	if (all != NULL)
		tell_clients(call->q, &call->out);
}

static void
get_requests(struct admin_call *call, const char *rest AK_UNUSED)
{
	AK_FREE char *state = query_value(call, "state");

	tell_requests(call->app, call->q, state, &call->out);
}

static void
get_request(struct admin_call *call, const char *rest)
{
	const struct request *r;
	uint64_t id;

	if (id_of(call, rest, &id) == -1)
		return;
	r = queue_find(call->q, id);
	if (ak_ends(rest, "/explain")) {
		if (!tell_explain(call->app, call->q, id, &call->out))
			admin_refuse(call, 404, "%llx: no such request, or it "
			    "is not kept any more", (unsigned long long)id);
	} else if (r == NULL) {
		admin_refuse(call, 404, "%s: no such request", rest);
	} else {
		tell_request(call->app, call->q, r, &call->out);
	}
}

static void
get_events(struct admin_call *call, const char *rest AK_UNUSED)
{
	call->follow = true;
	tell_status(call->app, call->q, &call->out);
}

static void
get_config(struct admin_call *call, const char *rest AK_UNUSED)
{
	tell_config(config_of(call->q), &call->out);
}

/* ---- Changing. ---- */

static void
done(struct admin_call *call, const char *what)
{
	put_begin(&call->out, "done");
	put_str(&call->out, "what", what);
	put_end(&call->out);
}

static void
delete_request(struct admin_call *call, const char *rest)
{
	uint64_t id;

	if (id_of(call, rest, &id) == -1)
		return;
	if (queue_kill(call->q, id))
		done(call, "cancelled");
	else
		admin_refuse(call, 404, "%s: no such request", rest);
}

static void
post_request(struct admin_call *call, const char *rest)
{
	uint64_t id;

	if (id_of(call, rest, &id) == -1)
		return;
	if (!ak_ends(rest, "/promote"))
		admin_refuse(call, 404, "no such path");
	else if (queue_find(call->q, id) == NULL)
		admin_refuse(call, 404, "%llx: no such request",
		    (unsigned long long)id);
	else if (!queue_promote(call->q, id))
		admin_refuse(call, 409, "%llx: does not wait",
		    (unsigned long long)id);
	else
		done(call, "promoted");
}

static int
body_of(struct admin_call *call, struct ak_json **json)
{
	struct ak_err err = { 0 };

	if (call->body_len == 0)
		return 0;
	if (ak_json_parse(json, call->body, call->body_len, &err) == -1)
		return admin_refuse(call, 400, "%s", err.text);
	return 0;
}

static int
backend_index(const struct queue *q, const char *name)
{
	for (int i = 0; name != NULL && i < SCHED_BACKENDS; i++)
		if (q->backends[i].used && ak_streq(q->backends[i].name, name))
			return i;
	return -1;
}

static const char *const scopes[] = {
	[SCHED_ALL] = "all",
	[SCHED_CLASS] = "class",
	[SCHED_CLIENT] = "client",
	[SCHED_MODEL] = "model",
	[SCHED_BACKEND] = "backend",
};

/* A backend drains by itself: what runs there ends, nothing new is sent. */
static bool
set_backend(struct queue *q, const char *name, enum sched_gate gate)
{
	int backend = backend_index(q, name);
	char number[16];

	if (backend == -1)
		return false;
	snprintf(number, sizeof(number), "%d", backend);
	if (gate == SCHED_DRAINING)
		return queue_backend_drain(q, backend, true);
	if (gate == SCHED_OPEN)
		(void)queue_backend_drain(q, backend, false);
	return sched_gate(q->sched, SCHED_BACKEND, number, gate);
}

static void
set_gate(struct admin_call *call, enum sched_gate gate, const char *what)
{
	AK_JSON struct ak_json *json = NULL;
	const char *scope, *name;
	int found = -1;
	bool well;

	if (body_of(call, &json) == -1)
		return;
	scope = ak_json_str(ak_json_get(json, "scope"));
	name = ak_json_str(ak_json_get(json, "name"));
	for (int i = 0; i < (int)AK_COUNT(scopes); i++)
		if (ak_streq(scope != NULL ? scope : "all", scopes[i]))
			found = i;
	if (found == -1 || (name == NULL) != (found == SCHED_ALL)) {
		admin_refuse(call, 400, "a scope is all, or class, client, "
		    "model or backend with a name");
		return;
	}
	well = found == SCHED_BACKEND ? set_backend(call->q, name, gate) :
	    sched_gate(call->q->sched, (enum sched_scope)found, name, gate);
	if (!well) {
		admin_refuse(call, 404, "%s: no such %s", name, scopes[found]);
		return;
	}
	queue_kick(call->q);
	done(call, what);
}

static void
post_pause(struct admin_call *call, const char *rest AK_UNUSED)
{
	set_gate(call, SCHED_PAUSED, "paused");
}

static void
post_resume(struct admin_call *call, const char *rest AK_UNUSED)
{
	set_gate(call, SCHED_OPEN, "resumed");
}

static void
post_drain(struct admin_call *call, const char *rest AK_UNUSED)
{
	set_gate(call, SCHED_DRAINING, "draining");
}

static void
post_reload(struct admin_call *call, const char *rest AK_UNUSED)
{
	struct ak_err err = { 0 };

	if (app_reload(call->app, call->q, &err) == -1)
		admin_refuse(call, 422, "%s", err.text);
	else
		done(call, "reloaded");
}

static void
patch_limits(struct admin_call *call, const char *rest AK_UNUSED)
{
	AK_JSON struct ak_json *json = NULL;
	struct ak_err err = { 0 };
	struct override set;

	if (body_of(call, &json) == -1)
		return;
	set = (struct override){
		(char *)(uintptr_t)ak_json_str(ak_json_get(json, "section")),
		(char *)(uintptr_t)ak_json_str(ak_json_get(json, "key")),
		(char *)(uintptr_t)ak_json_str(ak_json_get(json, "value")),
	};
	if (set.section == NULL || set.key == NULL || set.value == NULL)
		admin_refuse(call, 400, "section, key and value are strings");
	else if (app_set(call->app, call->q, &set, &err) == -1)
		admin_refuse(call, 422, "%s%s%s%s", err.text,
		    err.help[0] ? " (" : "", err.help, err.help[0] ? ")" : "");
	else
		done(call, "set");
}

/* ---- Loading. ---- */

static void
loaded(struct queue *q, struct request *r, void *arg)
{
	struct admin_wait *wait = arg;
	bool well = r->outcome == OUTCOME_OK && r->status == 200;

	put_begin(&wait->out, well ? "done" : "error");
	put_str(&wait->out, well ? "what" : "error",
	    well ? "done" : r->error[0] != '\0' ? r->error :
	    "the backend has not done it");
	put_str(&wait->out, "model", r->model != NULL ? r->model->text : NULL);
	if (r->backend >= 0)
		put_str(&wait->out, "backend", q->backends[r->backend].name);
	put_seconds(&wait->out, "seconds", r->at_end - r->at_begin);
	put_end(&wait->out);
	if (!well)
		wait->status = r->status >= 400 ? r->status : 502;
	if (--wait->left == 0)
		admin_done(q, wait);
}

/* name NULL: where it is unloaded all, and where it is loaded the first. */
static void
load_on(struct admin_call *call, const char *model, const char *name,
    bool unload)
{
	struct admin_wait *wait = ak_calloc(1, sizeof(*wait));

	wait->status = 200;
	wait->left = 1; /* ours, so that it does not end meanwhile */
	for (int i = 0; i < SCHED_BACKENDS; i++) {
		const struct backend *b = &call->q->backends[i];

		if (!b->used || (name != NULL && !ak_streq(name, b->name)) ||
		    (name == NULL && !b->ready))
			continue;
		if (queue_load(call->q, i, model, unload, loaded, wait) == -1)
			continue;
		wait->left++;
		if (!unload)
			break;
	}
	if (--wait->left > 0) {
		call->wait = wait;
		return;
	}
	/* None, or all of them at once. */
	if (wait->out.len > 0) {
		call->status = wait->status;
		ak_buf_add(&call->out, wait->out.data, wait->out.len);
	} else {
		admin_refuse(call, 503, "no backend is ready");
	}
	ak_buf_free(&wait->out);
	free(wait);
}

static void
post_model(struct admin_call *call, const char *rest)
{
	const char *slash = strrchr(rest, '/');
	AK_FREE char *name = query_value(call, "backend");
	AK_FREE char *model = NULL;
	bool unload = slash != NULL && ak_streq(slash, "/unload");

	if (slash == NULL || slash == rest ||
	    (!unload && !ak_streq(slash, "/load"))) {
		admin_refuse(call, 404, "no such path");
		return;
	}
	model = ak_strndup(rest, (size_t)(slash - rest));
	if (name != NULL && backend_index(call->q, name) == -1)
		admin_refuse(call, 404, "%s: no such backend", name);
	else if (strlen(model) >= SCHED_NAME)
		admin_refuse(call, 400, "the name is too long");
	else
		load_on(call, model, name, unload);
}

/* A path that ends in a slash stands for all below it. */
static const struct {
	enum http1_method method;
	const char *path;
	void (*run)(struct admin_call *call, const char *rest);
	bool metrics; /* also where only metrics are served */
} routes[] = {
	{ HTTP1_GET, "/healthz", get_healthz, true },
	{ HTTP1_GET, "/readyz", get_readyz, true },
	{ HTTP1_GET, "/metrics", get_metrics, true },
	{ HTTP1_GET, "/v1/status", get_status, false },
	{ HTTP1_GET, "/v1/requests", get_requests, false },
	{ HTTP1_GET, "/v1/requests/", get_request, false },
	{ HTTP1_DELETE, "/v1/requests/", delete_request, false },
	{ HTTP1_POST, "/v1/requests/", post_request, false },
	{ HTTP1_GET, "/v1/events", get_events, false },
	{ HTTP1_GET, "/v1/config", get_config, false },
	{ HTTP1_POST, "/v1/pause", post_pause, false },
	{ HTTP1_POST, "/v1/resume", post_resume, false },
	{ HTTP1_POST, "/v1/drain", post_drain, false },
	{ HTTP1_POST, "/v1/reload", post_reload, false },
	{ HTTP1_PATCH, "/v1/limits", patch_limits, false },
	{ HTTP1_POST, "/v1/models/", post_model, false },
};

void
admin_answer(struct admin_call *call)
{
	bool known = false;

	for (size_t i = 0; i < AK_COUNT(routes); i++) {
		size_t len = strlen(routes[i].path);
		bool below = routes[i].path[len - 1] == '/';
		enum http1_method method = call->method == HTTP1_HEAD ?
		    HTTP1_GET : call->method;

		if (call->metrics_only && !routes[i].metrics)
			continue;
		if (below ? !ak_starts(call->path, routes[i].path) :
			    !ak_streq(call->path, routes[i].path))
			continue;
		known = true;
		if (routes[i].method == method) {
			routes[i].run(call, call->path + (below ? len : 0));
			return;
		}
	}
	if (known)
		admin_refuse(call, 405, "not with this method");
	else
		admin_refuse(call, 404, "no such path");
}
