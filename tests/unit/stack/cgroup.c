/*
 * cgroup - the kernel's files, of both versions and both drivers, as recorded
 * trees below tests/golden/cgroup/.
 */
#include "tools/stack/cgroup.h"

#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/tap.h"

struct stack_options stack_options;

#define ID "8be76999cce810b240a5769478f8bb980fa1a4179c942ff8494e546ffdb982ad"

static const struct {
	const char *tree;
	struct usage want;
} trees[] = {
	{ "v1-cgroupfs",
	    { .cpu_ns = 50417852,
		.memory = 700000,
		.memory_limit = 33554432,
		.received = 1010,
		.sent = 2020,
		.read = 4097,
		.written = 514,
		.pids = 3 } },
	{ "v2-systemd",
	    { .cpu_ns = 50417000,
		.memory = 700000,
		.memory_limit = 0,
		.received = 1010,
		.sent = 2020,
		.read = 4097,
		.written = 514,
		.pids = 3 } },
	{ "v2-part",
	    { .cpu_ns = 50417000,
		.memory = 1000000,
		.memory_limit = 33554432,
		.received = 1010,
		.sent = 2020 } },
	{ "hybrid",
	    { .cpu_ns = 50417852,
		.memory = 520192,
		.memory_limit = 0,
		.received = 1010,
		.sent = 2020,
		.pids = 2 } },
};

static int
open_tree(struct cgroups *cgroups, const char *tree)
{
	AK_FREE char *path = ak_printf("tests/golden/cgroup/%s", tree);
	struct ak_err err = { 0 };
	int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root == -1 || cgroups_find(cgroups, root, &err) == -1) {
		ok(false, "%s: %s", path, err.text);
		return -1;
	}
	return 0;
}

static void
test_tree(size_t i)
{
	CGROUPS struct cgroups cgroups = { .root = -1 };
	const struct usage *want = &trees[i].want;
	const char *tree = trees[i].tree;
	struct usage got;

	if (open_tree(&cgroups, tree) == -1)
		return;
	ok(cgroup_read(&cgroups, 7, ID, &got) && got.known, "%s: is known",
	    tree);
	is_int(got.cpu_ns, want->cpu_ns, "%s: processor time", tree);
	is_int(got.memory, want->memory, "%s: memory without cache", tree);
	is_int(got.memory_limit, want->memory_limit, "%s: its limit", tree);
	is_int(got.received, want->received, "%s: received, lo apart", tree);
	is_int(got.sent, want->sent, "%s: sent", tree);
	is_int(got.read, want->read, "%s: read from all devices", tree);
	is_int(got.written, want->written, "%s: written", tree);
	is_int(got.pids, want->pids, "%s: processes", tree);
	ok(!cgroup_read(&cgroups, 8, ID, &got) && !got.known,
	    "%s: a process that is gone", tree);
	ok(!cgroup_read(&cgroups, 7, "0123", &got),
	    "%s: a process that is another container's", tree);
	ok(!cgroup_read(&cgroups, 0, ID, &got), "%s: no process", tree);
}

static void
test_percent(void)
{
	struct usage before = { .known = true, .cpu_ns = 100, .at_ns = 1000 };
	struct usage now = { .known = true, .cpu_ns = 600, .at_ns = 2000 };
	struct usage anew = { .known = true, .cpu_ns = 5, .at_ns = 2000 };
	struct usage none = { 0 };

	usage_since(&now, &before);
	ok(now.cpu_percent == 50.0, "half a processor is 50 %%");
	usage_since(&anew, &before);
	ok(anew.cpu_percent == 0, "one that started again has none yet");
	now.cpu_percent = 0;
	usage_since(&now, &none);
	ok(now.cpu_percent == 0, "nor has one without a reading before");
}

int
main(void)
{
	for (size_t i = 0; i < AK_COUNT(trees); i++)
		test_tree(i);
	test_percent();
	return done_testing();
}
