/*
 * postgres - databases of a PostgreSQL in a container, by its own programs.
 */
#include "tools/backup/postgres.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/proc.h"
#include "tools/backup/exec.h"

enum { ASK_MS = 60000, WORDS_MAX = 24 };

/*
 * Runs in the container: the words behind it, with the user and password that
 * its environment names. "$@" are ours and are not read again.
 */
static const char login[] =
    "PGUSER=${POSTGRES_USER:-postgres} PGPASSWORD=${POSTGRES_PASSWORD-}; "
    "f=${POSTGRES_PASSWORD_FILE-}; "
    "[ -z \"$f\" ] || [ ! -r \"$f\" ] || PGPASSWORD=$(cat \"$f\"); "
    "export PGUSER PGPASSWORD; exec \"$@\"";

const char **
postgres_argv(const char *container, const char *const program[])
{
	const char *head[] = { "docker", "exec", "-i", container, "sh", "-c",
		login, "sh" };
	const char **argv = ak_calloc(WORDS_MAX, sizeof(*argv));
	size_t count = 0;

	for (; count < AK_COUNT(head); count++)
		argv[count] = head[count];
	for (size_t i = 0; program[i] != NULL && count < WORDS_MAX - 1; i++)
		argv[count++] = program[i];
	return argv;
}

int
postgres_databases(const char *container, char ***names, struct ak_err *err)
{
	static const char query[] =
	    "SELECT datname FROM pg_database WHERE datallowconn "
	    "AND NOT datistemplate ORDER BY datname COLLATE \"C\"";
	static const char *const program[] = { "psql", "-XAtq", "-d",
		"template1", "-c", query, NULL };
	AK_FREE const char **argv = postgres_argv(container, program);
	AK_BUF struct ak_buf out = { 0 };
	char **list = ak_calloc(1, sizeof(*list)), *save = NULL;
	size_t count = 0;

	if (exec_run(argv, 0, ASK_MS, &out, err) == -1) {
		free(list);
		return ak_fail_in(err, "databases of %s", container);
	}
	for (char *name = out.len > 0 ? strtok_r(out.data, "\n", &save) : NULL;
	     name != NULL; name = strtok_r(NULL, "\n", &save)) {
		list = ak_resize(list, count + 2, sizeof(*list));
		list[count++] = ak_strdup(name);
		list[count] = NULL;
	}
	*names = list;
	return 0;
}

char *
postgres_file(const char *database)
{
	AK_BUF struct ak_buf name = { 0 };

	for (const char *p = database; *p != '\0'; p++)
		if (*p == '/' || *p == '%')
			ak_buf_printf(&name, "%%%02X", (unsigned char)*p);
		else
			ak_buf_char(&name, *p);
	ak_buf_str(&name, ".sql");
	return ak_buf_take(&name);
}

char *
postgres_database(const char *file)
{
	AK_BUF struct ak_buf name = { 0 };
	size_t len = strlen(file);

	if (!ak_ends(file, ".sql"))
		return NULL;
	for (size_t i = 0; i < len - strlen(".sql"); i++) {
		/* Behind the last there is ".sql". */
		const char code[] = { file[i + 1], file[i + 2], '\0' };

		if (file[i] == '%' && isxdigit((unsigned char)code[0]) &&
		    isxdigit((unsigned char)code[1])) {
			ak_buf_char(&name, (char)strtoul(code, NULL, 16));
			i += 2;
		} else {
			ak_buf_char(&name, file[i]);
		}
	}
	return ak_buf_take(&name);
}

/* Roles that are there already stay, and get what the dump says of them. */
static int
judge_globals(const struct ak_buf *said, struct ak_err *err)
{
	for (const char *line = ak_buf_text(said); *line != '\0';) {
		size_t len = strcspn(line, "\n");
		AK_FREE char *copy = ak_strndup(line, len);

		if (strstr(copy, "ERROR:") != NULL &&
		    strstr(copy, "already exists") == NULL)
			return ak_fail(err, AK_UNAVAILABLE, "psql: %.300s",
			    copy);
		line += len + (line[len] == '\n');
	}
	return 0;
}

static int
restore_globals(const char *container, int fd, struct ak_err *err)
{
	static const char *const program[] = { "psql", "-Xq", "-d", "template1",
		NULL };
	AK_FREE const char **argv = postgres_argv(container, program);
	struct ak_proc proc = { .argv = argv,
		.input_fd = fd,
		.timeout_ms = ASK_MS,
		.max_output = 16 << 20 };
	AK_PROC_RESULT struct ak_proc_result result = { 0 };

	if (ak_proc_run(&proc, &result, err) == -1)
		return -1;
	if (result.status != 0) {
		AK_BUF struct ak_buf line = { 0 };

		exec_last_line(&result.err, &line);
		return ak_fail(err, AK_UNAVAILABLE, "psql: exit %d: %s",
		    result.status, ak_buf_text(&line));
	}
	return judge_globals(&result.err, err);
}

int
postgres_restore(const char *container, const char *file, int fd,
    struct ak_err *err)
{
	AK_FREE char *database = postgres_database(file);
	bool own = ak_streq(database, "postgres");
	const char *program[] = { "psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-o",
		"/dev/null", "-d", own ? database : "template1", NULL };
	AK_FREE const char **argv = postgres_argv(container, program);

	if (database == NULL)
		return restore_globals(container, fd, err);
	if (exec_run(argv, fd, 0, NULL, err) == -1)
		return ak_fail_in(err, "database %s", database);
	return 0;
}

int
postgres_wait(const char *container, int64_t limit_ms, struct ak_err *err)
{
	static const char *const program[] = { "psql", "-XAtq", "-h",
		"127.0.0.1", "-d", "template1", "-c", "SELECT 1", NULL };
	const struct timespec pause = { .tv_nsec = 100000000 };
	AK_FREE const char **argv = postgres_argv(container, program);
	int64_t end = ak_proc_now_ms() + limit_ms;

	while (exec_run(argv, 0, ASK_MS, NULL, err) == -1) {
		if (ak_proc_now_ms() > end) {
			err->code = AK_TEMPFAIL;
			return ak_fail_in(err, "%s does not answer", container);
		}
		*err = (struct ak_err){ 0 };
		nanosleep(&pause, NULL);
	}
	return 0;
}
