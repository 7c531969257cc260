/* SPDX-License-Identifier: MIT */
/* Steps through look-ups and looked-up calls instruction by instruction: from each one that is the
 * shim's, the stack unwinds to the caller.  Usage: unwind FOLDER */
#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <ucontext.h>

#include "tests/preload/fakeshim.h"
#include "tests/preload/host.h"

#if !defined(__x86_64__)
int main(void)
{
	printf("skipped: single steps are written for x86-64\n");
	return 77;
}
#else

#define CALLER_SIZE_MAX 4096

static volatile sig_atomic_t seen, lost;
static uintptr_t caller;

static void step(int number, siginfo_t *info, void *context)
{
	const ucontext_t *at = context;
	void *frames[64];

	(void)number;
	(void)info;
	if (!fakeshim_holds((const void *)at->uc_mcontext.gregs[REG_RIP]))
		return;
	seen++;
	for (int i = backtrace(frames, 64); i > 0; i--) {
		if ((uintptr_t)frames[i - 1] - caller < CALLER_SIZE_MAX)
			return;
	}
	lost++;
}

/* A function that calls others has no red zone, so the stack may be used. */
#define STEPS_BEGIN()   __asm__ volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq" ::: "memory", "cc")
#define STEPS_END()     __asm__ volatile("pushfq\n\tandq $-0x101, (%%rsp)\n\tpopfq" ::: "memory", "cc")

__attribute__((noinline)) static void look_stepwise(void *handle, const char *name)
{
	void *volatile found, *volatile opened;
	const char *volatile identity;

	STEPS_BEGIN();
	found = dlsym(RTLD_DEFAULT, name);
	found = dlvsym(handle, "fakepq_identity", "FAKEPQ_1");
	identity = ((const char *(*)(void))(uintptr_t)found)();
	opened = dlopen(NULL, RTLD_LAZY);
	STEPS_END();
	(void)opened;
	REQUIRE_TEXT(identity, "versioned");
}

int main(int count, char **arguments)
{
	struct sigaction action = { .sa_sigaction = step, .sa_flags = SA_SIGINFO };
	void *handle, *frames[4];
	char path[4096];

	if (count != 2)
		return 2;
	snprintf(path, sizeof(path), "%s/libfakepq-versioned.so", arguments[1]);
	handle = dlopen(path, RTLD_NOW);
	REQUIRE(handle && dlvsym(handle, "fakepq_identity", "FAKEPQ_1"));
	REQUIRE(backtrace(frames, 4) > 0); /* loads the unwinder */
	caller = (uintptr_t)look_stepwise;
	REQUIRE(sigaction(SIGTRAP, &action, NULL) == 0);
	look_stepwise(handle, "getpid");
	printf("%d instructions, %d lost\n", (int)seen, (int)lost);
	REQUIRE(seen > 500 && lost == 0);
	return 0;
}
#endif
