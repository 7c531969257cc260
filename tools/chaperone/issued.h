/* SPDX-License-Identifier: MIT */
/* The numbers that a process's connections got, so that nothing it writes passes for another's. */
#ifndef TOOLS_CHAPERONE_ISSUED_H
#define TOOLS_CHAPERONE_ISSUED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"

/* So many of the last numbers are known for sure: a ring holds no more slots that have not been
 * read. */
#define ISSUED_KEPT 8192u

struct issued { /* zeroed: none */
	uint64_t *at;
	size_t count, capacity;
};

/* Adds a number, which is larger than all before.  -ENOMEM. */
must_use int issued_add(struct issued *issued, uint64_t number);

bool issued_has(const struct issued *issued, uint64_t number);

void issued_done(struct issued *issued);

#endif
