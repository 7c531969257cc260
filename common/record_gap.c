/* SPDX-License-Identifier: MIT */
#include "common/record_gap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CAPACITY_FIRST 16u

void record_gap_write(const struct record_gap *gap, char ret_text[RECORD_GAP_SIZE])
{
	snprintf(ret_text, RECORD_GAP_SIZE,
		 "let go: %08" PRIx32 "-%" PRIu32 " from %" PRIu64 " to %" PRIu64 ", %" PRIu64
		 " entries that no server took",
		 gap->boot, gap->part, gap->from, gap->to, gap->entries);
}

bool record_gap_read(struct slice text, struct record_gap *ret_gap)
{
	char copy[RECORD_GAP_SIZE], again[RECORD_GAP_SIZE];
	struct record_gap gap;

	if (text.length >= sizeof(copy))
		return false;
	memcpy(copy, text.at, text.length);
	copy[text.length] = '\0';
	if (sscanf(copy,
		   "let go: %8" SCNx32 "-%10" SCNu32 " from %20" SCNu64 " to %20" SCNu64
		   ", %20" SCNu64,
		   &gap.boot, &gap.part, &gap.from, &gap.to, &gap.entries) != 5)
		return false;
	record_gap_write(&gap, again);
	if (!slice_is(text, again))
		return false;
	*ret_gap = gap;
	return true;
}

int record_gaps_add(struct record_gaps *gaps, const struct record_gap *gap)
{
	if (gaps->count == gaps->capacity) {
		size_t capacity = gaps->capacity ? 2 * gaps->capacity : CAPACITY_FIRST;
		if (capacity > RECORD_FILES_MAX)
			return -E2BIG;
		struct record_gap *at = reallocarray(gaps->at, capacity, sizeof(*at));
		if (!at)
			return -ENOMEM;
		gaps->at = at;
		gaps->capacity = capacity;
	}
	gaps->at[gaps->count++] = *gap;
	return 0;
}

void record_gaps_done(struct record_gaps *gaps)
{
	free(gaps->at);
	*gaps = (struct record_gaps){ .at = NULL };
}

bool record_gaps_explain(const struct record_gaps *gaps, const struct record_link *link)
{
	for (size_t i = 0; i < gaps->count; i++) {
		const struct record_gap *gap = &gaps->at[i];

		if (gap->boot == link->boot && gap->part == link->part && link->end <= gap->to)
			return true;
	}
	return false;
}
