/*
 * sources - words of a command line, and exec:.
 */
#include "tools/backup/sources.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/str.h"
#include "tools/backup/docker.h"
#include "tools/backup/exec.h"
#include "tools/backup/kit.h"

static const struct {
	const char *scheme;
	int (*fill)(struct source *source, const char *rest,
	    struct ak_err *err);
} schemes[] = {
	{ "dir:", dir_source },
	{ "sqlite:", sqlite_source },
	{ "exec:", exec_source },
	{ "volume:", volume_source },
	{ "postgres:", postgres_source },
};

#define STACK "stack:"

enum { WELL_MS = 60000 };

struct source *
source_add(struct sources *sources)
{
	struct source *source;

	sources->items = ak_resize(sources->items, sources->count + 1,
	    sizeof(*sources->items));
	source = &sources->items[sources->count++];
	*source = (struct source){ .group = sources };
	return source;
}

int
sources_engine(struct sources *sources, struct ak_err *err)
{
	return sources->engine != NULL ? 0 : engine_open(&sources->engine, err);
}

static void
source_free(struct source *source)
{
	if (source->more_free != NULL)
		source->more_free(source->more);
	free(source->type);
	free(source->name);
	free(source->prefix);
	free(source->path);
	free(source->object);
}

int
sources_add(struct sources *sources, const char *word, struct ak_err *err)
{
	if (ak_starts(word, STACK))
		return stack_sources(sources, word + strlen(STACK), err);

	struct source *source = source_add(sources);
	int got = 1;

	for (size_t i = 0; got == 1 && i < AK_COUNT(schemes); i++)
		if (ak_starts(word, schemes[i].scheme))
			got = schemes[i].fill(source,
			    word + strlen(schemes[i].scheme), err);
	if (got == 1)
		got = dir_source(source, word, err);
	if (got == 0)
		return 0;
	source_free(source);
	sources->count--;
	return -1;
}

void
sources_free(struct sources *sources)
{
	for (size_t i = 0; i < sources->count; i++)
		source_free(&sources->items[i]);
	free(sources->items);
	free(sources->stack);
	free(sources->more);
	if (sources->ran != NULL)
		boxes_free(sources->ran);
	free(sources->ran);
	kit_close(sources->kit);
	ak_docker_close(&sources->engine);
	*sources = (struct sources){ 0 };
}

/* 1: it is as it was; 0: not yet well again. Set going when it does not run. */
static int
as_before(struct ak_docker *engine, const struct box *before,
    struct ak_err *err)
{
	BOXES struct boxes now = { 0 };
	const char *order = "start";

	if (engine_box(engine, before->id, &now, err) == -1)
		return ak_fail_in(err, "%s ran before", before->name);
	if (now.items[0].running && now.items[0].paused == before->paused)
		return !ak_streq(before->health, "healthy") ||
		    ak_streq(now.items[0].health, "healthy");
	if (now.items[0].running)
		order = before->paused ? "pause" : "unpause";
	return box_order(engine, before, order, err);
}

/*
 * To the engine a container that was paused is unhealthy until it is asked
 * again: whoever looks after us is to find what was there before.
 */
static int
wait_as_before(struct ak_docker *engine, const struct box *before,
    int64_t end_ms, struct ak_err *err)
{
	const struct timespec pause = { .tv_nsec = 100000000 };
	int got;

	while ((got = as_before(engine, before, err)) == 0 &&
	    ak_proc_now_ms() < end_ms)
		nanosleep(&pause, NULL);
	if (got == 0)
		return ak_fail(err, AK_UNAVAILABLE,
		    "%s was healthy before, and is not yet again",
		    before->name);
	return got == 1 ? 0 : -1;
}

int
sources_end(struct sources *sources, struct ak_err *err)
{
	int64_t end = ak_proc_now_ms() + WELL_MS;
	int failed = 0;

	for (size_t i = 0; sources->ran && i < sources->ran->count; i++) {
		const struct box *box = &sources->ran->items[i];

		if (box->running && !box->one_off &&
		    wait_as_before(sources->engine, box, end, err) == -1)
			failed = -1;
	}
	return failed;
}

struct intake_stream
exec_file(const char *path, struct exec_stream *stream)
{
	return (struct intake_stream){
		.path = path,
		.mode = 0600,
		.uid = getuid(),
		.gid = getgid(),
		.mtime = ak_str_now(),
		.read = exec_read,
		.arg = stream,
	};
}

static int
exec_take(struct source *source, struct intake *in, struct ak_err *err)
{
	EXEC_STREAM struct exec_stream stream;
	struct intake_stream file = exec_file(source->object, &stream);
	int failed = exec_open(&stream,
	    (const char *const *)(uintptr_t)source->more, 0, err);

	in->about->consistency = CONSISTENT_APP;
	if (failed == 0)
		failed = intake_stream(in, &file, err);
	in->about->exit_status = stream.status;
	return failed;
}

static void
words_free(void *words)
{
	exec_words_free(words);
}

int
exec_source(struct source *source, const char *rest, struct ak_err *err)
{
	const char *equals = strchr(rest, '=');
	char **words = NULL;

	if (equals == NULL || equals == rest ||
	    memchr(rest, '/', (size_t)(equals - rest)) != NULL) {
		ak_err_set(err, AK_USAGE, "exec:%s: no name", rest);
		ak_err_help(err, "exec:NAME=COMMAND ...");
		return -1;
	}
	if (exec_words(equals + 1, &words, err) == -1)
		return ak_fail_in(err, "exec:%s", rest);
	source->type = ak_strdup("exec");
	source->object = ak_strndup(rest, (size_t)(equals - rest));
	source->name = ak_printf("exec:%s", source->object);
	source->prefix = ak_strdup("exec");
	source->more = words;
	source->more_free = words_free;
	source->take = exec_take;
	return 0;
}
