/* SPDX-License-Identifier: MIT */
/* The inner loop of SHA-256, in portable C and with the processor's own instructions. */
#ifndef COMMON_SHA256_BLOCKS_H
#define COMMON_SHA256_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

#define SHA256_BLOCK_SIZE 64

extern const uint32_t SHA256_ROUND_CONSTANTS[64];

/* Adds `count` blocks to `state`. */
void sha256_blocks_portable(uint32_t state[8], const unsigned char *blocks, size_t count);

/* The same with the SHA extensions of x86-64; only where the processor has them. */
void sha256_blocks_extensions(uint32_t state[8], const unsigned char *blocks, size_t count);
must_use bool sha256_extensions_exist(void);

enum sha256_way { SHA256_UNDECIDED, SHA256_PORTABLE, SHA256_EXTENSIONS };

/* For tests and benchmarks: hashes in this process go this way.  UNDECIDED asks the processor anew.
 * False when it cannot. */
must_use bool sha256_choose(enum sha256_way way);

#endif
