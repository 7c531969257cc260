/* SPDX-License-Identifier: MIT */
/* The list of open intents: short, since a connection has one call in flight, or a pipeline of
 * them. */
#include "tools/chaperone/agent_open.h"

#include <stdlib.h>

static void add(struct open_intents *open, struct open_intent intent)
{
	if (open->count == open->capacity) {
		size_t capacity = open->capacity ? 2 * open->capacity : 8;
		struct open_intent *more = capacity <= OPEN_INTENTS_MAX
						   ? realloc(open->at, capacity * sizeof(*more))
						   : NULL;

		if (!more)
			return;
		open->at = more;
		open->capacity = capacity;
	}
	open->at[open->count++] = intent;
}

static void drop(struct open_intents *open, uint64_t sequence)
{
	for (size_t i = open->count; i-- > 0;) {
		if (open->at[i].sequence == sequence) {
			open->at[i] = open->at[--open->count];
			return;
		}
	}
}

void open_intents_take(struct open_intents *open, const struct ring_slot *slot)
{
	if (slot->kind == RING_INTENT)
		add(open, (struct open_intent){ slot->connection, atomic_load(&slot->sequence) });
	else
		drop(open, slot->outcome.intent);
}

void open_intents_done(struct open_intents *open)
{
	free(open->at);
	*open = (struct open_intents){ 0 };
}
