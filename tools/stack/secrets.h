/*
 * secrets.h - what secrets.c does for init, config, validate and doctor.
 */
#ifndef SECRETS_H
#define SECRETS_H

#include "tools/stack/stack.h"

/* "secrets/NAME", of the caller's to free. */
char *secret_path(const struct setting *setting) AK_MUST;

/* The file is there and not empty. */
bool secret_is_set(int kit_fd, const struct setting *setting);

/*
 * Makes its file below dir (of secrets/): random, or empty when it is not
 * required. 1 when it was made, 0 when it was there, -1.
 */
int secret_make(int dir, const struct setting *setting, struct ak_err *err)
    AK_MUST;

/*
 * Missing, empty, weak, readable by others, of the wrong owner, the same value
 * twice: a finding each. Returns how many secrets its settings have.
 */
size_t secrets_check(const struct kit *kit, finding_fn *each, void *arg);

/*
 * The same of a project without settings, as far as it goes: the files that
 * its secrets name are there, and others cannot read them.
 */
void secrets_check_model(const struct kit *kit, finding_fn *each, void *arg);

/*
 * Puts *** for each secret of the kit's model that stands in a text which came
 * from a container.
 */
void secrets_redact(const struct kit *kit, struct ak_buf *text);

#endif
