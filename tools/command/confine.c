/* SPDX-License-Identifier: MIT */
#include "tools/command/confine.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* These sanitizers reserve terabytes of addresses, of which they use little. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SHADOW_MEMORY 1
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SHADOW_MEMORY 1
#endif
#ifndef HAS_SHADOW_MEMORY
#define HAS_SHADOW_MEMORY 0
#endif

void confine(size_t memory_max)
{
	struct rlimit memory = { memory_max, memory_max }, none = { 0, 0 };

	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!HAS_SHADOW_MEMORY)
		setrlimit(RLIMIT_AS, &memory);
	setrlimit(RLIMIT_CORE, &none);
}
