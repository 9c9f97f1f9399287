/*
 * ask_show - a record of the queue as one of ours, and how it is drawn.
 */
#include "lib/str.h"
#include "tools/queue/ask.h"

static const struct ak_view views[] = {
	{ "status",
	    AK_COLUMNS({ "ready", "READY", AK_SHOW_TEXT, 0,
			   "true=green false=red" },
		{ "state", "STATE", AK_SHOW_TEXT, 0, "paused=yellow" },
		{ "draining", "DRAINING", AK_SHOW_TEXT, 0, NULL },
		{ "queued", "QUEUED", AK_SHOW_NUMBER, 0, NULL },
		{ "running", "RUNNING", AK_SHOW_NUMBER, 0, NULL },
		{ "requests", "REQUESTS", AK_SHOW_NUMBER, 0, NULL },
		{ "refused", "REFUSED", AK_SHOW_NUMBER, 0, NULL },
		{ "connections", "CONNECTIONS", AK_SHOW_NUMBER, 0, NULL },
		{ "uptime_seconds", "UP", AK_SHOW_SECONDS, 0, NULL },
		{ "config", "CONFIG", AK_SHOW_TEXT, 0, NULL }),
	    false },
	{ "backend",
	    AK_COLUMNS({ "backend", "BACKEND", AK_SHOW_TEXT, 0, NULL },
		{ "state", "STATE", AK_SHOW_TEXT, 0,
		    "up=green down=red silent=red drained=yellow "
		    "paused=yellow" },
		{ "running", "RUNNING", AK_SHOW_NUMBER, 0, NULL },
		{ "slots", "SLOTS", AK_SHOW_NUMBER, 0, NULL },
		{ "loaded", "LOADED", AK_SHOW_NUMBER, 0, NULL },
		{ "switching", "SWITCHING", AK_SHOW_TEXT, 0, NULL },
		{ "requests", "REQUESTS", AK_SHOW_NUMBER, 0, NULL },
		{ "failures", "FAILURES", AK_SHOW_NUMBER, 0, NULL },
		{ "version", "VERSION", AK_SHOW_TEXT, 0, NULL },
		{ "url", "URL", AK_SHOW_TEXT, 0, NULL }),
	    false },
	{ "class",
	    AK_COLUMNS({ "class", "CLASS", AK_SHOW_TEXT, 0, NULL },
		{ "queued", "QUEUED", AK_SHOW_NUMBER, 0, NULL },
		{ "running", "RUNNING", AK_SHOW_NUMBER, 0, NULL },
		{ "limit", "LIMIT", AK_SHOW_NUMBER, 0, NULL },
		{ "oldest_wait_seconds", "OLDEST", AK_SHOW_SECONDS, 0, NULL },
		{ "estimate_seconds", "NEXT IN", AK_SHOW_SECONDS, 0, NULL },
		{ "share", "SHARE", AK_SHOW_NUMBER, 0, NULL },
		{ "gpu_seconds", "GPU", AK_SHOW_SECONDS, 0, NULL },
		{ "promotions", "OVERDUE", AK_SHOW_NUMBER, 0, NULL },
		{ "state", "STATE", AK_SHOW_TEXT, 0, "paused=yellow" }),
	    false },
	{ "client",
	    AK_COLUMNS({ "client", "CLIENT", AK_SHOW_TEXT, 0, NULL },
		{ "queued", "QUEUED", AK_SHOW_NUMBER, 0, NULL },
		{ "running", "RUNNING", AK_SHOW_NUMBER, 0, NULL },
		{ "weight", "WEIGHT", AK_SHOW_NUMBER, 0, NULL },
		{ "prompt_tokens", "READ", AK_SHOW_NUMBER, 0, NULL },
		{ "generated_tokens", "MADE", AK_SHOW_NUMBER, 0, NULL },
		{ "gpu_seconds", "GPU", AK_SHOW_SECONDS, 0, NULL },
		{ "state", "STATE", AK_SHOW_TEXT, 0, "paused=yellow" }),
	    false },
	{ "model",
	    AK_COLUMNS({ "model", "MODEL", AK_SHOW_TEXT, 0, NULL },
		{ "options", "OPTIONS", AK_SHOW_TEXT, 0, NULL },
		{ "queued", "QUEUED", AK_SHOW_NUMBER, 0, NULL },
		{ "running", "RUNNING", AK_SHOW_NUMBER, 0, NULL },
		{ "loaded_on", "LOADED ON", AK_SHOW_TEXT, 0, NULL },
		{ "load_seconds", "LOADS IN", AK_SHOW_SECONDS, 0, NULL },
		{ "tokens_per_second", "TOKENS/S", AK_SHOW_NUMBER, 0, NULL },
		{ "state", "STATE", AK_SHOW_TEXT, 0, "paused=yellow" }),
	    false },
	{ "request",
	    AK_COLUMNS({ "id", "ID", AK_SHOW_TEXT, 0, NULL },
		{ "phase", "PHASE", AK_SHOW_TEXT, 0,
		    "streaming=green queued=yellow" },
		{ "class", "CLASS", AK_SHOW_TEXT, 0, NULL },
		{ "client", "CLIENT", AK_SHOW_TEXT, 0, NULL },
		{ "position", "PLACE", AK_SHOW_NUMBER, 0, NULL },
		{ "estimate_seconds", "STARTS IN", AK_SHOW_SECONDS, 0, NULL },
		{ "wait_seconds", "WAITED", AK_SHOW_SECONDS, 0, NULL },
		{ "run_seconds", "RUNS", AK_SHOW_SECONDS, 0, NULL },
		{ "generated_tokens", "TOKENS", AK_SHOW_NUMBER, 0, NULL },
		{ "backend", "BACKEND", AK_SHOW_TEXT, 0, NULL },
		{ "endpoint", "ENDPOINT", AK_SHOW_TEXT, 0, NULL },
		{ "model", "MODEL", AK_SHOW_TEXT, 0, NULL }),
	    false },
	{ "step",
	    AK_COLUMNS({ "time", "TIME", AK_SHOW_TIME, 0, NULL },
		{ "after_seconds", "AFTER", AK_SHOW_SECONDS, 0, NULL },
		{ "text", "WHAT", AK_SHOW_TEXT, 0, NULL }),
	    false },
	{ "access",
	    AK_COLUMNS({ "time", "TIME", AK_SHOW_TIME, 19, NULL },
		{ "id", "ID", AK_SHOW_TEXT, 8, NULL },
		{ "status", "STATUS", AK_SHOW_NUMBER, 6, NULL },
		{ "outcome", "OUTCOME", AK_SHOW_TEXT, 9, NULL },
		{ "class", "CLASS", AK_SHOW_TEXT, 11, NULL },
		{ "client", "CLIENT", AK_SHOW_TEXT, 16, NULL },
		{ "model", "MODEL", AK_SHOW_TEXT, 20, NULL },
		{ "wait_seconds", "WAITED", AK_SHOW_SECONDS, 7, NULL },
		{ "seconds", "TOOK", AK_SHOW_SECONDS, 7, NULL },
		{ "generated_tokens", "TOKENS", AK_SHOW_NUMBER, 6, NULL },
		{ "endpoint", "ENDPOINT", AK_SHOW_TEXT, 0, NULL }),
	    true },
	{ "backend_change",
	    AK_COLUMNS({ "time", "TIME", AK_SHOW_TIME, 19, NULL },
		{ "backend", "BACKEND", AK_SHOW_TEXT, 16, NULL },
		{ "state", "STATE", AK_SHOW_TEXT, 16, NULL },
		{ "what", "WHAT", AK_SHOW_TEXT, 0, NULL }),
	    true },
	{ "done",
	    AK_COLUMNS({ "what", "DONE", AK_SHOW_TEXT, 0, NULL },
		{ "model", "MODEL", AK_SHOW_TEXT, 0, NULL },
		{ "backend", "BACKEND", AK_SHOW_TEXT, 0, NULL },
		{ "seconds", "TOOK", AK_SHOW_SECONDS, 0, NULL }),
	    false },
	{ "queue_key",
	    AK_COLUMNS({ "section", "SECTION", AK_SHOW_TEXT, 0, NULL },
		{ "key", "KEY", AK_SHOW_TEXT, 0, NULL },
		{ "value", "VALUE", AK_SHOW_TEXT, 0, NULL },
		{ "default", "DEFAULT", AK_SHOW_TEXT, 0, NULL }),
	    false },
};

