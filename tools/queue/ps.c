/*
 * ps - requests that are there; events - those that end.
 */
#include <string.h>

#include "tools/queue/ask.h"

static const char *state;

const struct ak_opt ps_options[] = {
	{ 0, "state", "phase", "only those reading, queued, streaming, ...",
	    AK_STRING(&state) },
	{ 0 },
};

int
ps_run(struct ak_ctx *ctx, int count AK_UNUSED, char *operands[] AK_UNUSED)
{
	AK_BUF struct ak_buf path = { 0 };

	ak_buf_str(&path, "/v1/requests");
	if (state != NULL) {
		ak_buf_str(&path, "?state=");
		ak_http_escape(&path, state);
	}
	return ask_and_show(ctx, path.data);
}

struct following {
	struct ak_ctx *ctx;
	struct ak_buf line; /* not whole yet */
};

static int
show(void *arg, const struct ak_json *record, struct ak_err *err AK_UNUSED)
{
	struct following *f = arg;

	if (!ak_streq(ak_json_str(ak_json_get(record, "type")), "status"))
		ask_show(f->ctx->out, record);
	return 0;
}

static int
data(void *arg, const char *bytes, size_t len)
{
	struct following *f = arg;
	struct ak_buf whole;
	const char *end;

	ak_buf_add(&f->line, bytes, len);
	end = memrchr(f->line.data, '\n', f->line.len);
	if (end == NULL)
		return 0;
	whole = (struct ak_buf){ f->line.data, (size_t)(end - f->line.data) + 1,
		0 };
	if (ask_each(&whole, show, f, &f->ctx->err) == -1)
		return -1;
	ak_buf_drop(&f->line, whole.len);
	ak_out_flush(f->ctx->out);
	return ak_out_failed(f->ctx->out) ? -1 : 0;
}

int
events_run(struct ak_ctx *ctx, int count AK_UNUSED, char *operands[] AK_UNUSED)
{
	AK_HTTP struct ak_http *http = NULL;
	AK_HTTP_REPLY struct ak_http_reply reply = { 0 };
	struct following f = { .ctx = ctx };
	const struct ak_http_request request = {
		.path = "/v1/events",
		.stall_ms = -1,
		.on_data = data,
		.arg = &f,
	};
	int failed;

	if (ask_open(&http, &ctx->err) == -1)
		return -1;
	failed = ak_http_do(http, &request, &reply, &ctx->err);
	ak_buf_free(&f.line);
	if (failed == -1 || ctx->err.code != AK_DONE)
		return -1;
	return 0;
}
