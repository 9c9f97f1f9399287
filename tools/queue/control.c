/*
 * control - commands that change what a running queue does.
 */
#include <string.h>

#include "lib/json.h"
#include "tools/queue/ask.h"

static const char *backend;

const struct ak_opt load_options[] = {
	{ 'b', "backend", "name", "on this one", AK_STRING(&backend) },
	{ 0 },
};

static int
show(void *arg, const struct ak_json *record, struct ak_err *err)
{
	const char *text = ak_json_str(ak_json_get(record, "error"));

	if (text != NULL)
		return ak_fail(err, AK_UNAVAILABLE, "%s", text);
	ask_show(arg, record);
	return 0;
}

static int
tell(struct ak_ctx *ctx, struct ak_http *http, const char *method,
    const char *path, const char *body)
{
	AK_BUF struct ak_buf answer = { 0 };

	if (ask(http, method, path, body, &answer, &ctx->err) == -1)
		return -1;
	return ask_each(&answer, show, ctx->out, &ctx->err);
}

static void
member(struct ak_buf *buf, const char *key, const char *value, size_t len)
{
	ak_buf_printf(buf, "%s\"%s\":", buf->len == 0 ? "{" : ",", key);
	ak_json_quote(buf, value, len);
}

static int
set_gate(struct ak_ctx *ctx, const char *path, int count, char *operands[])
{
	AK_HTTP struct ak_http *http = NULL;
	AK_BUF struct ak_buf body = { 0 };

	if (count == 1 && !ak_streq(operands[0], "all")) {
		ak_err_help(&ctx->err, "such as: class batch");
		ak_err_set(&ctx->err, AK_USAGE, "%s: without a name behind it",
		    operands[0]);
		return -1;
	}
	member(&body, "scope", count > 0 ? operands[0] : "all",
	    strlen(count > 0 ? operands[0] : "all"));
	if (count == 2)
		member(&body, "name", operands[1], strlen(operands[1]));
	ak_buf_char(&body, '}');
	if (ask_open(&http, &ctx->err) == -1)
		return -1;
	return tell(ctx, http, "POST", path, body.data);
}

int
pause_run(struct ak_ctx *ctx, int count, char *operands[])
{
	return set_gate(ctx, "/v1/pause", count, operands);
}

int
resume_run(struct ak_ctx *ctx, int count, char *operands[])
{
	return set_gate(ctx, "/v1/resume", count, operands);
}

int
drain_run(struct ak_ctx *ctx, int count, char *operands[])
{
	return set_gate(ctx, "/v1/drain", count, operands);
}

/* All are tried; the first that fails is told. */
static int
each_id(struct ak_ctx *ctx, const char *method, const char *behind, int count,
    char *operands[])
{
	AK_HTTP struct ak_http *http = NULL;
	struct ak_err first = { 0 };

	if (ask_open(&http, &ctx->err) == -1)
		return -1;
	for (int i = 0; i < count; i++) {
		AK_BUF struct ak_buf path = { 0 };

		ak_buf_str(&path, "/v1/requests/");
		ak_http_escape(&path, operands[i]);
		ak_buf_str(&path, behind);
		ctx->err = (struct ak_err){ 0 };
		if (tell(ctx, http, method, path.data, NULL) == -1 &&
		    first.code == AK_DONE)
			first = ctx->err;
	}
	ctx->err = first;
	return first.code == AK_DONE ? 0 : -1;
}

int
cancel_run(struct ak_ctx *ctx, int count, char *operands[])
{
	return each_id(ctx, "DELETE", "", count, operands);
}

int
promote_run(struct ak_ctx *ctx, int count, char *operands[])
{
	return each_id(ctx, "POST", "/promote", count, operands);
}

/*
 * "limit=4" is a key of [queue]; "class.batch.limit=2" one of [class batch].
 * The key is behind the last dot before the sign: names may have dots.
 */
static int
set_body(const char *operand, struct ak_buf *body, struct ak_err *err)
{
	const char *sign = strchr(operand, '=');
	const char *dot, *kind;

	if (sign == NULL || sign == operand)
		return ak_fail(err, AK_USAGE, "%s: not KEY=VALUE", operand);
	dot = memrchr(operand, '.', (size_t)(sign - operand));
	kind = memchr(operand, '.', (size_t)(sign - operand));
	if (dot == NULL) {
		member(body, "section", "queue", 5);
		dot = operand - 1;
	} else if (kind == dot) {
		member(body, "section", operand, (size_t)(dot - operand));
	} else {
		AK_BUF struct ak_buf section = { 0 };

		ak_buf_add(&section, operand, (size_t)(kind - operand));
		ak_buf_char(&section, ' ');
		ak_buf_add(&section, kind + 1, (size_t)(dot - kind - 1));
		member(body, "section", section.data, section.len);
	}
	member(body, "key", dot + 1, (size_t)(sign - dot - 1));
	member(body, "value", sign + 1, strlen(sign + 1));
	ak_buf_char(body, '}');
	return 0;
}

/* Without operands: what is set now. */
int
set_run(struct ak_ctx *ctx, int count, char *operands[])
{
	AK_HTTP struct ak_http *http = NULL;

	if (count == 0)
		return ask_and_show(ctx, "/v1/config");
	if (ask_open(&http, &ctx->err) == -1)
		return -1;
	for (int i = 0; i < count; i++) {
		AK_BUF struct ak_buf body = { 0 };

		if (set_body(operands[i], &body, &ctx->err) == -1)
			return -1;
		if (tell(ctx, http, "PATCH", "/v1/limits", body.data) == -1)
			return ak_fail_in(&ctx->err, "%s", operands[i]);
	}
	return 0;
}

int
reload_run(struct ak_ctx *ctx, int count AK_UNUSED, char *operands[] AK_UNUSED)
{
	AK_HTTP struct ak_http *http = NULL;

	if (ask_open(&http, &ctx->err) == -1)
		return -1;
	return tell(ctx, http, "POST", "/v1/reload", NULL);
}

static int
post_model(struct ak_ctx *ctx, const char *model, const char *what)
{
	AK_HTTP struct ak_http *http = NULL;
	AK_BUF struct ak_buf path = { 0 };

	ak_buf_str(&path, "/v1/models/");
	ak_http_escape(&path, model);
	ak_buf_str(&path, what);
	if (backend != NULL) {
		ak_buf_str(&path, "?backend=");
		ak_http_escape(&path, backend);
	}
	if (ask_open(&http, &ctx->err) == -1)
		return -1;
	return tell(ctx, http, "POST", path.data, NULL);
}

int
load_run(struct ak_ctx *ctx, int count AK_UNUSED, char *operands[])
{
	return post_model(ctx, operands[0], "/load");
}

int
unload_run(struct ak_ctx *ctx, int count AK_UNUSED, char *operands[])
{
	return post_model(ctx, operands[0], "/unload");
}
