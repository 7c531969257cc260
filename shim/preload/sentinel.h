/* SPDX-License-Identifier: MIT */
/* Which shared object we are, and whether another build of it is in this process too. */
#ifndef SHIM_PRELOAD_SENTINEL_H
#define SHIM_PRELOAD_SENTINEL_H

#include <stdbool.h>

#define SENTINEL_NAME "chaperone_shim_sentinel"

/* Exported by every build under this name, does nothing.  Lives in sentinel_symbol.c, which the
 * shared object takes as a source of its own. */
void chaperone_shim_sentinel(void);

/* True when another shared object exports the sentinel too: each of them would take the other for
 * the driver, so both refuse every statement with this reason.  The same file named twice is one
 * object and harmless.  Looks once, and again whenever the instances are looked through; in between
 * it costs one load. */
bool preload_stands_down(void);

/* True when `address` lies in our own object. */
bool preload_holds(const void *address);

/* The path under which the loader has us, or "" when it is not known.  Takes the loader's lock. */
const char *preload_path(void);

#endif
