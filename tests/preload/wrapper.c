/* SPDX-License-Identifier: MIT */
/* Another preload that wraps a client library's function and finds the next one by RTLD_NEXT. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/preload/fakepq.h"

const char *fakepq_identity(void)
{
	void *volatile next = dlsym(RTLD_NEXT, "fakepq_identity");
	static char text[64];

	snprintf(text, sizeof(text), "wrapped %s",
		 next ? ((const char *(*)(void))(uintptr_t)next)() : "nothing");
	return text;
}
