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
	bool only_bad;			   /* what is well is not told */
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

/*
 * Settings and model of a kit that was found: 0, or -1 with err, and a finding
 * that tells it.
 */
int findings_settings(struct findings *findings, struct kit *kit,
    struct ak_err *err) AK_MUST;
int findings_model(struct findings *findings, struct kit *kit,
    struct ak_err *err) AK_MUST;

/* A kit, and the machine that is to run it. */
struct machine {
	struct findings *findings;
	const struct kit *kit;
	const struct selection *selection;
	/* asked of the daemon; NULL, or empty, when it did not answer */
	struct ak_docker *engine;
	struct ak_json *info;
	struct ak_json *volumes; /* all that it has */
	struct containers containers;
	struct image *images; /* one a pick */
};

/* Asks. machine_free() either way. */
int machine_ask(struct machine *machine, struct ak_err *err) AK_MUST;
void machine_free(struct machine *machine);

/* machine.c: what the selection would need. */
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
