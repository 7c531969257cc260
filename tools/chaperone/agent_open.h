/* SPDX-License-Identifier: MIT */
/* Intents whose outcome is not known yet, so that a process's end can say of each that none will
 * come. */
#ifndef TOOLS_CHAPERONE_AGENT_OPEN_H
#define TOOLS_CHAPERONE_AGENT_OPEN_H

#include <stddef.h>
#include <stdint.h>

#include "common/ring.h"

#define OPEN_INTENTS_MAX 65536u

struct open_intent {
	uint64_t connection;
	uint64_t sequence;
};

struct open_intents { /* zeroed: none */
	struct open_intent *at;
	size_t count, capacity;
};

/* Takes a slot of a ring into account: an intent opens, its outcome closes.  Beyond the maximum, or
 * without memory, an intent is forgotten, and its event will show no outcome at all. */
void open_intents_take(struct open_intents *open, const struct ring_slot *slot);

void open_intents_done(struct open_intents *open);

#endif
