/* SPDX-License-Identifier: MIT */
/* What ring_write.c and ring_read.c agree on beyond ring.h: the header page and how a slot is
 * checked. */
#ifndef COMMON_RING_LAYOUT_H
#define COMMON_RING_LAYOUT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/ring.h"

#define RING_VERSION 1u

/* The first page of the file.  The counters are the process's own; the reader never believes
 * them. */
struct ring_header {
	uint32_t magic;
	uint32_t version;
	uint32_t slots;
	uint32_t slot_size;
	uint64_t process_start;
	uint32_t pid;
	uint32_t reserved[9];
	/* Slots promised so far: two per intent.  Never more than consumed + RING_SLOTS. */
	_Atomic uint64_t claimed;
	uint64_t reserved_claimed[7];
	/* Slots taken so far.  Never more than `claimed`, so a taken slot is always one that may be
	 * written. */
	_Atomic uint64_t taken;
	uint64_t reserved_taken[7];
};
_Static_assert(offsetof(struct ring_header, claimed) == 64, "counters have a cache line each");
_Static_assert(offsetof(struct ring_header, taken) == 128, "counters have a cache line each");
_Static_assert(sizeof(struct ring_header) <= RING_HEADER_SIZE, "the header is one page");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2,
	       "a lock inside a shared slot would not survive its holder");

#define RING_CHECKED_AT   offsetof(struct ring_slot, time_ns)
#define RING_CHECKED_SIZE (offsetof(struct ring_slot, check) - RING_CHECKED_AT)
_Static_assert(RING_CHECKED_SIZE == 52, "six words and a half are mixed");

/* The check of the slot with number `number`.  The number counts, so that the bytes of an earlier
 * lap under a new sequence do not pass.  It finds accidents; it does not authenticate. */
static inline uint32_t ring_check(const struct ring_slot *slot, uint64_t number)
{
	const unsigned char *at = (const unsigned char *)slot + RING_CHECKED_AT;
	uint64_t mixed = (number + 1) * 0x9e3779b97f4a7c15u;
	uint64_t words[7] = { 0 };

	/* Laps are a power of two apart, which the first word must not be able to make up for. */
	mixed ^= mixed >> 32;
	memcpy(words, at, RING_CHECKED_SIZE);
	for (size_t i = 0; i < 7; i++) {
		mixed = (mixed ^ words[i]) * 0xff51afd7ed558ccdu;
		mixed ^= mixed >> 32;
	}
	return (uint32_t)mixed;
}

#endif
