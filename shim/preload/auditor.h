/* SPDX-License-Identifier: MIT */
/* What the auditor (shim/audit) calls in the shim.  It lives in another namespace, so it finds these by
 * their exported names. */
#ifndef SHIM_PRELOAD_AUDITOR_H
#define SHIM_PRELOAD_AUDITOR_H

#include <stdint.h>

/* What a look-up of `name` that found the function at `found` is to give out: the entry for that copy
 * of a client library, or the stand-in for a function of libc's; `found` where there is none.  Called
 * with the loader's lock held. */
#define AUDITOR_ENTRY "chaperone_shim_entry"
typedef uintptr_t auditor_entry(const char *name, uintptr_t found);
auditor_entry chaperone_shim_entry;

/* Whether code in a namespace that nothing is preloaded into may dial `address`: 0 or -EACCES.  The
 * guard on connect (shim/escape/dial.c). */
#define AUDITOR_GUARD "chaperone_shim_guard"
typedef int auditor_guard(int fd, const void *address, unsigned length);
auditor_guard chaperone_shim_guard;

#endif
