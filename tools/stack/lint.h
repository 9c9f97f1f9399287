/*
 * lint.h - the rules for compose files, among themselves.
 */
#ifndef LINT_H
#define LINT_H

#include "tools/stack/stack.h"

/* Appends what is wrong to evidence; nothing appended: the rule holds. */
typedef void lint_fn(const struct kit *kit, const struct service *service,
    struct ak_buf *evidence);

/* Appends what is wrong with evidence separated from what is there. */
void lint_add(struct ak_buf *evidence, const char *format, ...) AK_PRINTF(2, 3);

/* Is it a kit of settings and labels, or somebody's compose file? */
bool lint_is_kit(const struct kit *kit);

/* lint_rules.c: how a service is run. */
lint_fn lint_image, lint_restart, lint_check_missing, lint_check_process,
    lint_cpus, lint_memory, lint_log, lint_log_tag, lint_title, lint_docs,
    lint_container_name;

/* lint_doors.c: what a service opens, and to whom. */
lint_fn lint_ports, lint_port_twice, lint_socket, lint_privileged,
    lint_host_network, lint_secret_environment, lint_secret_command;

/* lint_model.c: who reaches a server of models. */
lint_fn lint_model_network, lint_model_port, lint_queue_bypass, lint_queue_one;

/* lint_backup.c: is what it holds in a backup? */
lint_fn lint_backup;

/* lint_files.c: what only the text of the files tells. */
void lint_files(const struct kit *kit, finding_fn *each, void *arg);

#endif
