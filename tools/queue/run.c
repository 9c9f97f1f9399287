/*
 * run - the process that serves: its configuration, read over and over, and
 * what it does when something happens in the queue.
 */
#include <sys/resource.h>

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/cmd.h"
#include "tools/queue/ask.h"
#include "tools/queue/operate.h"

static struct {
	struct ak_opt_list listens, backends;
	const char *keys, *log, *user;
	int64_t limit;
} o = { .limit = -1 };

const struct ak_opt run_options[] = {
	{ 'l', "listen", "address", "listen on HOST:PORT or unix:/PATH",
	    AK_LIST(&o.listens) },
	{ 'b', "backend", "url", "an Ollama server", AK_LIST(&o.backends) },
	{ 'n', "limit", "n", "requests at work at once in all",
	    AK_INT(&o.limit, 0, 100000) },
	{ 0, "keys", "file", "file of keys", AK_STRING(&o.keys) },
	{ 0, "log", "file", "access log: a file, - or none",
	    AK_STRING(&o.log) },
	{ 0, "user", "name", "become this user when root", AK_STRING(&o.user) },
	{ 0 },
};

/* ---- The configuration: the file, the command line, what was set. ---- */

static int
add_each(struct config *config, const struct ak_opt_list *list,
    const char *section, const char *key, const char *option,
    struct ak_err *err)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *item = list->items[i];
		/* What stands in tables and labels is short. */
		AK_FREE char *name = ak_printf("%s %s", section,
		    ak_starts(item, "http://") ? item + 7 : item);

		if (conf_set(config, option, name, key, item, err) == -1)
			return -1;
	}
	return 0;
}

static int
add_option(struct config *config, const char *key, const char *value,
    struct ak_err *err)
{
	AK_FREE char *option = ak_printf("--%s", key);

	if (value == NULL)
		return 0;
	return conf_set(config, option, "queue", key, value, err);
}

int
app_config(const struct app *app, struct config **config, struct ak_err *err)
{
	CONFIG struct config *new = conf_new();
	AK_FREE char *limit = o.limit < 0
	    ? NULL
	    : ak_printf("%lld", (long long)o.limit);

	if (app->path != NULL && conf_file(new, app->path, err) == -1)
		return -1;
	if (add_each(new, &o.listens, "listen", "address", "--listen", err) ==
		-1 ||
	    add_each(new, &o.backends, "backend", "url", "--backend", err) ==
		-1 ||
	    add_option(new, "limit", limit, err) == -1 ||
	    add_option(new, "admin", app->admin_path, err) == -1 ||
	    add_option(new, "keys", o.keys, err) == -1 ||
	    add_option(new, "log", o.log, err) == -1 ||
	    add_option(new, "user", o.user, err) == -1)
		return -1;
	for (size_t i = 0; i < app->override_count; i++) {
		const struct override *set = &app->overrides[i];

		if (conf_set(new, NULL, set->section, set->key, set->value,
			err) == -1)
			return -1;
	}
	if (conf_finish(new, err) == -1)
		return -1;
	*config = ak_take(&new);
	return 0;
}

const struct config *
config_of(const struct queue *q)
{
	return (const struct config *)(const void *)q->settings;
}

/* The queue serves on without a log rather than not at all. */
static void
reopen_log(struct app *app, const struct config *config)
{
	struct ak_err err = { 0 };
	struct log new;

	if (ak_streq(app->log.path, config->log))
		return;
	if (log_open(&new, config->log, &err) == -1) {
		ak_cmd_warn(app->ctx, "log: %s", err.text);
		return;
	}
	log_close(&app->log);
	app->log = new;
}

/* What is done once, before files and privileges are given up. */
static const char *const fixed[] = { "user", "admin", "metrics", "confine" };

static bool
fixed_same(const struct config *old, const struct config *new)
{
	return (new->admin == NULL || ak_streq(old->admin, new->admin)) &&
	    ak_streq(old->metrics, new->metrics) &&
	    ak_streq(old->user, new->user) && old->confine == new->confine;
}

static int
go_over(struct app *app, struct queue *q, struct ak_err *err)
{
	CONFIG struct config *new = NULL;
	bool same;

	if (app_config(app, &new, err) == -1)
		return -1;
	same = fixed_same(config_of(q), new);
	if (queue_reload(q, &new->settings, err) == -1)
		return -1;
	new = NULL; /* the queue's now */
	reopen_log(app, config_of(q));
	if (!same)
		ak_cmd_warn(app->ctx,
		    "user, admin, metrics, confine: what is new there holds "
		    "from the next start on");
	return 0;
}

static void
forget(struct app *app)
{
	for (size_t i = 0; i < app->override_count; i++) {
		free(app->overrides[i].section);
		free(app->overrides[i].key);
		free(app->overrides[i].value);
	}
	app->override_count = 0;
}

