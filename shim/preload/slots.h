/* SPDX-License-Identifier: MIT */
/* Entries for looked-up stand-ins: each stands for one function of one copy of a client library.
 *
 * A function pointer says which copy it came from, and its caller does not: all that ctypes calls
 * is called by libffi. So a look-up gives out a slot, a few instructions that note the copy and
 * jump to the stand-in.  The note is for the one call with that return address; a longjmp, a fiber
 * or a signal that comes in between leaves a note that nobody else takes for his. */
#ifndef SHIM_PRELOAD_SLOTS_H
#define SHIM_PRELOAD_SLOTS_H

/* The assembly has as many; beyond that the bare stand-in is given out, which asks who calls. */
#define SLOTS_MAX 512
#define SLOT_SIZE 16 /* bytes of instructions */

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "shim/preload/instance.h"

/* The entry for `stand_in` of `instance`; NULL is a copy that has no place in the registry, whose
 * calls fail as the driver documents. */
must_use uintptr_t slot_of(uintptr_t stand_in, const struct instance *instance);

/* Whether the call that returns to `return_address` came through a slot, and for which copy. */
bool slot_tells(const void *return_address, const struct instance **ret_instance);

/* For the assembly: notes the call, and gives the stand-in to jump to. */
uintptr_t slot_use(unsigned slot, const void *return_address);

#endif
#endif
