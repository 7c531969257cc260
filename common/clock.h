/* SPDX-License-Identifier: MIT */
/* Clocks in nanoseconds. */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>
#include <time.h>

#define MILLISECOND_NS 1000000ull
#define SECOND_NS      1000000000ull

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

/* Steady, for deadlines and leases; the same in all processes of the machine. */
static inline uint64_t monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* A tick of the slowest kernels that are built (CONFIG_HZ=100). */
#define CLOCK_TICK_NS (10 * MILLISECOND_NS)

/* monotonic_ns or up to a tick later, never earlier, for a fraction of its cost: for what must not
 * last too long. */
static inline uint64_t monotonic_late_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC_COARSE) + CLOCK_TICK_NS;
}

/* Since 1970, for records. */
static inline uint64_t realtime_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

#endif
