/*
 * walk - a directory and all below it, in the order of a tree.
 */
#include "tools/backup/walk.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tools/backup/glob.h"

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)

static const char cache_tag[] = "Signature: 8a477f597d28d172789f06886806bc55";

struct level {
	int fd;
	struct ak_buf text; /* names, each with its NUL */
	const char **names; /* into it, sorted */
	size_t count, next;
	size_t path_len; /* of the directory */
	uint64_t dev;
};

struct walk {
	struct walk_options options;
	int fd;
	struct level *levels;
	size_t count, cap;
	struct ak_buf path;
	struct entry stat;
	uint64_t dev;
	bool begun, enter;
};

struct walk *
walk_new(int fd, const struct walk_options *options)
{
	struct walk *walk = ak_calloc(1, sizeof(*walk));

	walk->options = *options;
	walk->fd = fd;
	ak_buf_grow(&walk->path, 1);
	return walk;
}

static void
drop_level(struct walk *walk)
{
	struct level *level = &walk->levels[--walk->count];

	close(level->fd);
	ak_buf_free(&level->text);
	free(level->names);
}

void
walk_free(struct walk *walk)
{
	if (!walk)
		return;
	while (walk->count > 0)
		drop_level(walk);
	free(walk->levels);
	ak_buf_free(&walk->path);
	free(walk);
}

static void
tell(struct walk *walk, const struct ak_err *err)
{
	walk->options.trouble(walk->options.arg,
	    err->code == AK_NOINPUT ? WALK_VANISHED : WALK_UNREADABLE,
	    ak_buf_text(&walk->path), err);
}

static int
order_names(const void *a, const void *b)
{
	const char *const *one = a, *const *other = b;

	return strcmp(*one, *other);
}

static void
sort_names(struct level *level)
{
	const char *at = level->text.data;

	level->names = ak_resize(NULL, level->count, sizeof(*level->names));
	for (size_t i = 0; i < level->count; i++) {
		level->names[i] = at;
		at += strlen(at) + 1;
	}
	if (level->count > 1)
		qsort(level->names, level->count, sizeof(*level->names),
		    order_names);
}

static int
read_names(struct level *level, struct ak_err *err)
{
	int copy = fcntl(level->fd, F_DUPFD_CLOEXEC, 0);
	DIR *names = copy >= 0 ? fdopendir(copy) : NULL;
	struct dirent *entry;
	int why;

	if (!names) {
		if (copy >= 0)
			close(copy);
		return ak_fail_sys(err, AK_IO, "directory");
	}
	while (errno = 0, (entry = readdir(names)) != NULL) {
		if (ak_streq(entry->d_name, ".") ||
		    ak_streq(entry->d_name, ".."))
			continue;
		ak_buf_add(&level->text, entry->d_name,
		    strlen(entry->d_name) + 1);
		level->count++;
	}
	why = errno;
	closedir(names);
	errno = why;
	if (why != 0)
		return ak_fail_sys(err, AK_IO, "directory");
	sort_names(level);
	return 0;
}

/* Those that hold no files, but what the kernel says at this moment. */
static bool
of_the_kernel(int fd)
{
	static const unsigned long own[] = { PROC_SUPER_MAGIC, SYSFS_MAGIC,
		CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, DEBUGFS_MAGIC,
		TRACEFS_MAGIC, SECURITYFS_MAGIC, BPF_FS_MAGIC, PSTOREFS_MAGIC,
		EFIVARFS_MAGIC, DEVPTS_SUPER_MAGIC, NSFS_MAGIC, SELINUX_MAGIC,
		BINFMTFS_MAGIC, 0x62656570 /* configfs */,
		0x65735543 /* fusectl */, 0x19800202 /* mqueue */ };
	struct statfs fs;

	if (fstatfs(fd, &fs) == -1)
		return false;
	for (size_t i = 0; i < AK_COUNT(own); i++)
		if ((unsigned long)fs.f_type == own[i])
			return true;
	return false;
}

/*
 * The directory that the walk stands at. 1 entered, 0 not to be entered. What
 * another has put there since is not what was looked at.
 */
static int
open_level(struct walk *walk, int parent, const char *name, struct level *level,
    struct ak_err *err)
{
	bool mounted = walk->stat.dev != walk->dev;
	AK_CLOSE int fd = -1;
	struct entry now = { 0 };

