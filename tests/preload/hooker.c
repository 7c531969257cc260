/* SPDX-License-Identifier: MIT */
/* Another preload that stands in for dlsym in plain C, as several tools do, and looks something up
 * at its start. */
#include <dlfcn.h>
#include <stddef.h>

#if defined(__aarch64__)
#define OLDEST "GLIBC_2.17"
#else
#define OLDEST "GLIBC_2.2.5"
#endif

typedef void *sym_function(void *handle, const char *name);

__attribute__((visibility("default"))) void *dlsym(void *handle, const char *name)
{
	static sym_function *next;

	if (!next) {
		void *found = dlvsym(RTLD_NEXT, "dlsym", OLDEST);

		__builtin_memcpy(&next, &found, sizeof(next));
	}
	return next ? next(handle, name) : NULL;
}

__attribute__((constructor)) static void start(void)
{
	(void)dlsym(RTLD_DEFAULT, "fakepq_identity");
	(void)dlsym(RTLD_NEXT, "malloc");
	(void)dlerror();
}
