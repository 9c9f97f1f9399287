/*
 * confine - what is given up once all is open.
 *
 * Landlock: the constants are here since the headers of Debian 12 know its
 * first version only; what the running kernel does not know is left out.
 * Sources: Linux Documentation/userspace-api/landlock.rst and
 * include/uapi/linux/landlock.h; credentials(7).
 */
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "tools/queue/operate.h"

enum {
	EXECUTE = 1 << 0,
	WRITE_FILE = 1 << 1,
	READ_FILE = 1 << 2,
	READ_DIR = 1 << 3,
	REMOVE_FILE = 1 << 5,
	MAKE_REG = 1 << 8,
	MAKE_SOCK = 1 << 9,
	ALL_1 = (1 << 13) - 1, /* of the first version */
	REFER = 1 << 13,       /* 2 */
	TRUNCATE = 1 << 14,    /* 3 */
	IOCTL_DEV = 1 << 15,   /* 5 */
};

struct ruleset {
	uint64_t handled_fs;
};

struct beneath {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

#define GET_VERSION 1  /* flag */
#define PATH_BENEATH 1 /* type of a rule */

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

int
confine_user(const char *user, const char *const *own, struct ak_err *err)
{
	const struct passwd *who;
	struct stat st;

	if (user == NULL || geteuid() != 0)
		return 0;
	who = getpwnam(user);
	if (who == NULL)
		return ak_fail(err, AK_CONFIG, "user: %s: no such user", user);
	for (; *own != NULL; own++)
		if (lstat(*own, &st) == 0 &&
		    (S_ISREG(st.st_mode) || S_ISSOCK(st.st_mode)) &&
		    lchown(*own, who->pw_uid, who->pw_gid) == -1)
			return ak_fail_sys(err, AK_NOPERM, "%s: owner", *own);
	if (initgroups(user, who->pw_gid) == -1 ||
	    setresgid(who->pw_gid, who->pw_gid, who->pw_gid) == -1 ||
	    setresuid(who->pw_uid, who->pw_uid, who->pw_uid) == -1)
		return ak_fail_sys(err, AK_NOPERM, "user: %s", user);
	return 0;
}

#ifndef AK_SANITIZED

static uint64_t
handled(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    GET_VERSION);

	if (version < 1)
		return 0;
	return ALL_1 | (version >= 2 ? REFER : 0) |
	    (version >= 3 ? TRUNCATE : 0) | (version >= 5 ? IOCTL_DEV : 0);
}

/* A file is replaced by another of its name: its directory is what counts. */
static int
open_directory(const char *path)
{
	AK_FREE char *above = ak_strdup(path);
	char *slash = strrchr(above, '/');
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd != -1)
		return fd;
	if (slash != NULL)
		slash[slash == above ? 1 : 0] = '\0';
	return open(slash != NULL ? above : ".",
	    O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void
allow(int rules, uint64_t all, const struct confine_path *path)
{
	AK_CLOSE int fd = open_directory(path->path);
	struct beneath rule = { .allowed = READ_FILE | READ_DIR, .fd = fd };

	if (fd == -1)
		return;
	if (path->write)
		rule.allowed |= WRITE_FILE | TRUNCATE | MAKE_REG | MAKE_SOCK |
		    REMOVE_FILE;
	rule.allowed &= all;
	syscall(SYS_landlock_add_rule, rules, PATH_BENEATH, &rule, 0);
}

int
confine_files(const struct confine_path *paths, size_t count,
    struct ak_err *err)
{
	struct ruleset set = { handled() };
	AK_CLOSE int rules = -1;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return ak_fail_sys(err, AK_SYSTEM, "no_new_privs");
	if (set.handled_fs == 0)
		return 0;
	rules = (int)syscall(SYS_landlock_create_ruleset, &set, sizeof(set), 0);
	if (rules == -1)
		return 0;
	for (size_t i = 0; i < count; i++)
		if (paths[i].path != NULL && paths[i].path[0] != '-')
			allow(rules, set.handled_fs, &paths[i]);
	if (syscall(SYS_landlock_restrict_self, rules, 0) == -1)
		return ak_fail_sys(err, AK_SYSTEM, "landlock");
	return 0;
}

#else

/* A sanitiser opens files of its own. */
int
confine_files(const struct confine_path *paths AK_UNUSED,
    size_t count AK_UNUSED, struct ak_err *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return ak_fail_sys(err, AK_SYSTEM, "no_new_privs");
	return 0;
}

#endif
