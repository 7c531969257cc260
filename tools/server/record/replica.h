/* SPDX-License-Identifier: MIT */
/* The bytes of the record, as they were delivered. */
#ifndef TOOLS_SERVER_RECORD_REPLICA_H
#define TOOLS_SERVER_RECORD_REPLICA_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/sha256.h"
#include "tools/server/store/store.h"

struct replica_delivery {
	int64_t log;
	uint64_t first_leaf, leaves; /* of its tree */
	int64_t source;
	struct slice part;
	uint64_t start, length; /* in the part */
	uint64_t received_ns;
	uint64_t first_ns, last_ns;       /* of what it tells */
	unsigned char prior[SHA256_SIZE]; /* the chain's hash before it */
	struct slice frame;
};

must_use int replica_add(struct store *store, const struct replica_delivery *delivery);

/* Compares what `frame` holds with the part's bytes from `start` on, as far as both go; `ret_place` is
 * where they part.  As frame_open fails; -EUCLEAN where bytes are missing that should be here. */
must_use int replica_compare(struct store *store, int64_t source, struct slice part, uint64_t start,
			     struct slice frame, uint64_t *ret_place, bool *ret_is_same);

#endif
