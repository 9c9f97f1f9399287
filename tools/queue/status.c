/*
 * status - how it is, and whether it may be relied on.
 */
#include "tools/queue/ask.h"

static bool clients;

const struct ak_opt status_options[] = {
	{ 'a', "all", NULL, "clients as well", AK_FLAG(&clients) },
	{ 0 },
};

struct seen {
	struct ak_out *out;
	bool ready;
};

static int
each(void *arg, const struct ak_json *record, struct ak_err *err AK_UNUSED)
{
	struct seen *seen = arg;

	if (ak_streq(ak_json_str(ak_json_get(record, "type")), "status"))
		seen->ready = ak_json_bool(ak_json_get(record, "ready"), false);
	ask_show(seen->out, record);
	return 0;
}

/* 1: no backend is ready, or it is ending. */
int
status_run(struct ak_ctx *ctx, int count AK_UNUSED, char *operands[] AK_UNUSED)
{
	AK_HTTP struct ak_http *http = NULL;
	AK_BUF struct ak_buf answer = { 0 };
	struct seen seen = { ctx->out, false };

	if (ask_open(&http, &ctx->err) == -1 ||
	    ask(http, "GET", clients ? "/v1/status?all=1" : "/v1/status", NULL,
		&answer, &ctx->err) == -1 ||
	    ask_each(&answer, each, &seen, &ctx->err) == -1)
		return -1;
	return seen.ready ? 0 : 1;
}
