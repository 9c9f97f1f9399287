/*
 * ports - who listens on a TCP port of this machine.
 *
 * The kernel lists its sockets in /proc/net/tcp and tcp6, each with an inode
 * and the uid that made it; the process is the one with that inode among its
 * descriptors. What docker-proxy holds, it holds for a container, and the
 * daemon knows which.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "tools/stack/stack.h"

enum {
	LISTENING = 0x0a, /* TCP_LISTEN of the kernel */
	PROC_MAX = 16 << 20,
};

struct listener {
	unsigned long long inode;
	unsigned uid;
};

static bool
is_any(const struct in6_addr *address)
{
	return IN6_IS_ADDR_UNSPECIFIED(address) ||
	    (IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr32[3] == 0);
}

/* NULL and "" are all addresses; IPv4 is mapped into IPv6. */
static bool
parse_address(const char *text, struct in6_addr *address)
{
	AK_FREE char *mapped = NULL;

	*address = in6addr_any;
	if (text == NULL || *text == '\0')
		return true;
	if (strchr(text, ':') != NULL)
		return inet_pton(AF_INET6, text, address) == 1;
	mapped = ak_printf("::ffff:%s", text);
	return inet_pton(AF_INET6, mapped, address) == 1;
}

/*
 * The hexadecimal words of /proc/net/tcp are in the machine's byte order, each
 * 32 bits of the address.
 */
static bool
parse_hex(const char *hex, struct in6_addr *address)
{
	size_t len = strspn(hex, "0123456789ABCDEF");
	size_t words = len / 8, first = 4 - words;

	*address = in6addr_any;
	if (len != 8 && len != 32)
		return false;
	if (words == 1)
		address->s6_addr32[2] = htonl(0xffff);
	for (size_t i = 0; i < words; i++) {
		char word[9] = "";

		memcpy(word, hex + 8 * i, 8);
		address->s6_addr32[first + i] = (uint32_t)strtoul(word, NULL,
		    16);
	}
	return true;
}

/* A listener on all addresses has the port on each. */
static bool
overlaps(const struct in6_addr *a, const struct in6_addr *b)
{
	return is_any(a) || is_any(b) ||
	    memcmp(a, b, sizeof(struct in6_addr)) == 0;
}

/* Where field n of a line begins, from 0: those apart by blanks. */
static const char *
field(const char *line, int n)
{
	for (line += strspn(line, " "); n > 0; n--) {
		line += strcspn(line, " \n");
		line += strspn(line, " ");
	}
	return line;
}

/* Slot, local address:port, remote one, state, ..., uid, ..., inode. */
static bool
parse_line(const char *line, const struct in6_addr *address, int port,
    struct listener *listener)
{
	const char *colon = strchr(field(line, 1), ':');
	struct in6_addr local;

	if (colon == NULL || strtoul(field(line, 3), NULL, 16) != LISTENING ||
	    strtoul(colon + 1, NULL, 16) != (unsigned long)port ||
	    !parse_hex(field(line, 1), &local) || !overlaps(&local, address))
		return false;
	*listener = (struct listener){
		.inode = strtoull(field(line, 9), NULL, 10),
		.uid = (unsigned)strtoul(field(line, 7), NULL, 10),
	};
	return true;
}

bool
ports_find(const char *table, const char *address, int port,
    unsigned long long *inode, unsigned *uid)
{
	struct listener listener;
	struct in6_addr wanted;

	if (!parse_address(address, &wanted))
		return false;
	while (*table != '\0') {
		size_t len = strcspn(table, "\n");

		if (parse_line(table, &wanted, port, &listener)) {
			*inode = listener.inode;
			*uid = listener.uid;
			return true;
		}
		table += len + (table[len] == '\n');
	}
	return false;
}

static bool
find_listener(const char *address, int port, struct listener *listener)
{
	static const char *const tables[] = { "/proc/net/tcp",
		"/proc/net/tcp6" };

	for (size_t i = 0; i < AK_COUNT(tables); i++) {
		AK_BUF struct ak_buf text = { 0 };
		struct ak_err ignored = { 0 };

		if (ak_file_read(AT_FDCWD, tables[i], PROC_MAX, &text,
			&ignored) == 0 &&
		    ports_find(ak_buf_text(&text), address, port,
			&listener->inode, &listener->uid))
			return true;
	}
	return false;
}

