/* SPDX-License-Identifier: MIT */
/* Who this is: the numbers of the process and the thread, without a system call for each statement.
 *
 * Both are remembered in memory that the kernel wipes in a forked child (madvise(2),
 * MADV_WIPEONFORK, Linux 4.14), so that even a child made by clone or _Fork, which run no handlers,
 * finds its own.  Where that memory cannot be had, each call asks the kernel.  A child made by
 * vfork shares the parent's memory and counts as the parent.
 *
 * Both are safe in signal handlers. */
#ifndef SHIM_PRELOAD_PROCESS_H
#define SHIM_PRELOAD_PROCESS_H

#include <stdint.h>

/* getpid's number.  Remember it beside whatever must not be shared with a child (sockets, the ring)
 * and compare. */
uint32_t process_number(void);

/* gettid's number. */
uint32_t thread_number(void);

#endif
