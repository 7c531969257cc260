/* SPDX-License-Identifier: MIT */
/* A record cut into the deliveries that each machine of a crowd sends.  Whatever goes wrong ends the program. */
#ifndef TESTS_BENCH_CROWD_FRAMES_H
#define TESTS_BENCH_CROWD_FRAMES_H

#include "common/buf.h"
#include "control/part.h"

struct frame {
	uint64_t start;
	uint64_t entries;
	struct buf bytes;
};

struct frames {
	char part[PART_NAME_SIZE];
	struct frame *at;
	size_t count;
};

/* What is made: NULL is no memory. */
void *must(void *made);

/* Ends it where `r` is a negative errno. */
void check(int r, const char *what);

/* A delivery is so many batches; the header goes with the first one. */
void frames_cut(struct frames *frames, struct slice rest, unsigned long batches);

#endif
