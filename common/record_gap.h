/* SPDX-License-Identifier: MIT */
/* A part of a record that an agent let go, as its note on the record says it. */
#ifndef COMMON_RECORD_GAP_H
#define COMMON_RECORD_GAP_H

#include "common/record_format.h"

#define RECORD_GAP_SIZE 160u /* its NUL included */

struct record_gap {
	uint32_t boot, part;
	uint64_t from, to; /* where the server has it up to, and where it ended */
	uint64_t entries;  /* between them, which nobody has any more */
};

void record_gap_write(const struct record_gap *gap, char ret_text[RECORD_GAP_SIZE]);

/* False for a note that says something else: only what record_gap_write writes is one. */
must_use bool record_gap_read(struct slice text, struct record_gap *ret_gap);

/* Those that a reader has passed. */
struct record_gaps {
	struct record_gap *at;
	size_t count, capacity;
};

must_use int record_gaps_add(struct record_gaps *gaps, const struct record_gap *gap);
void record_gaps_done(struct record_gaps *gaps);

/* Whether what a link names was let go. */
bool record_gaps_explain(const struct record_gaps *gaps, const struct record_link *link);

#endif