	if (mounted && walk->options.one_file_system)
		return 0;
	fd = openat(parent, *name ? name : ".", OPEN_DIR);
	if (fd == -1)
		return ak_fail_sys(err,
		    errno == ENOENT || errno == ENOTDIR || errno == ELOOP
			? AK_NOINPUT
			: AK_NOPERM,
		    "directory");
	if (meta_stat(fd, "", &now, NULL, err) == -1)
		return -1;
	if (now.dev != walk->stat.dev || now.ino != walk->stat.ino)
		return ak_fail(err, AK_NOINPUT, "replaced by another");
	if ((mounted || *name == '\0') && of_the_kernel(fd))
		return 0;
	*level = (struct level){
		.fd = fd, .path_len = walk->path.len, .dev = now.dev
	};
	if (read_names(level, err) == -1) {
		ak_buf_free(&level->text);
		return -1;
	}
	level->fd = ak_take_fd(&fd);
	return 1;
}

static void
enter(struct walk *walk, int parent, const char *name)
{
	struct ak_err err = { 0 };
	struct level level;
	int got;

	walk->enter = false;
	got = open_level(walk, parent, name, &level, &err);
	if (got == -1)
		tell(walk, &err);
	if (got != 1)
		return;
	if (walk->count == walk->cap) {
		walk->cap = walk->cap * 2 + 8;
		walk->levels = ak_resize(walk->levels, walk->cap,
		    sizeof(*walk->levels));
	}
	walk->levels[walk->count++] = level;
}

static bool
has_cache_tag(int dir, const char *name)
{
	AK_FREE char *path = ak_printf("%s/CACHEDIR.TAG", name);
	AK_CLOSE int fd = openat(dir, path,
	    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	char text[sizeof(cache_tag) - 1];

	return fd >= 0 &&
	    read(fd, text, sizeof(text)) == (ssize_t)sizeof(text) &&
	    memcmp(text, cache_tag, sizeof(text)) == 0;
}

static bool
excluded(const struct walk *walk, int dir, const char *name)
{
	const struct walk_options *options = &walk->options;
	bool directory = walk->stat.type == ENTRY_DIR;

	if (directory && walk->stat.ino == options->skip_ino &&
	    walk->stat.dev == options->skip_dev)
		return true;
	for (const char *const *p = options->excludes; p && *p; p++)
		if (glob_match_entry(*p, options->prefix,
			ak_buf_text(&walk->path), directory))
			return true;
	return options->exclude_caches && directory && has_cache_tag(dir, name);
}

/* Stands at a name; false when there is nothing to stand at. */
static bool
look(struct walk *walk, int dir, const char *name, struct walk_place *place)
{
	struct ak_err err = { 0 };

	if (meta_stat(dir, name, &walk->stat, &place->blocks, &err) == -1) {
		tell(walk, &err);
		return false;
	}
	if (*name != '\0' && excluded(walk, dir, name))
		return false;
	place->dir = dir;
	place->name = name;
	place->path = ak_buf_text(&walk->path);
	place->path_len = walk->path.len;
	place->stat = &walk->stat;
	walk->enter = walk->stat.type == ENTRY_DIR;
	return true;
}

static void
set_path(struct walk *walk, const struct level *level, const char *name)
{
	walk->path.len = level->path_len;
	if (level->path_len > 0)
		ak_buf_char(&walk->path, '/');
	ak_buf_str(&walk->path, name);
}

static int
begin(struct walk *walk, struct walk_place *place, struct ak_err *err)
{
	walk->begun = true;
	if (meta_stat(walk->fd, "", &walk->stat, &place->blocks, err) == -1)
		return -1;
	walk->dev = walk->stat.dev;
	return look(walk, walk->fd, "", place) ? 1 : 0;
}

int
walk_next(struct walk *walk, struct walk_place *place, struct ak_err *err)
{
	struct level *level;

	if (!walk->begun)
		return begin(walk, place, err);
	if (walk->enter && walk->count == 0)
		enter(walk, walk->fd, "");
	else if (walk->enter) {
		level = &walk->levels[walk->count - 1];
		enter(walk, level->fd, level->names[level->next - 1]);
	}
	while (walk->count > 0) {
		const char *name;

		level = &walk->levels[walk->count - 1];
		if (level->next == level->count) {
			drop_level(walk);
			continue;
		}
		name = level->names[level->next++];
		set_path(walk, level, name);
		if (look(walk, level->fd, name, place))
			return 1;
	}
	return 0;
}
