/*
 * model - docker compose config, and its cache.
 *
 * Rendering costs Compose 140 ms; reading it again costs less than one. An
 * entry of the cache is named by the hash of all that went in: the compose
 * files and what they include, environment files, the variables they mention,
 * and the program itself (inputs.c). What cannot be followed for certain, a
 * file named through a variable or by URL, is rendered each time.
 */
#include "tools/stack/model.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/proc.h"

enum {
	MODEL_MAX = 16 << 20, /* bytes */
	RENDER_MS = 60000,
	CACHE_ENTRIES = 32,
};

int
model_ask(const struct kit *kit, const char *const words[], const char *input,
    struct ak_buf *out, struct ak_err *err)
{
	const char *argv[COMPOSE_ARGS + 5];
	int n = compose_argv(kit, argv, err);

	if (n == -1)
		return -1;
	for (size_t i = 0; words[i] != NULL; i++)
		argv[n++] = words[i];
	argv[n] = NULL;
	struct ak_proc proc = { .argv = argv,
		.directory = kit->dir,
		.input = input,
		.timeout_ms = RENDER_MS,
		.max_output = MODEL_MAX };
	AK_PROC_RESULT struct ak_proc_result result = { 0 };

	if (ak_proc_run(&proc, &result, err) == -1)
		return ak_fail_in(err, "docker compose config");
	if (result.status != 0)
		return compose_failed(kit, ak_buf_text(&result.err), err);
	ak_buf_add(out, result.out.data, result.out.len);
	return 0;
}

/* The oldest entries go when there are too many. */
static void
cache_prune(int dir)
{
	AK_CLOSE int copy = openat(dir, ".", O_RDONLY | O_CLOEXEC);
	DIR *list = copy == -1 ? NULL : fdopendir(copy);
	size_t count = 0;
	char oldest[NAME_MAX + 1] = "";
	time_t when = 0;

	if (list == NULL)
		return;
	ak_take_fd(&copy);
	for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
		struct stat status;

		if (!ak_ends(entry->d_name, ".json") ||
		    fstatat(dir, entry->d_name, &status, 0) == -1)
			continue;
		if (count++ == 0 || status.st_mtime < when) {
			when = status.st_mtime;
			snprintf(oldest, sizeof(oldest), "%s", entry->d_name);
		}
	}
	closedir(list);
	if (count > CACHE_ENTRIES)
		unlinkat(dir, oldest, 0);
}

static int
cache_open(int *dir)
{
	AK_FREE char *path = ak_cmd_dir("cache", "stack");
	struct ak_err ignored = { 0 };

	return ak_dir_make(path, 0700, dir, &ignored);
}

/* True with the value in *json; an entry that does not parse is none. */
bool
model_cached(const char *key, const char *ending, struct ak_json **json)
{
	AK_CLOSE int dir = -1;
	AK_FREE char *name = ak_printf("%s%s", key, ending);
	AK_BUF struct ak_buf text = { 0 };
	struct ak_err ignored = { 0 };

	return cache_open(&dir) == 0 &&
	    ak_file_read(dir, name, MODEL_MAX, &text, &ignored) == 0 &&
	    ak_json_parse(json, text.data, text.len, &ignored) == 0;
}

void
model_keep(const char *key, const char *ending, const struct ak_buf *text)
{
	AK_CLOSE int dir = -1;
	AK_FREE char *name = ak_printf("%s%s", key, ending);
	struct ak_err ignored = { 0 };

	if (cache_open(&dir) == 0 &&
	    ak_file_replace(dir, name, text->data, text->len, 0600, &ignored) ==
		0)
		cache_prune(dir);
}

int
model_load(struct kit *kit, const char *env_file, struct ak_err *err)
{
	static const char *const words[] = { "config", "--format=json", NULL };
	AK_BUF struct ak_buf text = { 0 };

	kit->env_file = env_file == NULL ? NULL : ak_strdup(env_file);
	kit->model_key = inputs_key(kit);
	if (kit->model_key != NULL &&
	    model_cached(kit->model_key, ".json", &kit->model))
		return 0;
	if (model_ask(kit, words, NULL, &text, err) == -1)
		return -1;
	if (ak_json_parse(&kit->model, text.data, text.len, err) == -1)
		return ak_fail_in(err, "docker compose config");
	if (kit->model_key != NULL)
		model_keep(kit->model_key, ".json", &text);
	return 0;
}
