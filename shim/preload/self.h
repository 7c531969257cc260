/* SPDX-License-Identifier: MIT */
/* How our own object, and other builds of it, are told from client libraries; for the scan. */
#ifndef SHIM_PRELOAD_SELF_H
#define SHIM_PRELOAD_SELF_H

#include <stdbool.h>

#include "shim/preload/image.h"

/* True for our own object. */
bool image_is_self(const struct image *image);

/* True for our own object and for any other build of the shim. */
bool image_is_shim(const struct image *image);

/* The function that our own object exports under this name, or 0. */
uintptr_t self_function(const char *name);

/* Looks for another build of the shim among the loaded objects. */
void sentinel_look(void);

#endif
