/*
 * admin_change - what the operator changes: requests, gates, keys, models.
 */
#include <stdio.h>
#include <string.h>

#include "lib/json.h"
#include "tools/queue/admin_impl.h"
#include "tools/queue/proxy.h"

static void
done(struct admin_call *call, const char *what)
{
	put_begin(&call->out, "done");
	put_str(&call->out, "what", what);
	put_end(&call->out);
}

void
admin_delete_request(struct admin_call *call, const char *rest)
{
	uint64_t id;

	if (admin_id(call, rest, &id) == -1)
		return;
	if (queue_kill(call->q, id))
		done(call, "cancelled");
	else
		admin_refuse(call, 404, "%s: no such request", rest);
}

void
admin_post_request(struct admin_call *call, const char *rest)
{
	uint64_t id;

	if (admin_id(call, rest, &id) == -1)
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
		admin_refuse(call, 400,
		    "a scope is all, or class, client, "
		    "model or backend with a name");
		return;
	}
	well = found == SCHED_BACKEND
	    ? set_backend(call->q, name, gate)
	    : sched_gate(call->q->sched, (enum sched_scope)found, name, gate);
	if (!well) {
		admin_refuse(call, 404, "%s: no such %s", name, scopes[found]);
		return;
	}
	queue_kick(call->q);
	done(call, what);
}

void
admin_post_pause(struct admin_call *call, const char *rest AK_UNUSED)
{
	set_gate(call, SCHED_PAUSED, "paused");
}

void
admin_post_resume(struct admin_call *call, const char *rest AK_UNUSED)
{
	set_gate(call, SCHED_OPEN, "resumed");
}

void
admin_post_drain(struct admin_call *call, const char *rest AK_UNUSED)
{
	set_gate(call, SCHED_DRAINING, "draining");
}

void
admin_post_reload(struct admin_call *call, const char *rest AK_UNUSED)
{
	struct ak_err err = { 0 };

	if (app_reload(call->app, call->q, &err) == -1)
		admin_refuse(call, 422, "%s", err.text);
	else
		done(call, "reloaded");
}

void
admin_patch_limits(struct admin_call *call, const char *rest AK_UNUSED)
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
	    well		      ? "done"
		: r->error[0] != '\0' ? r->error
				      : "the backend has not done it");
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

/* Everywhere when backend is -1; but not where it is not. */
static void
unload_on(struct admin_call *call, const char *model, int backend,
    struct admin_wait *wait)
{
	char name[SCHED_NAME];

	(void)class_model(model, name);
	for (int i = 0; i < SCHED_BACKENDS; i++) {
		const struct backend *b = &call->q->backends[i];

		if (!b->used || !b->ready || (backend != -1 && backend != i) ||
		    (backend == -1 && !models_has(b, name)))
			continue;
		wait->left++;
		queue_unload(call->q, i, model, loaded, wait);
	}
}

static void
load_on(struct admin_call *call, const char *model, int backend, bool unload)
{
	struct admin_wait *wait = ak_calloc(1, sizeof(*wait));

	wait->status = 200;
	wait->left = 1; /* ours, so that it does not end meanwhile */
	if (unload) {
		unload_on(call, model, backend, wait);
	} else {
		wait->left++;
		queue_load(call->q, backend, model, loaded, wait);
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
		admin_refuse(call, 404, "%s: no backend has it", model);
	}
	ak_buf_free(&wait->out);
	free(wait);
}

void
admin_post_model(struct admin_call *call, const char *rest)
{
	const char *slash = strrchr(rest, '/');
	AK_FREE char *name = admin_query(call, "backend");
	AK_FREE char *model = NULL;
	bool unload = slash != NULL && ak_streq(slash, "/unload");
	int backend = name == NULL ? -1 : backend_index(call->q, name);

	if (slash == NULL || slash == rest ||
	    (!unload && !ak_streq(slash, "/load"))) {
		admin_refuse(call, 404, "no such path");
		return;
	}
	model = ak_strndup(rest, (size_t)(slash - rest));
	if (name != NULL && backend == -1)
		admin_refuse(call, 404, "%s: no such backend", name);
	else if (name != NULL && !call->q->backends[backend].ready)
		admin_refuse(call, 503, "%s: is not ready", name);
	else if (strlen(model) >= SCHED_NAME)
		admin_refuse(call, 400, "the name is too long");
	else
		load_on(call, model, backend, unload);
}
