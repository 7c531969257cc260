/* SPDX-License-Identifier: MIT */
/* What the record tells, as rows that can be searched: who acts, how statements were judged, when they
 * ran and how they ended.  All of it can be made again from the bytes. */
#ifndef TOOLS_SERVER_RECORD_INDEX_H
#define TOOLS_SERVER_RECORD_INDEX_H

#include <stdbool.h>

#include "common/record.h"
#include "tools/server/store/store.h"

struct index;

/* Where entries come from and where their bytes are. */
struct index_place {
	int64_t source, log;
	uint32_t boot;
	bool is_counted; /* what comes was counted before, and is not again */
};

/* For entries of one part of a boot, in one transaction. */
must_use int index_new(struct store *store, const struct index_place *place,
		       struct index **ret_index);
void index_free(struct index *index);
DEFINE_FREEP(struct index, index_freep, index_free)

/* Adds an entry of the batch that is leaf `leaf`; `place` is which of them. */
must_use int index_add(struct index *index, const struct record_entry *entry, uint64_t leaf,
		       uint64_t place);

/* Writes what was kept back; `ret_first_ns` and `ret_last_ns` are the earliest and the latest time of
 * an entry, 0 when there was none. */
must_use int index_end(struct index *index, uint64_t *ret_first_ns, uint64_t *ret_last_ns);

/* Makes all rows again from the bytes that are kept, of `ret_leaves` leaves, in the transaction that is under
 * way.  Where bytes were let go of, counts and what statements refer to stay as they are.  -EUCLEAN: they are
 * not what was delivered. */
must_use int index_rebuild(struct store *store, uint64_t *ret_leaves);

#endif
