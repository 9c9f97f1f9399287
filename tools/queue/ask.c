/*
 * ask - one question to the queue that runs, and its answer line by line.
 */
#include <sys/stat.h>

#include <string.h>
#include <unistd.h>

#include "tools/queue/ask.h"
#include "tools/queue/operate.h"

/* root: /run/aikit, where units keep it; others: their runtime directory. */
char *
admin_default(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	if (geteuid() == 0) {
		(void)mkdir("/run/aikit", 0755);
		return ak_strdup("/run/aikit/queue.sock");
	}
	if (runtime == NULL || runtime[0] != '/')
		return NULL;
	return ak_printf("%s/aikit-queue.sock", runtime);
}

int
ask_open(struct ak_http **http, struct ak_err *err)
{
	AK_FREE char *found = NULL;
	const char *path = ask_options.admin;

	if (path == NULL) {
		found = admin_default();
		/* Whoever may speak to the service need not say where it is. */
		if (found == NULL || access(found, F_OK) == -1)
			path = "/run/aikit/queue.sock";
		else
			path = found;
	}
	if (ak_http_open_unix(http, "http://queue", path, err) == 0)
		return 0;
	return ak_fail_in(err, "%s", path);
}

/* Which exit status a refusal leads to. */
static enum ak_code
code_of(int status)
{
	static const struct {
		int status;
		enum ak_code code;
	} codes[] = {
		{ 404, AK_DATA },
		{ 409, AK_DATA },
		{ 400, AK_USAGE },
		{ 422, AK_CONFIG },
		{ 503, AK_UNAVAILABLE },
		{ 502, AK_UNAVAILABLE },
		{ 504, AK_UNAVAILABLE },
	};

	for (size_t i = 0; i < AK_COUNT(codes); i++)
		if (codes[i].status == status)
			return codes[i].code;
	return AK_PROTOCOL;
}

static int
refused(const struct ak_http_reply *reply, struct ak_err *err)
{
	AK_JSON struct ak_json *json = NULL;
	struct ak_err ignored = { 0 };
	const char *text = NULL;

	if (ak_json_parse(&json, ak_buf_text(&reply->body), reply->body.len,
		&ignored) == 0)
		text = ak_json_str(ak_json_get(json, "error"));
	if (text == NULL)
		return ak_fail(err, code_of(reply->status),
		    "the queue answers with status %d", reply->status);
	return ak_fail(err, code_of(reply->status), "%s", text);
}

int
ask(struct ak_http *http, const char *method, const char *path,
    const char *body, struct ak_buf *answer, struct ak_err *err)
{
	const struct ak_http_request request = {
		.method = method,
		.path = path,
		.body = body,
		/* A model may load for long. */
		.stall_ms = INT64_C(15) * 60 * 1000,
	};
	AK_HTTP_REPLY struct ak_http_reply reply = { 0 };

	if (ak_http_do(http, &request, &reply, err) == -1) {
		if (err->code == AK_UNAVAILABLE || err->code == AK_NOPERM)
			ak_err_help(err,
			    "is aikit-queue running? --admin says "
			    "where");
		return -1;
	}
	if (reply.status < 200 || reply.status > 299)
		return refused(&reply, err);
	ak_buf_add(answer, ak_buf_text(&reply.body), reply.body.len);
	return 0;
}

int
ask_each(const struct ak_buf *answer,
    int (*each)(void *arg, const struct ak_json *record, struct ak_err *err),
    void *arg, struct ak_err *err)
{
	const char *at = ak_buf_text(answer), *end = at + answer->len;

	while (at < end) {
		AK_JSON struct ak_json *json = NULL;
		const char *line = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((line != NULL ? line : end) - at);

		if (len > 0 && ak_json_parse(&json, at, len, err) == -1) {
			err->code = AK_PROTOCOL;
			return ak_fail_in(err, "the answer of the queue");
		}
		if (json != NULL && each(arg, json, err) == -1)
			return -1;
		at += len + (line != NULL);
	}
	return 0;
}

static int
show(void *arg, const struct ak_json *record, struct ak_err *err AK_UNUSED)
{
	ask_show(arg, record);
	return 0;
}

int
ask_and_show(struct ak_ctx *ctx, const char *path)
{
	AK_HTTP struct ak_http *http = NULL;
	AK_BUF struct ak_buf answer = { 0 };

	if (ask_open(&http, &ctx->err) == -1 ||
	    ask(http, "GET", path, NULL, &answer, &ctx->err) == -1)
		return -1;
	return ask_each(&answer, show, ctx->out, &ctx->err);
}
