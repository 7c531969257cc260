/* SPDX-License-Identifier: MIT */
/* Numbers by chance that are the same in every run: xorshift64 (G. Marsaglia, Xorshift RNGs, 2003). */
#ifndef TESTS_PRELOAD_DICE_H
#define TESTS_PRELOAD_DICE_H

#include <stdint.h>

static uint64_t dice = 88172645463325252u;

static inline uint64_t number_below(uint64_t limit)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return dice % limit;
}

#endif