/* What was set by hand ends here, unless the file is wrong. */
int
app_reload(struct app *app, struct queue *q, struct ak_err *err)
{
	size_t count = app->override_count;

	app->override_count = 0;
	if (go_over(app, q, err) == -1) {
		app->override_count = count;
		return -1;
	}
	app->override_count = count;
	forget(app);
	return 0;
}

int
app_set(struct app *app, struct queue *q, const struct override *set,
    struct ak_err *err)
{
	struct override *last;

	for (size_t i = 0; i < AK_COUNT(fixed); i++)
		if (ak_streq(set->section, "queue") &&
		    ak_streq(set->key, fixed[i]))
			return ak_fail(err, AK_CONFIG,
			    "%s: holds from a start on", fixed[i]);
	app->overrides = ak_resize(app->overrides, app->override_count + 1,
	    sizeof(*app->overrides));
	last = &app->overrides[app->override_count++];
	*last = (struct override){ ak_strdup(set->section), ak_strdup(set->key),
		ak_strdup(set->value) };
	if (go_over(app, q, err) == 0)
		return 0;
	free(last->section);
	free(last->key);
	free(last->value);
	app->override_count--;
	return -1;
}

/* ---- From the start to the end. ---- */

static int
confine(const struct app *app, const struct queue *q, struct ak_err *err)
{
	struct confine_path paths[16 + CONF_LISTENS] = { { NULL, false } };
	const struct config *config = config_of(q);
	const struct settings *s = &config->settings;
	const char *own[3] = { NULL };
	size_t count = 0, owned = 0;

	if (config->admin != NULL)
		own[owned++] = config->admin;
	if (config->log != NULL && !ak_streq(config->log, "-"))
		own[owned++] = config->log;
	if (confine_user(config->user, own, err) == -1)
		return -1;
	if (!config->confine)
		return 0;
	paths[count++] = (struct confine_path){ "/etc", false };
	paths[count++] = (struct confine_path){ "/usr", false };
	paths[count++] = (struct confine_path){ "/lib", false };
	paths[count++] = (struct confine_path){ "/proc/self", false };
	paths[count++] = (struct confine_path){ "/run/systemd/resolve", false };
	paths[count++] = (struct confine_path){ app->path, false };
	paths[count++] = (struct confine_path){ config->keys, false };
	paths[count++] = (struct confine_path){ s->spill_dir, true };
	paths[count++] = (struct confine_path){ config->log, true };
	paths[count++] = (struct confine_path){ config->admin, true };
	for (size_t i = 0; i < s->listen_count; i++)
		if (ak_starts(s->listens[i].address, "unix:"))
			paths[count++] = (struct confine_path){
				s->listens[i].address + 5,
				true,
			};
	return confine_files(paths, count, err);
}

/* As many connections as are configured need as many files. */
static void
raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

static void
app_free(struct app *app)
{
	for (size_t i = 0; app->ended != NULL && i < ENDED; i++) {
		name_put(app->ended[i].model);
		name_put(app->ended[i].user);
	}
	free(app->ended);
	forget(app);
	free(app->overrides);
	metrics_free(app->metrics);
	log_close(&app->log);
}

/* Takes config over. */
static int
serve(struct app *app, struct config *config, struct ak_err *err)
{
	const struct hooks hooks = app_hooks(app);
	struct queue *q;
	int failed;

	q = queue_new(&config->settings, &hooks, err);
	if (q == NULL)
		return -1;
	app->started = q->now;
	app->admin = admin_new(app, q, config_of(q)->admin,
	    config_of(q)->metrics, err);
	failed = app->admin == NULL || confine(app, q, err) == -1
	    ? -1
	    : queue_run(q, err);
	if (app->admin != NULL)
		admin_free(app->admin, q);
	app->admin = NULL;
	queue_free(q);
	return failed;
}

int
run_run(struct ak_ctx *ctx, int count, char *operands[])
{
	struct app app = { .ctx = ctx, .log.fd = -1 };
	AK_FREE char *admin = NULL;
	CONFIG struct config *config = NULL;
	int failed;

	signal(SIGPIPE, SIG_IGN);
	app.path = count > 0 ? operands[0] : ask_options.file;
	app.admin_path = ask_options.admin;
	if (app_config(&app, &config, &ctx->err) == -1)
		return -1;
	/* A socket that nobody asked for may be missing. */
	if (config->admin == NULL && app.admin_path == NULL &&
	    (admin = admin_default()) != NULL)
		config->admin = conf_keep(config, admin, strlen(admin));
	if (log_open(&app.log, config->log, &ctx->err) == -1)
		return -1;
	app_clock(&app);
	raise_files();
	app.metrics = metrics_new();
	app.ended = ak_calloc(ENDED, sizeof(*app.ended));
	failed = serve(&app, ak_take(&config), &ctx->err);
	log_flush(&app.log);
	app.log.told = false;
	if (failed == 0)
		failed = log_check(&app.log, &ctx->err);
	app_free(&app);
	return failed;
}
