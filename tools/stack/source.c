/*
 * source - the log of one container, asked from the daemon.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "tools/stack/logs.h"

static void
on_line(void *arg, const struct mux_line *line)
{
	struct source *source = arg;

	if (*line->time != '\0')
		memcpy(source->last, line->time, sizeof(source->last));
	if (source->logs->queueing)
		merge_keep(source, line);
	else
		logs_line(source->logs, source, line);
}

static int
on_data(void *arg, const char *data, size_t len)
{
	struct source *source = arg;

	if (ak_out_failed(source->logs->ctx->out))
		return -1;
	return mux_feed(&source->mux, data, len, &source->err);
}

struct source *
source_add(struct logs *logs, const struct ak_json *inspect, const char *id,
    const char *service)
{
	struct source *source = ak_calloc(1, sizeof(*source));

	source->logs = logs;
	source->id = ak_strdup(id);
	source->service = ak_strdup(service);
	source->mux.raw = ak_json_bool(ak_json_at(inspect, "Config.Tty"),
	    false);
	source->mux.line = on_line;
	source->mux.arg = source;
	logs->sources = ak_resize(logs->sources, logs->count + 1,
	    sizeof(struct source *));
	logs->sources[logs->count++] = source;
	return source;
}

/* Just behind the last line that came; NULL: none came. */
static char *
behind_last(const struct source *source)
{
	struct ak_err ignored = { 0 };
	int64_t ns;

	if (*source->last == '\0' ||
	    ak_str_time(source->last, &ns, &ignored) == -1)
		return NULL;
	ns++;
	return ak_printf("%lld.%09lld", (long long)(ns / 1000000000),
	    (long long)(ns % 1000000000));
}

static char *
path_of(const struct source *source)
{
	const struct logs *logs = source->logs;
	AK_FREE char *behind = behind_last(source);
	AK_BUF struct ak_buf path = { 0 };

	ak_buf_printf(&path,
	    "/containers/%s/logs?stdout=1&stderr=1&timestamps=1", source->id);
	if (logs->follow)
		ak_buf_str(&path, "&follow=1");
	if (behind != NULL || logs->since != NULL)
		ak_buf_printf(&path, "&since=%s",
		    behind != NULL ? behind : logs->since);
	if (logs->until != NULL)
		ak_buf_printf(&path, "&until=%s", logs->until);
	if (logs->tail >= 0 && behind == NULL)
		ak_buf_printf(&path, "&tail=%lld", (long long)logs->tail);
	return ak_buf_take(&path);
}

int
source_ask(struct source *source, struct ak_docker *engine, struct ak_err *err)
{
	free(source->path);
	source->path = path_of(source);
	source->request = (struct ak_http_request){
		.path = source->path,
		.stall_ms = source->logs->follow ? -1 : 0,
		.on_data = on_data,
		.arg = source,
	};
	source->again = false;
	source->asked = true;
	ak_http_reply_free(&source->reply);
	return ak_http_start(ak_docker_http(engine), &source->request,
	    &source->reply, err);
}

/* A driver that keeps nothing to read ("none", "syslog") is no failure. */
static int
refused(struct source *source, struct ak_err *err)
{
	int failed = ak_docker_failed(source->logs->engine, &source->reply,
	    err);

	if (source->reply.status == 0)
		return failed;
	ak_cmd_warn(source->logs->ctx, "%s: %s", source->service, err->text);
	*err = (struct ak_err){ 0 };
	return 0;
}

int
source_end(struct source *source, struct ak_err *err)
{
	source->asked = false;
	if (source->err.code != AK_DONE) {
		*err = source->err;
		return ak_fail_in(err, "%s", source->service);
	}
	mux_end(&source->mux);
	return source->reply.status == 200 ? 0 : refused(source, err);
}

static void
source_free(struct source *source)
{
	ak_docker_close(&source->engine);
	ak_http_reply_free(&source->reply);
	mux_free(&source->mux);
	ak_buf_free(&source->queue);
	free(source->path);
	free(source->service);
	free(source->id);
	free(source);
}

void
sources_free(struct logs *logs)
{
	for (size_t i = 0; i < logs->count; i++)
		source_free(logs->sources[i]);
	free(logs->sources);
	logs->sources = NULL;
	logs->count = 0;
}

bool
logs_wants(const struct logs *logs, const char *service)
{
	return logs->selection == NULL ||
	    selection_has(logs->selection, service);
}
