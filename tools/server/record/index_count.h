/* SPDX-License-Identifier: MIT */
/* How many statements there were, by when, whose, how they were judged and by which rules: what plots
 * show without reading each of them.  Counts are added to in the transaction that indexes the statements
 * they are of. */
#ifndef TOOLS_SERVER_RECORD_INDEX_COUNT_H
#define TOOLS_SERVER_RECORD_INDEX_COUNT_H

#include "common/cleanup.h"
#include "tools/server/store/store.h"

/* Counts are kept for spans of each of these lengths, in seconds; each is a part of the next. */
#define COUNT_STEPS(ROW) ROW(60) ROW(3600) ROW(86400)

/* A person's or a rule's name is shorter there; the rest of it is cut off.  So are rules beyond the first
 * ones of a judgement that has very many. */
#define COUNT_NAME_SIZE 256u

struct counts;

/* For the statements of one source, in one transaction. */
must_use int counts_new(struct store *store, int64_t source, struct counts **ret_counts);
void counts_free(struct counts *counts);
DEFINE_FREEP(struct counts, counts_freep, counts_free)

/* What is added to the counts of the span in which a statement began. */
struct counted {
	int64_t time_ns, connection, judgement; /* of the statement */
	int64_t statements, refused, failed, masked_cells;
};

must_use int counts_add(struct counts *counts, const struct counted *counted);

/* Writes what was added. */
must_use int counts_write(struct counts *counts);

#endif
