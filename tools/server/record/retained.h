/* SPDX-License-Identifier: MIT */
/* What of the record is not here any more, because it was let go of (retain.h). */
#ifndef TOOLS_SERVER_RECORD_RETAINED_H
#define TOOLS_SERVER_RECORD_RETAINED_H

#include <stdbool.h>

#include "common/cleanup.h"
#include "tools/server/store/store.h"

/* Leaves of a log before this one have no bytes here; 0: all have. */
must_use int retained_leaf(struct store *store, int64_t log, uint64_t *ret_leaf);

/* What the servers had before this time is gone, of one log or of all; 0: nothing is. */
must_use int retained_before(struct store *store, int64_t *ret_ns);

/* Whether something that the machine `agent` delivered of the boot that an event's `id` begins with is gone:
 * an event of that id that is not here may have been. */
must_use int retained_may_have_had(struct store *store, struct slice agent, struct slice id,
				   bool *ret_may);

#endif
