/* SPDX-License-Identifier: MIT */
/* Namespaces besides the program's own (dlmopen): nothing is preloaded into them, so that a client
 * library there is not governed.  Its connections are taken to the guard. */
#ifndef SHIM_AUDIT_FOREIGN_H
#define SHIM_AUDIT_FOREIGN_H

#include <link.h>
#include <stdint.h>

#include "shim/preload/image.h"

/* glibc's own limit (DL_NNS). */
#define NAMESPACES_MAX 16

/* Notes an object of a namespace; its libc is remembered. */
void foreign_note(Lmid_t namespace, const struct image *image);

/* Where a binding to `address` in a namespace leads. */
uintptr_t foreign_lead(Lmid_t namespace, const char *name, uintptr_t address,
		       const struct image *shim);

#endif
