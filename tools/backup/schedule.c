/*
 * schedule - timers installed, or shown.
 */
#include "tools/backup/schedule.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/proc.h"
#include "tools/backup/commands.h"
#include "tools/backup/exec.h"

static struct {
	const char *backup, *to;
	bool cron, plan;
} o;

const struct ak_opt schedule_options[] = {
	{ 0, "backup", "when", "when to back up: systemd.time(7), or cron's",
	    AK_STRING(&o.backup) },
	{ 0, "cron", NULL, "lines of crontab(5), not timers of systemd",
	    AK_FLAG(&o.cron) },
	{ 0, "to", "dir", "put the units there, and start nothing",
	    AK_STRING(&o.to) },
	{ 0, "plan", NULL, "what would be installed", AK_FLAG(&o.plan) },
	{ 0 },
};

static const struct ak_view schedule_view = {
	"schedule",
	AK_COLUMNS({ "action", "ACTION", AK_SHOW_TEXT, 0, NULL },
	    { "path", "PATH", AK_SHOW_TEXT, 0, NULL }),
	false,
};

/* What a unit and a shell read alike, and as it is, between quotes. */
static bool
is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || strchr("\"\\%$`", *text))
			return false;
	return true;
}

static int
add_option(struct ak_buf *program, const char *name, const char *value,
    struct ak_err *err)
{
	char path[PATH_MAX];

	if (!value)
		return 0;
	if (realpath(value, path))
		value = path;
	if (!is_plain(value))
		return ak_fail(err, AK_USAGE,
		    "%s: a unit or a crontab would read another name", value);
	ak_buf_printf(program, " --%s \"%s\"", name, value);
	return 0;
}

/* As it was called: configuration that it finds by itself is not repeated. */
static int
program_of(struct ak_buf *program, struct ak_err *err)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len == -1)
		return ak_fail_sys(err, AK_SYSTEM, "/proc/self/exe");
	self[len] = '\0';
	if (ak_streq(backup_options.passphrase_file, "-"))
		return ak_fail(err, AK_USAGE,
		    "what runs by itself reads no passphrase from stdin");
	if (o.backup && !is_plain(o.backup))
		return ak_fail(err, AK_USAGE, "%s: no time", o.backup);
	ak_buf_str(program, self);
	if (add_option(program, "repo", backup_options.repo, err) == -1 ||
	    add_option(program, "key-file", backup_options.key_file, err) ==
		-1 ||
	    add_option(program, "passphrase-file",
		backup_options.passphrase_file, err) == -1)
		return -1;
	return 0;
}

typedef int each_unit(void *arg, const char *name, const struct ak_buf *text,
    struct ak_err *err);

static int
units(const char *program, each_unit *each, void *arg, struct ak_err *err)
{
	for (size_t i = 0; i < SCHEDULE_JOBS; i++) {
		const struct job *job = &schedule_jobs[i];
		AK_BUF struct ak_buf service = { 0 }, timer = { 0 };
		AK_FREE char *one = ak_printf("aikit-backup-%s.service",
		    job->name);
		AK_FREE char *two = ak_printf("aikit-backup-%s.timer",
		    job->name);

		schedule_service(job, program, &service);
		schedule_timer(job, i == 0 ? o.backup : NULL, &timer);
		if (each(arg, one, &service, err) == -1 ||
		    each(arg, two, &timer, err) == -1)
			return -1;
	}
	return 0;
}

static int
show_unit(void *arg, AK_UNUSED const char *name, const struct ak_buf *text,
    AK_UNUSED struct ak_err *err)
{
	ak_out_raw(arg, "%s\n", text->data);
	return 0;
}

struct install {
	struct ak_ctx *ctx;
	const char *where;
	int dir;
	size_t changed;
};

/* What is there as it should be is left alone. */
static int
install_unit(void *arg, const char *name, const struct ak_buf *text,
    struct ak_err *err)
{
	struct install *install = arg;
	AK_FREE char *path = ak_printf("%s/%s", install->where, name);
	AK_BUF struct ak_buf now = { 0 };
	struct ak_err none = { 0 };

	if (ak_file_read(AT_FDCWD, path, 65536, &now, &none) == 0 &&
	    now.len == text->len && memcmp(now.data, text->data, now.len) == 0)
		return 0;
	install->changed++;
	ak_out_begin(install->ctx->out, &schedule_view);
	ak_out_str(install->ctx->out, "action",
	    none.code == AK_NOINPUT ? "create" : "replace");
	ak_out_str(install->ctx->out, "path", path);
	ak_out_end(install->ctx->out);
	if (o.plan)
		return 0;
	return ak_file_replace(install->dir, name, text->data, text->len, 0644,
	    err);
}