static bool
holds_inode(int proc, const char *pid, unsigned long long inode)
{
	AK_FREE char *path = ak_printf("%s/fd", pid);
	AK_FREE char *want = ak_printf("socket:[%llu]", inode);
	AK_CLOSE int fd = openat(proc, path,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd == -1 ? NULL : fdopendir(fd);
	bool found = false;
	char link[64];

	if (list == NULL)
		return false;
	ak_take_fd(&fd);
	for (struct dirent *entry; !found && (entry = readdir(list));) {
		ssize_t n = readlinkat(dirfd(list), entry->d_name, link,
		    sizeof(link) - 1);

		link[n > 0 ? n : 0] = '\0';
		found = strcmp(link, want) == 0;
	}
	closedir(list);
	return found;
}

/* 0 when it is not ours to see. */
static pid_t
find_process(unsigned long long inode)
{
	DIR *list = opendir("/proc");
	pid_t pid = 0;

	if (list == NULL)
		return 0;
	for (struct dirent *entry; pid == 0 && (entry = readdir(list));)
		if (*entry->d_name >= '1' && *entry->d_name <= '9' &&
		    holds_inode(dirfd(list), entry->d_name, inode))
			pid = (pid_t)strtol(entry->d_name, NULL, 10);
	closedir(list);
	return pid;
}

static char *
process_name(pid_t pid)
{
	AK_FREE char *path = ak_printf("/proc/%d/comm", (int)pid);
	AK_BUF struct ak_buf name = { 0 };
	struct ak_err ignored = { 0 };

	if (ak_file_read(AT_FDCWD, path, 4096, &name, &ignored) == -1)
		return ak_strdup("a process that just ended");
	if (name.len > 0 && name.data[name.len - 1] == '\n')
		name.data[--name.len] = '\0';
	return ak_buf_take(&name);
}

static bool
publishes(const struct ak_json *container, int port)
{
	ak_json_each(item, ak_json_get(container, "Ports"))
		if (ak_json_int(ak_json_get(item, "PublicPort"), 0) == port &&
		    ak_streq(ak_json_str(ak_json_get(item, "Type")), "tcp"))
			return true;
	return false;
}

char *
ports_container(struct ak_docker *engine, int port)
{
	AK_JSON struct ak_json *list = NULL;
	struct ak_err ignored = { 0 };

	if (ak_docker_get(engine, "/containers/json", &list, &ignored) == -1)
		return NULL;
	ak_json_each(item, list) {
		const char *name = ak_json_str(ak_json_first(ak_json_get(item,
		    "Names")));

		if (name != NULL && publishes(item, port))
			return ak_strdup(name + (*name == '/'));
	}
	return NULL;
}

static char *
who_of_docker(int port)
{
	AK_DOCKER struct ak_docker *engine = NULL;
	struct ak_err ignored = { 0 };
	AK_FREE char *name = NULL;

	if (engine_open(&engine, &ignored) == 0)
		name = ports_container(engine, port);
	return name == NULL ? ak_strdup("a container of Docker")
			    : ak_printf("container %s", name);
}

static char *
who_of_user(unsigned uid)
{
	const struct passwd *user = getpwuid(uid);

	return user == NULL ? ak_printf("a process of uid %u", uid)
			    : ak_printf("a process of %s", user->pw_name);
}

/*
 * A listener on :: may be for IPv6 alone, which the tables do not tell; the
 * kernel does, when asked for the same port.
 */
static bool
is_taken(const char *address, int port)
{
	AK_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in wanted = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
	};
	int on = 1;

	if (fd == -1 ||
	    (address != NULL && *address != '\0' &&
		inet_pton(AF_INET, address, &wanted.sin_addr) != 1))
		return true;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1)
		return true;
	return bind(fd, (struct sockaddr *)&wanted, sizeof(wanted)) == -1;
}

int
host_port_holder(const char *address, int port, char **who)
{
	struct listener listener;
	AK_FREE char *name = NULL;
	pid_t pid;

	if (!find_listener(address, port, &listener) ||
	    !is_taken(address, port))
		return 0;
	pid = find_process(listener.inode);
	name = pid == 0 ? NULL : process_name(pid);
	if (ak_streq(name, "docker-proxy"))
		*who = who_of_docker(port);
	else if (pid == 0)
		*who = who_of_user(listener.uid);
	else
		*who = ak_printf("%s (pid %d)", name, (int)pid);
	return 1;
}
