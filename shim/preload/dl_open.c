/* SPDX-License-Identifier: MIT */
/* Decides dlopen: RTLD_DEEPBIND would bind an object past our stand-ins, so one that brings a
 * client library is opened without it. */
#include "shim/preload/dl_call.h"

#include <dlfcn.h>

#include "shim/preload/guard.h"
#include "shim/preload/needs.h"

uintptr_t dl_decide_dlopen(struct dl_call *call)
{
	KEEP_ERRNO;
	CANCELLATION_HELD;
	const char *name = (const char *)call->arguments[0];

	if (name && (call->arguments[1] & RTLD_DEEPBIND) && needs_client(name, call->caller))
		call->arguments[1] &= ~(uintptr_t)RTLD_DEEPBIND;
	return dl_next(DL_OPEN);
}
