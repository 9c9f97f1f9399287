/*
 * logs - log lines as records: of all at once, chosen, in the order of time.
 */
#include "tools/stack/logs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* With --follow and nothing said of where to begin. */
#define FOLLOW_TAIL 10

static struct {
	bool follow;
	const char *since, *until, *grep;
	int64_t tail;
} o = { .tail = -1 };

const struct ak_opt logs_options[] = {
	{ 'f', "follow", NULL, "go on with what comes", AK_FLAG(&o.follow) },
	{ 0, "since", "time", "from 10m ago, or from a time (RFC 3339)",
	    AK_STRING(&o.since) },
	{ 0, "until", "time", "up to then", AK_STRING(&o.until) },
	{ 'n', "tail", "n", "the last lines of each container",
	    AK_INT(&o.tail, 0, INT32_MAX) },
	{ 'g', "grep", "regex", "lines whose text matches (POSIX extended)",
	    AK_STRING(&o.grep) },
	{ 0 },
};

static int
read_grep(struct logs *logs, struct ak_err *err)
{
	char text[256];
	int failed;

	if (o.grep == NULL)
		return 0;
	failed = regcomp(&logs->grep, o.grep, REG_EXTENDED | REG_NEWLINE);
	if (failed != 0) {
		regerror(failed, &logs->grep, text, sizeof(text));
		return ak_fail(err, AK_USAGE, "--grep: %s: %s", o.grep, text);
	}
	logs->grepping = true;
	return 0;
}

static int
read_options(struct logs *logs, char **since, char **until, struct ak_err *err)
{
	logs->follow = o.follow;
	logs->tail = o.tail;
	if (o.follow && o.tail == -1 && o.since == NULL)
		logs->tail = FOLLOW_TAIL;
	if (o.follow && o.until != NULL)
		return ak_fail(err, AK_USAGE,
		    "--follow and --until exclude each other");
	if (o.since != NULL && when_read(o.since, since, err) == -1)
		return ak_fail_in(err, "--since");
	if (o.until != NULL && when_read(o.until, until, err) == -1)
		return ak_fail_in(err, "--until");
	logs->since = *since;
	logs->until = *until;
	return read_grep(logs, err);
}

static void
add_sources(struct logs *logs, const struct containers *containers)
{
	for (size_t i = 0; i < containers->count; i++) {
		const struct container *container = &containers->items[i];
		int width = (int)strlen(container->service);

		if (!logs_wants(logs, container->service))
			continue;
		source_add(logs, container->inspect, container->id,
		    container->service);
		if (width > logs->width)
			logs->width = width;
	}
}

/* With names, and none of them has a container. */
static int
nothing(const struct logs *logs, struct ak_err *err)
{
	const struct selection *selection = logs->selection;

	ak_err_set(err, AK_NOINPUT, "%s: no container",
	    selection->count > 0 ? selection->picks[0].service->name : "");
	ak_err_help(err, "aikit-stack status");
	return -1;
}

static int
logs_read(struct logs *logs, struct ak_err *err)
{
	CONTAINERS struct containers containers = { 0 };

	if (engine_open(&logs->engine, err) == -1 ||
	    engine_containers(logs->engine, logs->kit->project, &containers,
		err) == -1)
		return -1;
	add_sources(logs, &containers);
	containers_free(&containers);
	if (logs->count == 0 && logs->selection != NULL && !logs->follow)
		return nothing(logs, err);
	return logs->follow ? logs_follow(logs, err) : logs_merge(logs, err);
}

int
logs_run(struct ak_ctx *ctx, int count, char *operands[])
{
	KIT struct kit kit = { .fd = -1 };
	SELECTION struct selection selection = { 0 };
	AK_FREE char *since = NULL;
	AK_FREE char *until = NULL;
	struct logs logs = { .ctx = ctx, .kit = &kit };
	int failed;

	if (read_options(&logs, &since, &until, &ctx->err) == -1 ||
	    names_read(&count, &operands, &ctx->err) == -1 ||
	    kit_open(&kit, stack_options.kit, &ctx->err) == -1)
		return -1;
	if (count > 0 &&
	    resolve_named(&kit, operands, (size_t)count, &selection,
		&ctx->err) == -1)
		return -1;
	logs.selection = count > 0 ? &selection : NULL;
	failed = logs_read(&logs, &ctx->err);
	ak_docker_close(&logs.engine); /* before the replies it fills */
	sources_free(&logs);
	if (logs.grepping)
		regfree(&logs.grep);
	return failed;
}

/* What follows serves other commands. */

static void
tail_line(void *arg AK_UNUSED, const struct mux_line *line)
{
	AK_BUF struct ak_buf text = { 0 };

	line_plain(&text, line->text, line->len);
	fprintf(stderr, "  %s\n", ak_buf_text(&text));
}

static int
tail_data(void *arg, const char *data, size_t len)
{
	struct ak_err ignored = { 0 };

	return mux_feed(arg, data, len, &ignored);
}

void
logs_tail(struct ak_docker *engine, const struct container *container,
    int lines)
{
	AK_FREE char *path = ak_printf("/containers/%s/logs?stdout=1&stderr=1"
				       "&timestamps=1&tail=%d",
	    container->id, lines);
	struct mux mux = { .raw = ak_json_bool(ak_json_at(container->inspect,
						   "Config.Tty"),
			       false),
		.line = tail_line };
	struct ak_http_request request = {
		.path = path, .on_data = tail_data, .arg = &mux
	};
	AK_HTTP_REPLY struct ak_http_reply reply = { 0 };
	struct ak_err ignored = { 0 };

	/* It only helps with another failure, which is told anyway. */
	if (ak_http_do(ak_docker_http(engine), &request, &reply, &ignored) == 0)
		mux_end(&mux);
	mux_free(&mux);
}
