/* SPDX-License-Identifier: MIT */
/* What every stand-in does around its own work, so that the program cannot tell that it happened.
 *
 *     int PQsendQuery(PGconn *conn, const char *sql)
 *     {
 *             KEEP_ERRNO;
 *             void *caller = CALLER_ADDRESS();
 *             …
 *
 * None of these keeps state that a longjmp out of the driver could leave behind, as long as the
 * driver is called outside a CANCELLATION_HELD scope and KEEP_ERRNO's scope ends before it: the
 * driver sets errno, and the program may look at it. */
#ifndef SHIM_PRELOAD_GUARD_H
#define SHIM_PRELOAD_GUARD_H

#include <errno.h>

#include "common/cleanup.h"

/* Marks a stand-in, which carries the name of the function it stands for. */
#define STAND_IN __attribute__((visibility("default")))

/* Who called the function in which this stands.  Taken in the exported stand-in itself, never in a
 * helper. */
#define CALLER_ADDRESS() __builtin_extract_return_addr(__builtin_return_address(0))

static inline void errno_restore(const int *kept)
{
	errno = *kept;
}

/* errno is at the end of the scope what it is here. */
#define KEEP_ERRNO SCOPED(errno_restore) const int errno_kept __attribute__((unused)) = errno

/* Switches cancellation of this thread off, gives what cancellation_release takes.  Around input
 * and output of our own only, never around the driver. */
must_use int cancellation_hold(void);
void cancellation_release(const int *held);

/* This thread cannot be cancelled until the end of the scope. */
#define CANCELLATION_HELD                                                                          \
	SCOPED(cancellation_release)                                                               \
	const int cancellation_held __attribute__((unused)) = cancellation_hold()

#endif
