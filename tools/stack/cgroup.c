/*
 * cgroup - what the kernel counts of a container, read from its files.
 *
 * Version 1 has a hierarchy a controller, version 2 one for all; a machine may
 * have both. Which cgroup a process is in, /proc says; cgroupfs and systemd
 * only differ in how they name it.
 */
#include "tools/stack/cgroup.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	READ_SIZE = 4096,
	TEXT_MAX = 4 << 20, /* bytes */
};

/* Version 1 says "no limit" with the largest number of pages. */
#define NO_LIMIT (INT64_C(1) << 60)

static const char *const v1_names[CONTROLLERS] = {
	[CG_CPU] = "cpuacct",
	[CG_MEMORY] = "memory",
	[CG_IO] = "blkio",
	[CG_PIDS] = "pids",
};

/* What is in a file below the root; NULL when it cannot be read. */
static const char *
slurp(const struct cgroups *cgroups, const char *path, struct ak_buf *text)
{
	AK_CLOSE int fd = openat(cgroups->root, path + (*path == '/'),
	    O_RDONLY | O_CLOEXEC);
	ssize_t got;

	ak_buf_reset(text);
	if (fd == -1)
		return NULL;
	do {
		ak_buf_grow(text, READ_SIZE);
		got = read(fd, text->data + text->len, READ_SIZE);
		text->len += got > 0 ? (size_t)got : 0;
	} while (got > 0 && text->len < TEXT_MAX);
	text->data[text->len] = '\0';
	return text->data;
}

/* Is word one of a list joined by commas? */
static bool
listed(const char *list, size_t len, const char *word)
{
	size_t size = strlen(word);

	for (size_t i = 0; i + size <= len; i++)
		if (strncmp(list + i, word, size) == 0 &&
		    (i == 0 || list[i - 1] == ',') &&
		    (i + size == len || list[i + size] == ','))
			return true;
	return false;
}

static void
mount_set(struct cgroup_mount *mount, const char *point, const char *root)
{
	if (mount->point != NULL)
		return;
	mount->point = ak_strdup(point);
	mount->root = ak_strdup(root);
}

/* "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory" */
static void
take_mount(struct cgroups *cgroups, const char *line)
{
	char root[4096], point[4096], type[32], options[1024];
	const char *tail = strstr(line, " - ");

	if (tail == NULL ||
	    sscanf(line, "%*s %*s %*s %4095s %4095s", root, point) != 2 ||
	    sscanf(tail, " - %31s %*s %1023s", type, options) != 2)
		return;
	if (strcmp(type, "cgroup2") == 0)
		mount_set(&cgroups->v2, point, root);
	for (size_t i = 0; i < CONTROLLERS; i++)
		if (strcmp(type, "cgroup") == 0 &&
		    listed(options, strlen(options), v1_names[i]))
			mount_set(&cgroups->v1[i], point, root);
}

