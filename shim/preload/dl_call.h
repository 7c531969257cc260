/* SPDX-License-Identifier: MIT */
/* Stand-ins for the loader's functions: assembly asks here what to do, then jumps to where the
 * answer comes from.
 *
 * The loader tells its callers apart by their return address: RTLD_NEXT, RTLD_DEFAULT, $ORIGIN, run
 * paths and the text of dlerror depend on it.  So a stand-in never calls on the program's behalf.
 * dl_jump.S saves the arguments, asks for an address, loads the arguments again, which may have
 * been changed, and jumps there with the program's own return address in place.
 *
 * Nothing here allocates, holds a lock of ours, or keeps state besides the addresses of the next
 * functions. */
#ifndef SHIM_PRELOAD_DL_CALL_H
#define SHIM_PRELOAD_DL_CALL_H

#include <stdint.h>

#include "common/cleanup.h"

/* What dl_jump.S saves; it knows these offsets. */
struct dl_call {
	uintptr_t arguments[3]; /* as they came, and as the function that is jumped to gets them */
	const void *caller;
};

/* Each gives the address to jump to. */
must_use uintptr_t dl_decide_dlsym(struct dl_call *call);
must_use uintptr_t dl_decide_dlvsym(struct dl_call *call);
must_use uintptr_t dl_decide_dlopen(struct dl_call *call);

/* What a program is to get for a function of this name that the loader found past us. */
must_use uintptr_t dl_entry(const char *name, uintptr_t found);

/* To be jumped to: gives its first argument back. */
void *dl_answer(void *answer);

enum dl_function {
	DL_SYM,
	DL_VSYM,
	DL_OPEN,
	DL_ERROR,
	DL_FUNCTIONS,
};

/* The function that the program would reach without us: the first one behind us in the order of the
 * loader, so that other stand-ins are passed on to; found by reading objects, with no function of
 * the loader.  0 when there is none. */
uintptr_t dl_next(enum dl_function function);

/* DL_SYM for "dlsym" and so on; DL_FUNCTIONS for other names. */
enum dl_function dl_function_of_name(const char *name);

/* A version that no function has.  A look-up of it fails as the plain one would have failed without
 * us; the stand-in for dlerror takes its name out of the text. */
#define DL_NO_VERSION "chaperone-none"

#endif
