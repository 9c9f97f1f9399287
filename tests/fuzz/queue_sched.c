/*
 * queue_sched - fuzz: whatever happens in whatever order, no request is lost or
 * picked twice, no limit or pause is broken, one switch at a time goes on, and
 * what may run is not left waiting.
 */
#include "tests/fuzz/queue_sched.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	world_run(data, size);
	return 0;
}
