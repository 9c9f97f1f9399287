/*
 * usage - CPU, memory, network and block I/O of running containers.
 *
 * From the kernel's own files (cgroup.c): the daemon's statistics take a second
 * a container, even when asked for one reading.
 */
#include <fcntl.h>
#include <time.h>

#include "tools/stack/cgroup.h"

static int
open_cgroups(struct cgroups *cgroups, struct ak_err *err)
{
	int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root == -1)
		return ak_fail_sys(err, AK_SYSTEM, "/");
	return cgroups_find(cgroups, root, err);
}

static void
sample(const struct cgroups *cgroups, struct usage_target targets[],
    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct container *container = targets[i].container;
		struct usage before = targets[i].usage;

		targets[i].usage = (struct usage){ 0 };
		if (container != NULL &&
		    cgroup_read(cgroups, container->pid, container->id,
			&targets[i].usage))
			usage_since(&targets[i].usage, &before);
	}
}

void
usage_since(struct usage *now, const struct usage *before)
{
	double elapsed = (double)(now->at_ns - before->at_ns);

	/* One that was started again counts from 0. */
	if (now->known && before->known && elapsed > 0 &&
	    now->cpu_ns >= before->cpu_ns)
		now->cpu_percent = 100.0 *
		    (double)(now->cpu_ns - before->cpu_ns) / elapsed;
}

int
usage_sample(struct usage_target targets[], size_t count, struct ak_err *err)
{
	CGROUPS struct cgroups cgroups = { .root = -1 };

	if (open_cgroups(&cgroups, err) == -1)
		return -1;
	sample(&cgroups, targets, count);
	return 0;
}

/* Sleeps until the readings are as old as the interval. */
static void
wait_until(const struct usage_target targets[], size_t count,
    int64_t interval_ms)
{
	int64_t until = 0;

	for (size_t i = 0; i < count; i++)
		if (targets[i].usage.at_ns > until)
			until = targets[i].usage.at_ns;
	until += interval_ms * 1000000;
	struct timespec time = { .tv_sec = (time_t)(until / 1000000000),
		.tv_nsec = (long)(until % 1000000000) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

int
usage_finish(struct usage_target targets[], size_t count, int64_t interval_ms,
    struct ak_err *err)
{
	CGROUPS struct cgroups cgroups = { .root = -1 };

	if (open_cgroups(&cgroups, err) == -1)
		return -1;
	wait_until(targets, count, interval_ms);
	for (size_t i = 0; i < count; i++) {
		const struct container *container = targets[i].container;
		struct usage now;

		if (!targets[i].usage.known ||
		    !cgroup_read_cpu(&cgroups, container->pid, container->id,
			&now))
			continue;
		usage_since(&now, &targets[i].usage);
		targets[i].usage.cpu_percent = now.cpu_percent;
	}
	return 0;
}

int
usage_read(struct usage_target targets[], size_t count, int64_t interval_ms,
    struct ak_err *err)
{
	for (size_t i = 0; i < count; i++)
		targets[i].usage = (struct usage){ 0 };
	if (usage_sample(targets, count, err) == -1)
		return -1;
	return usage_finish(targets, count, interval_ms, err);
}
