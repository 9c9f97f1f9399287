/*
 * scan_model - what may be the name of a model. Included by scan*.c alone.
 */
#ifndef QUEUE_SCAN_MODEL_H
#define QUEUE_SCAN_MODEL_H

#include "tools/queue/scan.h"

/* NULL when it may; else why not. cut: there was more than len. */
const char *scan_model_bad(const char *name, size_t len, bool cut);

#endif
