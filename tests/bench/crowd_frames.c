/* SPDX-License-Identifier: MIT */
#include "tests/bench/crowd_frames.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/record_walk.h"
#include "control/frame.h"

#define FRAMES_MAX 100000u

void *must(void *made)
{
	if (!made) {
		fputs("crowd: no memory\n", stderr);
		exit(EXIT_FAILURE);
	}
	return made;
}

void check(int r, const char *what)
{
	if (r < 0) {
		fprintf(stderr, "crowd: %s: %s\n", what, strerror(-r));
		exit(EXIT_FAILURE);
	}
}

static void add(struct frames *frames, struct slice bytes, uint64_t start, uint64_t entries)
{
	struct frame *frame = &frames->at[frames->count++];

	*frame = (struct frame){ .start = start,
				 .entries = entries,
				 .bytes = BUF_MAX(bytes.length + MIB) };
	check(frame_make(bytes, &frame->bytes), "frame_make");
}

void frames_cut(struct frames *frames, struct slice rest, unsigned long batches)
{
	struct record_walk walk = { .offset = 0 };
	struct slice from = rest;
	struct record_piece piece;
	uint64_t start = 0, entries = 0;
	unsigned long count = 0;

	frames->at = must(calloc(FRAMES_MAX, sizeof(*frames->at)));
	while (record_walk_next(&walk, &rest, &piece) == 1 && frames->count < FRAMES_MAX) {
		entries += piece.entries;
		if (piece.entries == 0) {
			part_name_write(&(struct part_name){ (uint32_t)piece.header.boot,
							     piece.header.part },
					frames->part);
			continue;
		}
		if (++count % batches != 0)
			continue;
		add(frames, slice_part(from, 0, from.length - rest.length), start, entries);
		from = rest;
		start = walk.offset;
		entries = 0;
	}
}
