/* SPDX-License-Identifier: MIT */
/* What every fuzz target is made of: libFuzzer's entry (llvm.org/docs/LibFuzzer.html), and a
 * promise that is kept. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Looks at one input; returns 0, and aborts when a promise is broken. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#define PROMISE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

#endif
