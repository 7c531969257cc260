/* SPDX-License-Identifier: MIT */
/* Whether an object that is not loaded yet brings a client library with it, or may call one by
 * name. */
#ifndef SHIM_PRELOAD_NEEDS_H
#define SHIM_PRELOAD_NEEDS_H

#include <stdbool.h>

/* True when the object that `caller` opens by this name is a client library of one of DRIVERS, or
 * needs one itself or through others; and when the object itself needs libffi, as PHP's FFI and
 * Python's ctypes do: it calls whatever it looks up, and its look-ups have to be seen.  What cannot
 * be found needs nothing; of too much to look through the answer is true. */
bool needs_client(const char *name, const void *caller);

#endif
