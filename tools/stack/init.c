/*
 * init - make what is missing: secrets, local.ini, .env.
 *
 * What is there stays as it is. Only the owner of a secret's file is put right,
 * and only by root: a file that its service cannot read is as good as none.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "tools/stack/secrets.h"

static const struct ak_view made_view = {
	.type = "made",
	.columns = AK_COLUMNS({ "file", "FILE", AK_SHOW_TEXT, 0, NULL },
	    { "kind", "KIND", AK_SHOW_TEXT, 0, NULL }),
};

static const char local_text[] =
    "# Values of this site, one NAME = value a line. They win over the\n"
    "# defaults of settings.ini, which stays as it came; a variable of the\n"
    "# same name in the environment wins over both.\n"
    "#\n"
    "#   aikit-stack config list       what can be set, and what holds\n"
    "#   aikit-stack validate          whether it is right\n"
    "#   aikit-stack up --plan         what it would change\n"
    "#   aikit-stack up                make it hold\n"
    "#\n"
    "# A value may stand in double quotes: \" so blanks stay\". In them\n"
    "# \\; is a semicolon, \\\" a quote and \\\\ a backslash. Secrets have no\n"
    "# place here: each is a file below secrets/.\n";

struct making {
	struct ak_ctx *ctx;
	struct kit *kit;
	int secrets_fd; /* -1: not there (yet) */
	size_t made;
};

static void
record(struct making *m, const char *file, const char *kind)
{
	ak_out_begin(m->ctx->out, &made_view);
	ak_out_str(m->ctx->out, "file", file);
	ak_out_str(m->ctx->out, "kind", kind);
	ak_out_end(m->ctx->out);
	m->made++;
}

static bool
is_there(const struct making *m, const char *path)
{
	struct stat status;

	return fstatat(m->kit->fd, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static int
make_folder(struct making *m)
{
	struct ak_err *err = &m->ctx->err;

	if (stack_options.plan) {
		if (is_there(m, "secrets") &&
		    ak_dir_open(m->kit->fd, "secrets", &m->secrets_fd, err) ==
			-1)
			return -1;
		return 0;
	}
	/* Another init may make it at the same time. */
	if (mkdirat(m->kit->fd, "secrets", 0700) == -1 && errno != EEXIST)
		return ak_fail_sys(err, AK_CANTCREATE, "%s/secrets",
		    m->kit->dir);
	return ak_dir_open(m->kit->fd, "secrets", &m->secrets_fd, err);
}

/* What is left of a file that was made by a user who is not its owner. */
static int
own_secret(struct making *m, const struct setting *setting, bool made)
{
	AK_FREE char *name = secret_name(setting);
	AK_FREE char *path = secret_path(setting);
	uid_t owner = (uid_t)setting->owner;
	struct stat status;

	if (m->secrets_fd == -1 ||
	    fstatat(m->secrets_fd, name, &status, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(status.st_mode) || status.st_uid == owner)
		return 0;
	if (geteuid() != 0) {
		ak_cmd_warn(m->ctx,
		    "%s: uid %u must be able to read it (sudo chown %u %s/%s)",
		    path, (unsigned)owner, (unsigned)owner, m->kit->dir, path);
		return 0;
	}
	if (!made)
		record(m, path, "owner");
	if (!stack_options.plan &&
	    fchownat(m->secrets_fd, name, owner, (gid_t)-1,
		AT_SYMLINK_NOFOLLOW) == -1)
		return ak_fail_sys(&m->ctx->err, AK_NOPERM, "%s", path);
	return 0;
}

static int
make_secret(struct making *m, const struct setting *setting)
{
	AK_FREE char *path = secret_path(setting);
	int made = !is_there(m, path);

	if (!stack_options.plan)
		made = secret_make(m->secrets_fd, setting, &m->ctx->err);
	if (made == -1)
		return ak_fail_in(&m->ctx->err, "%s/secrets", m->kit->dir);
	if (made == 1)
		record(m, path, "secret");
	return own_secret(m, setting, made == 1);
}

static int
make_secrets(struct making *m)
{
	const struct settings *settings = m->kit->settings;
	bool any = false;

	for (size_t i = 0; i < settings_count(settings); i++)
		any |= settings_at(settings, i)->type == SET_SECRET;
	if (any && make_folder(m) == -1)
		return -1;
	for (size_t i = 0; i < settings_count(settings); i++)
		if (settings_at(settings, i)->type == SET_SECRET &&
		    make_secret(m, settings_at(settings, i)) == -1)
			return -1;
	return 0;
}

static int
make_local(struct making *m)
{
	int made = !is_there(m, "local.ini");

	if (!stack_options.plan)
		made = ak_file_create(m->kit->fd, "local.ini", local_text,
		    sizeof(local_text) - 1, 0644, &m->ctx->err);
	if (made == -1)
		return ak_fail_in(&m->ctx->err, "%s", m->kit->dir);
	if (made == 1)
		record(m, "local.ini", "settings");
	return 0;
}

static int
make_env(struct making *m)
{
	AK_FREE char *path = NULL;
	int made = settings_env(m->kit->settings, m->kit->fd,
	    stack_options.plan, &path, &m->ctx->err);

	if (made == -1)
		return ak_fail_in(&m->ctx->err, "%s", m->kit->dir);
	if (made == 1)
		record(m, ".env", "environment");
	return 0;
}

int
init_run(struct ak_ctx *ctx, int count AK_UNUSED, char *operands[] AK_UNUSED)
{
	KIT struct kit kit = { .fd = -1 };
	struct making m = { .ctx = ctx, .kit = &kit, .secrets_fd = -1 };
	int failed;

	if (kit_find(&kit, stack_options.kit, &ctx->err) == -1 ||
	    settings_load(&kit.settings, kit.fd, &ctx->err) == -1)
		return -1;
	if (kit.settings == NULL) {
		ak_cmd_warn(ctx, "%s: no settings.ini: nothing to make",
		    kit.dir);
		return 0;
	}
	failed = make_secrets(&m);
	ak_close_scope(&m.secrets_fd);
	if (failed == -1 || make_local(&m) == -1 || make_env(&m) == -1)
		return -1;
	if (m.made == 0)
		ak_out_note(ctx->out, "nothing to make");
	return stack_options.plan && m.made > 0 ? 1 : 0;
}
