/* SPDX-License-Identifier: MIT */
/* Statements whose rows are not written yet: most of them end soon, and are then written once. */
#ifndef TOOLS_SERVER_RECORD_INDEX_PENDING_H
#define TOOLS_SERVER_RECORD_INDEX_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PENDING_MAX   8192u
#define PENDING_SLOTS (2 * PENDING_MAX)

struct pending_event {
	bool is_asked; /* a question; `number` is its judgement's */
	bool is_gone;  /* an intent told of the same */
	bool has_ended;
	uint64_t connection, number;
	uint64_t judgement, time_ns, leaf;
	uint8_t flags;
	uint32_t text_bytes;
	uint64_t ended_ns, rows;
	int64_t status;
	uint32_t masked_cells, sqlstate;
	int changes; /* rows that writing it made */
};

/* Zeroed it is empty. */
struct pending {
	struct pending_event at[PENDING_MAX];
	size_t count;
	uint16_t slots[PENDING_SLOTS]; /* one more than the place in `at`; 0: free */
};

/* The event that was added; NULL when there is none. */
struct pending_event *pending_find(struct pending *pending, bool is_asked, uint64_t connection,
				   uint64_t number);

/* Adds it, in place of one that is gone; the caller knows that there is room.  False when it is there,
 * which stays as it is. */
bool pending_add(struct pending *pending, const struct pending_event *event);

void pending_clear(struct pending *pending);

#endif
