/* SPDX-License-Identifier: MIT */
/* What a log says of itself, signed: its name, how many leaves it has, and their root
 * (c2sp.org/tlog-checkpoint). */
#ifndef CONTROL_CHECKPOINT_H
#define CONTROL_CHECKPOINT_H

#include "control/note.h"
#include "control/tree.h"

struct checkpoint {
	struct slice origin; /* the log's name: that of the key which signs for it */
	uint64_t size;
	struct tree_hash root;
};

/* Appends the checkpoint of a tree as a note that `key` signs. */
must_use int checkpoint_write(const struct tree *tree, const struct signing_key *key,
			      struct buf *out);

/* Opens `message`, which `key` must have signed.  As note_open; -EBADMSG also for a note that is no
 * checkpoint or one of another log. */
must_use int checkpoint_open(struct slice message, const struct verifying_key *key,
			     struct checkpoint *ret_checkpoint);

#endif
