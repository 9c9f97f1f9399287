/*
 * findings.h - what validate and doctor share.
 */
#ifndef FINDINGS_H
#define FINDINGS_H

#include "tools/stack/stack.h"

/* Where findings go: out as records, counted by severity. */
struct findings {
	struct ak_ctx *ctx;
	const struct ak_opt_list *ignored; /* ids; NULL: none */
	size_t counts[SEV_ERROR + 1];
	size_t left_out; /* ignored ones */
};

/* A finding_fn; arg is a struct findings. */
void findings_take(void *arg, const struct finding *finding);
/* One whose evidence is a format. next may be NULL. */
void findings_add(struct findings *findings, const char *id,
    enum severity severity, const char *subject, const char *next,
    const char *format, ...) AK_PRINTF(6, 7);
/* What an error says, as a finding. */
void findings_error(struct findings *findings, const char *id,
    enum severity severity, const char *subject, const struct ak_err *err);
/* Warnings and errors so far: the same before and after means all is well. */
size_t findings_bad(const struct findings *findings);
/* "3 errors, 1 warning", for people. */
void findings_sum(const struct findings *findings);

/* machine.c: a kit, and what the machine would need for it. */
struct machine {
	struct findings *findings;
	const struct kit *kit;
	const struct selection *selection;
	struct engine *engine;
	const struct ak_json *info;    /* of the daemon */
	const struct ak_json *volumes; /* all that the daemon has */
	const struct containers *containers;
	struct image *images; /* one a pick */
};
void machine_docker(const struct machine *machine);
void machine_ports(const struct machine *machine);
void machine_disk(const struct machine *machine);
void machine_memory(const struct machine *machine);
void machine_accelerator(const struct machine *machine);

/* database.c: the major version in a volume against that of the image. */
void database_check(const struct machine *machine);

/* deep.c: each service's own checker, in its image. */
void deep_check(const struct machine *machine);

/* A string of the model as it is meant: Compose writes $ as $$ there. */
char *model_text(const char *text) AK_MUST;

#endif
