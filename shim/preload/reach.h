/* SPDX-License-Identifier: MIT */
/* What a caller's look-up reaches outside of the program's own scope. */
#ifndef SHIM_PRELOAD_REACH_H
#define SHIM_PRELOAD_REACH_H

#include <stdbool.h>
#include <stdint.h>

/* The function `name` in an object that was loaded together with the caller's, so that the caller's
 * RTLD_DEFAULT finds it, or with `is_behind` its RTLD_NEXT; 0 when there is none.  Our own object
 * is left out.  The loader does not tell its scopes, so this follows names, and rather finds too
 * much; with `has_version`, when the caller asks for one, only in objects whose functions have
 * none.  Takes the loader's lock. */
uintptr_t reach_function(const void *caller, const char *name, bool has_version, bool is_behind);

#endif
