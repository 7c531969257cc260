/* SPDX-License-Identifier: MIT */
/* The copies of client libraries in this process, and which of them a caller means.
 *
 * Several copies live side by side: each plugin may bring its own, under a name of its own.  A copy
 * is registered when it is first needed, pinned so that it is never unmapped again, and found by
 * the address of its text.  The registry is append-only: what a call here returned stays valid
 * until the process ends.
 *
 * Nothing in here allocates, touches errno or holds a lock of ours.  What takes the loader's lock says
 * so: keep it away from calls that know their instance from a handle. */
#ifndef SHIM_PRELOAD_INSTANCE_H
#define SHIM_PRELOAD_INSTANCE_H

#include <stddef.h>
#include <stdint.h>

#include "shim/preload/driver.h"

/* All drivers together.  A process that brings more gets NULL for the rest, so their statements are
 * refused. */
#define INSTANCES_MAX 16

/* The longest path under which a client library can be pinned; one under a longer path is never an
 * instance. */
#define INSTANCE_PATH_MAX 1024

struct instance {
	const struct driver *driver;
	uintptr_t text_begin;
	uintptr_t text_end;           /* one beyond */
	uintptr_t base;               /* where the object is mapped: its identity */
	char path[INSTANCE_PATH_MAX]; /* as the loader has it; "" is the main program */
	void *functions[DRIVER_FUNCTIONS_MAX];
};

/* The registered instance of `driver` whose text holds `address`, or NULL.  With a stand-in's
 * return address this tells the driver's calls of itself from the program's; it keeps no state, so
 * it survives longjmp, fibers and signals.  Lock-free, a few nanoseconds, callable in signal
 * handlers. */
const struct instance *instance_of_address(const struct driver *driver, const void *address);

/* The same for any driver: whether `address` is in the text of a client library that is
 * governed. */
const struct instance *instance_holding(const void *address);

/* The instance that a call from `return_address` means when no handle says it, registering what was
 * loaded since the last time.  In order: the one whose function was looked up, when the call came
 * through a slot; the only one; the one in the program's own scope, because that is where the
 * loader binds every function without a stand-in; the nearest one among the dependencies of the
 * caller's object; the one loaded first. NULL when there is none: answer as the driver documents
 * for failure.  Fine in constructors and threads; takes the loader's lock. */
const struct instance *instance_for_caller(const struct driver *driver, const void *return_address);

/* The instance that holds `function`, a pointer found in some object (what a dlsym stand-in has in
 * hand), registering what was loaded since.  NULL when it lies in no instance.  Takes the loader's
 * lock. */
const struct instance *instance_of_function(const struct driver *driver, const void *function);

/* The driver's function, or NULL when this copy of the library lacks it. */
static inline void *instance_function(const struct instance *instance, unsigned function)
{
	return function < DRIVER_FUNCTIONS_MAX ? instance->functions[function] : NULL;
}

#endif
