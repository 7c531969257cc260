/* SPDX-License-Identifier: MIT */
/* What was decided about a destination in this process: asked and told once, not at each
 * attempt. */
#ifndef SHIM_ESCAPE_SEEN_H
#define SHIM_ESCAPE_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/slice.h"

/* Destinations beyond that are asked about each time, in silence. */
#define SEEN_MAX 64u

enum seen_state {
	SEEN_NOT,
	SEEN_REFUSED,
	SEEN_ALLOWED,
	SEEN_UNANSWERED, /* said to a person, decided by nobody yet */
};

/* Never 0. */
uint64_t seen_key(struct slice text);
enum seen_state seen_find(uint64_t key);

/* True for the one caller that makes it so; false when it was so already, or there is no room.
 * Lock-free; a forked child has what its parent had. */
bool seen_note(uint64_t key, enum seen_state state);

#endif
