/* SPDX-License-Identifier: MIT */
/* A plugin that looks functions up itself; SIBLING makes it one that leaves this to a library
 * beside the client library. */
#include <dlfcn.h>

#include "tests/preload/fakepq.h"
#include "tests/preload/plugin.h"

#ifdef NEEDS_CLIENT
const char *plugin_touches(void);
const char *plugin_touches(void)
{
	return fakepq_plain();
}
#endif

#ifdef SIBLING
uintptr_t sibling_needed(void);
uintptr_t sibling_needed(void)
{
	return (uintptr_t)plugin_look;
}
#else
/* Not in tail position: the loader asks who called. */
uintptr_t plugin_look(void *handle, const char *name)
{
	void *volatile found = dlsym(handle, name);

	return (uintptr_t)found;
}

uintptr_t plugin_look_version(const char *name, const char *version)
{
	void *volatile found = dlvsym(RTLD_DEFAULT, name, version);

	return (uintptr_t)found;
}

void *plugin_open(const char *name)
{
	void *volatile opened = dlopen(name, RTLD_NOW | RTLD_LOCAL);

	return opened;
}
#endif
