/* SPDX-License-Identifier: MIT */
/* Holds cancellation back. */
#include "shim/preload/guard.h"

#include <pthread.h>

/* Weak: in a process without threads an older libc does not have it. */
#pragma weak pthread_setcancelstate

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
