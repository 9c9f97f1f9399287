/*
 * dump - the databases of a PostgreSQL as a source: one file each, and roles.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/str.h"
#include "tools/backup/docker.h"
#include "tools/backup/exec.h"
#include "tools/backup/postgres.h"
#include "tools/backup/sources.h"

static int
take_stream(struct intake *in, const char *container,
    const char *const program[], const char *path, const char *trailer,
    struct ak_err *err)
{
	AK_FREE const char **argv = postgres_argv(container, program);
	EXEC_STREAM struct exec_stream stream;
	struct intake_stream file = exec_file(path, &stream);

	if (exec_open(&stream, argv, 0, err) == -1)
		return -1;
	stream.trailer = trailer;
	if (intake_stream(in, &file, err) == 0)
		return 0;
	in->about->exit_status = stream.status;
	return ak_fail_in(err, "%s", path);
}

static int
take_globals(struct intake *in, const char *container, struct ak_err *err)
{
	static const char *const program[] = { "pg_dumpall", "--globals-only",
		NULL };

	return take_stream(in, container, program, POSTGRES_GLOBALS,
	    "PostgreSQL database cluster dump complete", err);
}

/* The server's own database cannot be dropped and made again while it is used.
 */
static int
take_database(struct intake *in, const char *container, const char *name,
    struct ak_err *err)
{
	const char *program[] = { "pg_dump", "--clean", "--if-exists",
		"--create", "-d", name, NULL };
	const char *own[] = { "pg_dump", "--clean", "--if-exists", "-d", name,
		NULL };
	AK_FREE char *file = postgres_file(name);

	return take_stream(in, container,
	    ak_streq(name, "postgres") ? own : program, file,
	    "PostgreSQL database dump complete", err);
}

static int
by_file(const void *a, const void *b)
{
	AK_FREE char *one = postgres_file(*(char *const *)a);
	AK_FREE char *two = postgres_file(*(char *const *)b);

	return strcmp(one, two);
}

/* In the order of a tree, and the globals where they belong in it. */
static int
take_all(struct intake *in, const char *container, char *names[],
    struct ak_err *err)
{
	bool globals = false;
	size_t count = 0;

	while (names[count] != NULL)
		count++;
	qsort(names, count, sizeof(*names), by_file);
	for (size_t i = 0; i < count; i++) {
		AK_FREE char *file = postgres_file(names[i]);

		if (!globals && strcmp(POSTGRES_GLOBALS, file) < 0) {
			globals = true;
			if (take_globals(in, container, err) == -1)
				return -1;
		}
		if (take_database(in, container, names[i], err) == -1)
			return -1;
	}
	return globals ? 0 : take_globals(in, container, err);
}

static int
take(struct source *source, struct intake *in, struct ak_err *err)
{
	const char *container = source->object, *one = source->more;
	char **names = NULL;
	int failed;

	in->about->consistency = CONSISTENT_APP;
	if (one != NULL)
		return take_database(in, container, one, err);
	if (postgres_databases(container, &names, err) == -1)
		return -1;
	failed = take_all(in, container, names, err);
	exec_words_free(names);
	return failed;
}

void
postgres_source_as(struct source *source, const char *container,
    const char *service)
{
	source->type = ak_strdup("postgres");
	source->name = ak_printf("postgres:%s", service);
	source->prefix = ak_printf("databases/%s", service);
	source->object = ak_strdup(container);
	source->take = take;
}

int
postgres_source(struct source *source, const char *rest, struct ak_err *err)
{
	const char *slash = strchr(rest, '/');
	AK_FREE char *container = ak_strndup(rest,
	    slash != NULL ? (size_t)(slash - rest) : strlen(rest));
	BOXES struct boxes boxes = { 0 };

	if (*container == '\0')
		return ak_fail(err, AK_USAGE, "postgres: no container");
	if (sources_engine(source->group, err) == -1 ||
	    engine_box(source->group->engine, container, &boxes, err) == -1)
		return ak_fail_in(err, "postgres:%s", rest);
	postgres_source_as(source, container, container);
	if (slash != NULL) {
		free(source->name);
		source->name = ak_printf("postgres:%s", rest);
		source->more = ak_strdup(slash + 1);
		source->more_free = free;
	}
	return 0;
}
