/*
 * host - the machine: accelerator, disk, memory.
 */
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tools/stack/stack.h"

static bool
is_there(int root, const char *path)
{
	return faccessat(root, path, F_OK, 0) == 0;
}

/* The nodes that compute on a GPU: /dev/dri/renderD128 and up. */
static bool
has_render_node(int root)
{
	AK_CLOSE int fd = openat(root, "dev/dri",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd == -1 ? NULL : fdopendir(fd);
	bool found = false;

	if (list == NULL)
		return false;
	ak_take_fd(&fd);
	for (struct dirent *entry; !found && (entry = readdir(list));)
		found = ak_starts(entry->d_name, "renderD");
	closedir(list);
	return found;
}

/* AMD's compute driver makes kfd; a render node alone may be any GPU's. */
const char *
host_accelerator_below(int root)
{
	if (is_there(root, "dev/nvidiactl") ||
	    is_there(root, "proc/driver/nvidia/version"))
		return "gpu-nvidia";
	if (is_there(root, "dev/kfd") && has_render_node(root))
		return "gpu-amd";
	return "cpu";
}

const char *
host_accelerator(void)
{
	AK_CLOSE int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return root == -1 ? "cpu" : host_accelerator_below(root);
}

/* Free for us: what the file system keeps for root is not counted. */
int
host_disk(const char *path, int64_t *free_bytes, int64_t *size_bytes,
    struct ak_err *err)
{
	struct statvfs fs;

	if (statvfs(path, &fs) == -1)
		return ak_fail_sys(err,
		    errno == EACCES ? AK_NOPERM : AK_NOINPUT, "%s", path);
	*free_bytes = (int64_t)(fs.f_bavail * fs.f_frsize);
	*size_bytes = (int64_t)(fs.f_blocks * fs.f_frsize);
	return 0;
}

int64_t
host_memory(void)
{
	return (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
}
