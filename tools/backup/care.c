/*
 * care - what was done to a repository, when, and how it ended.
 */
#include "tools/backup/care.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"
#include "tools/backup/care_impl.h"

#define RUNS_MAX ((size_t)65536)

static const char *const names[] = {
	[CARE_BACKUP] = "backup",
	[CARE_FAST] = "verify_fast",
	[CARE_SCRUB] = "verify_scrub",
	[CARE_DATA] = "verify_data",
	[CARE_AGAINST] = "verify_against",
	[CARE_DRILL] = "drill",
	[CARE_PRUNE] = "prune",
};
_Static_assert(AK_COUNT(names) == CARE_KINDS, "a name a kind");

const char *
care_name(enum care_what what)
{
	return names[what];
}

char *
care_directory(const struct repo *repo)
{
	AK_FREE char *state = ak_cmd_dir("state", "backup");

	return ak_printf("%s/%s", state, repo->id);
}

static void
read_run(const struct ak_json *json, struct care_run *run)
{
	run->time = ak_json_int(ak_json_get(json, "time_us"), 0) *
	    INT64_C(1000);
	run->success = ak_json_int(ak_json_get(json, "success_us"), 0) *
	    INT64_C(1000);
	run->ok = ak_json_bool(ak_json_get(json, "ok"), false);
	run->seconds = ak_json_number(ak_json_get(json, "seconds"), 0);
}

int
care_read(const struct repo *repo, struct care *care, struct ak_err *err)
{
	AK_FREE char *directory = care_directory(repo);
	AK_FREE char *path = ak_printf("%s/runs", directory);
	AK_BUF struct ak_buf text = { 0 };
	AK_JSON struct ak_json *json = NULL;

	*care = (struct care){ 0 };
	if (ak_file_read(AT_FDCWD, path, RUNS_MAX, &text, err) == -1) {
		if (err->code != AK_NOINPUT)
			return -1;
		*err = (struct ak_err){ 0 };
		return 0;
	}
	if (ak_json_parse(&json, text.data, text.len, err) == -1)
		return ak_fail_in(err, "%s", path);
	for (size_t i = 0; i < CARE_KINDS; i++)
		read_run(ak_json_get(json, names[i]), &care->runs[i]);
	care->bytes = ak_json_int(ak_json_get(json, "size_bytes"), 0);
	return 0;
}

static int
care_write(const struct repo *repo, const struct care *care, struct ak_err *err)
{
	AK_FREE char *directory = care_directory(repo);
	AK_BUF struct ak_buf text = { 0 };
	AK_CLOSE int dir = -1;

	ak_buf_printf(&text, "{\"size_bytes\":%lld", (long long)care->bytes);
	for (size_t i = 0; i < CARE_KINDS; i++)
		ak_buf_printf(&text,
		    ",\n\"%s\":{\"time_us\":%lld,\"success_us\":%lld,"
		    "\"ok\":%s,\"seconds\":%.3f}",
		    names[i], (long long)(care->runs[i].time / 1000),
		    (long long)(care->runs[i].success / 1000),
		    care->runs[i].ok ? "true" : "false", care->runs[i].seconds);
	ak_buf_str(&text, "}\n");
	if (ak_dir_make(directory, 0755, &dir, err) == -1)
		return -1;
	return ak_file_replace(dir, "runs", text.data, text.len, 0644, err);
}

static int
add_size(void *arg, AK_UNUSED const char *name, uint64_t size,
    AK_UNUSED struct ak_err *err)
{
	*(int64_t *)arg += (int64_t)size;
	return 0;
}

static int64_t
count_bytes(struct repo *repo)
{
	static const char *const rooms[] = { "packs/", "meta/", "index/",
		"snaps/", "parity/", "keys/" };
	struct ak_err ignored = { 0 };
	int64_t bytes = 0;

	for (size_t i = 0; i < AK_COUNT(rooms); i++)
		if (repo->store->ops->list(repo->store, rooms[i], add_size,
			&bytes, &ignored) == -1)
			return 0;
	return bytes;
}

/* As the hook gets it; also what it is told of in aikit-records(5). */
static void
run_record(const struct repo *repo, enum care_what what,
    const struct care_run *run, const char *problem, struct ak_buf *text)
{
	ak_buf_printf(text,
	    "{\"type\":\"backup_run\",\"what\":\"%s\",\"ok\":%s,"
	    "\"seconds\":%.3f,\"repo\":",
	    names[what], run->ok ? "true" : "false", run->seconds);
	ak_json_quote(text, repo->path, strlen(repo->path));
	if (problem) {
		ak_buf_str(text, ",\"problem\":");
		ak_json_quote(text, problem, strlen(problem));
	}
	ak_buf_str(text, "}\n");
}

/* Whoever read every byte has looked for all that these look for. */
static void
subsume(struct care *care)
{
	care->runs[CARE_FAST].ok |= care->runs[CARE_FAST].time > 0;
	care->runs[CARE_SCRUB].ok |= care->runs[CARE_SCRUB].time > 0;
}

void
care_done_partly(struct ak_ctx *ctx, struct repo *repo, enum care_what what,
    int64_t begin, const char *problem, int64_t success)
{
	AK_BUF struct ak_buf record = { 0 };
	struct ak_err err = { 0 };
	struct care care;
	struct care_run *run = &care.runs[what];

	if (care_read(repo, &care, &err) == -1)
		ak_cmd_warn(ctx, "%s", err.text);
	run->time = ak_str_now();
	run->ok = problem == NULL;
	run->seconds = (double)(run->time - begin) / 1e9;
	if (run->ok && success > run->success)
		run->success = success < run->time ? success : run->time;
	if (run->ok && what == CARE_DATA && success >= begin)
		subsume(&care);
	if (what == CARE_BACKUP || what == CARE_PRUNE || care.bytes == 0)
		care.bytes = count_bytes(repo);
	if (care_write(repo, &care, &err) == -1 ||
	    prom_write(repo, &care, &err) == -1)
		ak_cmd_warn(ctx, "%s", err.text);
	run_record(repo, what, run, problem, &record);
	if (backup_options.notify &&
	    notify_run(backup_options.notify, record.data, &err) == -1)
		ak_cmd_warn(ctx, "%s", err.text);
}

void
care_done(struct ak_ctx *ctx, struct repo *repo, enum care_what what,
    int64_t begin, const char *problem)
{
	care_done_partly(ctx, repo, what, begin, problem, INT64_MAX);
}
