/*
 * cgroup - what the kernel counts of a container, read from its files.
 *
 * Formats: cgroup-v1/{cpuacct,memory,blkio-controller,pids}.rst and
 * cgroup-v2.rst of the kernel's Documentation/admin-guide,
 * proc_pid_mountinfo(5) and cgroups(7).
 */
#ifndef CGROUP_H
#define CGROUP_H

#include "tools/stack/stack.h"

enum controller { CG_CPU, CG_MEMORY, CG_IO, CG_PIDS, CONTROLLERS };

/* Where a hierarchy is mounted, and which part of it. */
struct cgroup_mount {
	char *point;
	char *root;
};

/* Every path is one below the directory root: "/" but for tests. */
struct cgroups {
	int root;
	struct cgroup_mount v1[CONTROLLERS];
	struct cgroup_mount v2;
};
#define CGROUPS __attribute__((cleanup(cgroups_free)))

/* Reads /proc/self/mountinfo. Takes over root. */
int cgroups_find(struct cgroups *cgroups, int root, struct ak_err *err) AK_MUST;
void cgroups_free(struct cgroups *cgroups);

/*
 * One reading of the container with this first process; id must be in its
 * cgroup's path, or the process is another's by now. False when it is gone.
 */
bool cgroup_read(const struct cgroups *cgroups, int64_t pid, const char *id,
    struct usage *usage) AK_MUST;
/* The same, of the processor time alone. */
bool cgroup_read_cpu(const struct cgroups *cgroups, int64_t pid, const char *id,
    struct usage *usage) AK_MUST;

#endif
