/* SPDX-License-Identifier: MIT */
/* What a part's header says of other parts of its machine, against what is here. */
#ifndef TOOLS_SERVER_RECORD_LINK_H
#define TOOLS_SERVER_RECORD_LINK_H

#include <stdbool.h>

#include "common/record_walk.h"
#include "control/part.h"
#include "tools/server/store/store.h"

/* A place at which another hash is named than is here. */
struct link_conflict {
	struct part_name name;
	uint64_t end; /* in that part */
};

/* Compares what the header `piece` of `source` names with the hash there, where a delivery ends there; of
 * other places, and of what is not here yet, a verification of the record tells. */
must_use int link_compare(struct store *store, int64_t source, const struct record_piece *piece,
			  bool *ret_differs, struct link_conflict *ret_conflict);

#endif
