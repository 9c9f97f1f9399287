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
confine_user(const char *user, struct ak_err *err)
{
	const struct passwd *who;

	if (user == NULL || geteuid() != 0)
		return 0;
	errno = 0;
	who = getpwnam(user);
	if (who == NULL)
		return ak_fail(err, AK_CONFIG, "user: %s: no such user", user);
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

/* A file that is to be written is made anew: its directory counts. */
static void
allow(int rules, uint64_t all, const struct confine_path *path)
{
	AK_FREE char *above = ak_strdup(path->path);
	char *slash = strrchr(above, '/');
	struct beneath rule = { .fd = -1 };
	AK_CLOSE int fd = -1;
	struct stat st;

	fd = open(path->path, O_PATH | O_CLOEXEC);
	if (path->write &&
	    (fd == -1 || fstat(fd, &st) == -1 || !S_ISDIR(st.st_mode))) {
		if (fd != -1)
			close(ak_take_fd(&fd));
		if (slash != NULL)
			*(slash == above ? slash + 1 : slash) = '\0';
		fd = open(slash != NULL ? above : ".", O_PATH | O_CLOEXEC);
	}
	if (fd == -1 || fstat(fd, &st) == -1)
		return;
	rule.fd = fd;
	rule.allowed = READ_FILE | (S_ISDIR(st.st_mode) ? READ_DIR : 0);
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

int
confine_files(const struct confine_path *paths AK_UNUSED,
    size_t count AK_UNUSED, struct ak_err *err AK_UNUSED)
{
	return 0;
}

#endif
