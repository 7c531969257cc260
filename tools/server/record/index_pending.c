/* SPDX-License-Identifier: MIT */
#include "tools/server/record/index_pending.h"

#include <string.h>

_Static_assert(PENDING_MAX < UINT16_MAX, "places fit");

/* The slot that has the event, or the free one where it belongs. */
static uint16_t *slot_of(struct pending *pending, bool is_asked, uint64_t connection,
			 uint64_t number)
{
	uint64_t mixed = (connection * 0x9e3779b97f4a7c15u ^ number) * 0xff51afd7ed558ccdu;

	for (size_t i = (mixed ^ mixed >> 32) & (PENDING_SLOTS - 1);;
	     i = (i + 1) & (PENDING_SLOTS - 1)) {
		uint16_t *slot = &pending->slots[i];
		const struct pending_event *event = *slot ? &pending->at[*slot - 1] : NULL;

		if (!event || (event->connection == connection && event->number == number &&
			       event->is_asked == is_asked))
			return slot;
	}
}

struct pending_event *pending_find(struct pending *pending, bool is_asked, uint64_t connection,
				   uint64_t number)
{
	uint16_t place = *slot_of(pending, is_asked, connection, number);

	return place ? &pending->at[place - 1] : NULL;
}

bool pending_add(struct pending *pending, const struct pending_event *event)
{
	uint16_t *slot = slot_of(pending, event->is_asked, event->connection, event->number);

	if (*slot && !pending->at[*slot - 1].is_gone)
		return false;
	if (*slot) {
		pending->at[*slot - 1] = *event;
		return true;
	}
	pending->at[pending->count++] = *event;
	*slot = (uint16_t)pending->count;
	return true;
}

void pending_clear(struct pending *pending)
{
	pending->count = 0;
	memset(pending->slots, 0, sizeof(pending->slots));
}
