/*
 * checks - the machine, and the rules for compose files; part of stack.h.
 */
#ifndef STACK_CHECKS_H
#define STACK_CHECKS_H

#include "tools/stack/stack.h"

/* host.c */

/* "cpu", "gpu-nvidia" or "gpu-amd": what this machine and its daemon have. */
const char *host_accelerator(void);
/* The same below another root directory. */
const char *host_accelerator_below(int root);
/* Bytes free and in all where path is. */
int host_disk(const char *path, int64_t *free_bytes, int64_t *size_bytes,
    struct ak_err *err) AK_MUST;
int64_t host_memory(void);
/*
 * Who listens on a TCP port of this machine: 1 with *who ("nginx (pid 812)",
 * "another user's process", of the caller's to free), 0 nobody.
 */
int host_port_holder(const char *address, int port, char **who);

/* ports.c */

/* A listener in the text of /proc/net/tcp or tcp6; address NULL: any. */
bool ports_find(const char *table, const char *address, int port,
    unsigned long long *inode, unsigned *uid);
/* The container that publishes a port, of the caller's to free; or NULL. */
char *ports_container(struct ak_docker *engine, int port);

/* lint.c */

enum severity { SEV_OK, SEV_NOTE, SEV_WARNING, SEV_ERROR };
extern const char *const severity_names[];

/* A finding of validate and doctor. */
struct finding {
	const char *id; /* stable: "image-pinned" */
	enum severity severity;
	const char *subject; /* a service, a setting, a file */
	const char *evidence;
	const char *next; /* what to do, or the command to type */
};
typedef void finding_fn(void *arg, const struct finding *finding);

/* Every rule over every service of the model. */
void lint_kit(const struct kit *kit, finding_fn *each, void *arg);
/* The ids of its rules; NULL ends them. */
const char *const *lint_ids(void);

#endif
