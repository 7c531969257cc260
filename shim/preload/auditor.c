/* SPDX-License-Identifier: MIT */
/* The exported answer to the auditor's look-ups; a source of the shared object itself, whose archives
 * export nothing. */
#include "shim/preload/auditor.h"

#include "shim/preload/dl_call.h"
#include "shim/preload/guard.h"

STAND_IN uintptr_t chaperone_shim_entry(const char *name, uintptr_t found)
{
	KEEP_ERRNO;

	return dl_entry(name, found);
}
