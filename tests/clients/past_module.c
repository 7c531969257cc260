/* SPDX-License-Identifier: MIT */
/* A module that needs no client library, and looks libpq up itself, as PHP's FFI extension does. */
#include <dlfcn.h>
#include <stdio.h>

#include "past.h"

__attribute__((visibility("default"))) void module_looks(void);

void module_looks(void)
{
	void *library = dlopen("libpq.so.5", RTLD_NOW);

	if (library)
		past_use(dlsym, library);
	else
		printf("%s\n", dlerror());
}
