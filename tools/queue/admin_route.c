/*
 * admin_route - which question is which, and what is done for it.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "tools/queue/admin_impl.h"

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
char *
admin_query(const struct admin_call *call, const char *name)
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
int
admin_id(struct admin_call *call, const char *rest, uint64_t *id)
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
	AK_FREE char *all = admin_query(call, "all");

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
	AK_FREE char *state = admin_query(call, "state");
	bool known = state == NULL;

	for (enum phase p = PHASE_HEAD; !known && p < PHASE_ENDED; p++)
		known = ak_streq(state, phase_name(p));
	if (!known) {
		admin_refuse(call, 400,
		    "%s: not one of reading, queued, connecting, loading, "
		    "prefill, streaming",
		    state);
		return;
	}
	tell_requests(call->app, call->q, state, &call->out);
}

static void
get_request(struct admin_call *call, const char *rest)
{
	const struct request *r;
	uint64_t id;

	if (admin_id(call, rest, &id) == -1)
		return;
	r = queue_find(call->q, id);
	if (ak_ends(rest, "/explain")) {
		if (!tell_explain(call->app, call->q, id, &call->out))
			admin_refuse(call, 404,
			    "%llx: no such request, or it "
			    "is not kept any more",
			    (unsigned long long)id);
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
	{ HTTP1_DELETE, "/v1/requests/", admin_delete_request, false },
	{ HTTP1_POST, "/v1/requests/", admin_post_request, false },
	{ HTTP1_GET, "/v1/events", get_events, false },
	{ HTTP1_GET, "/v1/config", get_config, false },
	{ HTTP1_POST, "/v1/pause", admin_post_pause, false },
	{ HTTP1_POST, "/v1/resume", admin_post_resume, false },
	{ HTTP1_POST, "/v1/drain", admin_post_drain, false },
	{ HTTP1_POST, "/v1/reload", admin_post_reload, false },
	{ HTTP1_PATCH, "/v1/limits", admin_patch_limits, false },
	{ HTTP1_POST, "/v1/models/", admin_post_model, false },
};

void
admin_answer(struct admin_call *call)
{
	bool known = false;

	for (size_t i = 0; i < AK_COUNT(routes); i++) {
		size_t len = strlen(routes[i].path);
		bool below = routes[i].path[len - 1] == '/';
		enum http1_method method = call->method == HTTP1_HEAD
		    ? HTTP1_GET
		    : call->method;

		if (call->metrics_only && !routes[i].metrics)
			continue;
		if (below ? !ak_starts(call->path, routes[i].path)
			  : !ak_streq(call->path, routes[i].path))
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
