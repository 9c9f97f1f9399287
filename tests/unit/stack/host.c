/*
 * host - who listens, by the kernel's tables; which accelerator, by its files.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/tap.h"
#include "tools/stack/stack.h"

struct stack_options stack_options;

/* As the kernel writes them on a little-endian machine. */
#define HEAD                                                         \
	"  sl  local_address rem_address   st tx_queue rx_queue tr " \
	"tm->when retrnsmt   uid  timeout inode\n"
#define REST " 00000000:00000000 00:00000000 00000000 "
#define TAIL " 1 0000000000000000 100 0 0 10 0\n"

static const char tcp[] = HEAD
    "   0: 0100007F:1F90 00000000:0000 0A" REST "  101        0 5001" TAIL
    "   1: 00000000:0050 00000000:0000 0A" REST "    0        0 5002" TAIL
    "   2: 0100007F:270F 0100007F:C350 01" REST "    0        0 5003" TAIL;

static const char tcp6[] = HEAD
    "   0: 00000000000000000000000000000000:01BB "
    "00000000000000000000000000000000:0000 0A" REST "    0        0 6001" TAIL
    "   1: 00000000000000000000000001000000:0CEA "
    "00000000000000000000000000000000:0000 0A" REST "   33        0 6002" TAIL
    "   2: 0000000000000000FFFF00000100007F:0CEB "
    "00000000000000000000000000000000:0000 0A" REST "   33        0 6003" TAIL;

static const struct {
	const char *table, *address;
	int port;
	unsigned long long inode; /* 0: nobody */
	const char *claim;
} rows[] = {
	{ tcp, "127.0.0.1", 8080, 5001, "a listener on the same address" },
	{ tcp, "127.0.0.2", 8080, 0, "one on another address is none" },
	{ tcp, "0.0.0.0", 8080, 5001, "all addresses meet any of them" },
	{ tcp, NULL, 8080, 5001, "no address is all of them" },
	{ tcp, "", 8080, 5001, "and so is an empty one" },
	{ tcp, "127.0.0.1", 80, 5002, "one on all addresses meets each" },
	{ tcp, "192.168.1.5", 80, 5002, "whichever it is" },
	{ tcp, "127.0.0.1", 9999, 0, "a connection is no listener" },
	{ tcp, "127.0.0.1", 81, 0, "another port is free" },
	{ tcp, "nonsense", 80, 0, "what is no address has no listener" },
	{ tcp6, "127.0.0.1", 443, 6001, ":: serves IPv4 too" },
	{ tcp6, "::1", 3306, 6002, "a listener on ::1" },
	{ tcp6, "127.0.0.1", 3306, 0, "is none on 127.0.0.1" },
	{ tcp6, "127.0.0.1", 3307, 6003, "an IPv4 address mapped into IPv6" },
	{ "", "127.0.0.1", 80, 0, "nobody in an empty table" },
};

static void
test_table(size_t i)
{
	unsigned long long inode = 0;
	unsigned uid = 0;
	bool found = ports_find(rows[i].table, rows[i].address, rows[i].port,
	    &inode, &uid);

	is_int((long long)inode, (long long)rows[i].inode, "%s", rows[i].claim);
	ok(found == (rows[i].inode != 0), "and the answer says so");
}

/* Files below an empty root, one more each time. */
static const struct {
	const char *path; /* a folder when it ends in / */
	const char *accelerator;
} steps[] = {
	{ "proc/", "cpu" },
	{ "dev/", "cpu" },
	{ "dev/dri/", "cpu" },
	{ "dev/dri/card0", "cpu" },
	{ "dev/dri/renderD128", "cpu" },
	{ "dev/kfd", "gpu-amd" },
	{ "dev/nvidiactl", "gpu-nvidia" },
};

static void
test_accelerator(void)
{
	char dir[] = "/tmp/aikit-host-XXXXXX";
	AK_CLOSE int root = -1;
	size_t n = AK_COUNT(steps);

	if (!ok(mkdtemp(dir) != NULL, "a root of its own"))
		return;
	root = open(dir, O_RDONLY | O_DIRECTORY);
	for (size_t i = 0; i < n; i++) {
		const char *path = steps[i].path;

		if (ak_ends(path, "/"))
			mkdirat(root, path, 0700);
		else
			mknodat(root, path, S_IFREG | 0600, 0);
		is_str(host_accelerator_below(root), steps[i].accelerator,
		    "%s is there: %s", path, steps[i].accelerator);
	}
	while (n-- > 0)
		unlinkat(root, steps[n].path,
		    ak_ends(steps[n].path, "/") ? AT_REMOVEDIR : 0);
	is_int(rmdir(dir), 0, "nothing is left");
}

static void
test_machine(void)
{
	int64_t free_bytes = 0, size = 0;
	struct ak_err err = { 0 };

	ok(host_disk("/", &free_bytes, &size, &err) == 0 && size > 0 &&
		free_bytes <= size,
	    "no more of a disk is free than there is");
	is_int(host_disk("/nowhere", &free_bytes, &size, &err), -1,
	    "a directory that is not there has no disk");
	is_int(err.code, AK_NOINPUT, "and is a missing input");
	ok(host_memory() > 1 << 20, "a machine has memory");
}

int
main(void)
{
	for (size_t i = 0; i < AK_COUNT(rows); i++)
		test_table(i);
	test_accelerator();
	test_machine();
	return done_testing();
}