const struct ak_view *
ask_view(const char *type)
{
	for (size_t i = 0; i < AK_COUNT(views); i++)
		if (ak_streq(views[i].type, type))
			return &views[i];
	return NULL;
}

/* A time goes through the type that knows how to draw one. */
static void
show_text(struct ak_out *out, const struct ak_view *view, const char *key,
    const char *value)
{
	struct ak_err ignored = { 0 };
	int64_t ns;

	for (const struct ak_column *c = view->columns; c->key != NULL; c++)
		if (ak_streq(c->key, key) && c->show == AK_SHOW_TIME &&
		    ak_str_time(value, &ns, &ignored) == 0) {
			ak_out_time(out, key, ns);
			return;
		}
	ak_out_str(out, key, value);
}

static void
show_number(struct ak_out *out, const char *key, double value)
{
	if (value >= -9007199254740992.0 && value <= 9007199254740992.0 &&
	    value == (double)(int64_t)value)
		ak_out_int(out, key, (int64_t)value);
	else
		ak_out_number(out, key, value);
}

void
ask_show(struct ak_out *out, const struct ak_json *record)
{
	const char *type = ak_json_str(ak_json_get(record, "type"));
	const struct ak_view *view = ask_view(type);

	if (view == NULL)
		return;
	ak_out_begin(out, view);
	ak_json_each(item, record) {
		const char *key = ak_json_name(item);

		if (ak_streq(key, "type"))
			continue;
		if (ak_json_kind(item) == AK_JSON_STRING)
			show_text(out, view, key, ak_json_str(item));
		else if (ak_json_kind(item) == AK_JSON_BOOL)
			ak_out_bool(out, key, ak_json_bool(item, false));
		else if (ak_json_kind(item) == AK_JSON_NUMBER)
			show_number(out, key, ak_json_number(item, 0));
	}
	ak_out_end(out);
}
