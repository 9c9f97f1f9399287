/*
 * fuzz - what every fuzz target has: its entry, and a law that must hold.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define law(holds)                                                       \
	do {                                                             \
		if (!(holds)) {                                          \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, \
			    __LINE__, #holds);                           \
			abort();                                         \
		}                                                        \
	} while (0)

#endif