static int
systemctl(const char *const argv[], struct ak_err *err)
{
	struct ak_proc proc = { .argv = argv,
		.timeout_ms = 60000,
		.max_output = 65536,
		.pass_err = true };
	AK_PROC_RESULT struct ak_proc_result result = { 0 };

	if (ak_proc_run(&proc, &result, err) == -1)
		return -1;
	if (result.status != 0)
		return ak_fail(err, AK_UNAVAILABLE, "systemctl %s: status %d",
		    argv[2], result.status);
	return 0;
}

static int
start_timers(bool user, struct ak_err *err)
{
	const char *scope = user ? "--user" : "--system";
	const char *const reload[] = { "systemctl", scope, "daemon-reload",
		NULL };

	if (systemctl(reload, err) == -1)
		return -1;
	for (size_t i = 0; i < SCHEDULE_JOBS; i++) {
		AK_FREE char *timer = ak_printf("aikit-backup-%s.timer",
		    schedule_jobs[i].name);
		const char *const enable[] = { "systemctl", scope, "enable",
			"--now", timer, NULL };

		if (systemctl(enable, err) == -1)
			return -1;
	}
	return 0;
}

static int
install_units(struct ak_ctx *ctx, const char *program)
{
	bool user = geteuid() != 0;
	AK_FREE char *config = ak_cmd_dir("config", "");
	AK_FREE char *own = ak_printf("%s/../systemd/user", config);
	AK_CLOSE int dir = -1;
	struct install install = { .ctx = ctx };

	install.where = o.to ? o.to : user ? own : "/etc/systemd/system";
	if (!o.plan) {
		if (ak_dir_make(install.where, 0755, &dir, &ctx->err) == -1)
			return -1;
		install.dir = dir;
	}
	if (units(program, install_unit, &install, &ctx->err) == -1)
		return -1;
	if (o.plan)
		return install.changed > 0 ? 1 : 0;
	return o.to ? 0 : start_timers(user, &ctx->err);
}

static int
crontab(const char *argument, const char *input, struct ak_proc_result *result,
    struct ak_err *err)
{
	const char *const argv[] = { "crontab", argument, NULL };
	struct ak_proc proc = { .argv = argv,
		.input = input,
		.timeout_ms = 30000,
		.max_output = 1 << 20 };

	return ak_proc_run(&proc, result, err);
}

/* "no crontab for root" is no table; any other failure may hide one. */
static bool
is_no_table(const struct ak_proc_result *result)
{
	return strstr(ak_buf_text(&result->err), "no crontab") ||
	    strstr(ak_buf_text(&result->err), "No such file");
}

static int
install_cron(struct ak_ctx *ctx, const char *program)
{
	AK_PROC_RESULT struct ak_proc_result now = { 0 }, put = { 0 };
	AK_BUF struct ak_buf table = { 0 }, why = { 0 };

	if (crontab("-l", NULL, &now, &ctx->err) == -1)
		return -1;
	exec_last_line(&now.err, &why);
	if (now.status != 0 && !is_no_table(&now))
		return ak_fail(&ctx->err, AK_UNAVAILABLE,
		    "crontab -l: exit %d: %s", now.status, ak_buf_text(&why));
	schedule_cron_without(now.status == 0 ? ak_buf_text(&now.out) : "",
	    &table);
	schedule_cron(program, o.backup, &table);
	if (now.status == 0 && ak_streq(table.data, ak_buf_text(&now.out)))
		return 0;
	ak_out_begin(ctx->out, &schedule_view);
	ak_out_str(ctx->out, "action", "replace");
	ak_out_str(ctx->out, "path", "crontab");
	ak_out_end(ctx->out);
	if (o.plan)
		return 1;
	if (crontab("-", table.data, &put, &ctx->err) == -1)
		return -1;
	return put.status == 0 ? 0
			       : ak_fail(&ctx->err, AK_CANTCREATE,
				     "crontab: %s", ak_buf_text(&put.err));
}

int
schedule_run(struct ak_ctx *ctx, AK_UNUSED int count, char *operands[])
{
	AK_BUF struct ak_buf program = { 0 }, text = { 0 };
	bool install = ak_streq(operands[0], "install");

	if (!install && !ak_streq(operands[0], "show"))
		return ak_fail(&ctx->err, AK_USAGE, "%s: not install or show",
		    operands[0]);
	if (program_of(&program, &ctx->err) == -1)
		return -1;
	if (install)
		return o.cron ? install_cron(ctx, program.data)
			      : install_units(ctx, program.data);
	if (!o.cron)
		return units(program.data, show_unit, ctx->out, &ctx->err);
	schedule_cron(program.data, o.backup, &text);
	ak_out_raw(ctx->out, "%s", text.data);
	return 0;
}
