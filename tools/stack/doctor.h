/*
 * doctor.h - what doctor.c and ailment.c share.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "tools/stack/findings.h"

/* Of every container of the project: state, health, drift, orphans. */
void ailment_check(const struct machine *machine);

#endif
