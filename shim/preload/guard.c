/* SPDX-License-Identifier: MIT */
/* Notices forks by the process id, and holds cancellation back. */
#include "shim/preload/guard.h"

#include <pthread.h>
#include <stdatomic.h>

/* Weak: in a process without threads an older libc does not have it. */
#pragma weak pthread_setcancelstate

/* Process id above, generation below: one word, so that no reader sees half a change. */
static _Atomic uint64_t process;

uint32_t process_generation(void)
{
	uint64_t seen = atomic_load_explicit(&process, memory_order_relaxed);
	uint32_t id = (uint32_t)getpid();

	while (seen >> 32 != id) {
		uint64_t next = (uint64_t)id << 32 | (uint32_t)(seen + 1);

		if (atomic_compare_exchange_weak(&process, &seen, next))
			return (uint32_t)next;
	}
	return (uint32_t)seen;
}

int cancellation_hold(void)
{
	int held = PTHREAD_CANCEL_ENABLE;

	if (pthread_setcancelstate)
		(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &held);
	return held;
}

void cancellation_release(const int *held)
{
	if (pthread_setcancelstate)
		(void)pthread_setcancelstate(*held, NULL);
}