int
cgroups_find(struct cgroups *cgroups, int root, struct ak_err *err)
{
	AK_BUF struct ak_buf text = { 0 };
	char *rest = NULL;

	*cgroups = (struct cgroups){ .root = root };
	if (slurp(cgroups, "proc/self/mountinfo", &text) == NULL)
		return ak_fail_sys(err, AK_UNAVAILABLE, "/proc/self/mountinfo");
	for (char *line = strtok_r(text.data, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		take_mount(cgroups, line);
	return 0;
}

void
cgroups_free(struct cgroups *cgroups)
{
	for (size_t i = 0; i < CONTROLLERS; i++) {
		free(cgroups->v1[i].point);
		free(cgroups->v1[i].root);
	}
	free(cgroups->v2.point);
	free(cgroups->v2.root);
	ak_close_scope(&cgroups->root);
	*cgroups = (struct cgroups){ .root = -1 };
}

/* Directories of the files that a reading needs. */
struct places {
	char *v1[CONTROLLERS];
	char *v2;
};

static void
places_free(struct places *places)
{
	for (size_t i = 0; i < CONTROLLERS; i++)
		free(places->v1[i]);
	free(places->v2);
}

/* The part of the hierarchy that is mounted may begin below its root. */
static char *
place_of(const struct cgroup_mount *mount, const char *path, size_t len)
{
	size_t root = mount->root != NULL ? strlen(mount->root) : 0;

	if (mount->point == NULL)
		return NULL;
	if (root > 1 && root <= len && strncmp(path, mount->root, root) == 0) {
		path += root;
		len -= root;
	}
	return ak_printf("%s%.*s", mount->point, (int)len, path);
}

/* "4:memory:/docker/ID", "2:cpu,cpuacct:/...", "0::/system.slice/..." */
static void
take_line(const struct cgroups *cgroups, const char *line, size_t len,
    struct places *places)
{
	const char *list = memchr(line, ':', len);
	const char *path = list != NULL
	    ? memchr(list + 1, ':', len - (size_t)(list + 1 - line))
	    : NULL;
	size_t size;

	if (path == NULL)
		return;
	list++;
	path++;
	size = len - (size_t)(path - line);
	if (path - list == 1 && places->v2 == NULL)
		places->v2 = place_of(&cgroups->v2, path, size);
	for (size_t i = 0; i < CONTROLLERS; i++)
		if (places->v1[i] == NULL &&
		    listed(list, (size_t)(path - 1 - list), v1_names[i]))
			places->v1[i] = place_of(&cgroups->v1[i], path, size);
}

static bool
find_places(const struct cgroups *cgroups, int64_t pid, const char *id,
    struct places *places)
{
	AK_BUF struct ak_buf text = { 0 };
	char path[64];

	snprintf(path, sizeof(path), "proc/%" PRId64 "/cgroup", pid);
	if (slurp(cgroups, path, &text) == NULL ||
	    strstr(text.data, id) == NULL)
		return false;
	for (const char *line = text.data; *line != '\0';) {
		size_t len = strcspn(line, "\n");

		take_line(cgroups, line, len, places);
		line += len + (line[len] == '\n');
	}
	return places->v2 != NULL || places->v1[CG_CPU] != NULL;
}

/* A file of one number; 0 for "max" and for what cannot be read. */
static int64_t
number_in(const struct cgroups *cgroups, const char *place, const char *name)
{
	AK_BUF struct ak_buf text = { 0 };
	AK_FREE char *path = ak_printf("%s/%s", place, name);

	if (slurp(cgroups, path, &text) == NULL)
		return 0;
	return strtoll(text.data, NULL, 10);
}

/* The number behind a key at the beginning of a line. */
static int64_t
value_of(const char *text, const char *key)
{
	size_t len = strlen(key);

	while (text != NULL && *text != '\0') {
		if (strncmp(text, key, len) == 0 && text[len] == ' ')
			return strtoll(text + len, NULL, 10);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return 0;
}

/* The sum of the numbers behind every occurrence of a word. */
static int64_t
sum_of(const char *text, const char *word)
{
	int64_t sum = 0;

	for (text = strstr(text, word); text != NULL;
	     text = strstr(text, word)) {
		text += strlen(word);
		sum += strtoll(text, NULL, 10);
	}
	return sum;
}

static void
read_memory(const struct cgroups *cgroups, const char *place, bool v1,
    struct usage *usage)
{
	AK_BUF struct ak_buf text = { 0 };
	AK_FREE char *path = ak_printf("%s/memory.stat", place);
	int64_t cache = value_of(slurp(cgroups, path, &text),
	    v1 ? "total_inactive_file" : "inactive_file");

	usage->memory = number_in(cgroups, place,
	    v1 ? "memory.usage_in_bytes" : "memory.current");
	usage->memory_limit = number_in(cgroups, place,
	    v1 ? "memory.limit_in_bytes" : "memory.max");
	if (usage->memory > cache)
		usage->memory -= cache;
	if (usage->memory_limit > NO_LIMIT)
		usage->memory_limit = 0;
}

static void
read_io(const struct cgroups *cgroups, const char *place, bool v1,
    struct usage *usage)
{
	AK_BUF struct ak_buf text = { 0 };
	AK_FREE char *path = ak_printf("%s/%s", place,
	    v1 ? "blkio.throttle.io_service_bytes" : "io.stat");

	if (slurp(cgroups, path, &text) == NULL)
		return;
	usage->read = sum_of(text.data, v1 ? " Read " : " rbytes=");
	usage->written = sum_of(text.data, v1 ? " Write " : " wbytes=");
}

static void
read_cpu(const struct cgroups *cgroups, const char *place, bool v1,
    struct usage *usage)
{
	AK_BUF struct ak_buf text = { 0 };
	AK_FREE char *path = ak_printf("%s/cpu.stat", place);

	if (v1)
		usage->cpu_ns = number_in(cgroups, place, "cpuacct.usage");
	else
		usage->cpu_ns = 1000 *
		    value_of(slurp(cgroups, path, &text), "usage_usec");
}

static void
read_pids(const struct cgroups *cgroups, const char *place, bool v1 AK_UNUSED,
    struct usage *usage)
{
	usage->pids = number_in(cgroups, place, "pids.current");
}

static void (*const readers[])(const struct cgroups *, const char *, bool,
    struct usage *) = {
	[CG_CPU] = read_cpu,
	[CG_MEMORY] = read_memory,
	[CG_IO] = read_io,
	[CG_PIDS] = read_pids,
};
_Static_assert(AK_COUNT(readers) == CONTROLLERS, "a controller not read");

/* "eth0: received, 7 more, sent, ..."; lo is no network. */
static void
take_interface(const char *line, struct usage *usage)
{
	const char *colon = strchr(line, ':');
	int64_t numbers[9];
	char *end;

	line += strspn(line, " ");
	if (colon == NULL || ak_starts(line, "lo:"))
		return;
	end = (char *)colon + 1;
	for (size_t i = 0; i < AK_COUNT(numbers); i++)
		numbers[i] = strtoll(end, &end, 10);
	usage->received += numbers[0];
	usage->sent += numbers[8];
}

/* Two lines of titles come first. */
static void
read_network(const struct cgroups *cgroups, int64_t pid, struct usage *usage)
{
	AK_BUF struct ak_buf text = { 0 };
	char path[64], *rest = NULL;
	size_t titles = 2;

	snprintf(path, sizeof(path), "proc/%" PRId64 "/net/dev", pid);
	if (slurp(cgroups, path, &text) == NULL)
		return;
	for (char *line = strtok_r(text.data, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		if (titles > 0)
			titles--;
		else
			take_interface(line, usage);
}

/* The first count controllers. */
static bool
read_some(const struct cgroups *cgroups, int64_t pid, const char *id,
    size_t count, struct usage *usage)
{
	struct places places = { 0 };
	struct timespec now;
	bool found = pid > 0 && find_places(cgroups, pid, id, &places);

	*usage = (struct usage){ .known = found };
	clock_gettime(CLOCK_MONOTONIC, &now);
	usage->at_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	for (size_t i = 0; found && i < count; i++) {
		bool v1 = places.v1[i] != NULL;

		if (v1 || places.v2 != NULL)
			readers[i](cgroups, v1 ? places.v1[i] : places.v2, v1,
			    usage);
	}
	places_free(&places);
	return found;
}

bool
cgroup_read(const struct cgroups *cgroups, int64_t pid, const char *id,
    struct usage *usage)
{
	if (!read_some(cgroups, pid, id, CONTROLLERS, usage))
		return false;
	read_network(cgroups, pid, usage);
	return true;
}

bool
cgroup_read_cpu(const struct cgroups *cgroups, int64_t pid, const char *id,
    struct usage *usage)
{
	return read_some(cgroups, pid, id, CG_CPU + 1, usage);
}
